"""Text that we signed and may get back from anybody: URL-safe, with HMAC-SHA256 behind it."""

import base64
import binascii
import hashlib
import hmac


def signed(text: str, *, key: bytes) -> str:
    """The text and its signature, as one token."""
    return f"{text}.{_signature(text, key)}"


def proven(token: str, *, key: bytes) -> str | None:
    """The text behind a token; None when it was not signed with this key, or was changed."""
    text, _, signature = token.rpartition(".")
    if not token.isascii() or not hmac.compare_digest(_signature(text, key), signature):
        return None
    return text


def in_base64(text: str) -> str:
    """The text in letters that a URL needs no escapes for."""
    return _encoded(text.encode())


def from_base64(encoded: str) -> str | None:
    """The text behind `in_base64`; None when there is none."""
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _signature(text: str, key: bytes) -> str:
    return _encoded(hmac.new(key, text.encode(), hashlib.sha256).digest())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
