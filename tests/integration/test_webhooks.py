"""Deliveries of several events, hints that are read again, and what their senders are told."""

import base64
import hmac
import json
from datetime import UTC, datetime
from threading import Event
from typing import Any, Final

import pytest

from switchboard import wiring
from switchboard.contracts.applications import OutboundAnswer
from tests.events import HOST, LambdaContext, http_event
from tests.fakes.lookups import InMemoryLookupMemory
from tests.fakes.outbound import InMemoryOutboundStore
from tests.integration import other_crms
from tests.integration.answers import is_refused
from tests.integration.canaries import NAME, NUMBER, STRANGER
from tests.integration.deployment import NOWHERE, Answer, Deployment
from tests.local.sandbox_crm.harness import WEBHOOK_SECRET
from tests.unit.webhook_cases import notification, outbound_message

HUBSPOT: Final = "/v1/webhooks/hubspot"
SALESFORCE: Final = "/v1/webhooks/salesforce"
ADA, LEO, NOBODY = 1001, 1002, 9999
PHONE: Final = f"<sf:Phone>{NUMBER}</sf:Phone><sf:Name>{NAME}</sf:Name>"


@pytest.fixture(scope="module", autouse=True)
def _secrets(standing: Deployment) -> None:
    other_crms.keep_secrets()


@pytest.fixture(autouse=True)
def _connected(switchboard: Deployment) -> None:
    other_crms.connect(switchboard)


def change(number: int | str, contact: int = ADA, **more: Any) -> dict[str, Any]:
    return {
        "eventId": number,
        "occurredAt": 1767614400000,
        "subscriptionType": "contact.propertyChange",
        "objectId": contact,
        "propertyValue": "true",
        **more,
    }


def proof(body: str, url: str) -> dict[str, str]:
    """As HubSpot makes it."""
    stamp = str(int(datetime.now(UTC).timestamp() * 1000))
    mac = hmac.digest(WEBHOOK_SECRET.encode(), f"POST{url}{body}{stamp}".encode(), "sha256")
    return {
        "X-HubSpot-Request-Timestamp": stamp,
        "X-HubSpot-Signature-v3": base64.b64encode(mac).decode(),
    }


def changes(switchboard: Deployment, *items: Any, in_base64: bool = False) -> Answer:
    body = json.dumps(items)
    headers = proof(body, f"https://{HOST}{HUBSPOT}?from=a/b")
    return switchboard.http(
        "POST",
        HUBSPOT,
        body=body,
        headers=headers,
        query={"from": "a/b"},
        key="",
        in_base64=in_base64,
    )


def told(answer: Answer) -> tuple[int, int, int, int]:
    """How many requests, and of them repeats; how many ignored and unreadable items."""
    assert answer.status == 202, answer.text
    said = answer.json
    assert said["state"] == "heard"
    return len(said["requests"]), said["repeated"], said["ignored"], said["unreadable"]


def request(switchboard: Deployment, request_id: str) -> OutboundAnswer:
    answer = switchboard.http("GET", f"/v1/outbound-requests/{request_id}")
    return OutboundAnswer.model_validate(answer.json)


def lose_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    store = InMemoryOutboundStore()
    store.is_down = True
    monkeypatch.setattr(wiring, "outbound_store", lambda: store)


def test_one_delivery_may_ask_for_several_calls(switchboard: Deployment) -> None:
    answer = changes(switchboard, change(1), change(2, propertyValue="false"), change(3, LEO))

    assert told(answer) == (2, 0, 1, 0)
    for request_id in answer.json["requests"]:
        assert request(switchboard, request_id).state == "queued"
    assert len(switchboard.queued) == 2


def test_a_body_in_base64_is_verified_as_it_was_sent(switchboard: Deployment) -> None:
    assert told(changes(switchboard, change(1), in_base64=True)) == (1, 0, 0, 0)


def test_the_number_is_the_records_and_not_the_events(switchboard: Deployment) -> None:
    taken = changes(switchboard, change(1, phone=STRANGER)).json["requests"]
    switchboard.deliver("outbound_dialing")

    call_id = request(switchboard, taken[0]).call_id
    assert switchboard.ecs.sees(call_id)["contact"] == NUMBER


def test_a_delivery_sent_again_does_nothing_and_asks_the_crm_for_nothing(
    switchboard: Deployment,
) -> None:
    first = changes(switchboard, change(1), change(3, LEO)).json["requests"]
    other_crms.connect(switchboard, at=NOWHERE)

    again = changes(switchboard, change(1), change(3, LEO))

    assert told(again) == (2, 2, 0, 0)
    assert again.json["requests"] == first
    assert len(switchboard.queued) == 2


def test_items_that_cannot_be_read_are_counted_and_the_others_taken(
    switchboard: Deployment,
) -> None:
    answer = changes(switchboard, change("two words"), "text", change(2))

    assert told(answer) == (1, 0, 0, 2)
    assert '"WebhookUnreadable":[2.0]' in switchboard.output.getvalue().replace(" ", "")


def test_a_record_that_is_not_there_is_ignored(switchboard: Deployment) -> None:
    assert told(changes(switchboard, change(1, NOBODY))) == (0, 0, 1, 0)


def test_while_the_crm_is_down_the_delivery_is_to_come_again(switchboard: Deployment) -> None:
    first = changes(switchboard, change(1)).json["requests"]
    other_crms.connect(switchboard, at=NOWHERE)

    assert is_refused(changes(switchboard, change(1), change(2, LEO)), 503, "upstream_unavailable")

    other_crms.connect(switchboard)
    again = changes(switchboard, change(1), change(2, LEO))
    assert told(again) == (2, 1, 0, 0)
    assert again.json["requests"][0] == first[0]


def test_what_cannot_be_kept_is_to_come_again(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes(switchboard, change(1))
    lose_the_store(monkeypatch)

    assert is_refused(changes(switchboard, change(2)), 503, "state_unavailable")
    assert len(switchboard.queued) == 1


def deletion(number: int, contact: int = ADA) -> dict[str, Any]:
    return change(number, contact, subscriptionType="contact.deletion")


class Memory(InMemoryLookupMemory):
    """Remembers whom it was told to forget; with `hangs`, for ever at the first."""

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: list[str] = []
        self.hangs = False

    def forget_customer(self, customer_key: str, *, now: datetime) -> None:
        if self.hangs:
            Event().wait()
        super().forget_customer(customer_key, now=now)
        self.forgotten.append(customer_key)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    memory = Memory()
    monkeypatch.setattr(wiring, "lookup_memory", lambda: memory)
    return memory


def test_what_several_items_say_of_one_record_is_forgotten_once(
    switchboard: Deployment, memory: Memory
) -> None:
    answer = changes(switchboard, deletion(1), change(2), deletion(3), deletion(4, LEO))

    assert told(answer) == (1, 0, 0, 0)
    assert answer.json["forgotten"] == 3
    assert memory.forgotten == ["hubspot:C-1001", "hubspot:C-1002"]


def test_a_memory_that_is_down_costs_nobody_the_call_that_was_asked_for(
    switchboard: Deployment, memory: Memory
) -> None:
    memory.is_down = True
    assert is_refused(changes(switchboard, deletion(1, LEO), change(2)), 503, "state_unavailable")
    assert len(switchboard.queued) == 1

    memory.is_down = False
    assert told(changes(switchboard, deletion(1, LEO), change(2))) == (1, 1, 0, 0)
    assert memory.forgotten == ["hubspot:C-1002"]
    assert len(switchboard.queued) == 1


def test_a_memory_that_hangs_does_not_keep_the_sender_from_an_answer(
    switchboard: Deployment, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.hangs = True
    monkeypatch.setattr(LambdaContext, "get_remaining_time_in_millis", lambda _: 2_300)

    assert is_refused(changes(switchboard, deletion(1)), 503, "state_unavailable")


def test_a_crm_that_cannot_be_asked_is_our_own_mistake_and_says_so(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "crms", dict)

    assert is_refused(changes(switchboard, change(1)), 503, "misconfigured")


@pytest.mark.parametrize("forged", ["body", "address", "unsigned"])
def test_a_forged_delivery_is_refused(switchboard: Deployment, forged: str) -> None:
    body = json.dumps([change(1)])
    headers = proof(body, f"https://{HOST}{HUBSPOT}")

    answer = switchboard.http(
        "POST",
        HUBSPOT,
        body=body + (" " if forged == "body" else ""),
        headers={} if forged == "unsigned" else headers,
        query={"to": "elsewhere"} if forged == "address" else None,
        key="",
    )

    assert is_refused(answer, 401, "unauthorized")
    assert switchboard.queued == []


def message(
    switchboard: Deployment, *notifications: str, subject: str = other_crms.SUBJECT
) -> Answer:
    """As API Gateway passes it on from a domain with mutual TLS."""
    event = http_event("POST", SALESFORCE, body=outbound_message(*notifications))
    event["pathParameters"] = {"connector": "salesforce"}
    if subject:
        certificate = {"subjectDN": subject, "issuerDN": "CN=an authority"}
        event["requestContext"]["authentication"] = {"clientCert": certificate}
    given = switchboard.invoke("outbound_request", event)
    return Answer(given["statusCode"], given["body"], given["headers"], took_s=0)


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
