"""A short-lived link to one interaction's desk page; it names no customer."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class DeskLink:
    """Which interaction may be seen, until when."""

    interaction_id: str
    expires_at: datetime


def sign(link: DeskLink, *, key: bytes) -> str:
    """The token for the URL: id, expiry and HMAC-SHA256 over both, URL-safe."""
    claim = f"{_encoded(link.interaction_id.encode())}.{int(link.expires_at.timestamp())}"
    return f"{claim}.{_signature(claim, key)}"


def verify(token: str, *, key: bytes, now: datetime) -> DeskLink | None:
    """The link behind a token; None when it was not signed by us, was changed, or has expired."""
    claim, _, signature = token.rpartition(".")
    if not token.isascii() or not hmac.compare_digest(_signature(claim, key), signature):
        return None
    encoded_id, _, expiry = claim.partition(".")
    try:
        interaction_id = base64.urlsafe_b64decode(
            encoded_id + "=" * (-len(encoded_id) % 4)
        ).decode()
        expires_at = datetime.fromtimestamp(int(expiry), UTC)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return DeskLink(interaction_id, expires_at) if now < expires_at else None


def _signature(claim: str, key: bytes) -> str:
    return _encoded(hmac.new(key, claim.encode(), hashlib.sha256).digest())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
