"""What ECS sends, read leniently: JSON, form or query; text; empty words that mean nothing."""

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar

from switchboard.edges.body_text import body_text, pairs_in
from switchboard.edges.http_api import Api, header, json_object, raw_body
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


def sent_query(api: Api) -> dict[str, str]:
    """The query as it was sent; of a name that is there twice the last, as in JSON.

    API Gateway's own reading joins both with a comma, which a value may hold itself.
    """
    event = api.current_event
    if raw := str(event.raw_query_string or ""):
        return dict(pairs_in(raw))
    query: Mapping[str, str] = event.query_string_parameters or {}
    return {_writable(name): _writable(value) for name, value in query.items()}


def parameters_in(
    query: Mapping[str, str],
    body: bytes,
    content_type: str,
    changes: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Every parameter that carries a value, as text, from query and body; the body wins.

    `changes` win over both.

    Raises: MalformedRequest, RequestTooLarge, InvalidRequest.
    """
    sent: dict[str, Any] = {**query, **_body_parameters(body, content_type), **(changes or {})}
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
    sent: dict[str, Any] = sent_query(api)
    problems: list[str] = []
    try:
        sent |= _body_parameters(raw_body(api), header(api, "content-type"))
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


def _body_parameters(raw: bytes, content_type: str) -> Mapping[str, Any]:
    """By what it looks like: ECS lets the content type of each request be chosen, and forgotten."""
    text = body_text(raw, content_type).strip()
    if not text:
        return {}
    if text[0] in '{["':
        return json_object(text)
    if text[0] == "<":
        raise MalformedRequest("The body is XML or HTML; send one JSON object, or a form.")
    if text.startswith("--"):
        raise MalformedRequest(
            "The body has several parts; send one JSON object, or a form that is urlencoded."
        )
    return _form(text)


def _form(text: str) -> Mapping[str, str]:
    pairs = pairs_in(text)
    if not pairs or not all("=" in piece for piece in text.split("&") if piece):
        raise MalformedRequest("The body is neither one JSON object nor a form.")
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
