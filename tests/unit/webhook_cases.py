"""A valid delivery for each scheme, signed by the vendors' formulas without any code of ours."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.events import ConnectorEvent, connector_events
from switchboard.edges.webhook_schemes import Delivery
from tests.unit.connector.examples import document

NOW: Final = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ISO: Final = "2026-01-05T12:00:00Z"
EPOCH_MS: Final = "1767614400000"
SECRET: Final = base64.b64encode(b"a secret of the sender, 32 bytes").decode()
NEW_SECRET: Final = base64.b64encode(b"the secret that comes afterwards").decode()
HOST: Final = "crm.example.com"
PATH: Final = "/v1/webhooks/example"
QUERY: Final = "from=a%2Fb&code=" + "c2VjcmV0"
BODY: Final = json.dumps(
    {"id": "evt-1", "type": "call_me", "customer": "C-7", "token": SECRET, "data": {"n": 1}}
).encode()
ORGANIZATION: Final = "00D000000000001EAA"
SUBJECT: Final = "CN=proxy.salesforce.com,O=Example"


@dataclass(frozen=True)
class Case:
    """A scheme, a delivery that satisfies it, and which parts of the delivery it protects."""

    name: str
    event: ConnectorEvent
    delivery: Delivery
    signs_body: bool = True
    proofs: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=lambda: {"hook": SECRET})

    def __str__(self) -> str:
        return self.name

    def with_headers(self, **changed: str | None) -> Delivery:
        """`None` takes the header away."""
        named = {name.replace("_", "-"): value for name, value in changed.items()}
        headers = {**self.delivery.headers, **named}
        kept = {name: value for name, value in headers.items() if value is not None}
        return replace(self.delivery, headers=kept)


def event(**declaration: Any) -> ConnectorEvent:
    """The only event of a small connector."""
    file = document(
        secrets=["hook", "other"],
        settings={
            "base": {"default": "https://crm.example.com"},
            "organization": {"default": ORGANIZATION},
            "public": {"default": ""},
        },
        events={"callback": {"id": "id", "map": "{customer_id: customer}", **declaration}},
    )
    (only,) = connector_events(compile_connector(file), {})
    return only


def scheme_event(scheme: str, **keys: Any) -> ConnectorEvent:
    if scheme != "salesforce_om":
        keys = {"secret": "hook", **keys}
        return event(verify={"scheme": scheme, **keys})
    return event(verify={"scheme": scheme, **keys}, id="Id", map="{customer_id: sObject.Id}")


def delivery(raw_body: bytes = BODY, headers: Mapping[str, str] | None = None) -> Delivery:
    return Delivery(
        method="POST",
        host=HOST,
        path=PATH,
        query=QUERY,
        headers=headers or {},
        raw_body=raw_body,
        received_at=NOW,
    )


def outbound_message(
    *notifications: str, organization: str = ORGANIZATION, before: str = "", more: str = ""
) -> bytes:
    """As Salesforce's documentation shows it; the account and everything in it is made up."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organization}</OrganizationId>"
        "<ActionId>04k000000000001AAA</ActionId><SessionId>a-session-of-theirs</SessionId>"
        "<EnterpriseUrl>https://example.my.salesforce.com/e</EnterpriseUrl>"
        "<PartnerUrl>https://example.my.salesforce.com/p</PartnerUrl>"
        f"{''.join(notifications)}{more}</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


def notification(number: int = 1, fields: str = "<sf:Phone>(415) 555-0142</sf:Phone>") -> str:
    return (
        f"<Notification><Id>04l00000000000{number}AAA</Id>"
        '<sObject xsi:type="sf:Contact" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f"<sf:Id>00300000000000{number}AAA</sf:Id>{fields}</sObject></Notification>"
    )


def _mac(*parts: bytes | str) -> bytes:
    raw = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hmac.digest(SECRET.encode(), raw, "sha256")


def _b64(raw: bytes | str) -> str:
    return base64.standard_b64encode(raw.encode() if isinstance(raw, str) else raw).decode()


def _standard() -> Case:
    key = base64.standard_b64decode(SECRET)
    signature = hmac.digest(key, b"msg_1.1767614400." + BODY, "sha256")
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1767614400",
        "webhook-signature": f"v1,{_b64(signature)}",
    }
    return Case(
        "standard_webhooks",
        scheme_event("standard_webhooks"),
        delivery(headers=headers),
        proofs=tuple(headers),
    )


def _hubspot() -> Case:
    # The address as HubSpot signs it: %2F decoded.
    url = f"https://{HOST}{PATH}?from=a/b&code=c2VjcmV0"
    headers = {
        "x-hubspot-request-timestamp": EPOCH_MS,
        "x-hubspot-signature-v3": _b64(_mac("POST", url, BODY, EPOCH_MS)),
    }
    return Case(
        "hubspot_v3",
        scheme_event("hubspot_v3"),
        delivery(headers=headers),
        proofs=tuple(headers),
    )


def _zendesk() -> Case:
    headers = {
        "x-zendesk-webhook-signature-timestamp": ISO,
        "x-zendesk-webhook-signature": _b64(_mac(ISO, BODY)),
    }
    return Case(
        "zendesk", scheme_event("zendesk"), delivery(headers=headers), proofs=tuple(headers)
    )


def _espo() -> Case:
    headers = {"signature": _b64("65a1b2c3d4e5f6a7b:" + _mac(BODY).hex())}
    return Case(
        "espo",
        scheme_event("espo", webhook_id="65a1b2c3d4e5f6a7b"),
        delivery(headers=headers),
        proofs=("signature",),
    )


def _header() -> Case:
    return Case(
        "header_secret",
        scheme_event("header_secret", header="X-Hook-Token"),
        delivery(headers={"x-hook-token": SECRET}),
        signs_body=False,
        proofs=("x-hook-token",),
    )


def _basic() -> Case:
    return Case(
        "basic",
        scheme_event("basic", username="crm"),
        delivery(headers={"authorization": "Basic " + _b64(f"crm:{SECRET}")}),
        signs_body=False,
        proofs=("authorization",),
    )


def _query() -> Case:
    return Case(
        "query_secret",
        scheme_event("query_secret", name="code"),
        delivery(),
        signs_body=False,
        secrets={"hook": "c2VjcmV0"},
    )


def _body() -> Case:
    return Case(
        "body_secret", scheme_event("body_secret", path="token"), delivery(), signs_body=False
    )


def _salesforce() -> Case:
    return Case(
        "salesforce_om",
        scheme_event(
            "salesforce_om",
            organization_id="${settings.organization}",
            certificate_subject=SUBJECT,
            name="code",
            secret="hook",
        ),
        replace(delivery(outbound_message(notification())), certificate_subject=SUBJECT),
        signs_body=False,
        secrets={"hook": "c2VjcmV0"},
    )


CASES: Final = (
    _standard(),
    _hubspot(),
    _zendesk(),
    _espo(),
    _header(),
    _basic(),
    _query(),
    _body(),
    _salesforce(),
)
BY_NAME: Final[Mapping[str, Case]] = {case.name: case for case in CASES}
