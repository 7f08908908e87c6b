"""Calls that applications and CRMs ask for, and calls that applications act on."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.ecs_emulator.centre_file import load
from local.ecs_emulator.server import serving
from local.sandbox_crm.courier import signature
from switchboard.contracts.applications import CommandAnswer, OutboundAnswer
from tests.events import pointer, sqs_event
from tests.integration.answers import is_refused
from tests.integration.canaries import ECS_KEY, NAME, NUMBER, REMARK
from tests.integration.deployment import CENTRE, NOWHERE, WEEK, Answer, Deployment
from tests.local.ecs_emulator.person import Person
from tests.local.sandbox_crm.harness import WEBHOOK_SECRET

REQUESTS, WEBHOOK = "/v1/outbound-requests", "/v1/webhooks/sandbox"
ASKED = {
    "contact": "(415) 555-0142",
    "customer_name": NAME,
    "remarks": REMARK,
    "preferred_agent": "2001",
}


def ask(switchboard: Deployment, idempotency_key: str, **change: Any) -> Answer:
    return switchboard.http(
        "POST",
        REQUESTS,
        json_body={**ASKED, **change},
        headers={"idempotency-key": idempotency_key},
    )


def request(switchboard: Deployment, request_id: str) -> OutboundAnswer:
    answer = switchboard.http("GET", f"{REQUESTS}/{request_id}")
    assert answer.status == 200
    return OutboundAnswer.model_validate(answer.json)


def calls(ecs: Person, reference: str) -> list[dict[str, Any]]:
    headers = {"X-Api-Key": ECS_KEY}
    found = ecs.get(f"/ecs-api/calls?reference={reference}", **headers).json()
    placed: list[dict[str, Any]] = found["calls"]
    return placed


def call_back(event_id: str = "msg_1", **data: Any) -> dict[str, Any]:
    """A webhook as the sandbox CRM sends it, signed by the CRM's own code."""
    body = {
        "type": "customer.status_changed",
        "timestamp": "2026-01-05T10:00:00Z",
        "data": {
            "customer_id": "C-1001",
            "status": "call_me_back",
            "name": NAME,
            "phone": "(415) 555-0142",
            "time_zone": "America/Los_Angeles",
            "call_after": None,
            **data,
        },
    }
    return delivery(json.dumps(body), event_id, datetime.now(UTC))


def delivery(body: str, event_id: str, at: datetime) -> dict[str, Any]:
    timestamp = int(at.timestamp())
    headers = {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(WEBHOOK_SECRET, event_id, timestamp, body.encode()),
    }
    return {"body": body, "headers": headers, "key": ""}


def test_a_requested_call_is_placed_with_what_the_agent_needs(switchboard: Deployment) -> None:
    answer = ask(switchboard, "order-1")
    taken = OutboundAnswer.model_validate(answer.json)

    switchboard.deliver("outbound_dialing")

    assert (answer.status, taken.state, taken.repeated) == (202, "queued", False)
    (call,) = calls(switchboard.ecs, taken.id)
    seen = switchboard.ecs.sees(call["call_id"])
    assert seen["contact"] == NUMBER
    assert seen["business_process"] == "Customer Care"
    placed = request(switchboard, taken.id)
    assert (placed.state, placed.call_id) == ("placed", call["call_id"])


def test_the_same_request_sent_twice_is_one_call(switchboard: Deployment) -> None:
    first = ask(switchboard, "order-2").json
    second = ask(switchboard, "order-2").json
    switchboard.deliver("outbound_dialing")
    third = ask(switchboard, "order-2").json
    switchboard.deliver("outbound_dialing")

    assert first["id"] == second["id"] == third["id"]
    assert [one["repeated"] for one in (first, second, third)] == [False, True, True]
    assert third["state"] == "placed"
    assert len(calls(switchboard.ecs, first["id"])) == 1


def test_the_same_message_delivered_twice_is_one_call(switchboard: Deployment) -> None:
    taken = ask(switchboard, "order-3").json
    message = pointer(taken["id"])

    for _ in range(2):
        switchboard.invoke("outbound_dialing", sqs_event([message, message]))

    assert len(calls(switchboard.ecs, taken["id"])) == 1


def test_a_cancelled_request_is_never_dialled(switchboard: Deployment) -> None:
    taken = ask(switchboard, "order-4").json

    cancelled = switchboard.http("DELETE", f"{REQUESTS}/{taken['id']}")
    switchboard.deliver("outbound_dialing")

    assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
    assert calls(switchboard.ecs, taken["id"]) == []
    assert request(switchboard, taken["id"]).state == "cancelled"


def test_a_call_that_was_placed_cannot_be_cancelled(switchboard: Deployment) -> None:
    taken = ask(switchboard, "order-5").json
    switchboard.deliver("outbound_dialing")

    assert is_refused(switchboard.http("DELETE", f"{REQUESTS}/{taken['id']}"), 409, "conflict")


def test_outside_the_hours_nobody_is_called_and_the_request_waits(switchboard: Deployment) -> None:
    another_day = WEEK[(datetime.now(UTC) + timedelta(days=3)).weekday()]
    closed = {**switchboard.documents["contact_policy"], "weekdays": [another_day]}
    switchboard.publish(contact_policy=closed)

    taken = ask(switchboard, "order-6").json
    switchboard.deliver("outbound_dialing")

    assert (taken["state"], taken["reason"]) == ("queued", "outside_calling_hours")
    assert calls(switchboard.ecs, taken["id"]) == []


def test_a_country_that_is_not_listed_is_refused(switchboard: Deployment) -> None:
    taken = ask(switchboard, "order-7", contact="+33 1 99 00 12 34")

    assert (taken.status, taken.json["state"]) == (202, "refused")
    assert taken.json["reason"] == "country_not_allowed"
    assert switchboard.queued == []


def test_a_contact_centre_that_is_away_is_asked_again_later(switchboard: Deployment) -> None:
    taken = ask(switchboard, "order-8").json
    switchboard.ecs.post("/emulator/restart", {"seconds": 0.5})
    switchboard.deliver("outbound_dialing")
    assert request(switchboard, taken["id"]).state == "queued"

    with switchboard.later(seconds=61):
        assert until_back(switchboard.ecs)
        switchboard.invoke("sweeper", {})
        switchboard.deliver("outbound_dialing")

    assert request(switchboard, taken["id"]).state == "placed"
    assert len(calls(switchboard.ecs, taken["id"])) == 1


def test_the_sweeper_finds_the_request_whose_message_was_lost(switchboard: Deployment) -> None:
    with switchboard.without_aws("sqs"):
        taken = ask(switchboard, "order-9").json
    assert switchboard.deliver("outbound_dialing") == []

    with switchboard.later(seconds=61):
        switchboard.invoke("sweeper", {})
    switchboard.deliver("outbound_dialing")

    assert request(switchboard, taken["id"]).state == "placed"


@pytest.mark.parametrize("table", ["OUTBOUND_TABLE"])
def test_a_request_that_cannot_be_kept_is_refused(switchboard: Deployment, table: str) -> None:
    with switchboard.changed(table, "NoSuchTable"):
        answer = ask(switchboard, "order-10")

    assert is_refused(answer, 503, "state_unavailable")
    assert switchboard.queued == []


def test_a_crm_that_asks_for_a_call_back_gets_one(switchboard: Deployment) -> None:
    answer = switchboard.http("POST", WEBHOOK, **call_back())
    switchboard.deliver("outbound_dialing")

    taken = OutboundAnswer.model_validate(answer.json)
    assert (answer.status, taken.state) == (202, "queued")
    (call,) = calls(switchboard.ecs, taken.id)
    assert switchboard.ecs.sees(call["call_id"])["contact"] == NUMBER


def test_a_webhook_sent_again_is_one_call(switchboard: Deployment) -> None:
    first = switchboard.http("POST", WEBHOOK, **call_back("msg_2")).json
    switchboard.deliver("outbound_dialing")
    second = switchboard.http("POST", WEBHOOK, **call_back("msg_2")).json
    switchboard.deliver("outbound_dialing")

    assert (second["id"], second["repeated"]) == (first["id"], True)
    assert len(calls(switchboard.ecs, first["id"])) == 1


def test_an_event_of_another_type_is_taken_and_ignored(switchboard: Deployment) -> None:
    body = json.dumps({"type": "customer.greeted", "data": {"customer_id": "C-1001"}})
    answer = switchboard.http("POST", WEBHOOK, **delivery(body, "msg_3", datetime.now(UTC)))

    assert (answer.status, answer.json["state"]) == (202, "ignored")
    assert switchboard.queued == []


def test_a_customer_that_changed_is_asked_for_again(switchboard: Deployment) -> None:
    lookup = {"contact": NUMBER}
    sources = []
    for step in ("first", "again", "changed"):
        if step == "changed":
            told = switchboard.http("POST", WEBHOOK, **call_back(status="closed"))
            assert (told.status, told.json["state"]) == (202, "forgotten")
        answer = switchboard.http("POST", "/v1/arrivals/lookup", json_body=lookup)
        sources.append(answer.json["source"])

    assert sources == ["live", "cache", "live"]
    assert switchboard.queued == []


def forged(change: str) -> dict[str, Any]:
    sent = call_back()
    headers: dict[str, str] = sent["headers"]
    match change:
        case "body":
            return {**sent, "body": sent["body"].replace("0142", "0143")}
        case "id":
            return {**sent, "headers": {**headers, "webhook-id": "msg_9"}}
        case "time":
            return {**sent, "headers": {**headers, "webhook-timestamp": "1767607200"}}
        case "old":
            return delivery(sent["body"], "msg_1", datetime.now(UTC) - timedelta(minutes=6))
        case "future":
            return delivery(sent["body"], "msg_1", datetime.now(UTC) + timedelta(minutes=6))
        case "unsigned":
            return {**sent, "headers": {}}
    return {**sent, "headers": {**headers, "webhook-signature": change}}


@pytest.mark.parametrize(
    "change", ["body", "id", "time", "old", "future", "unsigned", "v1,AAAA", "", "v2", "ü"]
)
def test_a_webhook_that_is_not_the_crms_is_refused(switchboard: Deployment, change: str) -> None:
    answer = switchboard.http("POST", WEBHOOK, **forged(change))

    assert is_refused(answer, 401, "unauthorized")
    assert switchboard.queued == []


def call_me_back(**data: Any) -> str:
    said = {"status": "call_me_back", **data}
    return json.dumps({"type": "customer.status_changed", "data": said})


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ("{", 400, "malformed_request"),
        ("[]", 400, "malformed_request"),
        ('{"type": 5}', 202, ""),
        (call_me_back(), 422, "invalid_request"),
        (call_me_back(phone=["x"]), 422, "invalid_request"),
        (call_me_back(phone=NUMBER, call_after="soon"), 422, "invalid_request"),
        (call_me_back(phone=NUMBER, call_after="2126-01-01T00:00:00Z"), 422, "invalid_request"),
    ],
)
def test_a_signed_webhook_that_makes_no_sense_calls_nobody(
    switchboard: Deployment, body: str, status: int, error: str
) -> None:
    answer = switchboard.http("POST", WEBHOOK, **delivery(body, "msg_3", datetime.now(UTC)))

    assert answer.status == status
    assert status == 202 or is_refused(answer, status, error)
    assert switchboard.queued == []


def test_a_webhook_larger_than_the_limit_is_refused(switchboard: Deployment) -> None:
    sent = delivery("{}".ljust(256 * 1024 + 1), "msg_4", datetime.now(UTC))

    assert is_refused(switchboard.http("POST", WEBHOOK, **sent), 413, "request_too_large")


def test_a_webhook_without_a_secret_on_our_side_is_a_mistake_of_ours(
    switchboard: Deployment,
) -> None:
    with switchboard.changed("SECRETS_PREFIX", "nobody-wrote-secrets-here"):
        answer = switchboard.http("POST", WEBHOOK, **call_back())

    assert is_refused(answer, 503, "misconfigured")
    assert "nobody-wrote-secrets-here" not in answer.text
    assert switchboard.queued == []


@pytest.fixture
def live_call(switchboard: Deployment) -> str:
    """A call that an agent is handling."""
    interaction = switchboard.ecs.calls(NUMBER, manual=True)
    switchboard.ecs.waits(interaction, "Handling")
    return interaction


@pytest.fixture(autouse=True)
def hung_up(switchboard: Deployment) -> Iterator[None]:
    """Agents are free again for the next test."""
    yield
    for one in switchboard.ecs.get("/emulator/interactions").json()["interactions"]:
        if not one["has_ended"]:
            path = f"/emulator/interactions/{one['id']}"
            switchboard.ecs.post(f"{path}/finish", {"disposition": "Resolved"})
            switchboard.ecs.post(f"{path}/hang-up")


def command(switchboard: Deployment, call: str, action: str, **more: Any) -> Answer:
    return switchboard.http("POST", f"/v1/calls/{call}/{action}", **more)


def test_a_call_is_held_and_retrieved_and_hung_up(switchboard: Deployment, live_call: str) -> None:
    for action, state in (("hold", "On Hold"), ("retrieve", "Handling")):
        answer = command(switchboard, live_call, action)

        told = CommandAnswer.model_validate(answer.json)
        assert (answer.status, told.action, told.state) == (200, action, state)
        assert switchboard.ecs.sees(live_call)["state"] == state

    assert command(switchboard, live_call, "hang-up").status == 200
    switchboard.ecs.waits(live_call, "Wrap Up")


def test_a_call_is_transferred(switchboard: Deployment, live_call: str) -> None:
    answer = command(switchboard, live_call, "transfer", json_body={"target": "7002"})

    assert answer.status == 200
    seen = switchboard.ecs.waits_until(live_call, lambda v: v["business_process"] == "Collections")
    assert seen["has_ended"] is False


def test_a_command_is_carried_out_once(switchboard: Deployment, live_call: str) -> None:
    key = {"idempotency-key": "command-1"}
    first = command(switchboard, live_call, "hold", headers=key)
    command(switchboard, live_call, "retrieve")

    again = command(switchboard, live_call, "hold", headers=key)

    assert first.status == 200
    assert is_refused(again, 409, "conflict")
    assert switchboard.ecs.sees(live_call)["state"] == "Handling"


def test_what_the_calls_state_forbids_is_refused(switchboard: Deployment, live_call: str) -> None:
    assert is_refused(command(switchboard, live_call, "retrieve"), 409, "conflict")


def test_a_call_that_nobody_knows_is_not_found(switchboard: Deployment) -> None:
    assert is_refused(command(switchboard, "int-unknown", "hold"), 404, "not_found")


def test_a_target_that_nobody_knows_is_refused(switchboard: Deployment, live_call: str) -> None:
    answer = command(switchboard, live_call, "transfer", json_body={"target": "9999"})

    assert is_refused(answer, 422, "invalid_request")
    assert answer.json["message"].startswith("target: ")


def test_a_command_id_is_at_most_200_characters(switchboard: Deployment, live_call: str) -> None:
    answer = command(switchboard, live_call, "hold", headers={"idempotency-key": "x" * 201})

    assert is_refused(answer, 422, "invalid_request")
    assert switchboard.ecs.sees(live_call)["state"] == "Handling"


def test_a_contact_centre_that_is_not_there_is_told_flatly(switchboard: Deployment) -> None:
    publish_centre(switchboard, NOWHERE)

    assert is_refused(command(switchboard, "int-1", "hold"), 503, "upstream_unavailable")


@pytest.fixture
def losing_answers(switchboard: Deployment) -> Iterator[Person]:
    """A contact centre that does what it is asked, and whose answers never arrive."""
    centre = load(CENTRE, ["knobs.api_lost_answer_probability=1", "knobs.seed=7"])
    with serving(centre, port=0, api_key=ECS_KEY, stop_within_s=0.01) as served:
        publish_centre(switchboard, served.url)
        yield Person(served.url, served.contact_centre)


def test_a_command_whose_answer_was_lost_is_unknown(
    switchboard: Deployment, losing_answers: Person
) -> None:
    answer = command(switchboard, losing_answers.calls(manual=True), "hang-up")

    assert is_refused(answer, 504, "upstream_unknown")


def test_a_call_whose_answer_was_lost_is_never_dialled_again(
    switchboard: Deployment, losing_answers: Person
) -> None:
    taken = ask(switchboard, "order-11").json
    switchboard.deliver("outbound_dialing")
    for minutes in (2, 10, 60):
        with switchboard.later(minutes=minutes):
            switchboard.invoke("sweeper", {})
            switchboard.invoke("outbound_dialing", sqs_event([pointer(taken["id"])]))

    assert request(switchboard, taken["id"]).state == "unknown"
    placed = losing_answers.get("/emulator/interactions").json()["interactions"]
    assert len([one for one in placed if one["direction"] == "outbound"]) == 1


def publish_centre(switchboard: Deployment, url: str) -> None:
    profile = {**switchboard.documents["ecs"]["profile"], "settings": {"base": url}}
    switchboard.publish(ecs={"format": "ecs/1", "profile": profile})


def until_back(ecs: Person) -> bool:
    ends_at = datetime.now(UTC) + timedelta(seconds=5)
    while datetime.now(UTC) < ends_at:
        if ecs.get("/ecs-api/calls", **{"X-Api-Key": ECS_KEY}).status_code == 200:
            return True
    return False
