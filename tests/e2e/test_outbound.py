"""Calls that a CRM or an application asks for: dialled once, or not at all, and never again."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import requests

from local import sandbox
from switchboard.edges.webhook_signatures import sign_standard
from tests.e2e.processes import free_port
from tests.e2e.world import World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("world")]

CONTACT = {"contact": "+1 415 555 0142", "customer_name": "Ada Byron"}


def test_the_same_webhook_delivered_five_times_rings_once(world: World) -> None:
    answers = [deliver(world, "msg_five_times") for _ in range(5)]

    assert {answer.status_code for answer in answers} == {202}
    (outbound_id,) = {answer.json()["id"] for answer in answers}
    world.request_is(outbound_id, "placed")
    assert_dialled_once(world, outbound_id)


def test_a_webhook_that_was_tampered_with_rings_nobody(world: World) -> None:
    before = world.calls_out()

    answer = deliver(world, "msg_tampered", tamper=True)

    assert answer.status_code == 401
    assert set(answer.json()) == {"error", "message", "request_id"}
    world.sweep()
    time.sleep(1)
    assert world.calls_out() == before


def deliver(world: World, message_id: str, *, tamper: bool = False) -> requests.Response:
    """One delivery, signed as the CRM signs; every one at its own moment."""
    event = {
        "type": "customer.status_changed",
        "timestamp": "2026-01-05T10:00:00Z",
        "data": {
            "customer_id": "C-1001",
            "status": "call_me_back",
            "previous_status": "active",
            "name": "Ada Byron",
            "phone": "(415) 555-0142",
            "time_zone": "America/Los_Angeles",
            "call_after": None,
        },
    }
    body = json.dumps(event).encode()
    secret = world.running.crm.connector_secrets()["hook_secret"]
    now = int(time.time())
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": sign_standard(
            secret, message_id=message_id, timestamp=now, raw_body=body
        ),
    }
    sent = body.replace(b"0142", b"0143") if tamper else body
    return requests.post(f"{world.api}/v1/webhooks/sandbox", sent, headers=headers, timeout=30)


def test_the_same_request_sent_twice_rings_once(world: World) -> None:
    key = uuid4().hex

    first = world.ask("POST", "/v1/outbound-requests", CONTACT, idempotency_key=key).json()
    world.request_is(first["id"], "placed")
    again = world.ask("POST", "/v1/outbound-requests", CONTACT, idempotency_key=key).json()

    assert again["id"] == first["id"]
    assert again["repeated"] is True
    assert_dialled_once(world, first["id"])


def assert_dialled_once(world: World, reference: str) -> None:
    for _ in range(2):
        world.sweep()
    time.sleep(1)
    assert len(world.calls_out(reference)) == 1


def test_outside_calling_hours_a_request_waits_and_can_be_cancelled(world: World) -> None:
    closed = {**world.published("contact_policy"), "weekdays": [a_day_far_from_today()]}
    with world.publishing("contact_policy", closed, "outbound_request", "outbound_dialing"):
        asked = world.ask("POST", "/v1/outbound-requests", CONTACT, idempotency_key=uuid4().hex)
        assert asked.status_code == 202, (asked.status_code, asked.text)
        asked = asked.json()
        assert (asked["state"], asked["reason"]) == ("queued", "outside_calling_hours")
        cancelled = world.ask("DELETE", f"/v1/outbound-requests/{asked['id']}")

    assert cancelled.status_code == 200
    assert cancelled.json()["state"] == "cancelled"
    world.sweep()  # the hours are open again, but nobody wants the call any more
    time.sleep(1)
    assert world.request_is(asked["id"], "cancelled")["call_id"] == ""
    assert world.calls_out(asked["id"]) == []
    too_late = world.ask("DELETE", f"/v1/outbound-requests/{placed(world)}")
    assert too_late.status_code == 409


def a_day_far_from_today() -> str:
    """So far that it is today in no time zone."""
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return days[(datetime.now(UTC).weekday() + 3) % 7]


def placed(world: World) -> str:
    asked = world.ask("POST", "/v1/outbound-requests", CONTACT, idempotency_key=uuid4().hex)
    return str(world.request_is(asked.json()["id"], "placed")["id"])


def test_a_call_nobody_knows_the_outcome_of_is_shown_as_that_and_never_made_again(
    world: World,
) -> None:
    with losing_centre(world) as ecs_url:
        asked = world.ask(
            "POST", "/v1/outbound-requests", CONTACT, idempotency_key=uuid4().hex
        ).json()
        shown = world.request_is(asked["id"], "unknown")
        for _ in range(3):
            world.sweep()
            time.sleep(0.7)

        assert shown["call_id"] == ""
        assert world.request_is(asked["id"], "unknown")
        eventually(
            lambda: world.calls_out(asked["id"], ecs=ecs_url), "the call was made all the same"
        )
        assert len(world.calls_out(asked["id"], ecs=ecs_url)) == 1
        assert world.calls_out(asked["id"]) == []


@contextmanager
def losing_centre(world: World) -> Iterator[str]:
    """Another contact centre, which does as it is told and never says so."""
    secrets = world.aws("secretsmanager").get_secret_value(SecretId="switchboard/ecs")
    key = json.loads(secrets["SecretString"])["api_key"]
    knobs = ("knobs.api_lost_answer_probability=1",)
    home = world.desk.folder / "losing-centre"
    with sandbox.emulator(home, free_port(), key, settings=knobs) as url:
        document = world.published("ecs")
        document["profile"]["settings"]["base"] = url
        with world.publishing("ecs", document, "outbound_dialing"):
            yield url
