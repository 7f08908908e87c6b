"""Texts that a server reads as a query: what stands in them must not be able to write one.

For builds, tests and the command line, as `format` is.
"""

from collections.abc import Mapping
from typing import Any, Final

from switchboard.adapters.connector.expressions import Hole, compiled, parts_of
from switchboard.adapters.connector.query_languages import ESCAPERS

_ADVICE: Final = (
    "`{}` stands inside a query text; wrap it in the function of the server's query language "
    "(soql, sosl, odata, zendesk, servicenow, coql, quoted, digits …), or in literal(…) if the "
    "server takes it as it stands"
)
# What these make holds no syntax, whatever they are given.
_HARMLESS_FUNCTIONS: Final = frozenset(
    {"b64", "b64url", "clock", "digits", "div_up", "epoch_ms", "time", "uuid5", "whole", *ESCAPERS}
)
_HARMLESS_PHONE_PARTS: Final = frozenset({"e164", "digits", "nsn", "country_code", "region"})


def is_query_text(text: str) -> str:
    """The text, if every hole that has text beside it is harmless there.

    Raises: ValueError with what to do.
    """
    parts = parts_of(text)
    for part in parts:
        if isinstance(part, Hole):
            _require_harmless(part.expression, alone=len(parts) == 1)
    return text


def require_escaped(tree: Any, name: str) -> None:
    """Raises: ValueError unless every text under the key `name` of a body is a query text."""
    match tree:
        case Mapping():
            for key, value in tree.items():
                if key == name and isinstance(value, str):
                    is_query_text(value)
                require_escaped(value, name)
        case list():
            for item in tree:
                require_escaped(item, name)


def _require_harmless(expression: str, *, alone: bool) -> None:
    tree = compiled(expression).parsed
    # A value alone is the whole of what is asked for; only one put together can hold a query.
    is_put_together = tree["type"] == "function_expression" and tree["value"] == "join"
    if (is_put_together or not alone) and not _is_harmless(tree):
        raise ValueError(_ADVICE.format(expression))


def _is_harmless(tree: Mapping[str, Any]) -> bool:
    children = tree["children"]
    match tree["type"]:
        case "literal" | "comparator" | "not_expression":
            return True
        case "function_expression" if tree["value"] == "join":
            return all(_is_harmless(child) for child in children)
        case "function_expression":
            return tree["value"] in _HARMLESS_FUNCTIONS
        case "or_expression" | "multi_select_list" | "filter_projection":
            return all(_is_harmless(child) for child in children)
        case "and_expression":
            return _is_harmless(children[-1])
        case "subexpression":
            return _is_harmless_path(_path(tree))
        case "identity" | "current":
            return True
    return False


def _path(tree: Mapping[str, Any]) -> tuple[str, ...]:
    if tree["type"] == "field":
        return (str(tree["value"]),)
    if tree["type"] != "subexpression":
        return ("",)
    return tuple(name for child in tree["children"] for name in _path(child))


def _is_harmless_path(path: tuple[str, ...]) -> bool:
    match path:
        case ("settings", *_):
            return True
        case ("input", "phone", part):
            return part in _HARMLESS_PHONE_PARTS
    return False
