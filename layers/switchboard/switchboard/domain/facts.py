"""What is known of a contact, as the types that routing rules look at.

A fact is a flag, a number, a listed word, a set of listed words, or an age in seconds: never free
text. A number can still be somebody's, as an account's is: `domain/personal_numbers.py`.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from switchboard.domain.cells import OTHER, Attribute, Value
from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.durations import plain, read_duration, spoken_duration

SOURCES: Final = ("ecs", "lookup", "crm", "history", "calendar", "switch")
_TRUE_WORDS: Final = frozenset({"true", "yes", "1"})
_FALSE_WORDS: Final = frozenset({"false", "no", "0"})
_SEPARATOR: Final = re.compile(r"[,;|]")
# What comes after so many words of a set is not looked at: a caller waits.
_MOST_WORDS: Final = 1000
_SHORTEST_PLURAL: Final = 4  # days; a unit like ms or kB says nothing of how many


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
        facts[attribute.name] = typed(attribute, sources[source].get(name, _unsaid(attribute)), now)
    return facts


def facts_of(
    attributes: Mapping[str, Attribute], said: Mapping[str, Any], now: datetime | None = None
) -> dict[str, Value]:
    """Facts by attribute name as a person writes them; what was not said is missing, a switch off.

    A moment is how long ago it was, as `-2d`; or a date, when `now` is given.
    """
    return {name: _said(attribute, said.get(name), now) for name, attribute in attributes.items()}


def typed(attribute: Attribute, raw: Scalar | list[str], now: datetime | None) -> Value:
    """The value as its attribute's type; None when there is none or it cannot be one.

    Without `now` no moment has an age.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
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
        kept[attribute.source] = _fuller(kept.get(attribute.source), value)
    return kept


def recorded_by_both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """What two rulesets recorded of one contact, so that either decides again as it did."""
    return {source: _fuller(one.get(source), other.get(source)) for source in {**one, **other}}


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
            return f"is {plain(value)} {_unit(attribute, value)}".rstrip()
    return "is none of the listed" if value == OTHER else f"is {value}"


def _unit(attribute: Attribute, value: float) -> str:
    """As people say it of so many: 1 day, 2 days."""
    is_one = value == 1 and len(attribute.unit) >= _SHORTEST_PLURAL
    return attribute.unit.removesuffix("s") if is_one else attribute.unit


def _as_text(raw: object) -> str:
    """As a person would write it; some CRMs send a whole number as 1.0."""
    return plain(raw) if isinstance(raw, float) else str(raw).strip()


def _as_flag(raw: object) -> bool | None:
    if isinstance(raw, bool):
        return raw
    word = _as_text(raw).lower()
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
    word = _as_text(raw)
    if word in attribute.values:
        return word
    folded = word.casefold()
    return next((value for value in attribute.values if value.casefold() == folded), OTHER)


def _as_set(attribute: Attribute, raw: object) -> frozenset[str]:
    parts = raw if isinstance(raw, list) else _SEPARATOR.split(_as_text(raw), _MOST_WORDS)
    said = {_as_text(part).casefold() for part in parts}
    return frozenset(word for word in attribute.values if word.casefold() in said)


def _as_age(raw: object, now: datetime) -> float | None:
    try:
        at = datetime.fromisoformat(str(raw).strip())
        at = at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
        # Two moments of one zone would differ by what its clocks showed, not by what has passed.
        at = at.astimezone(UTC)
        return float(round((now - at) / timedelta(seconds=1)))
    except (ValueError, OverflowError):
        return None


def _unsaid(attribute: Attribute) -> bool | None:
    """A switch is off until somebody flips it; anything else is missing."""
    return False if attribute.source.startswith("switch.") else None


def _said(attribute: Attribute, raw: Any, now: datetime | None) -> Value:
    if raw is None or raw == "":
        return _unsaid(attribute)
    if attribute.type == "instant" and isinstance(raw, str) and raw.startswith(("-", "+")):
        age = read_duration(raw[1:])
        return age if raw.startswith("-") else -age
    return typed(attribute, raw, now)


def _as_json(value: Value) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _fuller(one: Any, other: Any) -> Any:
    """Of two readings of one value, the first that understood it; of two sets, every word."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted({*one, *other})
    return other if one in (None, OTHER) and other is not None else one


def _recalled(attribute: Attribute, kept: Any) -> Value:
    if kept is None:
        return None
    match attribute.type:
        case "instant":
            return _as_number(kept)
        case "choice" if isinstance(kept, bool | float | int | list):
            return None
    return typed(attribute, kept, None)
