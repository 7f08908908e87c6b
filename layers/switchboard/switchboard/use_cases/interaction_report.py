"""Why is my call not in the CRM? Everything that is known of one interaction, and of nobody."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final

from switchboard.domain.posting import Idempotency
from switchboard.domain.posting_answers import answers
from switchboard.domain.posting_profile import PostingProfile, Wanted, wanted_records
from switchboard.domain.posting_report import (
    ArrivalTold,
    Change,
    FieldTold,
    RecordTold,
    Report,
    TriggerTold,
    UnwantedTold,
)
from switchboard.domain.record_standing import Seen, record_told
from switchboard.errors import NotFound
from switchboard.ports import Arrival, InteractionLedger, LedgerRow, TriggerNote

# Longer than any of ours, and in no script longer than a table takes.
_LONGEST_ID: Final = 512
NOBODY_KNOWS: Final = (
    "No trigger and no lookup with this id reached us. A trigger that nobody could read is not "
    "kept here: `switchboard refused list` shows those. One that came while our table was down is "
    "here within minutes. ECS may send another id than the one you have; without any, ours begins "
    "with `composite-`. Interactions are forgotten after 400 days."
)


def report_on(
    interaction_id: str,
    *,
    ledger: InteractionLedger,
    profiles: Sequence[PostingProfile],
    connected: Mapping[str, Idempotency | None],
    known_names: AbstractSet[str],
    now: datetime,
) -> Report:
    """What there is to say of an interaction, by its id or by the key of one of its records.

    `connected` says how each published connector makes a repeated write safe, None where it cannot
    write. `known_names` are the fields that may be told by name: any other name was chosen by who
    sent it, and may hold anything.

    Raises: NotFound when nothing is known of it; the message says what that can mean.
    """
    row = _row(interaction_id, ledger)
    if row is None:
        raise NotFound(NOBODY_KNOWS)
    return report_of(row, profiles=profiles, connected=connected, known_names=known_names, now=now)


def report_of(
    row: LedgerRow,
    *,
    profiles: Sequence[PostingProfile],
    connected: Mapping[str, Idempotency | None],
    known_names: AbstractSet[str],
    now: datetime,
) -> Report:
    """The same of a row that was read already."""
    interaction = row.interaction
    wanted = _wanted(row, profiles, now)
    seen = Seen(interaction, connected, row.held_until, row.due_at, now)
    records = tuple(_records(row, wanted, seen))
    unwanted = tuple(
        UnwantedTold(u.profile.name, u.connector, u.part, u.why) for u in wanted.unwanted
    )
    names = known_names & interaction.versions.keys()
    return Report(
        interaction_id=interaction.id,
        answers=answers(records, unwanted, has_triggers=interaction.revision > 0),
        revision=interaction.revision,
        has_ended=interaction.has_ended,
        held_until=row.held_until if seen.is_held else None,
        due_at=row.due_at,
        arrival=_arrival(row.arrival) if row.arrival else None,
        triggers=tuple(_trigger(note, known_names) for note in row.triggers),
        untold_triggers=row.untold_triggers,
        fields=tuple(FieldTold(name, _changes(name, row.triggers)) for name in sorted(names)),
        other_fields=len(interaction.versions) - len(names),
        records=records,
        unwanted=unwanted,
    )


def _row(asked: str, ledger: InteractionLedger) -> LedgerRow | None:
    """Of the interaction with this id, or else with the id in the key of a segment's record."""
    if len(asked) > _LONGEST_ID:
        return None
    row = ledger.read(asked)
    interaction_id, colon, _ = asked.rpartition(":")
    return ledger.read(interaction_id) if row is None and colon and interaction_id else row


def _wanted(row: LedgerRow, profiles: Sequence[PostingProfile], now: datetime) -> Wanted:
    """What is to be written as things stand. Before its first trigger, nothing is known of it."""
    if row.interaction.revision == 0:
        return Wanted(())
    return wanted_records(
        profiles,
        row.interaction,
        first_at=row.first_at or row.started_at or now,
        ended_at=row.ended_at,
        now=now,
    )


def _records(row: LedgerRow, wanted: Wanted, seen: Seen) -> Iterator[RecordTold]:
    """What is wanted, then what was begun and is not wanted any more."""
    by_key = {record.key: record for record in wanted.records}
    for key in dict.fromkeys((*by_key, *sorted(row.postings))):
        yield record_told(seen, by_key.get(key), row.postings.get(key))


def _arrival(arrival: Arrival) -> ArrivalTold:
    return ArrivalTold(
        at=arrival.at,
        outcome=arrival.outcome,
        request_id=arrival.request_id,
        found_in=arrival.customer.connector if arrival.customer else "",
        business_process=arrival.decision.get("business_process", ""),
        row=arrival.decision.get("row", ""),
        is_explained=arrival.routing is not None,
    )


def _trigger(note: TriggerNote, known_names: AbstractSet[str]) -> TriggerTold:
    told = [name for name in note.fields if name in known_names]
    return TriggerTold(
        kind=note.kind.value,
        received_at=note.received_at,
        revision=note.revision,
        fields=tuple(told),
        other_fields=len(note.fields) - len(told) + note.other_fields,
        request_id=note.request_id,
        refused=note.refused,
    )


def _changes(name: str, notes: Sequence[TriggerNote]) -> tuple[Change, ...]:
    return tuple(
        Change(note.revision, note.kind.value, note.received_at)
        for note in notes
        if name in note.fields and not note.refused
    )
