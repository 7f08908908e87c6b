"""Deliveries of several events, hints that are read again, and what their senders are told."""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from switchboard import wiring
from switchboard.contracts.applications import OutboundAnswer
from tests.events import http_event
from tests.fakes.outbound import InMemoryOutboundStore
from tests.integration.answers import is_refused
from tests.integration.canaries import NAME, NUMBER, STRANGER
from tests.integration.deployment import NOWHERE, Answer, Deployment
from tests.local.sandbox_crm.harness import WEBHOOK_SECRET
from tests.unit.webhook_cases import ORGANIZATION, notification, outbound_message

WEBHOOK: Final = "/v1/webhooks/sandbox"
SUBJECT: Final = "CN=proxy.salesforce.com"
ADA, GRACE, NOBODY = "C-1001", "C-1002", "C-9999"


def compiled(request: Mapping[str, Any], mapped: str) -> dict[str, Any]:
    return {
        "steps": [
            {
                "id": "request",
                "when": None,
                "request": {"method": "GET", **request},
                "map": mapped,
                "stop_when": None,
                "reads": False,
            }
        ],
        "map": None,
        "empty_when": ["not_found"],
    }


READ: Final = compiled(
    {"path": "/api/customers/${input.customer_id}"},
    "{id: body.id, kind: 'customer', name: body.name, phones: [body.phone, body.mobile][?@]}",
)
BURST: Final = {
    "verify": {"scheme": "zendesk", "secret": "hook_secret", "tolerance_s": 300},
    "each": "@",
    "accept": "kind == 'call_me'",
    "id": "id",
    "map": "{customer_id: customer, phone: phone}",
    "read": "get_customer",
}
MESSAGE: Final = {
    "verify": {
        "scheme": "salesforce_om",
        "organization_id": ORGANIZATION,
        "certificate_subject": SUBJECT,
        "name": None,
        "secret": None,
    },
    "each": None,
    "accept": "sObject.type == 'Contact'",
    "id": None,
    "map": "{customer_id: sObject.Id, phone: sObject.Phone}",
    "read": None,
}


def connect(switchboard: Deployment, *, at: str = "") -> None:
    """The sandbox CRM, telling more than it does of itself, in the ways of other CRMs."""
    connectors = switchboard.documents["connectors"]
    sandbox = connectors["connectors"]["sandbox"]
    definition = sandbox["definition"]
    events = {**definition["events"], "burst": BURST, "message": MESSAGE}
    reading = {**definition["methods"]["find_phone"], **READ}
    methods = {**definition["methods"], "get_customer": reading}
    changed = {
        **sandbox,
        "definition": {**definition, "events": events, "methods": methods},
        "settings": {**sandbox["settings"], **({"base": at} if at else {})},
    }
    switchboard.publish(connectors={**connectors, "connectors": {"sandbox": changed}})


@pytest.fixture(autouse=True)
def _connected(switchboard: Deployment) -> None:
    connect(switchboard)


def item(number: int, customer: str = ADA, **change: Any) -> dict[str, Any]:
    return {"id": f"evt-{number}", "kind": "call_me", "customer": customer, **change}


def burst(switchboard: Deployment, *items: Any, in_base64: bool = False) -> Answer:
    body = json.dumps(items)
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    mac = hmac.digest(WEBHOOK_SECRET.encode(), (stamp + body).encode(), "sha256")
    headers = {
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        "X-Zendesk-Webhook-Signature": base64.b64encode(mac).decode(),
    }
    return switchboard.http(
        "POST", WEBHOOK, body=body, headers=headers, key="", in_base64=in_base64
    )


def told(answer: Answer) -> tuple[int, int, int, int]:
    """How many requests, repeats, ignored and unreadable items."""
    assert answer.status == 202, answer.text
    said = answer.json
    assert said["state"] == "heard"
    return len(said["requests"]), said["repeated"], said["ignored"], said["unreadable"]


def request(switchboard: Deployment, request_id: str) -> OutboundAnswer:
    answer = switchboard.http("GET", f"/v1/outbound-requests/{request_id}")
    return OutboundAnswer.model_validate(answer.json)


def test_one_delivery_may_ask_for_several_calls(switchboard: Deployment) -> None:
    answer = burst(switchboard, item(1), item(2, kind="closed"), item(3, GRACE))

    assert told(answer) == (2, 0, 1, 0)
    for request_id in answer.json["requests"]:
        assert request(switchboard, request_id).state == "queued"
    assert len(switchboard.queued) == 2


def test_a_body_in_base64_is_verified_as_it_was_sent(switchboard: Deployment) -> None:
    assert told(burst(switchboard, item(1), in_base64=True)) == (1, 0, 0, 0)


def test_the_number_is_the_records_and_not_the_events(switchboard: Deployment) -> None:
    burst(switchboard, item(1, phone=STRANGER))
    switchboard.deliver("outbound_dialing")

    placed = switchboard.ecs.get("/emulator/interactions").json()["interactions"]
    assert [one["contact"] for one in placed if one["direction"] == "outbound"][-1] == NUMBER


def test_a_delivery_sent_again_does_nothing_and_asks_the_crm_for_nothing(
    switchboard: Deployment,
) -> None:
    first = burst(switchboard, item(1), item(3, GRACE)).json["requests"]
    connect(switchboard, at=NOWHERE)

    again = burst(switchboard, item(1), item(3, GRACE))

    assert told(again) == (2, 2, 0, 0)
    assert again.json["requests"] == first
    assert len(switchboard.queued) == 2


def test_items_that_cannot_be_read_are_counted_and_the_others_taken(
    switchboard: Deployment,
) -> None:
    answer = burst(switchboard, item(1, id="two words"), "text", item(2), item(3, ".."))

    assert told(answer) == (1, 0, 0, 3)
    assert '"WebhookUnreadable"' in switchboard.output.getvalue()


def test_a_record_that_is_not_there_is_ignored(switchboard: Deployment) -> None:
    assert told(burst(switchboard, item(1, NOBODY))) == (0, 0, 1, 0)


def test_while_the_crm_is_down_the_delivery_is_to_come_again(switchboard: Deployment) -> None:
    burst(switchboard, item(1))
    connect(switchboard, at=NOWHERE)

    answer = burst(switchboard, item(1), item(2, GRACE))

    assert is_refused(answer, 503, "upstream_unavailable")
    assert len(switchboard.queued) == 1


def test_what_cannot_be_kept_is_to_come_again(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    burst(switchboard, item(1))
    lose_the_store(monkeypatch)

    assert is_refused(burst(switchboard, item(2)), 503, "state_unavailable")
    assert len(switchboard.queued) == 1


def lose_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    store = InMemoryOutboundStore()
    store.is_down = True
    monkeypatch.setattr(wiring, "outbound_store", lambda: store)


@pytest.mark.parametrize("change", ["body", "stamp", "unsigned"])
def test_a_forged_delivery_is_refused(switchboard: Deployment, change: str) -> None:
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = json.dumps([item(1)])
    mac = hmac.digest(WEBHOOK_SECRET.encode(), (stamp + body).encode(), "sha256")
    headers = {
        "x-zendesk-webhook-signature-timestamp": stamp
        if change != "stamp"
        else stamp[:-1] + "+00:00",
        "x-zendesk-webhook-signature": base64.b64encode(mac).decode(),
    }
    answer = switchboard.http(
        "POST",
        WEBHOOK,
        body=body + (" " if change == "body" else ""),
        headers={} if change == "unsigned" else headers,
        key="",
    )

    assert is_refused(answer, 401, "unauthorized")
    assert switchboard.queued == []


def message(switchboard: Deployment, *notifications: str, subject: str = SUBJECT) -> Answer:
    """As API Gateway passes it on from a domain with mutual TLS."""
    event = http_event("POST", WEBHOOK, body=outbound_message(*notifications))
    event["pathParameters"] = {"connector": "sandbox"}
    if subject:
        certificate = {"subjectDN": subject, "issuerDN": "CN=an authority"}
        event["requestContext"]["authentication"] = {"clientCert": certificate}
    given = switchboard.invoke("outbound_request", event)
    return Answer(given["statusCode"], given["body"], given["headers"], took_s=0)


PHONE: Final = f"<sf:Phone>{NUMBER}</sf:Phone><sf:Name>{NAME}</sf:Name>"


def test_an_outbound_message_is_acknowledged_when_it_is_kept(switchboard: Deployment) -> None:
    answer = message(switchboard, notification(1, PHONE), notification(2, "<sf:Phone/>"))

    assert answer.status == 200
    assert "<Ack>true</Ack>" in answer.text
    assert answer.headers["Content-Type"].startswith("text/xml")
    assert len(switchboard.queued) == 1


def test_an_outbound_message_sent_again_is_one_call(switchboard: Deployment) -> None:
    for _ in range(2):
        assert "<Ack>true</Ack>" in message(switchboard, notification(1, PHONE)).text

    assert len(switchboard.queued) == 1


def test_an_outbound_message_that_cannot_be_kept_comes_again(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    message(switchboard, notification(1, PHONE))
    lose_the_store(monkeypatch)

    answer = message(switchboard, notification(2, PHONE))

    assert answer.status == 503
    assert "<Ack>false</Ack>" in answer.text


@pytest.mark.parametrize("subject", ["", "CN=another"])
def test_an_outbound_message_of_another_client_is_refused(
    switchboard: Deployment, subject: str
) -> None:
    answer = message(switchboard, notification(1, PHONE), subject=subject)

    assert is_refused(answer, 401, "unauthorized")
    assert switchboard.queued == []
