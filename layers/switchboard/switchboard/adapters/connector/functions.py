"""The functions that connector expressions may call beside JMESPath's own. All are pure.

Each gives null for null, so that an absent value stays absent. The escapers for query languages
stand in `query_languages`.
"""

import base64
import html
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from jmespath import functions as jmespath_functions

from switchboard.adapters.connector import query_languages

_NOT_A_DIGIT: Final = re.compile(r"[^0-9]")
_TIME_FORMAT: Final = re.compile(r"(%[YmdHMSz]|[^%])*")
_CLOCK_FORMS: Final = {"HH:MM:SS", "HH:MM", "mm:ss"}
# Ours alone: the same interaction has the same UUID in every CRM that lets us choose the id.
_NAMESPACE: Final = UUID("6f1c1f8e-59a4-4c0e-9d0b-3f6f4a1d7c52")


def digits_only(text: str | None) -> str | None:
    return None if text is None else _NOT_A_DIGIT.sub("", text)


def compact_json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def base64_text(text: str | None) -> str | None:
    return None if text is None else base64.b64encode(_utf8(text)).decode("ascii")


def base64_url(text: str) -> str:
    """URL-safe base64 of the text's UTF-8, without padding."""
    return base64.urlsafe_b64encode(_utf8(text)).decode("ascii").rstrip("=")


def epoch_ms(moment: str | None) -> int | None:
    """Milliseconds since 1970 of an ISO 8601 moment; null when it names no offset or is none."""
    parsed = _moment(moment)
    return round(parsed.timestamp() * 1000) if parsed else None


def formatted_time(moment: str | None, form: str) -> str | None:
    """An ISO 8601 moment in UTC, written with %Y %m %d %H %M %S %z.

    Raises: ValueError for any other directive: they depend on the machine.
    """
    if not _TIME_FORMAT.fullmatch(form):
        raise ValueError("only %Y %m %d %H %M %S %z")
    parsed = _moment(moment)
    return parsed.astimezone(UTC).strftime(form) if parsed else None


def later(moment: str | None, seconds: float | None) -> str | None:
    """An ISO 8601 moment, so many seconds later."""
    parsed = _moment(moment)
    if parsed is None or seconds is None:
        return None
    try:
        return (parsed + timedelta(seconds=seconds)).isoformat()
    except OverflowError:
        return None


def clock(seconds: float | None, form: str) -> str | None:
    """A duration as `HH:MM:SS`, `mm:ss` (minutes may pass 59), or `HH:MM`, begun minutes counted.

    Raises: ValueError for another form.
    """
    if form not in _CLOCK_FORMS:
        raise ValueError(f"write one of {sorted(_CLOCK_FORMS)}")
    if seconds is None or seconds < 0:
        return None
    whole_seconds = math.floor(seconds)
    if form == "mm:ss":
        return f"{whole_seconds // 60:02}:{whole_seconds % 60:02}"
    if form == "HH:MM":
        minutes = math.ceil(seconds / 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"
    hours, rest = divmod(whole_seconds, 3600)
    return f"{hours:02}:{rest // 60:02}:{rest % 60:02}"


def pick(table: Mapping[str, object] | None, key: object, default: object) -> object:
    """What a code table says for `key`, or the default when it says nothing."""
    return default if table is None or key is None else table.get(str(key), default)


def whole(value: object) -> int | None:
    """A number, or a text that holds one, rounded; null for anything else."""
    try:
        return round(float(value)) if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return None


def plus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def times(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one * other


def divided_up(amount: float | None, by: float | None) -> int | None:
    """A quotient, rounded up: begun minutes, begun pages."""
    return None if amount is None or not by else math.ceil(amount / by)


def first_characters(text: str | None, count: int) -> str | None:
    """No more of a text than a CRM's field holds."""
    return None if text is None else text[: int(count)]


def escaped_html(text: str | None) -> str | None:
    return None if text is None else html.escape(text, quote=True)


def own_uuid(text: str | None) -> str | None:
    """The UUID that this text has with us, always the same."""
    return (
        None if text is None else str(uuid5(_NAMESPACE, text.encode("utf-8", "replace").decode()))
    )


def split_text(text: str | None, separator: str) -> list[str] | None:
    return None if text is None else text.split(separator)


def lower_case(text: str | None) -> str | None:
    return None if text is None else text.lower()


def upper_case(text: str | None) -> str | None:
    return None if text is None else text.upper()


def replaced(text: str | None, old: str, new: str) -> str | None:
    return None if text is None else text.replace(old, new)


def as_text(value: object) -> str | None:
    """JMESPath's `to_string`, but null stays null."""
    match value:
        case None | str():
            return value
    return compact_json(value)


def marked_characters(text: str | None, mark: str) -> str | None:
    """The text with a mark before each character: a LIKE pattern that allows any spelling."""
    return None if text is None else "".join(mark + character for character in text)


def rows_with(rows: list[Any] | None, key: str, value: object) -> list[Any] | None:
    """The rows that have this value; JMESPath's own filters cannot look outside the row."""
    return None if rows is None else [row for row in rows if _under(row, key) == value]


def rows_containing(rows: list[Any] | None, key: str, text: str) -> list[Any] | None:
    """The rows whose text under `key` has this text somewhere in it."""
    return None if rows is None else [row for row in rows if text in str(_under(row, key) or "")]


def _under(row: object, key: str) -> object:
    return row.get(key) if isinstance(row, Mapping) else None


def name_parts(text: str | None) -> dict[str, str | None]:
    """A person's name for CRMs that want two: the last word is the last name."""
    words = (text or "").split()
    first, last = " ".join(words[:-1]), words[-1] if words else None
    return {"first": first or None, "last": last}


def keyed(rows: list[Any] | None, key: str, value: str) -> dict[str, Any] | None:
    """One field of some rows by another, as a table for `pick`; rows without a key are left out."""
    if rows is None:
        return None
    return {
        str(row[key]): row.get(value)
        for row in rows
        if isinstance(row, Mapping) and row.get(key) is not None
    }


def each_with(rows: list[Any] | None, extra: Mapping[str, object] | None) -> list[Any] | None:
    """The rows with some fields added to each: inside a projection nothing outside is in sight."""
    if rows is None:
        return None
    return [{**row, **(extra or {})} for row in rows if isinstance(row, Mapping)]


def paired(one: list[Any] | None, other: list[Any] | None) -> list[list[Any]] | None:
    """The first of both, the second of both, and so on, as far as the shorter list goes."""
    if one is None or other is None:
        return None
    return [list(pair) for pair in zip(one, other, strict=False)]


def _moment(text: str | None) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None


def _utf8(text: str) -> bytes:
    # A lone surrogate can come out of a JSON escape and has no UTF-8; "?" stands for it.
    return text.encode("utf-8", errors="replace")


def _callable_from_expressions(
    function: Callable[..., object], *argument_types: tuple[str, ...]
) -> Callable[..., object]:
    """The function as a method with the signature that JMESPath checks its arguments against."""

    def method(_registry: object, *arguments: object) -> object:
        return function(*arguments)

    method.signature = tuple({"types": list(types)} for types in argument_types)  # type: ignore[attr-defined]
    return method


_TEXT: Final = ("string",)
_TEXT_OR_NULL: Final = ("string", "null")
_NUMBER: Final = ("number",)
_NUMBER_OR_NULL: Final = ("number", "null")
_ANYTHING: Final[tuple[str, ...]] = ()

SIGNATURES: Final[Mapping[str, tuple[Callable[..., object], tuple[tuple[str, ...], ...]]]] = {
    "b64": (base64_text, (_TEXT_OR_NULL,)),
    "b64url": (base64_url, (_TEXT,)),
    "before_each": (marked_characters, (_TEXT_OR_NULL, _TEXT)),
    "clock": (clock, (_NUMBER_OR_NULL, _TEXT)),
    "digits": (digits_only, (_TEXT_OR_NULL,)),
    "div_up": (divided_up, (_NUMBER_OR_NULL, _NUMBER_OR_NULL)),
    "each_with": (each_with, (("array", "null"), ("object", "null"))),
    "epoch_ms": (epoch_ms, (_TEXT_OR_NULL,)),
    "first": (first_characters, (_TEXT_OR_NULL, _NUMBER)),
    "html": (escaped_html, (_TEXT_OR_NULL,)),
    "json": (compact_json, (_ANYTHING,)),
    "keyed": (keyed, (("array", "null"), _TEXT, _TEXT)),
    "lower": (lower_case, (_TEXT_OR_NULL,)),
    "name_parts": (name_parts, (_TEXT_OR_NULL,)),
    "pick": (pick, (("object", "null"), _ANYTHING, _ANYTHING)),
    "plus": (plus, (_NUMBER_OR_NULL, _NUMBER_OR_NULL)),
    "plus_s": (later, (_TEXT_OR_NULL, _NUMBER_OR_NULL)),
    "replace": (replaced, (_TEXT_OR_NULL, _TEXT, _TEXT)),
    "rows_containing": (rows_containing, (("array", "null"), _TEXT, _TEXT)),
    "rows_with": (rows_with, (("array", "null"), _TEXT, _ANYTHING)),
    "split": (split_text, (_TEXT_OR_NULL, _TEXT)),
    "text": (as_text, (_ANYTHING,)),
    "time": (formatted_time, (_TEXT_OR_NULL, _TEXT)),
    "times": (times, (_NUMBER_OR_NULL, _NUMBER_OR_NULL)),
    "upper": (upper_case, (_TEXT_OR_NULL,)),
    "uuid5": (own_uuid, (_TEXT_OR_NULL,)),
    "whole": (whole, (_ANYTHING,)),
    "zip": (paired, (("array", "null"), ("array", "null"))),
    **{name: (escape, (_TEXT_OR_NULL,)) for name, escape in query_languages.ESCAPERS.items()},
}


# JMESPath finds functions by their `_func_` names, when the class is made.
ConnectorFunctions: Final[Any] = type(jmespath_functions.Functions)(
    "ConnectorFunctions",
    (jmespath_functions.Functions,),
    {
        f"_func_{name}": _callable_from_expressions(function, *argument_types)
        for name, (function, argument_types) in SIGNATURES.items()
    },
)
