"""What the editing page sends: JSON that can be stored again as JSON."""

import json
from typing import Any, Final

from switchboard.edges.http_api import LARGEST_BODY, Api, json_object, raw_body
from switchboard.errors import MalformedRequest

# The rules as large as any body may be, and what is said with them: a note, a made-up contact.
LARGEST_QUESTION: Final = LARGEST_BODY + 16 * 1024
# With a file beside them.
LARGEST_IMPORT: Final = LARGEST_QUESTION + LARGEST_BODY
# Rules are eight deep. Whoever writes them out or compares them goes down with them.
_DEEPEST: Final = 40


def sent_by_the_page(api: Api, *, largest: int = LARGEST_QUESTION) -> dict[str, Any]:
    """Raises: RequestTooLarge, MalformedRequest."""
    body = json_object(raw_body(api, largest=largest))
    if _is_too_deep(body):
        raise MalformedRequest(f"It is nested more than {_DEEPEST} deep; no rules are.")
    try:
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except ValueError as error:
        # 1e999 is read as an endless number, and half of a pair of surrogates as a letter.
        raise MalformedRequest("A number or a letter in it cannot be kept.") from error
    return body


def _is_too_deep(body: object) -> bool:
    level = [body]
    for _ in range(_DEEPEST):
        level = [inner for value in level for inner in _inside(value)]
    return bool(level)


def _inside(value: object) -> list[Any]:
    match value:
        case dict():
            return list(value.values())
        case list():
            return value
    return []
