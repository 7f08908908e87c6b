"""What the emulator's own API tells of agents, and how long a preferred one is waited for."""

import time

import pytest
import requests

from tests.local.ecs_emulator.conftest import OpenCentre
from tests.local.ecs_emulator.fake_switchboard import FakeSwitchboard, flat
from tests.local.ecs_emulator.person import API_KEY, Person

KEY = {"X-Api-Key": API_KEY}


def _agent(person: Person, extension: str) -> requests.Response:
    return person.get(f"/ecs-api/agents/{extension}", **KEY)


def test_an_agent_is_told_with_state_and_business_processes(open_centre: OpenCentre) -> None:
    assert _agent(open_centre(), "2002").json() == {
        "extension": "2002",
        "name": "Jonas Abara",
        "state": "Ready",
        "business_processes": ["Customer Care", "Collections"],
        "media_types": ["Telephony", "Email"],
    }


def test_a_state_is_told_as_it_is_now(open_centre: OpenCentre) -> None:
    person = open_centre()
    person.put("/emulator/agents/2002", {"state": "Break"})

    assert _agent(person, "2002").json()["state"] == "Break"


def test_an_agent_is_found_by_the_name_that_assign_agent_takes(open_centre: OpenCentre) -> None:
    person = open_centre("knobs.assign_agent_name_form=Last, First")

    found = person.ecs("/agents/search", {"name": "Abara, Jonas"})

    assert found.json()["extension"] == "2002"
    assert person.ecs("/agents/search", {"name": "Jonas Abara"}).status_code == 404


def test_nobody_has_that_extension(open_centre: OpenCentre) -> None:
    assert _agent(open_centre(), "2999").status_code == 404


def test_agents_are_told_with_the_key_only(open_centre: OpenCentre) -> None:
    assert open_centre().get("/ecs-api/agents/2002").status_code == 401


def test_a_restart_tells_nothing(open_centre: OpenCentre) -> None:
    person = open_centre()
    person.post("/emulator/restart", {"seconds": 2})

    assert _agent(person, "2002").status_code == 503


@pytest.mark.parametrize(
    ("told", "otherwise", "waits_s"), [("1", "30", 1), ("", "0.3", 0.3), ("soon", "0.3", 0.3)]
)
def test_a_preferred_agent_is_waited_for_as_long_as_the_answer_says(
    told: str,
    otherwise: str,
    waits_s: float,
    open_centre: OpenCentre,
    switchboard: FakeSwitchboard,
) -> None:
    switchboard.route = lambda _: flat(preferred_agent="2002", preferred_agent_hold_s=told)
    person = open_centre(f"flows.front_door.nodes.prefer.hold_s={otherwise}")
    person.put("/emulator/agents/2002", {"state": "Break"})

    view = person.waits(person.calls(), "Handled")

    assert view["agent_extension"] == "2001", "then it falls back"
    assert view["queue_s"] >= waits_s


def test_who_waited_for_a_preferred_agent_keeps_the_place_in_the_queue(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    """The clock never starts again: after the hold, who came first is served first."""
    person = open_centre("agents.1.business_processes=[Collections]")
    person.put("/emulator/agents/2001", {"state": "Break"})
    switchboard.route = lambda _: flat(preferred_agent="2003", preferred_agent_hold_s="1")
    person.put("/emulator/agents/2003", {"state": "Break"})
    first = person.calls(manual=True)
    person.waits(first, "Agent Selecting")
    switchboard.route = lambda _: flat()
    second = person.calls(manual=True)
    person.waits(second, "Agent Selecting")
    time.sleep(1.1)

    person.put("/emulator/agents/2001", {"state": "Ready"})

    person.waits(first, "Handling")
    assert person.sees(second)["state"] == "Agent Selecting"
