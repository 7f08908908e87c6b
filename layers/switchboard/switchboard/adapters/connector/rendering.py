"""A request template becomes a request. The place of a value decides how it is escaped.

Whatever a caller, a customer or a CRM puts into a value, the request keeps its shape: the same
path segments, the same query keys, the same headers, a body that is a tree.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

from switchboard.adapters.connector.expressions import (
    ExpressionError,
    Hole,
    Scope,
    as_text,
    evaluate,
    parts_of,
    text_of,
    value_of,
)

_DOT_SEGMENTS: Final = (".", "..")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN_URL: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_JSON: Final = {"Content-Type": "application/json"}
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_DROPPED: Final = object()


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What goes over the wire. Not printed: its address and body are customers' data."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


def render_request(
    template: Mapping[str, Any], scope: Scope, *, server: str, headers: Mapping[str, str]
) -> HttpRequest:
    """The request that a template makes of a scope. `headers` are set unless it names its own.

    Raises: ExpressionError when a value is missing or cannot stand where the template puts it.
    """
    own = _headers(template.get("headers", {}), scope)
    content_type, body = _content(template, scope)
    return HttpRequest(
        method=str(template["method"]),
        url=_url(template, scope, server),
        headers={**content_type, **headers, **own},
        body=body,
    )


def render_headers(templates: Mapping[str, Any], scope: Scope) -> dict[str, str]:
    """Header values; a null leaves the header out."""
    return _headers(templates, scope)


def render_link(template: str, scope: Scope) -> str:
    """An address for a browser. The base address from the settings stands as it is."""
    first, *rest = parts_of(template)
    base = (
        text_of(first, scope)
        if isinstance(first, str) or first.expression.startswith("settings.")
        else _one_segment(first, scope)
    )
    return base + "".join(_one_segment(part, scope) for part in rest)


def render_tree(template: Any, scope: Scope) -> Any:
    """A tree of templates as a tree of values; a key or item whose value is null is left out."""
    rendered = _rendered(template, scope)
    return None if rendered is _DROPPED else rendered


def origin_of(url: str) -> str:
    """Scheme, host and port.

    Raises: ExpressionError when the text is no plain http(s) address.
    """
    try:
        address = urlsplit(url)
        port = address.port
    except ValueError:
        raise ExpressionError("not an address") from None
    if address.scheme not in {"http", "https"} or not address.hostname or "@" in address.netloc:
        raise ExpressionError("not a plain http(s) address")
    return f"{address.scheme}://{address.hostname}:{port or _DEFAULT_PORT[address.scheme]}"


_DEFAULT_PORT: Final = {"http": 80, "https": 443}


def _url(template: Mapping[str, Any], scope: Scope, server: str) -> str:
    if "url" in template:
        return _same_origin(str(value_of(template["url"], scope)), server)
    query = _pairs(template.get("query", {}), scope)
    return server + _path(template["path"], scope) + (f"?{query}" if query else "")


def _path(template: str, scope: Scope) -> str:
    parts = parts_of(template)
    path = "".join(_one_segment(part, scope) for part in parts)
    shape = "".join(part if isinstance(part, str) else "x" for part in parts)
    for segment, wanted in zip(path.split("/"), shape.split("/"), strict=True):
        # HTTP clients resolve dot segments even when they are percent-encoded, and servers may
        # merge empty ones: both would lead to another resource.
        if segment in _DOT_SEGMENTS or (wanted and not segment):
            raise ExpressionError(f"a value cannot be a segment of the path `{template}`")
    return path


def _one_segment(part: str | Hole, scope: Scope) -> str:
    text = text_of(part, scope)
    return text if isinstance(part, str) else _percent_encoded(text)


def _pairs(templates: Mapping[str, Any], scope: Scope) -> str:
    """Names and values as a query string or a form has them; a list repeats its name."""
    return "&".join(_each_pair(templates, scope))


def _each_pair(templates: Mapping[str, Any], scope: Scope) -> Iterator[str]:
    for name, template in templates.items():
        value = _rendered(template, scope)
        for item in value if isinstance(value, list) else [value]:
            if item is not _DROPPED and item is not None:
                yield f"{_percent_encoded(name)}={_percent_encoded(as_text(item, name))}"


def _headers(templates: Mapping[str, Any], scope: Scope) -> dict[str, str]:
    rendered = {name: _rendered(template, scope) for name, template in templates.items()}
    return {
        name: _header_value(name, value)
        for name, value in rendered.items()
        if value is not _DROPPED and value is not None
    }


def _header_value(name: str, value: object) -> str:
    text = as_text(value, name).strip()
    if _CONTROL.search(text):
        raise ExpressionError(f"a control character cannot stand in the header {name}")
    # http.client writes Latin-1; the bytes of UTF-8 pass through it unharmed.
    return text.encode("utf-8", errors="replace").decode("latin-1")


def _content(template: Mapping[str, Any], scope: Scope) -> tuple[dict[str, str], bytes | None]:
    if template.get("form") is not None:
        return _FORM, _pairs(template["form"], scope).encode("ascii")
    if "body" in template:
        return _JSON, _json(template["body"], scope)
    return {}, None


def _json(template: Any, scope: Scope) -> bytes:
    tree = render_tree(template, scope)
    try:
        return json.dumps(tree, allow_nan=False).encode("ascii")
    except ValueError:
        raise ExpressionError("the body holds a value that JSON cannot write") from None


def _rendered(template: Any, scope: Scope) -> Any:
    match template:
        case str():
            return _leaf(template, scope)
        case {"for_each": str() as expression, "make": made}:
            return [
                render_tree(made, {**scope, "item": item}) for item in _items(expression, scope)
            ]
        case Mapping():
            pairs = ((key, _rendered(value, scope)) for key, value in template.items())
            return {key: value for key, value in pairs if value is not _DROPPED}
        case list():
            items = (_rendered(item, scope) for item in template)
            return [item for item in items if item is not _DROPPED]
    return template


def _items(expression: str, scope: Scope) -> list[Any]:
    items = evaluate(expression, scope)
    if not isinstance(items, list):
        raise ExpressionError(f"`{expression}` is no list")
    return items


def _leaf(template: str, scope: Scope) -> Any:
    match parts_of(template):
        case (Hole(expression),):
            value = evaluate(expression, scope)
            return _DROPPED if value is None else value
    return value_of(template, scope)


def _same_origin(given: str, server: str) -> str:
    """An address that the server gave us, kept only if it leads back to the server."""
    try:
        target = urljoin(f"{server}/", given)
    except ValueError:
        raise ExpressionError("the server gave no address") from None
    if not _PLAIN_URL.fullmatch(target) or origin_of(target) != origin_of(server):
        raise ExpressionError("the server gave an address elsewhere")
    address = urlsplit(target)
    if any(segment in _DOT_SEGMENTS for segment in address.path.split("/")):
        raise ExpressionError("the server gave an address that climbs")
    root = urlsplit(server)
    query = f"?{address.query}" if address.query else ""
    return f"{root.scheme}://{root.netloc}{address.path}{query}"


def _percent_encoded(text: str) -> str:
    return quote(text, safe="", errors="replace")
