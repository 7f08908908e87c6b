"""Is a webhook really from whom it says? Decided on the raw bytes, before anything is parsed.

Rule: whatever is wrong with a delivery, the answer is the same `Unauthorized`, and compared in
constant time, so that a forger learns nothing from trying.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from switchboard.domain.signals import CallBackSignal
from switchboard.edges.http_api import json_object
from switchboard.errors import Misconfigured, Unauthorized

_SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - it only marks secrets
_VERSION: Final = "v1"
_LONGEST_TIMESTAMP: Final = 12
_TOLERANCE_S: Final = 300
# Both may be live while a secret is being changed: the CRM signs with either.
_PREVIOUS: Final = "_previous"


class SignedEvent(Protocol):
    """One kind of event that a connector declares."""

    @property
    def verify(self) -> Mapping[str, Any]:
        """The scheme that proves it."""

    def signal(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> CallBackSignal | None:
        """What it asks for; None when it is about something else."""


def read_signal(
    events: Sequence[SignedEvent],
    *,
    headers: Mapping[str, str],
    raw_body: bytes,
    secrets: Mapping[str, str],
    now: datetime,
) -> CallBackSignal | None:
    """What an authentic event asks for; None when it is about something else.

    A CRM may prove its events in several ways; one that holds is enough.

    Raises: Unauthorized when none holds; MalformedRequest, InvalidRequest.
    """
    authentic = [event for event in events if _holds(event, headers, raw_body, secrets, now)]
    if not authentic:
        raise _refused()
    body = json_object(raw_body)
    return next((said for event in authentic if (said := event.signal(body, headers))), None)


def verify(
    scheme: Mapping[str, Any],
    *,
    headers: Mapping[str, str],
    raw_body: bytes,
    secrets: Mapping[str, str],
    now: datetime,
) -> None:
    """Returns when the delivery is authentic by the connector's scheme.

    A secret `name` is live together with `name_previous`, if that exists.

    Raises: Unauthorized; Misconfigured when our side has no secret to check with.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    live = _live_secrets(scheme, secrets)
    match scheme["scheme"]:
        case "standard_webhooks":
            tolerance_s = int(scheme.get("tolerance_s", _TOLERANCE_S))
            _verify_standard(lower, raw_body, live, now, tolerance_s)
        case "header_secret":
            _verify_equal(lower.get(str(scheme["header"]).lower(), ""), live)
        case "basic":
            _verify_equal(
                lower.get("authorization", ""),
                [_basic(str(scheme["username"]), secret) for secret in live],
            )
        case unknown:
            raise Misconfigured(f"there is no webhook scheme {unknown}")


def _holds(
    event: SignedEvent,
    headers: Mapping[str, str],
    raw_body: bytes,
    secrets: Mapping[str, str],
    now: datetime,
) -> bool:
    try:
        verify(event.verify, headers=headers, raw_body=raw_body, secrets=secrets, now=now)
    except Unauthorized:
        return False
    return True


def sign_standard(secret: str, *, message_id: str, timestamp: int, raw_body: bytes) -> str:
    """A Standard Webhooks 1.0 signature, as a sender makes it.

    Raises: Misconfigured when the secret is no base64.
    """
    signed = b".".join((_utf8(message_id), str(timestamp).encode(), raw_body))
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return f"{_VERSION},{base64.b64encode(digest).decode('ascii')}"


def _verify_standard(
    headers: Mapping[str, str],
    raw_body: bytes,
    live: list[str],
    now: datetime,
    tolerance_s: int,
) -> None:
    """Source: the Standard Webhooks specification, version 1.0."""
    message_id = headers.get("webhook-id", "")
    timestamp = _timestamp(headers.get("webhook-timestamp", ""))
    if not message_id or abs(now.timestamp() - timestamp) > tolerance_s:
        raise _refused()
    expected = [
        sign_standard(secret, message_id=message_id, timestamp=timestamp, raw_body=raw_body)
        for secret in live
    ]
    given = headers.get("webhook-signature", "").split()
    if not any([_same(one, other) for one in given for other in expected]):  # noqa: C419
        raise _refused()


def _verify_equal(given: str, expected: list[str]) -> None:
    # A list, not a generator: every candidate is compared, so that time tells nothing.
    if not any([_same(given, candidate) for candidate in expected]):  # noqa: C419
        raise _refused()


def _live_secrets(scheme: Mapping[str, Any], secrets: Mapping[str, str]) -> list[str]:
    named = scheme["secret"]
    names = [named] if isinstance(named, str) else list(named)
    live = [secrets[name] for name in _with_previous(names) if secrets.get(name)]
    if not live:
        raise Misconfigured(f"no webhook secret named {' or '.join(names)}")
    return live


def _with_previous(names: list[str]) -> Iterator[str]:
    for name in names:
        yield name
        yield name + _PREVIOUS


def _key(secret: str) -> bytes:
    text = secret.removeprefix(_SECRET_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Misconfigured("a webhook secret is no base64") from None
    if not key:
        raise Misconfigured("a webhook secret is empty")
    return key


def _timestamp(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIMESTAMP):
        raise _refused()
    return int(text)


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(_utf8(one), _utf8(other))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")


def _refused() -> Unauthorized:
    return Unauthorized("the signature of this webhook is not valid; send it signed and in time")
