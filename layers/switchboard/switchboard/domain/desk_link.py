"""A short-lived link to one interaction's desk page; it names no customer."""

from dataclasses import dataclass
from datetime import UTC, datetime

from switchboard.domain.signed_text import from_base64, in_base64, proven, signed


@dataclass(frozen=True, slots=True)
class DeskLink:
    """Which interaction may be seen, until when."""

    interaction_id: str
    expires_at: datetime


def sign(link: DeskLink, *, key: bytes) -> str:
    """The token for the URL: id, expiry and a signature over both."""
    expiry = int(link.expires_at.timestamp())
    return signed(f"{in_base64(link.interaction_id)}.{expiry}", key=key)


def verify(token: str, *, key: bytes, now: datetime) -> DeskLink | None:
    """The link behind a token; None when it was not signed by us, was changed, or has expired."""
    encoded_id, _, expiry = (proven(token, key=key) or "").partition(".")
    interaction_id = from_base64(encoded_id)
    if interaction_id is None or not expiry.isdecimal():
        return None
    expires_at = datetime.fromtimestamp(int(expiry), UTC)
    return DeskLink(interaction_id, expires_at) if now < expires_at else None
