"""Whoever asks why a call is not in the CRM is told, over HTTP, at every moment of its way."""

from typing import Any
from urllib.parse import quote

import pytest

from switchboard.contracts.interaction_report import InteractionAnswer
from tests.events import pointer, sqs_event
from tests.integration.answers import is_refused, new_interaction, the_end_of
from tests.integration.canaries import NUMBER, leaks
from tests.integration.deployment import Deployment


def ask(switchboard: Deployment, interaction_id: str) -> dict[str, Any]:
    """The answer, which keeps its contract and names nobody."""
    answer = switchboard.http("GET", f"/v1/interactions/{interaction_id}")
    assert answer.status == 200, answer.text
    assert leaks(answer.text) == []
    InteractionAnswer.model_validate(answer.json)
    return answer.json


def end(switchboard: Deployment, interaction_id: str, **more: Any) -> None:
    said = the_end_of(interaction_id, **more)
    assert switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=said).status == 202


def post(switchboard: Deployment, interaction_id: str, **later: float) -> None:
    with switchboard.later(**later):
        switchboard.invoke("disposition_posting", sqs_event([pointer(interaction_id)]))


def test_an_interaction_is_followed_from_its_arrival_into_the_crm(switchboard: Deployment) -> None:
    one = new_interaction()
    arrived = {"contact": NUMBER, "interaction_id": one}
    switchboard.http("POST", "/v1/arrivals/route", json_body=arrived)
    asked = ask(switchboard, one)
    end(switchboard, one)
    ended = ask(switchboard, one)
    post(switchboard, one)
    posted = ask(switchboard, one)

    assert asked["answers"][0].startswith("Not yet: no trigger of it reached us")
    assert asked["arrival"]["outcome"] == "known"
    assert asked["arrival"]["found_in"] == "sandbox"
    assert asked["arrival"]["business_process"] == "Customer Care"
    assert asked["arrival"]["row"] == "high-value"
    assert asked["arrival"]["is_explained"]
    assert ended["answers"][0].startswith("Not yet in the CRM sandbox: it is written")
    assert ended["due_at"]
    (record,) = posted["records"]
    assert posted["answers"] == [
        f"In the CRM sandbox as {record['record_id']} since "
        f"{record['tries'][0]['at'][:19].replace('T', ' ')} UTC."
    ]
    assert [one["outcome"] for one in record["tries"]] == ["done"]
    (trigger,) = posted["triggers"]
    assert trigger["kind"] == "interaction-ends"
    assert {"contact", "remarks", "disposition_code"} <= set(trigger["fields"])


def test_every_attempt_is_told_while_the_crm_is_away(switchboard: Deployment) -> None:
    one = new_interaction()
    end(switchboard, one)
    switchboard.fault("error_503")

    post(switchboard, one)
    post(switchboard, one, minutes=10)

    (record,) = ask(switchboard, one)["records"]
    assert record["standing"] == "waiting"
    assert record["meaning"].startswith("the CRM cannot be reached")
    assert record["reason"] == "upstream_unavailable"
    assert {one["outcome"] for one in record["tries"]} == {"upstream_unavailable"}
    assert record["next"].endswith("it is tried again")
    assert record["next_at"]


def test_a_repeated_trigger_is_told_as_nothing_new(switchboard: Deployment) -> None:
    one = new_interaction()
    end(switchboard, one)
    end(switchboard, one)

    answer = ask(switchboard, one)

    assert [trigger["revision"] for trigger in answer["triggers"]] == [1, 0]
    assert all(trigger["request_id"] for trigger in answer["triggers"])


@pytest.mark.parametrize(
    "asked", ["int-nobody", "../../v1", "%2e%2e", "i" * 5000, "i 1", "ü", "a%b"]
)
def test_what_nobody_knows_is_refused_flatly(switchboard: Deployment, asked: str) -> None:
    answer = switchboard.http("GET", f"/v1/interactions/{quote(asked, safe='')}")

    assert is_refused(answer, 404, "not_found")


def test_a_table_that_is_down_is_said(switchboard: Deployment) -> None:
    with switchboard.without_aws("dynamodb"):
        answer = switchboard.http("GET", "/v1/interactions/int-1", key=switchboard.key)

    assert answer.status == 503


def test_a_key_of_another_route_opens_nothing_here(switchboard: Deployment) -> None:
    other = switchboard.new_key("ecs-2", "/v1/triggers/")

    assert switchboard.http("GET", "/v1/interactions/int-1", key=other).status == 403
    assert switchboard.http("GET", "/v1/interactions/int-1", key="").status == 401
    assert switchboard.http("POST", "/v1/interactions/int-1").status == 405


def test_without_a_profile_it_says_that_nothing_is_wanted(switchboard: Deployment) -> None:
    one = new_interaction()
    end(switchboard, one)
    switchboard.publish(posting={"format": "posting/1", "profiles": []})

    assert ask(switchboard, one)["answers"] == ["Not wanted: no posting profile is published."]
