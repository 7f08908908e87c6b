"""A person decides what becomes of a record that waits for one. Safe while workers run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from switchboard.domain.posting import (
    RESOLVED,
    Posting,
    PostingState,
    Try,
    next_of,
    taken_up_again,
)
from switchboard.domain.posting_reasons import is_resolved, resolved_reason
from switchboard.ports import InteractionLedger, LedgerRow, Next, Settled

# For reading the row and writing it once; a command that dies leaves it due after that.
_LEASE_S: Final = 20.0
_Chosen = Callable[[Posting], bool]


class Decided(StrEnum):
    """What became of a row that somebody wanted something done to."""

    DONE = "done"
    BUSY = "a worker has it just now; try again in a minute"
    NOTHING = "nothing of it is left to decide that was asked for"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person found out. With a `record_id` it stands in the CRM; without, it never will."""

    record_id: str
    by: str
    why: str
    at: datetime

    def applied_to(self, posting: Posting, *, revision: int) -> Posting:
        """Keeps who, when and why. A record that is there counts as up to date."""
        return replace(
            posting,
            state=PostingState.DONE if self.record_id else PostingState.PARKED,
            record_id=self.record_id or posting.record_id,
            reason=resolved_reason(self.by, self.why),
            revision=revision,
            attempts=0,
            due_at=None,
            unsettled_until=None,
            unknown_since=None,
            tries=(*posting.tries, Try(self.at, revision, RESOLVED)),
        )


def parked_of(row: LedgerRow) -> Iterator[Posting]:
    """Its records that wait for a person, without those that one has decided about."""
    for _, posting in sorted(row.postings.items()):
        if posting.state is PostingState.PARKED and not is_resolved(posting.reason):
            yield posting


def take_up_again(
    interaction_id: str, chosen: _Chosen, *, ledger: InteractionLedger, token: str, now: datetime
) -> Decided:
    """Have the chosen of its parked records written; the sweeper sends them within a minute.

    Raises: StateUnavailable.
    """

    def decide(row: LedgerRow) -> list[Posting]:
        return [_again(each) for each in parked_of(row) if chosen(each)]

    return _decide(interaction_id, decide, ledger=ledger, token=token, now=now)


def _again(posting: Posting) -> Posting:
    """Of one whose outcome was unknown, a person says so: it is not there, and will not come."""
    again = taken_up_again(posting)
    if not posting.is_outcome_unknown:
        return again
    return replace(again, unknown_since=None, unsettled_until=None)


def resolve(
    interaction_id: str,
    chosen: _Chosen,
    resolution: Resolution,
    *,
    ledger: InteractionLedger,
    token: str,
) -> Decided:
    """Keep what a person found out about the chosen of its parked records.

    Raises: StateUnavailable.
    """

    def decide(row: LedgerRow) -> list[Posting]:
        revision = row.interaction.revision
        waiting = (each for each in parked_of(row) if chosen(each))
        return [resolution.applied_to(each, revision=revision) for each in waiting]

    return _decide(interaction_id, decide, ledger=ledger, token=token, now=resolution.at)


def _decide(
    interaction_id: str,
    decide: Callable[[LedgerRow], list[Posting]],
    *,
    ledger: InteractionLedger,
    token: str,
    now: datetime,
) -> Decided:
    seen = ledger.read(interaction_id)
    if seen is None or not decide(seen):
        return Decided.NOTHING
    row = ledger.hold(interaction_id, token=token, now=now, lease_s=_LEASE_S)
    if row is None:
        return Decided.BUSY
    # Read again under the lease: a worker may have written it meanwhile.
    decided = decide(row)
    settled = ledger.settle(
        interaction_id,
        decided,
        token=token,
        revision=row.interaction.revision,
        after=_next(seen, row, decided, now),
    )
    if settled is Settled.LOST:
        return Decided.BUSY
    return Decided.DONE if decided else Decided.NOTHING


def _next(seen: LedgerRow, row: LedgerRow, decided: Sequence[Posting], now: datetime) -> Next:
    """Due at once if something is to be written, else as it was; holding it has changed that."""
    postings = {**row.postings, **{each.key: each for each in decided}}
    has_grown = row.interaction.revision != seen.interaction.revision
    if has_grown or any(each.state is PostingState.PENDING for each in decided):
        return Next(due_at=now)
    due_at = seen.due_at or next_of(tuple(postings.values()))
    waits = any(parked_of(replace(row, postings=postings)))
    return Next(due_at=due_at, parked_at=now if waits and due_at is None else None)
