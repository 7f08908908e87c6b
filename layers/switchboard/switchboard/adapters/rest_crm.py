"""A CRM behind an HTTP API, driven by its connector file."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from switchboard.adapters.connector.engine import Engine, Secrets, Shared, utc_now
from switchboard.adapters.connector.exchange import error_of
from switchboard.adapters.connector.methods import (
    BATCH_METHOD,
    CREATE_METHOD,
    FIND_METHOD,
    LIST_METHOD,
    LOG_METHOD,
)
from switchboard.adapters.connector.outcomes import ErrorClass, Outcome
from switchboard.adapters.connector.transport import Transport
from switchboard.adapters.connector.watching import Watcher
from switchboard.adapters.crm_records import (
    as_input,
    asked_for,
    customer_of,
    found_of,
    left_out,
    logged_of,
    told_of_each,
)
from switchboard.domain.customer import Ambiguous, Customer, Known, match_customers
from switchboard.domain.deadline import Deadline
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.identity import Identity
from switchboard.domain.posting import KEY_WINDOW_S, Idempotency, InteractionRecord, Logged
from switchboard.errors import Misconfigured, UpstreamError, UpstreamUnavailable, UpstreamUnknown

_log = logging.getLogger(__name__)


class RestCrm:
    """Keeps the promises of `ports.Crm`. Build one per connector and keep it."""

    def __init__(
        self,
        definition: Mapping[str, Any],
        settings: Mapping[str, Any],
        secrets: Secrets,
        *,
        default_region: str,
        transport: Transport | None = None,
        wall_clock: Callable[[], datetime] = utc_now,
        shared: Shared | None = None,
        watcher: Watcher | None = None,
        on_refusal: Callable[[], None] | None = None,
    ) -> None:
        self._engine = Engine(
            definition,
            settings,
            secrets,
            transport=transport,
            wall_clock=wall_clock,
            shared=shared,
            watcher=watcher,
            on_refusal=on_refusal,
        )
        self._lookups = definition["lookups"]
        self._methods = definition["methods"]
        self._default_region = default_region

    @property
    def connector(self) -> str:
        return self._engine.id

    @property
    def default_region(self) -> str:
        return self._default_region

    @property
    def finds(self) -> frozenset[str]:
        return frozenset(name.removeprefix("by_") for name, tried in self._lookups.items() if tried)

    @property
    def idempotency(self) -> Idempotency:
        return Idempotency(self._method(LOG_METHOD)["idempotency"])

    @property
    def settle_s(self) -> float:
        return float(self._method(LOG_METHOD)["settle_s"])

    @property
    def key_window_s(self) -> float:
        return float(self._method(LOG_METHOD).get("key_window_s", KEY_WINDOW_S))

    @property
    def contact_settle_s(self) -> float:
        return float(self._method(CREATE_METHOD)["settle_s"])

    @property
    def needs_customer(self) -> bool:
        return bool(self._method(LOG_METHOD)["needs_customer"])

    @property
    def batch_most(self) -> int:
        batching = self._methods.get(BATCH_METHOD)
        return int(batching["batch"]["most"]) if batching else 1

    @property
    def ignores_older(self) -> bool:
        # A connector that was published by an earlier version says nothing of it.
        return bool(self._method(LOG_METHOD).get("ignores_older"))

    @property
    def can_find_records(self) -> bool:
        return FIND_METHOD in self._methods

    @property
    def can_list_records(self) -> bool:
        return LIST_METHOD in self._methods

    def find(self, identity: Identity, *, deadline: Deadline) -> tuple[Customer, ...]:
        """Every customer that carries the number or address, each verified against it.

        The first lookup that finds one ends the search. A connector without a lookup for this
        kind of identity finds nobody.
        """
        for name in self._lookups.get(f"by_{identity.kind}", ()):
            rows = self._engine.read(name, asked_for(identity), deadline=deadline)
            found = self._verified(name, rows, identity, deadline)
            if found:
                return found
        return ()

    def log_interaction(self, record: InteractionRecord, *, deadline: Deadline) -> Logged:
        """Write the interaction's record; safe to repeat as far as `idempotency` says."""
        logged = logged_of(self._written(LOG_METHOD, as_input(record), deadline))
        if logged is None:
            raise self._unknown(LOG_METHOD)
        return logged

    def log_interactions(
        self, records: Sequence[InteractionRecord], *, deadline: Deadline
    ) -> list[Logged | UpstreamError]:
        """Write several records with one call; what became of each, in their order.

        Raises: UpstreamError when nothing is known of any of them.
        """
        data = {"records": [as_input(record) for record in records]}
        rows = self._written(BATCH_METHOD, data, deadline)
        if not isinstance(rows, list):
            raise self._unknown(BATCH_METHOD)
        told = zip(records, told_of_each(records, rows), strict=True)
        return [self._outcome_of(record, row) for record, row in told]

    def create_contact(self, identity: Identity, *, reference: str, deadline: Deadline) -> Customer:
        """A new record for somebody whom `find` did not find."""
        asked = {"phone": None, "email": None, **asked_for(identity), "name": ""}
        row = self._written(CREATE_METHOD, {**asked, "reference": reference}, deadline)
        customer = customer_of(self.connector, row, self._engine.link)
        if customer is None:
            raise self._unknown(CREATE_METHOD)
        return customer

    def read_record(
        self, method: str, data: Mapping[str, Any], *, deadline: Deadline
    ) -> Customer | None:
        """The one record that a reading method finds; None when there is none, or several."""
        said = self._engine.read(method, data, deadline=deadline)
        if said is None:
            return None
        rows = list(self._customers(method, said if isinstance(said, list) else [said], deadline))
        return rows[0] if len(rows) == 1 else None

    def find_record(
        self, interaction_id: str, *, record_id: str, deadline: Deadline
    ) -> FoundRecord | None:
        """The CRM's record under this key, each row verified to carry it."""
        self._method(FIND_METHOD)
        data = {"id": interaction_id, "record_id": record_id or None}
        rows = self._engine.read(FIND_METHOD, data, deadline=deadline)
        found = {
            record.record_id: record
            for record in self._records(FIND_METHOD, rows)
            if record.key == interaction_id
        }
        if not found:
            return None
        # The one that we were told of, where somebody or something made another beside it.
        record = found.get(record_id) or next(iter(found.values()))
        return replace(record, copies=len(found))

    def list_records(
        self, start: datetime, end: datetime, *, deadline: Deadline
    ) -> Iterator[FoundRecord]:
        """The records with a key of ours of about this period, read page by page."""
        self._method(LIST_METHOD)
        period = {"from": _as_text(start), "to": _as_text(end)}
        for rows in self._engine.pages(LIST_METHOD, period, deadline=deadline):
            yield from self._records(LIST_METHOD, rows)

    def close(self) -> None:
        """Let go of connections that were kept for the next call."""
        self._engine.close()

    def _method(self, name: str) -> Mapping[str, Any]:
        if name not in self._methods:
            raise Misconfigured(f"the connector {self.connector} has no method {name}")
        return self._methods[name]  # type: ignore[no-any-return]

    def _written(self, name: str, data: Mapping[str, Any], deadline: Deadline) -> Any:
        return self._engine.write(name, self._method(name), data, deadline=deadline)

    def _outcome_of(
        self, record: InteractionRecord, row: Mapping[str, Any] | None
    ) -> Logged | UpstreamError:
        outcome = Outcome.of_record(row)
        match outcome.error_class if outcome else None:
            case ErrorClass.OK:
                return logged_of(row) or self._unknown(BATCH_METHOD)
            case ErrorClass.DUPLICATE:
                return replace(logged_of(row) or Logged(record.id, created=False), created=False)
        return error_of(self.connector, outcome) if outcome else self._unknown(BATCH_METHOD)

    def _records(self, method: str, rows: object) -> Iterator[FoundRecord]:
        """The rows as records. One without a key is none of ours."""
        if not isinstance(rows, list):
            raise UpstreamUnavailable(self.connector, f"{method}: the answer holds no list")
        for row in rows:
            record = found_of(row)
            if record is None:
                raise UpstreamUnavailable(self.connector, f"{method}: a row has no id")
            if record.key:
                yield record

    def _unknown(self, method: str) -> UpstreamUnknown:
        return UpstreamUnknown(self.connector, f"{method}: the answer names no record")

    def _verified(
        self, method: str, rows: object, asked: Identity, deadline: Deadline
    ) -> tuple[Customer, ...]:
        if not isinstance(rows, list):
            raise UpstreamUnavailable(self.connector, f"{method}: the answer holds no list")
        customers = self._customers(method, rows, deadline)
        match match_customers(customers, asked, default_region=self._default_region):
            case Known(customer):
                return (customer,)
            case Ambiguous(several):
                return several
        return ()

    def _customers(
        self, method: str, rows: Sequence[object], deadline: Deadline
    ) -> Iterator[Customer]:
        """The rows as customers. Reading very many of them is part of the call's time too."""
        if dropped := left_out(rows):
            _log.warning("%s: %d values left out: too many or too long", self.connector, dropped)
        for row in rows:
            if deadline.has_passed:
                raise UpstreamUnavailable(self.connector, f"{method}: too many rows for the time")
            customer = customer_of(self.connector, row, self._engine.link)
            if customer is None:
                raise UpstreamUnavailable(self.connector, f"{method}: a row has no id")
            yield customer


def _as_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
