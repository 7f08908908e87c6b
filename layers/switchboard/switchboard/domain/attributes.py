"""What ECS gets to see of a customer: each attribute from its source, as its type, or its default.

    source ─▶ type ─▶ as (days since …) ─▶ table | yes_if ─▶ cut to length
                 └────────── nothing, or what does not fit ──────────▶ default

Rule: whatever a CRM sent, there is one flat value for every attribute, and nothing is raised.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final, Literal

from switchboard.domain.attribute_tables import Table
from switchboard.domain.attribute_values import (
    Typed,
    ValueType,
    as_scalar,
    is_nothing,
    read_value,
)
from switchboard.domain.customer import Customer, Scalar

Origin = Literal["crm", "history", "customer"]
Derived = Literal["days_since", "days_until", "days_past_due"]
Condition = Callable[[Typed], bool]

LONGEST: Final = 255
CUSTOMER_FIELDS: Final = ("id", "kind", "name", "phone", "email", "account", "url", "connector")

_DERIVE: Final[Mapping[Derived, Callable[[int], int]]] = {
    "days_since": lambda days: days,
    "days_until": lambda days: -days,
    "days_past_due": lambda days: max(days, 0),
}


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """How one attribute is made. `field` is its name at the source."""

    name: str
    origin: Origin
    field: str
    default: Scalar = ""
    type: ValueType = "any"
    derived: Derived | None = None
    table: Table | None = None
    yes_if: Condition | None = None
    longest: int = LONGEST

    def value(self, raw: object, *, zone: tzinfo, today: date) -> Scalar:
        """The value that `raw` becomes; None when it does not fit."""
        typed = read_value(self.type, raw, zone)
        if self.derived:
            typed = _days(self.derived, typed, today)
        if typed is None:
            return None
        if self.table:
            return self.table.find(typed)
        if self.yes_if:
            return self.yes_if(typed)
        return self._capped(as_scalar(typed))

    def _capped(self, value: Scalar) -> Scalar:
        return value[: self.longest].rstrip() if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class AttributesRead:
    """A value for every attribute, and the names of those whose value did not fit."""

    values: Mapping[str, Scalar]
    misfits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributeMap:
    """Every configured attribute. `zone` is the deployment's: for times that name none."""

    rules: tuple[AttributeRule, ...]
    zone: tzinfo

    @property
    def needs_history(self) -> bool:
        """Whether our own ledger has to be asked, too."""
        return any(rule.origin == "history" for rule in self.rules)

    def values(
        self, customer: Customer | None, history: Mapping[str, Scalar], *, today: date
    ) -> dict[str, Scalar]:
        """A value for every attribute, always the same keys. `today` is in the map's zone."""
        return dict(self.read(customer, history, today=today).values)

    def read(
        self, customer: Customer | None, history: Mapping[str, Scalar], *, today: date
    ) -> AttributesRead:
        """The values, and which of them are a default only because what came did not fit."""
        sources: Mapping[Origin, Mapping[str, object]] = {
            "crm": customer.attributes if customer else {},
            "customer": _fields_of(customer) if customer else {},
            "history": history,
        }
        values: dict[str, Scalar] = {}
        misfits: list[str] = []
        for rule in self.rules:
            raw = sources[rule.origin].get(rule.field)
            said_nothing = is_nothing(raw)
            value = None if said_nothing else rule.value(raw, zone=self.zone, today=today)
            if value is None and not said_nothing:
                misfits.append(rule.name)
            values[rule.name] = rule.default if value is None else value
        return AttributesRead(values, tuple(misfits))


def _fields_of(customer: Customer) -> Mapping[str, object]:
    return {
        "id": customer.id,
        "kind": customer.kind,
        "name": customer.name,
        "phone": next(iter(customer.phones), ""),
        "email": next(iter(customer.emails), ""),
        "account": next(iter(customer.accounts), ""),
        "url": customer.url,
        "connector": customer.connector,
    }


def _days(derived: Derived, value: Typed, today: date) -> int | None:
    if not isinstance(value, date):
        return None
    day = value.date() if isinstance(value, datetime) else value
    return _DERIVE[derived]((today - day).days)
