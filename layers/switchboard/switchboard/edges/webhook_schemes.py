"""How CRMs prove that a webhook is theirs: one function for each scheme.

Rule: every scheme answers yes or no, compares in constant time, and fails at nothing it is sent.
"""

import base64
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from switchboard.basic_credentials import basic_credentials
from switchboard.edges.webhook_signatures import (
    sign_espo,
    sign_hubspot,
    sign_standard,
    sign_zendesk,
    utf8,
)
from switchboard.errors import Misconfigured

_LONGEST_TIMESTAMP: Final = 40
_LONGEST_EPOCH: Final = 15
_MOST_PARAMETERS: Final = 100
_SHORT_ORGANIZATION_ID: Final = 15
_TOLERANCE_S: Final = 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """What arrived, as it was sent. Names of headers are in lower case.

    `host`, `path` and `query` are the caller's own; `certificate_subject` is what API Gateway read
    in the client's certificate, empty without mutual TLS.
    """

    method: str
    host: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    raw_body: bytes = field(repr=False)
    received_at: datetime
    query: str = field(default="", repr=False)
    certificate_subject: str = ""

    def url(self, base_url: str = "") -> str:
        """The public address; `base_url` where the caller used another host than we see."""
        base = base_url.rstrip("/") or f"https://{self.host}"
        return base + self.path + (f"?{self.query}" if self.query else "")

    def is_recent(self, seconds_since_1970: float, tolerance_s: float) -> bool:
        """Neither too old nor from the future."""
        return abs(self.received_at.timestamp() - seconds_since_1970) <= tolerance_s


@dataclass(frozen=True, slots=True)
class Proof:
    """What a scheme judges. `secrets` are all live ones; `claim` is what the body itself brings."""

    scheme: Mapping[str, Any]
    delivery: Delivery
    secrets: Sequence[str] = field(repr=False)
    claim: str = field(default="", repr=False)

    @property
    def tolerance_s(self) -> float:
        return float(self.scheme.get("tolerance_s", _TOLERANCE_S))

    def header(self, name: str) -> str:
        return self.delivery.headers.get(name.lower(), "")


def standard_webhooks(proof: Proof) -> bool:
    """Source: the Standard Webhooks specification, version 1.0."""
    message_id = proof.header("webhook-id")
    timestamp = _epoch(proof.header("webhook-timestamp"))
    if not message_id or timestamp is None:
        return False
    if not proof.delivery.is_recent(timestamp, proof.tolerance_s):
        return False
    expected = [
        sign_standard(
            secret,
            message_id=message_id,
            timestamp=timestamp,
            raw_body=proof.delivery.raw_body,
        )
        for secret in proof.secrets
    ]
    return _any_same(proof.header("webhook-signature").split(), expected)


def hubspot_v3(proof: Proof) -> bool:
    """Source: HubSpot, "Validating requests". Unlike HubSpot we refuse the future too.

    Unconfirmed: how HubSpot signs a body that is no UTF-8, which it never seems to send.
    """
    delivery, stamp = proof.delivery, proof.header("x-hubspot-request-timestamp")
    timestamp = _epoch(stamp)
    if timestamp is None or not delivery.is_recent(timestamp / 1000, proof.tolerance_s):
        return False
    url = delivery.url(str(proof.scheme.get("base_url") or ""))
    expected = [
        sign_hubspot(
            secret,
            method=delivery.method,
            url=url,
            raw_body=delivery.raw_body,
            timestamp=stamp,
        )
        for secret in proof.secrets
    ]
    return _any_same([proof.header("x-hubspot-signature-v3")], expected)


def zendesk(proof: Proof) -> bool:
    """Source: Zendesk, "Verifying webhook authenticity"."""
    stamp = proof.header("x-zendesk-webhook-signature-timestamp")
    timestamp = _iso_epoch(stamp)
    if timestamp is None or not proof.delivery.is_recent(timestamp, proof.tolerance_s):
        return False
    expected = [
        sign_zendesk(secret, timestamp=stamp, raw_body=proof.delivery.raw_body)
        for secret in proof.secrets
    ]
    return _any_same([proof.header("x-zendesk-webhook-signature")], expected)


def espo(proof: Proof) -> bool:
    """Source: EspoCRM's documentation of webhooks, "Signature checking" (9.0 and later).

    The webhook's id stands beside the signature and is not part of what is signed.
    """
    given = proof.header("signature")
    webhook_id = str(proof.scheme.get("webhook_id") or "") or _webhook_id_in(given)
    if not webhook_id:
        return False
    expected = [
        sign_espo(secret, webhook_id=webhook_id, raw_body=proof.delivery.raw_body)
        for secret in proof.secrets
    ]
    return _any_same([given], expected)


def header_secret(proof: Proof) -> bool:
    """A fixed header."""
    return _any_same([proof.header(str(proof.scheme["header"]))], proof.secrets)


def basic(proof: Proof) -> bool:
    """User name and password. Source: RFC 7617."""
    username = str(proof.scheme["username"])
    expected = [basic_credentials(username, secret) for secret in proof.secrets]
    return _any_same([proof.header("authorization")], expected)


def query_secret(proof: Proof) -> bool:
    """A query parameter, given once."""
    return _any_same(_parameter(proof.delivery.query, str(proof.scheme["name"])), proof.secrets)


def body_secret(proof: Proof) -> bool:
    """A value in the body."""
    return _any_same([proof.claim], proof.secrets)


def salesforce_om(proof: Proof) -> bool:
    """Everything that is configured must hold.

    Salesforce's own certificate is the same for all its customers, and an organisation's id is
    no secret; together they say which organisation it was.

    Source: Salesforce, "Considerations for Security" of outbound messaging.
    """
    organization = str(proof.scheme["organization_id"] or "")
    if not organization:
        raise Misconfigured("the id of the Salesforce organisation is not set")
    subject = str(proof.scheme.get("certificate_subject") or "")
    answers = [_is_organization(proof.claim, organization)]
    if subject:
        answers.append(_any_same([proof.delivery.certificate_subject], [subject]))
    if proof.scheme.get("secret"):
        answers.append(query_secret(proof))
    return all(answers)


SCHEMES: Final[Mapping[str, Callable[[Proof], bool]]] = {
    "standard_webhooks": standard_webhooks,
    "hubspot_v3": hubspot_v3,
    "zendesk": zendesk,
    "espo": espo,
    "header_secret": header_secret,
    "basic": basic,
    "query_secret": query_secret,
    "body_secret": body_secret,
    "salesforce_om": salesforce_om,
}


def _any_same(given: Iterable[str], expected: Sequence[str]) -> bool:
    # Lists, not generators: every pair is compared, so that time tells nothing. An empty secret
    # never reaches this, so an empty header is no proof.
    pairs = [(one, other) for one in given for other in expected]
    return any([hmac.compare_digest(utf8(one), utf8(other)) for one, other in pairs])  # noqa: C419


def _is_organization(claim: str, wanted: str) -> bool:
    """An id of 15 characters, as Salesforce's pages show it, is the one of 18 without its end."""
    if len(wanted) == _SHORT_ORGANIZATION_ID:
        claim = claim[:_SHORT_ORGANIZATION_ID]
    return _any_same([claim], [wanted])


def _parameter(query: str, name: str) -> list[str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return []
    values = [value for key, value in pairs if key == name]
    return values if len(values) == 1 else []


def _webhook_id_in(signature: str) -> str:
    try:
        decoded = base64.b64decode(signature, validate=True).decode("ascii")
    except ValueError:
        return ""
    return decoded.partition(":")[0]


def _epoch(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_EPOCH):
        return None
    return int(text)


def _iso_epoch(text: str) -> float | None:
    """Seconds since 1970 of an ISO moment with offset."""
    try:
        moment = datetime.fromisoformat(text[:_LONGEST_TIMESTAMP])
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
