"""Where a history goes on, as text that its reader sends back.

It holds moments, ids of interactions and a digest of whose history it is: nobody's name or number.
It needs no signature, because it only says how far somebody has read. Whose history it is, the
path or the signed link says, and a cursor of another history is refused.
"""

import hashlib
from collections.abc import Sequence
from itertools import chain
from typing import Final

from switchboard.domain.signed_text import from_base64, in_base64
from switchboard.errors import InvalidRequest
from switchboard.ports import HistoryPlace

_LONGEST: Final = 4096
_LONGEST_PART: Final = 160
_PARTS: Final = 3
_WRONG: Final = "`after` must be the `next` of an earlier page of the same history."


def cursor_of(customer_key: str, places: Sequence[HistoryPlace]) -> str:
    """The text to send back; empty at the end of the history."""
    if not places:
        return ""
    parts = chain.from_iterable((p.record, p.started_at, p.item_id) for p in places)
    text = in_base64("\n".join(parts))
    return f"{text}.{_digest(customer_key, text)}"


def places_in(cursor: str, customer_key: str) -> tuple[HistoryPlace, ...]:
    """The places behind a cursor of this customer's history; none behind an empty one.

    Raises: InvalidRequest.
    """
    if not cursor:
        return ()
    text, _, digest = cursor.rpartition(".")
    if len(cursor) > _LONGEST or digest != _digest(customer_key, text):
        raise InvalidRequest(_WRONG)
    parts = (from_base64(text) or "").split("\n")
    if len(parts) % _PARTS or not all(map(_is_part, parts)):
        raise InvalidRequest(_WRONG)
    places = zip(*[iter(parts)] * _PARTS, strict=True)
    return tuple(HistoryPlace(*place) for place in places)


def _is_part(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_PART and text.isascii() and text.isprintable()


def _digest(customer_key: str, text: str) -> str:
    return hashlib.sha256(f"{customer_key}\n{text}".encode(errors="replace")).hexdigest()[:16]
