"""Lookup and routing as ECS meets them."""

import pytest

from switchboard.contracts.answers import LookupAnswer, RouteAnswer
from tests.integration.answers import flat_body, new_interaction, the_end_of
from tests.integration.canaries import ADDRESS, NAME, NUMBER, STRANGER
from tests.integration.deployment import Deployment

LOOKUP, ROUTE = "/v1/arrivals/lookup", "/v1/arrivals/route"
BOTH = pytest.mark.parametrize("path", [LOOKUP, ROUTE])
SHARED_NUMBER = "+14155550160"
LATE_PAYER = "+12125550134"


@BOTH
@pytest.mark.parametrize("contact", [NUMBER, "(415) 555-0142", "tel:+1-415-555-0142", ADDRESS])
def test_a_customer_is_recognised(switchboard: Deployment, path: str, contact: str) -> None:
    answer = switchboard.http("POST", path, json_body={"contact": contact})

    body = flat_body(answer)
    assert (body["outcome"], body["source"], body["match_count"]) == ("known", "live", "1")
    assert (body["customer_id"], body["customer_name"]) == ("sandbox:C-1001", NAME)
    assert body["tier"] == "high"


@BOTH
def test_the_three_ways_to_send_parameters_are_one(switchboard: Deployment, path: str) -> None:
    asked = {"contact": NUMBER, "interaction_id": "int-1"}
    form = "contact=%2B14155550142&interaction_id=int-1"
    by = {
        "json": switchboard.http("POST", path, json_body=asked),
        "form": switchboard.http("POST", path, body=form, in_base64=True),
        "query": switchboard.http("GET", path, query=asked),
    }

    assert {way: flat_body(answer)["customer_id"] for way, answer in by.items()} == dict.fromkeys(
        by, "sandbox:C-1001"
    )


@BOTH
@pytest.mark.parametrize(
    ("contact", "outcome", "source", "count"),
    [
        (STRANGER, "unknown", "live", "0"),
        (SHARED_NUMBER, "ambiguous", "live", "2"),
        ("anonymous", "withheld", "default", "0"),
        ("", "withheld", "default", "0"),
        ("N/A", "withheld", "default", "0"),
        ("!?", "unreadable", "default", "0"),
    ],
)
def test_who_is_not_recognised_is_said_to_be_what_they_are(
    switchboard: Deployment, path: str, contact: str, outcome: str, source: str, count: str
) -> None:
    body = flat_body(switchboard.http("POST", path, json_body={"contact": contact}))

    assert (body["outcome"], body["source"], body["match_count"]) == (outcome, source, count)
    assert body["customer_id"] == body["customer_name"] == ""


@BOTH
def test_every_answer_has_the_same_keys(switchboard: Deployment, path: str) -> None:
    contacts = [NUMBER, STRANGER, SHARED_NUMBER, "anonymous", "!?"]

    answers = [switchboard.http("POST", path, json_body={"contact": c}) for c in contacts]

    assert len({tuple(answer.json) for answer in answers}) == 1


def test_answers_are_what_their_contracts_say(switchboard: Deployment) -> None:
    asked = {"contact": NUMBER, "interaction_id": new_interaction()}
    looked_up = switchboard.http("POST", LOOKUP, json_body=asked).json
    routed = switchboard.http("POST", ROUTE, json_body=asked).json

    assert LookupAnswer.model_validate(looked_up).screen_pop_url
    assert RouteAnswer.model_validate(routed).row == "high-value"
    assert set(LookupAnswer.model_fields) < set(looked_up)
    assert set(RouteAnswer.model_fields) < set(routed)


def test_asking_again_is_answered_from_memory(switchboard: Deployment) -> None:
    first = switchboard.http("POST", LOOKUP, json_body={"contact": NUMBER}).json
    switchboard.fault("error_500")
    again = switchboard.http("POST", LOOKUP, json_body={"contact": NUMBER}).json

    assert (first["source"], again["source"]) == ("live", "cache")
    assert again["customer_id"] == first["customer_id"]


def test_a_late_payer_goes_to_collections_with_the_reason(switchboard: Deployment) -> None:
    body = flat_body(switchboard.http("POST", ROUTE, json_body={"contact": LATE_PAYER}))

    assert (body["action"], body["business_process"]) == ("queue", "Collections")
    assert (body["row"], body["priority_class"], body["priority_seconds"]) == (
        "late-payer", "Urgent", "120",
    )  # fmt: skip
    assert "late-payer" in body["reason"]
    assert body["prompt_1"] == body["prompt_2"] == body["prompt_3"] == ""


def test_a_customer_goes_to_the_agent_of_last_time(switchboard: Deployment) -> None:
    earlier = new_interaction()
    switchboard.http("POST", ROUTE, json_body={"contact": NUMBER, "interaction_id": earlier})
    ends = the_end_of(earlier, started_at="", ended_at="")
    switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=ends)

    body = flat_body(switchboard.http("POST", ROUTE, json_body={"contact": NUMBER}))

    assert (body["row"], body["preferred_agent"]) == ("high-value", "2001")


def test_unknown_parameters_disturb_nobody(switchboard: Deployment) -> None:
    asked = {"contact": NUMBER, "a new parameter": "of tomorrow", "language": None}

    assert flat_body(switchboard.http("POST", LOOKUP, json_body=asked))["outcome"] == "known"
