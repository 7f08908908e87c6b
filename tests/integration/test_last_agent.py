"""A caller goes back to the agent they know, asked for in a contact centre that may be away."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.answers import flat_body, new_interaction, the_end_of
from tests.integration.canaries import NUMBER
from tests.integration.deployment import NOWHERE, Deployment
from tests.unit.connector.hostile_server import hostile_server

ROUTE = "/v1/arrivals/route"
BUDGET_S = 2.5


@pytest.fixture(autouse=True)
def _everybody_is_back(switchboard: Deployment) -> Iterator[None]:
    yield
    for extension in ("2001", "2002"):
        switchboard.ecs.put(f"/emulator/agents/{extension}", {"state": "Ready"})


def routed(switchboard: Deployment, interaction_id: str = "") -> dict[str, str]:
    """Ada calls; her owner in the CRM is 2001."""
    asked = {"contact": NUMBER, "interaction_id": interaction_id or new_interaction()}
    return flat_body(switchboard.http("POST", ROUTE, json_body=asked))


def talked_with(switchboard: Deployment, extension: str, **more: Any) -> None:
    interaction_id = new_interaction()
    routed(switchboard, interaction_id)
    ended = the_end_of(interaction_id, agent_extension=extension, **more)
    assert switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=ended).status == 202


def goes(switchboard: Deployment, extension: str, state: str) -> None:
    answer = switchboard.ecs.put(f"/emulator/agents/{extension}", {"state": state})
    assert answer.status_code == 200, answer.text


def contact_centre_at(switchboard: Deployment, url: str) -> None:
    profile = {**switchboard.documents["ecs"]["profile"], "settings": {"base": url}}
    switchboard.publish(ecs={"format": "ecs/1", "profile": profile})


def test_a_caller_goes_to_the_agent_whom_the_crm_names(switchboard: Deployment) -> None:
    answer = routed(switchboard)

    assert (answer["preferred_agent"], answer["preferred_agent_hold_s"]) == ("2001", "45")
    assert answer["agent_reason"] == "2001 preferred, from crm.owner_extension"


def test_the_answer_says_who_was_tried_and_dropped(switchboard: Deployment) -> None:
    talked_with(switchboard, "2002")
    goes(switchboard, "2001", "Break")

    answer = routed(switchboard)

    assert answer["preferred_agent"] == "2002"
    assert answer["agent_reason"] == (
        "2001: on a break or not answering; 2002 preferred, from history"
    )
    assert answer["agent_reason"] in answer["remark"]


def test_who_is_not_in_the_queue_is_not_waited_for(switchboard: Deployment) -> None:
    talked_with(switchboard, "2003")
    goes(switchboard, "2001", "Offline")

    assert routed(switchboard)["agent_reason"] == (
        "2001: not logged in; 2003: not in Customer Care; nobody preferred"
    )


def test_no_more_wait_for_an_agent_than_the_profile_says(switchboard: Deployment) -> None:
    asked_twice = new_interaction()
    answers = [routed(switchboard, asked_twice), routed(switchboard, asked_twice)]
    answers += [routed(switchboard), routed(switchboard)]

    assert [answer["preferred_agent"] for answer in answers] == ["2001", "2001", "2001", ""]
    assert answers[-1]["agent_reason"] == (
        "2001: somebody waits for them already; nobody preferred"
    )


def test_with_an_open_complaint_nobody_meets_the_agent_of_last_time(
    switchboard: Deployment,
) -> None:
    talked_with(switchboard, "2001")
    customer = switchboard.crm.get("/api/customers/C-1001").json()
    switchboard.crm.patch("/api/customers/C-1001", {"open_complaint": True})
    try:
        with switchboard.later(minutes=10):
            answer = routed(switchboard)
    finally:
        before = {"open_complaint": customer["open_complaint"]}
        switchboard.crm.patch("/api/customers/C-1001", before)

    assert (answer["row"], answer["avoid_agent"]) == ("complaint-open", "2001")
    assert answer["preferred_agent"] == ""


@pytest.mark.parametrize("trouble", ["hangs", "is not there"])
def test_a_contact_centre_in_trouble_costs_a_moment_once(
    switchboard: Deployment, trouble: str
) -> None:
    routed(switchboard)
    with hostile_server(lambda visit: visit.hang()) as server:
        contact_centre_at(switchboard, server.base if trouble == "hangs" else NOWHERE)
        asked = {"contact": NUMBER, "interaction_id": new_interaction()}
        first, second = (switchboard.http("POST", ROUTE, json_body=asked) for _ in range(2))

        assert flat_body(first)["preferred_agent"] == "2001", "unknown, so it is tried"
        assert flat_body(second)["preferred_agent"] == "2001"
        assert first.took_s < BUDGET_S
        assert second.took_s < first.took_s
        assert len(server.visits) == (1 if trouble == "hangs" else 0)


def test_no_name_of_an_agent_is_logged(switchboard: Deployment) -> None:
    rules = {**switchboard.documents["routing"], "agent_form": "name"}
    rules["last_agent"] = {"owner": {"from": ["history"], "must": ["logged_in"], "hold": "15s"}}
    rules["last_agent"]["rapport"] = rules["last_agent"]["owner"]
    switchboard.publish(routing=rules)
    talked_with(switchboard, "2001", agent_name="Maya Lindqvist")

    answer = routed(switchboard)

    assert answer["preferred_agent"] == "Maya Lindqvist"
    assert "Lindqvist" not in switchboard.output.getvalue()
