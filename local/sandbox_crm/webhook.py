"""The webhook: who is told of a changed status, and the secret it is signed with."""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from .fields import Record

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix of Standard Webhooks, not a secret


def secret_key(secret: str) -> bytes:
    """The signing key inside a `whsec_` secret. Source: Standard Webhooks 1.0, 24 to 64 bytes.

    Raises: ValueError saying what a secret looks like.
    """
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError(f"give {SECRET_PREFIX} followed by 24 to 64 bytes in base64")
    return key


def _usable_secret(secret: str) -> str:
    secret_key(secret)
    return secret


def _web_address(url: str) -> str:
    if len(url) > 2_000 or not _is_web_address(url):
        raise ValueError("give an absolute http or https address")
    return url


def _is_web_address(url: str) -> bool:
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class WebhookFields(Record):
    """Where status changes are sent, and the secret they are signed with."""

    url: Annotated[str, AfterValidator(_web_address)]
    secret: Annotated[str, AfterValidator(_usable_secret)]


@dataclass(frozen=True)
class Webhook:
    """The one receiver of our events; not active once it has answered 410."""

    url: str
    secret: str
    active: bool
