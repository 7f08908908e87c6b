"""The signatures of webhooks, as their senders make them."""

import base64
import binascii
import hashlib
import hmac
import re
from typing import Final

from switchboard.errors import Misconfigured

_SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - it only marks secrets
_VERSION: Final = "v1"
# Source: HubSpot, "Validating requests": the characters that it signs decoded.
_DECODED_BY_HUBSPOT: Final = re.compile(r"%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def sign_standard(secret: str, *, message_id: str, timestamp: int, raw_body: bytes) -> str:
    """A Standard Webhooks 1.0 signature, as a sender makes it.

    Raises: Misconfigured when the secret is no base64.
    """
    signed = b".".join((utf8(message_id), str(timestamp).encode(), raw_body))
    return f"{_VERSION},{_base64(_hmac(_key(secret), signed))}"


def sign_hubspot(secret: str, *, method: str, url: str, raw_body: bytes, timestamp: str) -> str:
    """HubSpot's signature, version 3; `timestamp` in milliseconds, as in its header."""
    decoded = _DECODED_BY_HUBSPOT.sub(lambda found: chr(int(found[1], 16)), url)
    return _base64(_hmac(utf8(secret), utf8(method + decoded), raw_body, utf8(timestamp)))


def sign_zendesk(secret: str, *, timestamp: str, raw_body: bytes) -> str:
    """Zendesk's signature; `timestamp` as in its header."""
    return _base64(_hmac(utf8(secret), utf8(timestamp), raw_body))


def sign_espo(secret: str, *, webhook_id: str, raw_body: bytes) -> str:
    """EspoCRM's signature."""
    return _base64(utf8(webhook_id) + b":" + _hmac(utf8(secret), raw_body).hex().encode())


def utf8(text: str) -> bytes:
    """A lone surrogate can come out of a JSON escape; two different texts stay different."""
    return text.encode("utf-8", errors="surrogatepass")


def _key(secret: str) -> bytes:
    text = secret.removeprefix(_SECRET_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Misconfigured("a webhook secret is no base64") from None
    if not key:
        raise Misconfigured("a webhook secret is empty")
    return key


def _hmac(key: bytes, *parts: bytes) -> bytes:
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
