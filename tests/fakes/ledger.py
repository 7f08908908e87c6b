"""The interaction ledger in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from switchboard.adapters.ledger_items import told_customer_key, told_start
from switchboard.domain.interaction import Interaction, TriggerEvent, contradiction, merge
from switchboard.domain.posting import Posting
from switchboard.errors import StateConflict
from switchboard.ports import Arrival, LedgerRow
from tests.fakes.outage import InMemoryStore


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

    def is_held_at(self, now: datetime) -> bool:
        return self.lease is not None and self.lease.until > now

    def is_held_by(self, token: str) -> bool:
        return self.lease is not None and self.lease.token == token

    def seen(self) -> LedgerRow:
        return LedgerRow(
            self.interaction, self.arrival, dict(self.postings), self.ended_at, self.started_at
        )


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


def _without_routing(row: LedgerRow) -> LedgerRow:
    return replace(row, arrival=replace(row.arrival, routing=None)) if row.arrival else row


class InMemoryInteractionLedger(InMemoryStore):
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
    ) -> LedgerRow | None:
        with self._reached():
            row = self._rows.get(event.interaction_id) or _Row(Interaction(event.interaction_id))
            name = contradiction(row.interaction, event)
            if name:
                raise StateConflict(f"an earlier event of this interaction had another {name}")
            merged = merge(row.interaction, event)
            if merged is row.interaction:
                return None
            self._rows[event.interaction_id] = row
            row.interaction = merged
            row.started_at = told_start(merged) or row.started_at or now
            if merged.has_ended:
                row.ended_at = row.ended_at or now
            if not row.customer_was_found:
                row.customer_key = told_customer_key(merged) or row.customer_key
            if not row.is_held_at(now):
                row.due_at = due_when(merged)
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

    def lease(
        self, interaction_id: str, *, token: str, now: datetime, lease_s: float
    ) -> LedgerRow | None:
        with self._reached():
            row = self._rows.get(interaction_id)
            if row is None or (row.is_held_at(now) and not row.is_held_by(token)):
                return None
            row.lease = _Lease(token, taken_at=now, until=now + timedelta(seconds=lease_s))
            row.due_at = row.lease.until
            return row.seen()

    def save_posting(self, interaction_id: str, posting: Posting, *, token: str) -> bool:
        with self._reached():
            row = self._rows.get(interaction_id)
            if row is None or not row.is_held_by(token):
                return False
            row.postings[posting.connector] = posting
            return True

    def release(
        self, interaction_id: str, *, token: str, revision: int, due_at: datetime | None
    ) -> bool:
        with self._reached():
            row = self._rows.get(interaction_id)
            if row is None or row.lease is None or row.lease.token != token:
                return False
            is_unchanged = row.interaction.revision == revision
            row.due_at = due_at if is_unchanged else row.lease.taken_at
            row.lease = None
            return is_unchanged

    def due(self, *, now: datetime, limit: int) -> tuple[str, ...]:
        with self._reached():
            waiting = sorted((row.due_at, name) for name, row in self._rows.items() if row.due_at)
            return tuple(name for due_at, name in waiting if due_at <= now)[:limit]

    def history(self, customer_key: str, *, limit: int) -> tuple[LedgerRow, ...]:
        with self._reached():
            theirs = sorted(
                (row.started_at, name)
                for name, row in self._rows.items()
                if row.customer_key == customer_key and row.started_at
            )
            rows = (self._rows[name].seen() for _, name in reversed(theirs))
            return tuple(_without_routing(row) for row in rows)[:limit]

    def every_row(self) -> list[tuple[LedgerRow, str]]:
        """All rows, each with its customer's key; empty for nobody."""
        with self._reached():
            return [(row.seen(), row.customer_key or "") for row in self._rows.values()]
