"""A lookup's further pages: how the next one is asked for, and when there is none."""

from collections.abc import Mapping
from typing import Any, Final

from switchboard.adapters.connector.expressions import ExpressionError, Scope, evaluate

_NEXT: Final = "${next}"


def next_page(page: Mapping[str, Any], scope: Scope, *, number: int) -> Any:
    """What names the page after page `number`; None at the end, or when the answer is odd."""
    try:
        said = evaluate(page["next"], {**scope, "page": number})
    except ExpressionError:
        return None
    return (
        said if isinstance(said, str | int | float) and said is not False and said != "" else None
    )


def request_of_page(request: Mapping[str, Any], page: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request with a place for `next`: an address of the server's, or a key of its own."""
    if page["follow"]:
        return {
            "method": request["method"],
            "url": _NEXT,
            **{kept: request[kept] for kept in ("headers", "body", "form") if kept in request},
        }
    return _with_next(request, page["into"].split("."))


def _with_next(tree: Any, path: list[str]) -> dict[str, Any]:
    name, *rest = path
    known = tree if isinstance(tree, Mapping) else {}
    return {**known, name: _with_next(known.get(name), rest) if rest else _NEXT}
