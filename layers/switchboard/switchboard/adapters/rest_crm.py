"""A CRM behind an HTTP API, driven by its connector file."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from switchboard.adapters.connector.engine import Engine, Secrets, utc_now
from switchboard.adapters.connector.transport import Transport
from switchboard.domain.customer import Ambiguous, Customer, Known, match_customers
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import Identity, PhoneNumber
from switchboard.domain.posting import Idempotency, InteractionRecord, Logged
from switchboard.errors import Misconfigured, UpstreamUnavailable, UpstreamUnknown

_LOG_METHOD: Final = "log_interaction"
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,9})?")


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
    ) -> None:
        self._engine = Engine(
            definition, settings, secrets, transport=transport, wall_clock=wall_clock
        )
        self._lookups = definition["lookups"]
        self._log_method: Mapping[str, Any] | None = definition["methods"].get(_LOG_METHOD)
        self._default_region = default_region

    @property
    def connector(self) -> str:
        return self._engine.id

    @property
    def idempotency(self) -> Idempotency:
        return Idempotency(self._logging["idempotency"])

    @property
    def settle_s(self) -> float:
        return float(self._logging["settle_s"])

    @property
    def needs_customer(self) -> bool:
        return bool(self._logging["needs_customer"])

    def find(self, identity: Identity, *, deadline: Deadline) -> tuple[Customer, ...]:
        """Every customer that carries the number or address, each verified against it.

        The first lookup that finds one ends the search.
        """
        by_phone = isinstance(identity, PhoneNumber)
        for name in self._lookups["by_phone" if by_phone else "by_email"]:
            rows = self._engine.read(name, _asked(identity), deadline=deadline)
            found = self._verified(name, rows, identity, deadline)
            if found:
                return found
        return ()

    def log_interaction(self, record: InteractionRecord, *, deadline: Deadline) -> Logged:
        """Write the interaction's record; safe to repeat as far as `idempotency` says."""
        said = self._engine.write(_LOG_METHOD, self._logging, _as_input(record), deadline=deadline)
        record_id = said.get("id") if isinstance(said, Mapping) else None
        if not isinstance(record_id, str | int) or record_id == "":
            raise UpstreamUnknown(self.connector, f"{_LOG_METHOD}: the answer names no record")
        return Logged(record_id=str(record_id), created=said.get("created") is True)

    def close(self) -> None:
        """Let go of connections that were kept for the next call."""
        self._engine.close()

    @property
    def _logging(self) -> Mapping[str, Any]:
        if self._log_method is None:
            raise Misconfigured(f"the connector {self.connector} has no method {_LOG_METHOD}")
        return self._log_method

    def _verified(
        self, method: str, rows: object, asked: Identity, deadline: Deadline
    ) -> tuple[Customer, ...]:
        customers = self._customers(method, rows, deadline)
        match match_customers(customers, asked, default_region=self._default_region):
            case Known(customer):
                return (customer,)
            case Ambiguous(several):
                return several
        return ()

    def _customers(self, method: str, rows: object, deadline: Deadline) -> Iterator[Customer]:
        """The rows as customers. Reading very many of them is part of the call's time too."""
        if not isinstance(rows, list):
            raise UpstreamUnavailable(self.connector, f"{method}: the answer holds no list")
        for row in rows:
            if deadline.has_passed:
                raise UpstreamUnavailable(self.connector, f"{method}: too many rows for the time")
            yield self._customer(method, row)

    def _customer(self, method: str, row: object) -> Customer:
        if not isinstance(row, Mapping) or not isinstance(row.get("id"), str | int):
            raise UpstreamUnavailable(self.connector, f"{method}: a row has no id")
        identifier = str(row["id"])
        kind = str(row.get("kind") or "customer")
        return Customer(
            connector=self.connector,
            id=identifier,
            kind=kind,
            name=str(row.get("name") or ""),
            phones=_texts(row.get("phones")),
            emails=_texts(row.get("emails")),
            attributes=_scalars(row.get("attributes")),
            url=self._engine.link({"id": identifier, "kind": kind}),
        )


def _asked(identity: Identity) -> dict[str, Any]:
    if not isinstance(identity, PhoneNumber):
        return {"email": identity.address}
    return {
        "phone": {
            "e164": identity.e164,
            "digits": identity.digits,
            "nsn": identity.national_digits,
            "national": identity.national,
            "international": identity.international,
            "country_code": identity.country_code,
            "region": identity.region,
        }
    }


def _as_input(record: InteractionRecord) -> dict[str, Any]:
    fields = {name: _numeric(name, text) for name, text in record.fields.items() if text != ""}
    customer = record.customer
    return {
        **fields,
        "id": record.id,
        "revision": record.revision,
        "customer": {"id": customer.id, "name": customer.name} if customer else None,
    }


def _numeric(name: str, text: str) -> str | int | float:
    """Quantities end in their unit, so `duration_s` is a number where it can be one."""
    if not name.endswith("_s") or not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        return ()
    return tuple(str(value) for value in values if isinstance(value, str | int) and value != "")


def _is_scalar(value: object) -> bool:
    # A number too large for a float reads as infinity, which no JSON can carry on.
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _scalars(values: object) -> dict[str, str | int | float | bool | None]:
    if not isinstance(values, Mapping):
        return {}
    return {str(name): value if _is_scalar(value) else None for name, value in values.items()}
