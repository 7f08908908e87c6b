"""What the ledger says should stand in a CRM, beside what the CRM shows."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from switchboard.domain.compared_record import IN_FLIGHT, Compared, Verdict
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.interaction import Interaction
from switchboard.domain.posting import (
    RESOLVED,
    Idempotency,
    Logged,
    Posting,
    PostingState,
    done,
    taken_up_again,
)
from switchboard.domain.posting_profile import PostingProfile, WantedRecord, wanted_records

# A record that is not there can be written again: the CRM, or a search before, prevents a second.
_SAFE_TO_REPEAT: Final = frozenset(
    {Idempotency.UPSERT, Idempotency.CLIENT_ID, Idempotency.SEARCH_FIRST}
)


def said_by_ledger(
    interaction: Interaction,
    postings: Iterable[Posting],
    profiles: Sequence[PostingProfile],
    *,
    first_at: datetime,
    ended_at: datetime | None,
    due_at: datetime | None,
    now: datetime,
    held_until: datetime | None = None,
    amending: Collection[str] = (),
) -> list[Compared]:
    """Every record that was written, is to be written or is not wanted, one by one.

    What was written counts whatever the profiles say by now: it stands there. `due_at` is when
    a worker looks at the interaction next, `held_until` how long one has it. `amending` are the
    connectors by which a record can be amended.
    """
    wanted = wanted_records(
        profiles, interaction, first_at=first_at, ended_at=ended_at, now=now - IN_FLIGHT
    )
    latest = max(moment for moment in (first_at, ended_at, due_at) if moment)
    known = {posting.key: posting for posting in postings}
    is_moving = due_at is not None or (held_until is not None and held_until > now)
    told = [
        replace(_of_posting(interaction.id, posting, due_at, now), is_moving=is_moving)
        for posting in known.values()
    ]
    resting = {r.key for r in wanted.records if not is_moving and r.connector in amending}
    told = [_left_behind(one, resting, interaction.revision, now) for one in told]
    told += [
        _of_wanted(interaction.id, record, latest, now)
        for record in wanted.records
        if record.key not in known
    ]
    spoken_for = {each.connector for each in told}
    for unwanted in wanted.unwanted:
        if unwanted.connector not in spoken_for:
            spoken_for.add(unwanted.connector)
            told.append(
                Compared(Verdict.UNWANTED, interaction.id, unwanted.connector, why=unwanted.why)
            )
    return told


def judged(
    told: Compared,
    found: FoundRecord | None,
    *,
    now: datetime,
    settle_s: float,
    patience: timedelta = IN_FLIGHT,
) -> Compared:
    """The verdict, now that the CRM was asked.

    What was written less than `patience` ago may not be shown yet. Only what rests may be given
    less than an hour: of a moving row, or of a write whose answer was lost, more may be to come.
    """
    posting = told.posting
    if posting is None:
        return replace(told, must_ask=False)
    asked = replace(told, must_ask=False, found_id=found.record_id if found else "")
    if found and found.copies > 1:
        return replace(
            asked,
            verdict=Verdict.DOUBLED,
            why=f"{found.copies} records of the CRM carry this interaction's key",
        )
    if posting.state is not PostingState.DONE:
        return _settled(asked, found, posting, now, max(IN_FLIGHT, timedelta(seconds=settle_s)))
    if found is None:
        given = max(patience, IN_FLIGHT) if asked.is_moving else patience
        return _missing(asked, posting, now, max(given, timedelta(seconds=settle_s)))
    if posting.record_id and found.record_id != posting.record_id:
        why = "the CRM has it under another record id than it told when it was written"
        return replace(asked, verdict=Verdict.OTHER_RECORD, why=why)
    if found.revision is not None and found.revision < posting.revision:
        why = f"the CRM has revision {found.revision}, revision {posting.revision} was written"
        return replace(asked, verdict=Verdict.OLDER, why=why)
    if asked.verdict is Verdict.OVERDUE:
        return asked
    return replace(asked, verdict=Verdict.AGREES, why="")


def judged_listed(
    connector: str, found: FoundRecord, postings: Sequence[Posting] | None, *, interaction_id: str
) -> Compared | None:
    """What a record that the CRM lists means where the ledger has none; None where it has one.

    `postings` are those of its interaction, None when the ledger has no such interaction. Whether
    there is a second one beside the ledger's is seen when that one is asked about.
    """
    part = found.key.removeprefix(interaction_id).removeprefix(":")
    named = Compared(
        Verdict.UNEXPECTED, interaction_id, connector, part=part, found_id=found.record_id
    )
    if postings is None:
        return replace(named, why="no interaction of the ledger has this key")
    if any(posting.connector == connector and posting.part == part for posting in postings):
        return None
    return replace(named, why="the ledger knows the interaction, and of no record of it here")


def with_listed(found: FoundRecord | None, listed: Sequence[FoundRecord]) -> FoundRecord | None:
    """What the CRM answered about one key, together with what it listed under it."""
    if found is None:
        return listed[0] if listed else None
    ids = {found.record_id, *(each.record_id for each in listed)}
    return replace(found, copies=max(found.copies, len(ids)))


def keys_of(record_key: str) -> Iterator[str]:
    """The interaction ids that a record's key may stand for, the likeliest first.

    The key of a segment's record has the segment after the last colon, and ECS's own ids may hold
    colons too.
    """
    yield record_key
    interaction_id, colon, part = record_key.rpartition(":")
    if colon and interaction_id and part:
        yield interaction_id


def is_safe_to_repeat(idempotency: Idempotency) -> bool:
    """Whether writing a record again that was not found can never make a second one."""
    return idempotency in _SAFE_TO_REPEAT


def is_in_sample(interaction_id: str, share: float) -> bool:
    """Whether a share of all has this one: always the same ones, so that a run can be repeated."""
    drawn = int.from_bytes(hashlib.sha256(interaction_id.encode()).digest()[:8], "big")
    return drawn < share * 2**64


def repaired(compared: Compared, posting: Posting, *, now: datetime) -> Posting | None:
    """The posting as a repair leaves it; None when there is nothing that could be repaired.

    `posting` is what the ledger has by now: where it moved on since it was compared, it is left
    alone.
    """
    if compared.posting is None or posting != compared.posting:
        return None
    match compared.verdict:
        case Verdict.MISSING | Verdict.OLDER:
            # The CRM was asked: of an answer that was lost nothing is unknown any more.
            return replace(taken_up_again(posting), unknown_since=None)
        case Verdict.UNSETTLED:
            return done(posting, Logged(compared.found_id, created=False), now=now)
    return None


def _of_posting(
    interaction_id: str, posting: Posting, due_at: datetime | None, now: datetime
) -> Compared:
    told = Compared(
        Verdict.AGREES,
        interaction_id,
        posting.connector,
        part=posting.part,
        record_id=posting.record_id,
        why=posting.reason,
        posting=posting,
    )
    match posting.state:
        case _ if posting.reason.startswith(RESOLVED):
            # Without the person's own words, which may be about a customer.
            return replace(told, verdict=Verdict.DECIDED, why="a person settled it by hand")
        case PostingState.DONE:
            return replace(told, must_ask=True)
        case PostingState.PARKED:
            # The answer was lost, and the record may stand there all the same.
            return replace(told, verdict=Verdict.PARKED, must_ask=posting.is_outcome_unknown)
    return _unfinished(told, posting.reason or posting.state.value, due_at, now)


def _left_behind(
    told: Compared, resting: Collection[str], revision: int, now: datetime
) -> Compared:
    """What stands there and should have been gone on with, when nobody is going to.

    So it is when its profile was away while there was something to do, and was put back since.
    """
    posting = told.posting
    if posting is None or told.verdict is not Verdict.AGREES or posting.key not in resting:
        return told
    why = ""
    if posting.revision < revision:
        why = "it is without what came later, and nobody is going to look at it"
    elif posting.due_at and posting.due_at < now - IN_FLIGHT:
        why = "whose it is was to be looked up again, and nobody is going to look at it"
    return replace(told, verdict=Verdict.OVERDUE, why=why) if why else told


def _unfinished(told: Compared, why: str, due_at: datetime | None, now: datetime) -> Compared:
    if due_at is None:
        why = f"{why}, and nobody is going to look at it"
        return replace(told, verdict=Verdict.OVERDUE, why=why)
    if due_at < now - IN_FLIGHT:
        why = f"{why}, and due since {due_at:%Y-%m-%d %H:%M} UTC"
        return replace(told, verdict=Verdict.OVERDUE, why=why)
    return replace(
        told, verdict=Verdict.WAITING, why=f"{why}, again at {due_at:%Y-%m-%d %H:%M} UTC"
    )


def _of_wanted(
    interaction_id: str, record: WantedRecord, latest: datetime, now: datetime
) -> Compared:
    """A record that nobody tried to write yet; `latest` is when something happened, or is due."""
    told = Compared(Verdict.WAITING, interaction_id, record.connector, part=record.part)
    if record.not_before:
        return replace(told, why=f"not before {record.not_before:%Y-%m-%d %H:%M} UTC")
    if latest > now - IN_FLIGHT:
        return replace(told, why="it came, or is due, within the last hour or later")
    why = (
        f"the profile {record.profile.name} wants it, and no attempt is known; "
        "was it published since?"
    )
    return replace(told, verdict=Verdict.NEVER_TRIED, why=why)


def _settled(
    asked: Compared,
    found: FoundRecord | None,
    posting: Posting,
    now: datetime,
    patience: timedelta,
) -> Compared:
    """A record whose write had no answer: the CRM itself says what became of it."""
    if found:
        why = "parked because its answer was lost; the CRM has it"
        return replace(asked, verdict=Verdict.UNSETTLED, why=why)
    if _is_fresh(posting, now, patience):
        return asked
    why = "parked because its answer was lost; the CRM has no record with this key"
    return replace(asked, verdict=Verdict.MISSING, why=why)


def _missing(asked: Compared, posting: Posting, now: datetime, patience: timedelta) -> Compared:
    if _is_fresh(posting, now, patience):
        why = "written so lately that a CRM's search may not show it yet"
        return replace(asked, verdict=Verdict.WAITING, why=why)
    why = "the ledger says that it was written, and the CRM has no record with this key"
    return replace(asked, verdict=Verdict.MISSING, why=why)


def _is_fresh(posting: Posting, now: datetime, patience: timedelta) -> bool:
    tried_at = posting.tries[-1].at if posting.tries else posting.attempted_at
    return tried_at is not None and tried_at > now - patience
