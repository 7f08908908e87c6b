"""Who may open the rules' editing page, until when, and whether to change anything there."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from switchboard.domain.signed_text import from_base64, in_base64, proven, signed

_RIGHTS: Final = {True: "edit", False: "look"}


@dataclass(frozen=True, slots=True)
class OperatorLink:
    """An operator, named by whoever made the link; the name stands beside what is published."""

    name: str
    may_publish: bool
    expires_at: datetime


def sign(link: OperatorLink, *, key: bytes) -> str:
    """The token for the link and, once it was opened, for the cookie."""
    expiry = int(link.expires_at.timestamp())
    return signed(f"{in_base64(link.name)}.{_RIGHTS[link.may_publish]}.{expiry}", key=key)


def verify(token: str, *, key: bytes, now: datetime) -> OperatorLink | None:
    """The operator behind a token; None when we did not sign it, or it has expired."""
    claim = (proven(token, key=key) or "").split(".")
    if len(claim) != 3:
        return None
    encoded_name, right, expiry = claim
    name = from_base64(encoded_name)
    if not name or right not in _RIGHTS.values() or not expiry.isdecimal():
        return None
    link = OperatorLink(name, right == _RIGHTS[True], datetime.fromtimestamp(int(expiry), UTC))
    return link if now < link.expires_at else None
