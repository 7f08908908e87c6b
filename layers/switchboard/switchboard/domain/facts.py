"""What is known of a contact, as the types that routing rules look at.

A fact is a flag, a number, a listed word, a set of listed words, or an age in seconds: never free
text. So what is kept of a decision names nobody.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from switchboard.domain.cells import OTHER, Attribute, Value
from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.durations import read_duration, spoken_duration

SOURCES: Final = ("ecs", "lookup", "crm", "history", "calendar", "switch")
_TRUE_WORDS: Final = frozenset({"true", "yes", "1"})
_FALSE_WORDS: Final = frozenset({"false", "no", "0"})
_SEPARATORS: Final = re.compile(r"\s*[,;|]\s*")


def gather_facts(
    attributes: Mapping[str, Attribute],
    *,
    ecs: Mapping[str, Scalar],
    lookup: Mapping[str, Scalar],
    customer: Customer | None,
    history: Mapping[str, Scalar],
    now: datetime,
    calendar: Mapping[str, bool] | None = None,
    switches: Mapping[str, bool] | None = None,
) -> dict[str, Value]:
    """The value of every attribute, from its source and as its type; None when there is none.

    A switch that nobody ever flipped is off. Moments without a time zone are read in `now`'s.
    """
    sources: Mapping[str, Mapping[str, Scalar]] = {
        "ecs": ecs,
        "lookup": lookup,
        "crm": customer.attributes if customer else {},
        "history": history,
        "calendar": calendar or {},
        "switch": switches or {},
    }
    facts: dict[str, Value] = {}
    for attribute in attributes.values():
        source, _, name = attribute.source.partition(".")
        default = False if source == "switch" else None
        facts[attribute.name] = typed(attribute, sources[source].get(name, default), now)
    return facts


def facts_of(
    attributes: Mapping[str, Attribute], said: Mapping[str, Any], now: datetime | None = None
) -> dict[str, Value]:
    """Facts by attribute name as a person writes them; None for what was not said.

    A moment is how long ago it was, as `-2d`; or a date, when `now` is given.
    """
    return {name: _said(attribute, said.get(name), now) for name, attribute in attributes.items()}


def typed(attribute: Attribute, raw: Scalar | list[str], now: datetime | None) -> Value:
    """The value as its attribute's type; None when there is none or it cannot be one.

    Without `now` no moment has an age.
    """
    if raw is None or raw == "":
        return None
    match attribute.type:
        case "flag":
            return _as_flag(raw)
        case "number":
            return _as_number(raw)
        case "choice":
            return _as_choice(attribute, raw)
        case "set":
            return _as_set(attribute, raw)
        case "instant":
            return _as_age(raw, now) if now else None


def is_unlisted(value: Value) -> bool:
    """Whether something came that the catalogue should list, or that is wrong at the source."""
    return value == OTHER


def recorded(attributes: Mapping[str, Attribute], facts: Mapping[str, Value]) -> dict[str, Any]:
    """The facts by their source, as JSON has it; None where one was looked for and was not there.

    Of two attributes with one source, the one that understood its value counts.
    """
    kept: dict[str, Any] = {}
    for attribute in attributes.values():
        value = _as_json(facts.get(attribute.name))
        if kept.setdefault(attribute.source, value) in (None, OTHER) and value is not None:
            kept[attribute.source] = value
    return kept


def recalled(attributes: Mapping[str, Attribute], kept: Mapping[str, Any]) -> dict[str, Value]:
    """The facts that `recorded` kept, as these attributes' types; None for what it had not."""
    return {
        attribute.name: _recalled(attribute, kept.get(attribute.source))
        for attribute in attributes.values()
    }


def fact_text(attribute: Attribute, value: Value) -> str:
    """The value as a sentence says it: ``is not known``, ``is 34 days``, ``was 2 days ago``."""
    match value:
        case None:
            return "is not known"
        case bool():
            return f"is {'true' if value else 'false'}"
        case frozenset():
            listed = [word for word in attribute.values if word in value]
            return f"has {', '.join(listed)}" if listed else "has none of the listed"
        case float() | int() if attribute.type == "instant":
            ago = spoken_duration(abs(value))
            return f"was {ago} ago" if value >= 0 else f"is in {ago}"
        case float() | int():
            return f"is {value:.10g}{f' {attribute.unit}' if attribute.unit else ''}"
    return "is none of the listed" if value == OTHER else f"is {value}"


def _as_flag(raw: object) -> bool | None:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    return True if word in _TRUE_WORDS else False if word in _FALSE_WORDS else None


def _as_number(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    # JSON has no endless numbers, and a record of the decision must hold it.
    return number if math.isfinite(number) else None


def _as_choice(attribute: Attribute, raw: object) -> str:
    word = str(raw).strip()
    if word in attribute.values:
        return word
    folded = word.casefold()
    return next((value for value in attribute.values if value.casefold() == folded), OTHER)


def _as_set(attribute: Attribute, raw: object) -> frozenset[str]:
    parts = raw if isinstance(raw, list) else _SEPARATORS.split(str(raw))
    words = (_as_choice(attribute, part) for part in parts)
    return frozenset(word for word in words if word != OTHER)


def _as_age(raw: object, now: datetime) -> float | None:
    try:
        at = datetime.fromisoformat(str(raw).strip())
        at = at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
        return float(round((now - at) / timedelta(seconds=1)))
    except (ValueError, OverflowError):
        return None


def _said(attribute: Attribute, raw: Any, now: datetime | None) -> Value:
    if attribute.type == "instant" and isinstance(raw, str) and raw.startswith(("-", "+")):
        age = read_duration(raw[1:])
        return age if raw.startswith("-") else -age
    return typed(attribute, raw, now)


def _as_json(value: Value) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _recalled(attribute: Attribute, kept: Any) -> Value:
    if kept is None:
        return None
    match attribute.type:
        case "instant":
            return _as_number(kept)
        case "choice" if isinstance(kept, bool | float | int | list):
            return None
    return typed(attribute, kept, None)
