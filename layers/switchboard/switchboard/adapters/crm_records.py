"""What goes into a connector's expressions, and what the rows that come out of them mean."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from switchboard.domain.customer import Customer
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.identity import Identity, PhoneNumber
from switchboard.domain.posting import InteractionRecord, Logged

_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
_IDENTITIES: Final = ("phones", "emails", "accounts")
# Each is compared with the caller's, and a person has a handful: one row must not take seconds.
_MOST_VALUES: Final = 50
_LONGEST_VALUE: Final = 512


def asked_for(identity: Identity) -> dict[str, Any]:
    """What a lookup's expressions see as `input`."""
    if not isinstance(identity, PhoneNumber):
        return {identity.kind: identity.canonical}
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


def as_input(record: InteractionRecord) -> dict[str, Any]:
    """What a logging method's expressions see as `input`."""
    fields = {
        name: as_quantity(name, value) for name, value in record.fields.items() if value != ""
    }
    customer = record.customer
    return {
        **fields,
        "id": record.id,
        "revision": record.revision,
        "record_id": record.record_id or None,
        "customer": _as_input_customer(customer) if customer else None,
    }


def as_quantity(name: str, value: str | int | float) -> str | int | float:
    """Quantities end in their unit, so `duration_s` is a number where it can be one."""
    if not name.endswith("_s") or not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    return float(value) if "." in value else int(value)


def customer_of(
    connector: str, row: object, link: Callable[[Mapping[str, Any]], str]
) -> Customer | None:
    """A row that a connector mapped; None when it has no id. `link` gives a record's address."""
    if not isinstance(row, Mapping) or not isinstance(row.get("id"), str | int):
        return None
    identifier = str(row["id"])
    kind = str(row.get("kind") or "customer")
    merged_into = _id(row.get("merged_into"))
    return Customer(
        connector=connector,
        id=identifier,
        kind=kind,
        name=str(row.get("name") or ""),
        phones=_texts(row.get("phones")),
        emails=_texts(row.get("emails")),
        attributes=_scalars(row.get("attributes")),
        # Of a merged record only the survivor is worth looking at.
        url=link({"id": merged_into or identifier, "kind": kind}),
        accounts=_texts(row.get("accounts")),
        merged_into=merged_into,
    )


def left_out(rows: Sequence[object]) -> int:
    """How many numbers and addresses `customer_of` drops: too many for one row, or too long."""
    lists = [row.get(name) for row in rows if isinstance(row, Mapping) for name in _IDENTITIES]
    return sum(len(_written(values)) - len(_texts(values)) for values in lists)


def logged_of(said: object) -> Logged | None:
    """The record that a logging method says it wrote; None when it names none."""
    if not isinstance(said, Mapping):
        return None
    record_id = said.get("id")
    if not isinstance(record_id, str | int) or record_id == "":
        return None
    return Logged(record_id=str(record_id), created=said.get("created") is True)


def found_of(row: object) -> FoundRecord | None:
    """A record that `find_interaction` or `list_interactions` mapped; None when it has no id."""
    if not isinstance(row, Mapping) or not (record_id := _id(row.get("id"))):
        return None
    return FoundRecord(record_id, _id(row.get("key")), _revision(row.get("revision")))


def told_of_each(
    records: Sequence[InteractionRecord], rows: Sequence[object]
) -> list[Mapping[str, Any] | None]:
    """What a batch's answer says of each record, in their order; None where it says nothing.

    Rows are told apart by the `key` they echo. Without keys their order counts, and then only if
    there are as many rows as records.
    """
    maps = [row for row in rows if isinstance(row, Mapping)]
    by_key = {str(row["key"]): row for row in maps if row.get("key") is not None}
    if by_key:
        return [by_key.get(record.id) for record in records]
    return list(maps) if len(maps) == len(rows) == len(records) else [None] * len(records)


def _as_input_customer(customer: Customer) -> dict[str, str]:
    return {
        "id": customer.id,
        "kind": customer.kind,
        "name": customer.name,
        "url": customer.url,
    }


def _texts(values: object) -> tuple[str, ...]:
    short = (text for text in _written(values) if len(text) <= _LONGEST_VALUE)
    return tuple(islice(short, _MOST_VALUES))


def _written(values: object) -> list[str]:
    if not isinstance(values, list):
        return []
    return [str(value) for value in values if isinstance(value, str | int) and value != ""]


def _id(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _revision(value: object) -> int | None:
    """A whole number, or a text of one; a CRM that keeps it as `3.0` keeps it, too."""
    whole = str(value).removesuffix(".0")
    return int(whole) if whole.isascii() and whole.isdigit() and len(whole) <= 15 else None


def _is_scalar(value: object) -> bool:
    # A number too large for a float reads as infinity, which no JSON can carry on.
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _scalars(values: object) -> dict[str, str | int | float | bool | None]:
    if not isinstance(values, Mapping):
        return {}
    return {str(name): value if _is_scalar(value) else None for name, value in values.items()}
