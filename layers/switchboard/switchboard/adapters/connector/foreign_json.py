"""JSON that others wrote, as we can keep it."""

import json
import re
from typing import Any, Final

_HALF_A_CHARACTER: Final = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(raw: bytes) -> Any:
    """The document, in whatever UTF it is; `?` stands for half of a surrogate pair.

    Raises: ValueError, RecursionError when it is none.
    """
    text = raw.decode(json.detect_encoding(raw))
    document = json.loads(text, parse_constant=_no_number)
    if not _HALF_A_CHARACTER.search(text):
        return document
    # Half of a surrogate pair is JSON and no text: neither our tables nor our logs take it.
    whole = json.dumps(document, ensure_ascii=False).encode("utf-8", errors="replace")
    return json.loads(whole)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
