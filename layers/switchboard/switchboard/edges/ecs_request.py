"""What ECS sends, read leniently: JSON, form or query; text; empty words that mean nothing."""

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from switchboard.edges.http_api import Api, json_object, raw_body
from switchboard.errors import InvalidRequest, MalformedRequest, RequestTooLarge

# How ECS writes "no value" is not documented; these are read as absent.
ABSENT_WORDS: Final = frozenset({"", "null", "none", "n/a", "na", "undefined", "-"})
LONGEST_VALUE: Final = 10_000
MOST_FIELDS: Final = 200
# Many of these must fit into one row of 400 KB, with room for what our own words need.
MOST_TEXT: Final = 64 * 1024
_TOO_MANY: Final = f"Send at most {MOST_FIELDS} parameters."
_TOO_LONG: Final = f"Send at most {MOST_TEXT // 1024} KiB of text in one event."
_MOST_PROBLEMS: Final = 3

T = TypeVar("T")


def ecs_parameters(api: Api) -> dict[str, str]:
    """Every parameter that carries a value, as text, from query and body; the body wins.

    Raises: MalformedRequest, RequestTooLarge, InvalidRequest.
    """
    query = dict(api.current_event.query_string_parameters or {})
    sent: dict[str, Any] = {**query, **_body_parameters(raw_body(api))}
    if len(sent) > MOST_FIELDS:
        raise InvalidRequest(_TOO_MANY)
    texts = {_writable(name): text for name, value in sent.items() if (text := _text(name, value))}
    if _length(texts) > MOST_TEXT:
        raise RequestTooLarge(_TOO_LONG)
    return texts


def readable_parameters(api: Api, wanted: Collection[str]) -> tuple[dict[str, str], str]:
    """Every parameter that can be read, and what is wrong with the rest; empty for nothing.

    For who must be answered all the same. Of too many, or too long, only the `wanted` stay.
    """
    sent: dict[str, Any] = dict(api.current_event.query_string_parameters or {})
    problems: list[str] = []
    try:
        sent |= _body_parameters(raw_body(api))
    except (MalformedRequest, RequestTooLarge) as error:
        problems.append(str(error))
    if len(sent) > MOST_FIELDS:
        problems.append(_TOO_MANY)
        sent = _only(wanted, sent)
    texts: dict[str, str] = {}
    for name, value in sent.items():
        try:
            texts[_writable(name)] = _text(name, value)
        except InvalidRequest as error:
            problems.append(str(error))
    if _length(texts) > MOST_TEXT:
        problems.append(_TOO_LONG)
        texts = _only(wanted, texts)
    told = {name: text for name, text in texts.items() if text}
    return told, " ".join(problems[:_MOST_PROBLEMS])


def _only(wanted: Collection[str], sent: Mapping[str, T]) -> dict[str, T]:
    return {name: value for name, value in sent.items() if name in wanted}


def _length(texts: Mapping[str, str]) -> int:
    return sum(len(name) + len(text) for name, text in texts.items())


def _body_parameters(raw: bytes) -> Mapping[str, Any]:
    stripped = raw.strip()
    if not stripped:
        return {}
    if stripped[:1] in b'{["':
        return json_object(stripped)
    return _form(stripped)


def _form(raw: bytes) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=True)
    except ValueError as error:
        raise MalformedRequest("The body is neither one JSON object nor a form.") from error
    return dict(pairs)


def _text(name: str, value: object) -> str:
    """The value as text; empty when it means "none"."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            text = _writable(str(value).strip())
        case _:
            raise InvalidRequest(f"{_safe(name)} must be text; ECS values are flat.")
    if len(text) > LONGEST_VALUE:
        raise InvalidRequest(f"{_safe(name)} is too long; send at most {LONGEST_VALUE} characters.")
    return "" if text.lower() in ABSENT_WORDS else text


def _writable(text: str) -> str:
    """Text that every store can hold: half a surrogate pair, as JSON may escape it, cannot be."""
    return text.encode(errors="replace").decode()


def _safe(name: str) -> str:
    """A parameter name fit for an error text: it may hold anything, even somebody's number."""
    return name if name.isidentifier() and len(name) <= 64 else "A parameter"
