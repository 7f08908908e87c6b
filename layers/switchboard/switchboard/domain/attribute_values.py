"""What a CRM sent, read as the type that an attribute has. What does not fit is None.

A CRM writes one thing in many forms: a day as ``2026-03-04``, as a moment with a zone, or as
milliseconds; a number as text; yes as ``1``. Nothing here guesses: a form that two countries read
differently, such as ``03/04/2026`` or ``1,234``, fits nothing.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Final, Literal

from switchboard.domain.customer import Scalar

ValueType = Literal["any", "text", "number", "flag", "date", "moment"]
Typed = str | int | float | bool | date | None

# Beyond this a float is no longer exact, and what looks like a number is an id.
LARGEST_NUMBER: Final = 10**15
_DECIMALS: Final = 12
_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(\.\d{1,12})?", re.ASCII)
_DIGITS: Final = re.compile(r"\d{1,16}", re.ASCII)
_TRUE: Final = frozenset({"true", "yes", "y", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "n", "off", "0"})
# No text should hold these, and some systems choke on them: controls, and halves of pairs.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_LONGEST_BASIC_DATE: Final = 8  # 20260304 is a day, not a moment of 1970
_EPOCH_MS_FROM: Final = 10**11


def read_value(kind: ValueType, raw: object, zone: tzinfo) -> Typed:
    """The value as its type; None when it does not fit. A time without a zone is in `zone`."""
    return _READERS[kind](raw, zone)


def tidy(text: str) -> str:
    """On one line, single spaces, no character that cannot be shown."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def as_text(value: object) -> str | None:
    """The text of a single value; None for a list, an object, or a number out of all bounds."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return tidy(value)
        case int() if abs(value) < LARGEST_NUMBER**2:
            return str(value)
        case float() if abs(value) < LARGEST_NUMBER:  # neither infinite nor "not a number"
            return f"{Decimal(f'{round(value, _DECIMALS) + 0.0:.15g}'):f}"
        case datetime():
            return value.isoformat(timespec="seconds")
        case date():
            return value.isoformat()
    return None


def _any(raw: object, _: tzinfo) -> Typed:
    if isinstance(raw, str):
        return tidy(raw)
    return _bounded(raw)


def _text(raw: object, _: tzinfo) -> Typed:
    return as_text(raw)


def _number(raw: object, _: tzinfo) -> Typed:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, str) and _NUMBER.fullmatch(text := raw.strip()):
        return float(text) if "." in text else int(text)
    return _bounded(raw)


def _bounded(raw: object) -> bool | int | float | None:
    if isinstance(raw, float):
        return round(raw, _DECIMALS) + 0.0 if abs(raw) < LARGEST_NUMBER else None
    return raw if isinstance(raw, int) and abs(raw) < LARGEST_NUMBER else None


def _flag(raw: object, _: tzinfo) -> Typed:
    word = (as_text(raw) or "").lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _date(raw: object, zone: tzinfo) -> Typed:
    moment = _told_moment(raw)
    if moment is None:
        return None
    if moment.tzinfo is None:
        return moment.date()
    in_utc = moment.astimezone(UTC)
    # CRMs write a day as its midnight in UTC; in a zone west of it that would be the day before.
    if in_utc.time() == time():
        return in_utc.date()
    local = _in_zone(moment, zone)
    return local.date() if local else None


def _moment(raw: object, zone: tzinfo) -> Typed:
    moment = _told_moment(raw)
    return _in_zone(moment, zone) if moment else None


def _told_moment(raw: object) -> datetime | None:
    """A moment as it was written, with a zone only if it had one."""
    text = (as_text(raw) or "") if isinstance(raw, str | int | float) else ""
    text = text.partition(".")[0] if isinstance(raw, float) else text
    try:
        if _DIGITS.fullmatch(text) and len(text) > _LONGEST_BASIC_DATE:
            number = int(text)
            return datetime.fromtimestamp(
                number / 1000 if number >= _EPOCH_MS_FROM else number, UTC
            )
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            moment.astimezone(UTC)  # fails on the first or the last day that there is
    except (ValueError, OverflowError, OSError):
        return None
    return moment


def _in_zone(moment: datetime, zone: tzinfo) -> datetime | None:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(zone)
    except (OverflowError, ValueError):
        return None


_READERS: Final[Mapping[ValueType, Callable[[object, tzinfo], Typed]]] = {
    "any": _any,
    "text": _text,
    "number": _number,
    "flag": _flag,
    "date": _date,
    "moment": _moment,
}


def is_nothing(raw: object) -> bool:
    """Whether a CRM said nothing at all, which is no mistake of anybody."""
    return raw is None or (isinstance(raw, str) and not tidy(raw))


def as_scalar(value: Typed) -> Scalar:
    """What may stand in an answer: a day or a moment becomes its text."""
    return as_text(value) if isinstance(value, date) else value
