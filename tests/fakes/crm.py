"""A CRM in memory that keeps the promises of `ports.Crm`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from threading import RLock
from typing import Any

from switchboard.domain.customer import Ambiguous, Customer, Known, match_customers
from switchboard.domain.deadline import Deadline
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.identity import Identity
from switchboard.domain.posting import Idempotency, InteractionRecord, Logged
from switchboard.errors import (
    SwitchboardError,
    UpstreamError,
    UpstreamUnavailable,
    UpstreamUnknown,
)


class InMemoryCrm:
    """Upserts by interaction id and ignores an older revision.

    Set `failing_with` to have every call raise it, `lost_answers` to have that many writes
    carried out and their answers lost. `records` holds what was written, by interaction id.
    """

    finds = frozenset({"phone", "email", "account"})
    settle_s = 0.0
    contact_settle_s = 0.0
    key_window_s = 7200.0
    can_find_records = True
    can_list_records = True

    def __init__(
        self,
        customers: Iterable[Customer] = (),
        *,
        connector: str = "sandbox",
        default_region: str = "US",
        idempotency: Idempotency = Idempotency.UPSERT,
        needs_customer: bool = False,
        batch_most: int = 100,
        ignores_older: bool = True,
    ) -> None:
        self.connector = connector
        self.idempotency = idempotency
        self.needs_customer = needs_customer
        self.batch_most = batch_most
        self.ignores_older = ignores_older
        self.customers = list(customers)
        self.records: dict[str, InteractionRecord] = {}
        self.failing_with: SwitchboardError | None = None
        self.lost_answers = 0
        self.batches = 0
        self.lookups = 0
        self.default_region = default_region
        self._lock = RLock()

    def find(self, identity: Identity, *, deadline: Deadline) -> tuple[Customer, ...]:
        self._reach(deadline)
        self.lookups += 1
        match match_customers(self.customers, identity, default_region=self.default_region):
            case Known(customer):
                return (customer,)
            case Ambiguous(several):
                return several
        return ()

    def read_record(
        self, method: str, data: Mapping[str, Any], *, deadline: Deadline
    ) -> Customer | None:
        self._reach(deadline)
        found = [one for one in self.customers if one.id == data.get("customer_id")]
        return found[0] if len(found) == 1 else None

    def log_interaction(self, record: InteractionRecord, *, deadline: Deadline) -> Logged:
        self._reach(deadline)
        with self._lock:
            earlier = self.records.get(record.id)
            if earlier is None or record.revision >= earlier.revision:
                self.records[record.id] = record
            if self.lost_answers:
                self.lost_answers -= 1
                raise UpstreamUnknown(self.connector, "no answer in time")
        return Logged(record_id=f"A-{record.id}", created=earlier is None)

    def log_interactions(
        self, records: Sequence[InteractionRecord], *, deadline: Deadline
    ) -> list[Logged | UpstreamError]:
        self.batches += 1
        return [self.log_interaction(record, deadline=deadline) for record in records]

    def create_contact(self, identity: Identity, *, reference: str, deadline: Deadline) -> Customer:
        self._reach(deadline)
        customer = Customer(
            self.connector,
            f"N-{reference}",
            "contact",
            name="",
            phones=(identity.canonical,) if identity.kind == "phone" else (),
            emails=(identity.canonical,) if identity.kind == "email" else (),
        )
        self.customers.append(customer)
        return customer

    def find_record(
        self, interaction_id: str, *, record_id: str, deadline: Deadline
    ) -> FoundRecord | None:
        self._reach(deadline)
        record = self.records.get(interaction_id)
        return _found(record) if record else None

    def list_records(
        self, start: datetime, end: datetime, *, deadline: Deadline
    ) -> Iterator[FoundRecord]:
        """By when each began; one that says nothing of it is of every period."""
        self._reach(deadline)
        for record in list(self.records.values()):
            began = record.fields.get("started_at")
            if not began or start <= datetime.fromisoformat(str(began)) < end:
                yield _found(record)

    def _reach(self, deadline: Deadline) -> None:
        if self.failing_with:
            raise self.failing_with
        if deadline.has_passed:
            raise UpstreamUnavailable(self.connector, "no time left")


def _found(record: InteractionRecord) -> FoundRecord:
    return FoundRecord(f"A-{record.id}", record.id, record.revision)
