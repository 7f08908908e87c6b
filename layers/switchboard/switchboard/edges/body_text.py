"""Bytes of a body or a query as text, whatever character set their sender had in mind."""

import codecs
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from switchboard.errors import MalformedRequest

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARK: Final = "\ufeff"
_DECLARED: Final = re.compile(r"charset\s*=\s*[\"']?(iso-8859-\d{1,2}|windows-125\d)\b", re.I)
# What Windows writes in western Europe and America; of Latin-1 it is more than all.
_WESTERN: Final = "cp1252"


def body_text(raw: bytes, content_type: str) -> str:
    """The body as text, without a byte order mark.

    UTF-8 is recognised by itself, and UTF-16 by its mark or its zeros: what the content type says
    of them is not believed. Anything else is what the content type says, or Western European.

    Raises: MalformedRequest.
    """
    try:
        return raw.decode(_charset(raw, content_type)).removeprefix(_MARK)
    except ValueError as error:
        raise MalformedRequest(
            "The body cannot be decoded; send one JSON object in UTF-8."
        ) from error


def pairs_in(form: str) -> list[tuple[str, str]]:
    """The names and values of a form or a query, in their order; what names nothing is empty."""
    pieces = (piece.partition("=") for piece in form.split("&") if piece)
    return [(_unquoted(name), _unquoted(value)) for name, _, value in pieces]


def _charset(raw: bytes, content_type: str) -> str:
    for mark, charset in _MARKS:
        if raw.startswith(mark):
            return charset
    if 0 in raw[:2]:  # no text begins with a zero, but half of each letter of UTF-16 is one
        return "utf-16-be" if raw[0] == 0 else "utf-16-le"
    if _is_utf_8(raw):
        return "utf-8"
    declared = _DECLARED.search(content_type)
    try:
        return codecs.lookup(declared[1]).name if declared else _WESTERN
    except LookupError:  # iso-8859-12 was never made
        return _WESTERN


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unquoted(text: str) -> str:
    raw = unquote_to_bytes(text.replace("+", " ").encode(errors="replace"))
    return raw.decode("utf-8" if _is_utf_8(raw) else _WESTERN, errors="replace")
