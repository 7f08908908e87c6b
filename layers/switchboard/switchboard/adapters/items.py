"""What an item may hold: text and whole numbers.

What DynamoDB compares or indexes is an attribute of its own; everything else is one attribute of
JSON text (see `documents`), so no float ever reaches DynamoDB.

Moments to compare (`due_at`, `lease_until`, `leased_at`) are epoch milliseconds. Moments to read
or sort (`started_at`, `ended_at`, `looked_up_at`, all inside JSON) are ISO 8601 text in UTC with
six decimals, so that text sorts as time does. `expires_at` is epoch seconds, as TTL wants it.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

Item = dict[str, str | int]


def to_attributes(item: Mapping[str, str | int]) -> "dict[str, AttributeValueTypeDef]":
    """The item in DynamoDB's own notation."""
    return {name: _attribute(value) for name, value in item.items()}


def from_attributes(attributes: "Mapping[str, AttributeValueTypeDef]") -> Item:
    return {
        name: attribute["S"] if "S" in attribute else int(attribute["N"])
        for name, attribute in attributes.items()
    }


def hidden_key(purpose: str, *parts: str) -> str:
    """A key that tells nothing of the number or address it stands for.

    The purpose is hashed too, so that two tables' keys of one person cannot be joined.
    """
    preimage = json.dumps([purpose, *parts]).encode()
    return f"{purpose}#{hashlib.sha256(preimage).hexdigest()}"


def epoch_ms(at: datetime) -> int:
    # Whole numbers throughout: timestamp() is a float and may round to the millisecond before.
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def from_epoch_ms(moment: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment)


def moment_in(item: Item, name: str) -> datetime | None:
    """What an attribute of epoch milliseconds says; None when there is none of this name."""
    return from_epoch_ms(int(item[name])) if name in item else None


def epoch_s(at: datetime) -> int:
    return epoch_ms(at) // 1000


def utc_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _attribute(value: str | int) -> "AttributeValueTypeDef":
    match value:
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
    raise TypeError(f"an item holds text and whole numbers, not {type(value).__name__}")
