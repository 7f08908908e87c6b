"""The interaction ledger in memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from switchboard.adapters.documents import interaction_text
from switchboard.adapters.dynamodb_ledger import LARGEST_DOCUMENT
from switchboard.adapters.ledger_items import told_customer_key, told_start
from switchboard.adapters.trigger_notes import MOST_NOTES
from switchboard.domain.interaction import (
    Interaction,
    TriggerEvent,
    contradiction,
    merge,
    news_in,
)
from switchboard.domain.posting import Posting
from switchboard.errors import RequestTooLarge, StateConflict
from switchboard.ports import Arrival, LedgerRow, Next, Settled, TriggerNote
from tests.fakes.history import Entry, InMemoryHistory


@dataclass(frozen=True)
class _Lease:
    token: str
    taken_at: datetime
    until: datetime


@dataclass
class _Row:
    interaction: Interaction
    arrival: Arrival | None = None
    postings: dict[str, Posting] = field(default_factory=dict)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    customer_key: str | None = None
    customer_was_found: bool = False
    lease: _Lease | None = None
    due_at: datetime | None = None
    parked_at: datetime | None = None
    first_at: datetime | None = None
    crashes: int = 0
    turn: int = 0
    triggers: tuple[TriggerNote, ...] = ()
    untold_triggers: int = 0

    def tell(self, note: TriggerNote) -> None:
        """Once, however often it is brought; beyond a hundred it is counted."""
        is_repeat = not note.revision and any(
            replace(told, revision=0, fields=note.fields, other_fields=0) == note
            for told in self.triggers
        )
        if not is_repeat and len(self.triggers) >= MOST_NOTES:
            self.untold_triggers += 1
        elif not is_repeat:
            told = sorted((*self.triggers, note), key=lambda each: each.received_at)
            self.triggers = tuple(told)

    def is_held_at(self, now: datetime) -> bool:
        return self.lease is not None and self.lease.until > now

    def is_held_by(self, token: str) -> bool:
        return self.lease is not None and self.lease.token == token

    def hold(self, lease: _Lease) -> None:
        self.turn += 1
        self.lease, self.due_at, self.parked_at = lease, _to_ms(lease.until), None

    def keep(self, postings: Sequence[Posting], customer_key: str = "") -> None:
        self.postings |= {posting.key: posting for posting in postings}
        self.customer_key = self.customer_key or customer_key or None

    def wake(self, after: Next) -> None:
        self.due_at = _to_ms(after.due_at)
        self.parked_at = None if after.due_at else after.parked_at

    def seen(self) -> LedgerRow:
        return LedgerRow(
            self.interaction,
            self.arrival,
            dict(self.postings),
            self.ended_at,
            self.started_at,
            first_at=self.first_at,
            due_at=self.due_at,
            held_until=self.lease.until if self.lease else None,
            held_by=self.lease.token if self.lease else "",
            customer_key=self.customer_key or "",
            triggers=self.triggers,
            untold_triggers=self.untold_triggers,
            turn=self.turn,
        )


def _to_ms(moment: datetime | None) -> datetime | None:
    """As a table that knows milliseconds keeps it."""
    if moment is None:
        return None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _combined(before: Arrival | None, after: Arrival) -> Arrival:
    """The later note, without losing a customer or a decision that was there."""
    if before is None:
        return after
    newest = before if before.customer and not after.customer else after
    return replace(
        newest,
        decision=after.decision or before.decision,
        routing=after.routing or before.routing,
    )


class InMemoryInteractionLedger(InMemoryHistory):
    """Keeps the promises of `InteractionLedger`."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, _Row] = {}

    def merge(
        self,
        event: TriggerEvent,
        *,
        now: datetime,
        due_when: Callable[[Interaction], datetime],
        request_id: str = "",
        keeps_segment: bool = False,
        ended_at: datetime | None = None,
        received_at: datetime | None = None,
    ) -> LedgerRow | None:
        with self._reached():
            row = self._rows.get(event.interaction_id) or _Row(Interaction(event.interaction_id))
            note = TriggerNote(event.kind, received_at or now, 0, request_id=request_id)
            if name := contradiction(row.interaction, event):
                row.tell(replace(note, fields=(name,), refused=StateConflict.code))
                raise StateConflict(f"an earlier event of this interaction had another {name}")
            before = row.interaction
            merged = merge(before, event, keeps_segment=keeps_segment)
            if merged is before:
                row.tell(note)
                return None
            if len(interaction_text(merged).encode()) > LARGEST_DOCUMENT:
                row.tell(replace(note, refused=RequestTooLarge.code))
                raise RequestTooLarge("too much was said of this interaction; send fewer fields")
            news = news_in(before, merged)
            row.tell(replace(note, revision=merged.revision, fields=news))
            self._rows[event.interaction_id] = row
            row.interaction = merged
            row.first_at = row.first_at or now
            row.started_at = told_start(merged) or row.started_at or now
            if merged.has_ended:
                row.ended_at = row.ended_at or ended_at or now
            if not row.customer_was_found:
                row.customer_key = told_customer_key(merged) or row.customer_key
            if not row.is_held_at(now):
                due_at = _to_ms(due_when(merged))
                row.due_at = min(row.due_at, due_at) if row.due_at and due_at else due_at
                row.parked_at = None
            return row.seen()

    def note_arrival(self, interaction_id: str, arrival: Arrival) -> None:
        with self._reached():
            row = self._rows.setdefault(interaction_id, _Row(Interaction(interaction_id)))
            row.arrival = _combined(row.arrival, arrival)
            row.started_at = row.started_at or arrival.at
            if arrival.customer:
                row.customer_key, row.customer_was_found = arrival.customer.key, True

    def read(self, interaction_id: str) -> LedgerRow | None:
        with self._reached():
            row = self._rows.get(interaction_id)
            return row.seen() if row else None

    def read_many(self, interaction_ids: Sequence[str]) -> dict[str, LedgerRow]:
        with self._reached():
            asked = dict.fromkeys(interaction_ids)
            return {each: self._rows[each].seen() for each in asked if each in self._rows}

    def claim(
        self,
        row: LedgerRow,
        postings: Sequence[Posting],
        *,
        token: str,
        now: datetime,
        lease_s: float,
    ) -> bool:
        with self._reached():
            held = self._rows[row.interaction.id]
            if held.interaction.revision != row.interaction.revision:
                return False
            is_ours = held.is_held_by(token)
            if not is_ours and (held.is_held_at(now) or held.turn != row.turn):
                return False
            held.keep(postings)
            held.hold(_Lease(token, taken_at=now, until=now + timedelta(seconds=lease_s)))
            return True

    def hold(
        self, interaction_id: str, *, token: str, now: datetime, lease_s: float
    ) -> LedgerRow | None:
        with self._reached():
            row = self._rows.get(interaction_id)
            if row is None or (row.is_held_at(now) and not row.is_held_by(token)):
                return None
            row.hold(_Lease(token, taken_at=now, until=now + timedelta(seconds=lease_s)))
            return row.seen()

    def settle(
        self,
        interaction_id: str,
        postings: Sequence[Posting],
        *,
        token: str,
        revision: int,
        after: Next,
        customer_key: str = "",
    ) -> Settled:
        with self._reached():
            row = self._rows.get(interaction_id)
            if row is None or row.lease is None or row.lease.token != token:
                return Settled.LOST
            taken_at, row.lease = row.lease.taken_at, None
            row.turn, row.crashes = row.turn + 1, 0
            row.keep(postings, customer_key)
            if row.interaction.revision != revision:
                row.due_at, row.parked_at = taken_at, None
                return Settled.GREW
            row.wake(after)
            return Settled.KEPT

    def settle_unclaimed(
        self,
        row: LedgerRow,
        postings: Sequence[Posting],
        *,
        now: datetime,
        after: Next,
        customer_key: str = "",
    ) -> bool:
        with self._reached():
            kept = self._rows[row.interaction.id]
            is_as_read = (kept.interaction.revision, kept.turn) == (
                row.interaction.revision,
                row.turn,
            )
            if kept.is_held_at(now) or not is_as_read:
                return False
            kept.turn += 1
            kept.crashes = kept.crashes if after.due_at else 0
            kept.keep(postings, customer_key)
            kept.wake(after)
            return True

    def write_again(self, interaction_id: str, *, now: datetime) -> None:
        with self._reached():
            row = self._rows.get(interaction_id)
            if row is None or not row.interaction.revision:
                return
            row.interaction = replace(row.interaction, revision=row.interaction.revision + 1)
            if row.lease is None:
                row.due_at, row.parked_at = now, None

    def note_crash(self, interaction_id: str, *, now: datetime) -> int:
        with self._reached():
            row = self._rows.get(interaction_id)
            if row is None:
                return 0
            row.crashes += 1
            return row.crashes

    def due(self, *, now: datetime, limit: int) -> tuple[str, ...]:
        with self._reached():
            waiting = sorted((row.due_at, name) for name, row in self._rows.items() if row.due_at)
            return tuple(name for due_at, name in waiting if due_at <= now)[:limit]

    def parked(self, *, limit: int) -> tuple[str, ...]:
        with self._reached():
            rows = self._rows.items()
            waiting = sorted((row.parked_at, name) for name, row in rows if row.parked_at)
            return tuple(name for _, name in waiting)[:limit]

    def owned(self) -> Iterator[tuple[str, Entry]]:
        for name, row in self._rows.items():
            if row.customer_key and row.started_at:
                yield row.customer_key, Entry(row.started_at, name, row.seen())

    def every_row(self) -> list[tuple[LedgerRow, str]]:
        """All rows, each with its customer's key; empty for nobody."""
        with self._reached():
            return [(row.seen(), row.customer_key or "") for row in self._rows.values()]
