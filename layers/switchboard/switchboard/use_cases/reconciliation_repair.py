"""Mend what a comparison found: through the ledger, so that the pipeline writes as ever."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from switchboard.domain.compared_record import Compared, Verdict
from switchboard.domain.posting import Idempotency, Posting
from switchboard.domain.reconciliation import is_safe_to_repeat, repaired
from switchboard.ports import InteractionLedger, Next, Settled

_HELD_S: Final = 30.0
_WRITTEN_AGAIN: Final = frozenset({Verdict.MISSING, Verdict.OLDER})
# Whoever looks at the row finds what is to be done; there is nothing to change in the posting.
_LOOKED_AT: Final = frozenset({Verdict.NEVER_TRIED, Verdict.OVERDUE})
_MENDED: Final = _WRITTEN_AGAIN | _LOOKED_AT | {Verdict.UNSETTLED}


class Mending(Enum):
    """What a repair does, or did, with one difference."""

    WRITE = "is written"
    TAKE = "is taken as written"
    RISKY = "could become a second record; say --unknown if you are sure that it is not there"
    NOTHING = "is for a person"
    MOVED = "was left alone: it moved on meanwhile"
    BUSY = "was left alone: a worker has it just now"


@dataclass(frozen=True, slots=True)
class RepairTerms:
    """`allow_risky` writes again also where the CRM would not notice a second record."""

    idempotency: Mapping[str, Idempotency]
    allow_risky: bool = False


def mending_of(compared: Compared, terms: RepairTerms) -> Mending:
    """What a repair would do with it."""
    if compared.verdict not in _MENDED:
        return Mending.NOTHING
    if compared.verdict is Verdict.UNSETTLED:
        return Mending.TAKE
    idempotency = terms.idempotency.get(compared.connector)
    if compared.verdict is Verdict.OLDER and idempotency is not Idempotency.UPSERT:
        return Mending.NOTHING
    if compared.verdict in _LOOKED_AT:
        return Mending.WRITE
    is_safe = idempotency is not None and is_safe_to_repeat(idempotency)
    return Mending.WRITE if is_safe or terms.allow_risky else Mending.RISKY


def repair(
    interaction_id: str,
    found: Sequence[Compared],
    *,
    ledger: InteractionLedger,
    terms: RepairTerms,
    token: str,
    now: datetime,
) -> list[tuple[Compared, Mending]]:
    """Mend what can be of one interaction, in one write; what became of each.

    The row is held meanwhile, so no worker is disturbed; interrupted, the hold ends by itself and
    nothing is changed.
    """
    planned = [(one, mending_of(one, terms)) for one in found]
    to_do = [one for one, mending in planned if mending in {Mending.WRITE, Mending.TAKE}]
    if not to_do:
        return planned
    row = ledger.hold(interaction_id, token=token, now=now, lease_s=_HELD_S)
    if row is None:
        return _instead(planned, to_do, Mending.BUSY)
    changed, moved = _changed(to_do, row.postings, now)
    # Due at once: the worker that looks at it knows best when its turn really is.
    settled = ledger.settle(
        interaction_id,
        changed,
        token=token,
        revision=row.interaction.revision,
        after=Next(due_at=now),
    )
    lost = to_do if settled is Settled.LOST else moved
    return _instead(planned, lost, Mending.MOVED)


def _changed(
    to_do: Sequence[Compared], postings: Mapping[str, Posting], now: datetime
) -> tuple[list[Posting], list[Compared]]:
    """The postings as they are to be, and the differences that are none any more."""
    changed, moved = [], []
    for one in to_do:
        if one.verdict in _LOOKED_AT:
            continue
        known = postings.get(one.posting.key) if one.posting else None
        mended = repaired(one, known, now=now) if known else None
        if mended:
            changed.append(mended)
        else:
            moved.append(one)
    return changed, moved


def _instead(
    planned: Sequence[tuple[Compared, Mending]], those: Sequence[Compared], mending: Mending
) -> list[tuple[Compared, Mending]]:
    return [(one, mending if one in those else was) for one, was in planned]
