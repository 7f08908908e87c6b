"""The functions that connector expressions may call beside JMESPath's own. All are pure."""

import base64
import html
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from jmespath import functions as jmespath_functions

_NOT_A_DIGIT: Final = re.compile(r"[^0-9]")


def digits_only(text: str | None) -> str | None:
    return None if text is None else _NOT_A_DIGIT.sub("", text)


def compact_json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def base64_url(text: str) -> str:
    """URL-safe base64 of the text's UTF-8, without padding."""
    return base64.urlsafe_b64encode(_utf8(text)).decode("ascii").rstrip("=")


def epoch_ms(moment: str | None) -> int | None:
    """Milliseconds since 1970 of an ISO 8601 moment; null when it names no offset or is none."""
    try:
        parsed = datetime.fromisoformat(moment or "")
    except ValueError:
        return None
    return round(parsed.timestamp() * 1000) if parsed.tzinfo else None


def pick(table: Mapping[str, object] | None, key: object, default: object) -> object:
    """What a code table says for `key`, or the default when it says nothing."""
    return default if table is None or key is None else table.get(str(key), default)


def whole(value: object) -> int | None:
    """A number, or a text that holds one, rounded; null for anything else."""
    try:
        return round(float(value)) if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return None


def first_characters(text: str | None, count: int) -> str | None:
    """No more of a text than a CRM's field holds."""
    return None if text is None else text[: int(count)]


def escaped_html(text: str | None) -> str | None:
    return None if text is None else html.escape(text, quote=True)


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
_ANYTHING: Final[tuple[str, ...]] = ()


class ConnectorFunctions(jmespath_functions.Functions):  # type: ignore[misc]
    """JMESPath's functions and ours, found by their `_func_` names."""

    _func_digits: Any = _callable_from_expressions(digits_only, _TEXT_OR_NULL)
    _func_json: Any = _callable_from_expressions(compact_json, _ANYTHING)
    _func_b64url: Any = _callable_from_expressions(base64_url, _TEXT)
    _func_epoch_ms: Any = _callable_from_expressions(epoch_ms, _TEXT_OR_NULL)
    _func_pick: Any = _callable_from_expressions(pick, ("object", "null"), _ANYTHING, _ANYTHING)
    _func_whole: Any = _callable_from_expressions(whole, _ANYTHING)
    _func_first: Any = _callable_from_expressions(first_characters, _TEXT_OR_NULL, ("number",))
    _func_html: Any = _callable_from_expressions(escaped_html, _TEXT_OR_NULL)
