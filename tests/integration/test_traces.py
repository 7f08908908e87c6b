"""What is left of a request in logs, metrics and queues: enough to follow it, and nobody's data."""

import json
from typing import Any

import pytest

from tests.integration.answers import new_interaction, the_end_of
from tests.integration.canaries import ADDRESS, NAME, NUMBER, REMARK, SECRETS, leaks
from tests.integration.deployment import Deployment


def lines(switchboard: Deployment) -> list[dict[str, Any]]:
    return [json.loads(line) for line in switchboard.output.getvalue().splitlines() if line]


@pytest.mark.parametrize(
    "text",
    [NAME, NUMBER, ADDRESS, REMARK, SECRETS[0], "(415) 555-0142", "415.555.0142", "ADA BYRON"],
)
def test_the_watch_over_personal_data_would_notice_it(text: str) -> None:
    assert leaks(json.dumps({"message": f"said: {text}."}))


def test_the_watch_sees_what_functions_write(switchboard: Deployment) -> None:
    switchboard.http("POST", "/v1/arrivals/lookup", json_body={"contact": NUMBER})

    written = lines(switchboard)
    assert "contact looked up" in [line.get("message") for line in written]
    counted = [(line.get("outcome"), line.get("source")) for line in written if "Lookup" in line]
    assert counted == [("known", "live")]
    asked = [(line["connector"], line["answer"]) for line in written if "CrmAnswer" in line]
    assert asked == [("sandbox", "live")]


def test_one_id_joins_an_arrival_with_its_result_in_the_crm(switchboard: Deployment) -> None:
    interaction = new_interaction()
    asked = {"contact": NUMBER, "interaction_id": interaction}
    request_id = switchboard.http("POST", "/v1/arrivals/route", json_body=asked).json["request_id"]
    ends = the_end_of(interaction, request_id=request_id)
    switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=ends)
    switchboard.deliver("disposition_posting")

    told = [line["message"] for line in lines(switchboard) if line.get("request_id") == request_id]

    assert told == ["interaction routed", "trigger taken", "interaction posted"]


def test_messages_are_pointers_and_nothing_more(switchboard: Deployment) -> None:
    interaction = new_interaction()
    ends = the_end_of(interaction)
    switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=ends)

    (body,) = switchboard.ever_sent

    assert set(json.loads(body)) == {"v", "id", "request_id"}
    assert json.loads(body)["id"] == interaction


def test_every_log_line_is_json_with_its_service(switchboard: Deployment) -> None:
    switchboard.fault("error_500")
    switchboard.http("POST", "/v1/arrivals/lookup", json_body={"contact": NUMBER})

    written = lines(switchboard)

    assert any("crm lookup failed" in line.get("message", "") for line in written)
    assert all("level" in line or "_aws" in line for line in written)
