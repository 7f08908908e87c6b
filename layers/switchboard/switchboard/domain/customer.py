"""The customer a CRM knows, and what a lookup may come to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from switchboard.domain.identity import Identity, same_identity

Scalar = str | int | float | bool | None
Source = Literal["live", "cache", "stale", "default"]


@dataclass(frozen=True, slots=True)
class Customer:
    """One record of one CRM. `attributes` are flat: what routing, prompts and agents see."""

    connector: str
    id: str
    kind: str
    name: str = field(repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    emails: tuple[str, ...] = field(default=(), repr=False)
    attributes: Mapping[str, Scalar] = field(default_factory=dict, repr=False)
    url: str = field(default="", repr=False)
    accounts: tuple[str, ...] = field(default=(), repr=False)
    merged_into: str = ""
    """Id of the record, of the same CRM and kind, that this one became a part of."""

    @property
    def key(self) -> str:
        """Unique over all connected CRMs."""
        return f"{self.connector}:{self.id}"


@dataclass(frozen=True, slots=True)
class Known:
    """One customer it is: the only one of them, or the one that a rule or the caller chose.

    `among` tells how many have the number or address, `resolved_by` what decided between them.
    """

    customer: Customer
    source: Source = "live"
    among: int = 1
    resolved_by: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The CRM was asked, and nobody has it."""

    source: Source = "live"


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several customers have it. We do not guess.

    One alone is ambiguous where many people share the number: it need not be the one who calls.
    """

    customers: tuple[Customer, ...]
    source: Source = "live"
    by_shared_number: bool = False


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Nothing to ask with: the number was withheld, unreadable, or not a customer's."""

    reason: Literal["withheld", "unreadable", "internal"]


@dataclass(frozen=True, slots=True)
class Degraded:
    """The CRM gave no usable answer in time, so we do not know. Never the same as `Unknown`."""

    reason: str


CustomerMatch = Known | Unknown | Ambiguous | NotAsked | Degraded


def match_customers(
    rows: Iterable[Customer], asked: Identity, *, default_region: str
) -> Known | Unknown | Ambiguous:
    """The rows that really carry what was asked for; a server's filter is never trusted.

    Some servers ignore a filter that they do not know and return everyone, others match
    substrings. The same record found twice counts once.
    """
    verified = {row.key: row for row in rows if _carries(row, asked, default_region)}
    match tuple(verified.values()):
        case ():
            return Unknown()
        case (customer,):
            return Known(customer)
        case customers:
            return Ambiguous(customers)


def stored_values(row: Customer, asked: Identity) -> tuple[str, ...]:
    """What a record holds of the kind that was asked for, as it is written there."""
    return {"phone": row.phones, "email": row.emails, "account": row.accounts}[asked.kind]


def _carries(row: Customer, asked: Identity, default_region: str) -> bool:
    stored = stored_values(row, asked)
    return any(same_identity(asked, value, default_region=default_region) for value in stored)
