import time

import pytest

from tests.local.ecs_emulator.conftest import OpenCentre
from tests.local.ecs_emulator.fake_switchboard import FakeSwitchboard, flat
from tests.local.ecs_emulator.person import Person, eventually


def _all_on(person: Person, state: str) -> None:
    for extension in ("2001", "2002", "2003"):
        answer = person.put(f"/emulator/agents/{extension}", {"state": state})
        assert answer.status_code == 200


def _state_of(person: Person, extension: str) -> str:
    agents = person.get("/emulator/agents").json()["agents"]
    return next(str(agent["state"]) for agent in agents if agent["extension"] == extension)


def test_the_priority_class_counts_as_waiting_time(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    vip = "+1 415 555 0177"
    switchboard.route = lambda seen: flat(
        priority_class="Front" if seen.body["contact"] == vip else "Normal"
    )
    person = open_centre()
    _all_on(person, "Break")
    first = person.calls("+1 415 555 0142")
    person.waits(first, "Agent Selecting")
    second = person.calls(vip)
    person.waits(second, "Agent Selecting")

    person.put("/emulator/agents/2001", {"state": "Ready"})

    ended = [person.waits(waiting, "Handled")["ended_at"] for waiting in (first, second)]
    assert ended[1] < ended[0]


def test_equal_callers_are_served_in_the_order_they_came(open_centre: OpenCentre) -> None:
    person = open_centre()
    _all_on(person, "Break")
    waiting = []
    for number in ("+1 415 555 0110", "+1 415 555 0111", "+1 415 555 0112", "+1 415 555 0113"):
        waiting.append(person.calls(number))
        person.waits(waiting[-1], "Agent Selecting")

    person.put("/emulator/agents/2001", {"state": "Ready"})

    ended = [person.waits(one, "Handled")["ended_at"] for one in waiting]
    assert ended == sorted(ended)


def test_seconds_from_the_answer_count_when_the_knob_says_so(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    switchboard.route = lambda _: flat(priority_seconds="45", priority_class="no such class")

    by_class = open_centre()
    assert by_class.waits(by_class.calls(), "Handled")["extra_waiting_s"] == 0
    by_seconds = open_centre("knobs.priority_from=seconds")
    assert by_seconds.waits(by_seconds.calls(), "Handled")["extra_waiting_s"] == 45


def test_the_agent_idle_longest_is_next(open_centre: OpenCentre) -> None:
    person = open_centre()

    agents = [person.waits(person.calls(), "Handled")["agent_extension"] for _ in range(3)]

    assert agents == ["2001", "2002", "2001"]


def test_a_preferred_agent_who_is_away_is_waited_for_only_so_long(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    switchboard.route = lambda _: flat(preferred_agent="2002")
    person = open_centre("flows.front_door.nodes.prefer.hold_s=0.3")
    person.put("/emulator/agents/2002", {"state": "Break"})

    interaction_id = person.calls()

    view = person.waits(interaction_id, "Handled")
    assert view["agent_extension"] == "2001"
    assert view["queue_s"] >= 0.3


@pytest.mark.parametrize("extension", ["2002", "999"])
def test_an_offline_or_unknown_agent_is_not_found(
    extension: str, open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    switchboard.route = lambda _: flat(preferred_agent=extension)
    person = open_centre()
    person.put("/emulator/agents/2002", {"state": "Offline"})

    view = person.waits(person.calls(), "Handled")

    assert "No Agent Found" in [step["detail"] for step in view["timeline"]]
    assert view["agent_extension"] == "2001"


def test_an_agent_can_be_preferred_by_name(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    switchboard.route = lambda _: flat(preferred_agent="Abara, Jonas")
    person = open_centre(
        "flows.front_door.nodes.prefer.by=name", "knobs.assign_agent_name_form=Last, First"
    )

    assert person.waits(person.calls(), "Handled")["agent_extension"] == "2002"


def test_a_missed_offer_goes_to_the_next_agent(open_centre: OpenCentre) -> None:
    person = open_centre("agents.0.ring_s=30", "timeouts.agent_console_no_answer_s=0.1")

    view = person.waits(person.calls(), "Handled")

    assert view["agent_extension"] == "2002"
    assert "Missed (Agent)" in [step["step"] for step in view["timeline"]]
    assert _state_of(person, "2001") == "No Answer"


def test_only_an_office_agent_returns_from_no_answer_alone(open_centre: OpenCentre) -> None:
    person = open_centre(
        *("agents.0.ring_s=30", "agents.0.availability=Office", "agents.1.ring_s=30"),
        *("timeouts.agent_console_no_answer_s=0.05", "timeouts.no_answer_suspend_s=0.2"),
    )

    view = person.waits_until(
        person.calls(), lambda view: str(view["timeline"]).count("Missed (Agent)") >= 3
    )

    offered = [step["detail"] for step in view["timeline"] if step["step"] == "Offered (Agent)"]
    assert offered[:3] == ["2001", "2002", "2001"]
    assert _state_of(person, "2002") == "No Answer"


def test_an_agent_passes_through_busy_and_wrap_up(open_centre: OpenCentre) -> None:
    person = open_centre("agents.0.wrap_up_s=0.3")
    interaction_id = person.calls(manual=True)
    person.waits(interaction_id, "Handling")
    assert _state_of(person, "2001") == "Busy"
    assert person.put("/emulator/agents/2001", {"state": "Break"}).status_code == 409

    path = f"/emulator/interactions/{interaction_id}/finish"
    person.post(path, {"disposition": "Resolved", "remarks": "Fine now"})

    person.waits(interaction_id, "Wrap Up")
    assert _state_of(person, "2001") == "Wrap-Up"
    person.waits(interaction_id, "Handled")
    eventually(lambda: _state_of(person, "2001") == "Ready")


def test_a_manual_contact_stays_until_somebody_finishes_it(open_centre: OpenCentre) -> None:
    person = open_centre()
    interaction_id = person.calls(manual=True)
    person.waits(interaction_id, "Handling")
    time.sleep(0.2)
    assert person.sees(interaction_id)["state"] == "Handling"
    path = f"/emulator/interactions/{interaction_id}/finish"

    refused = person.post(path, {"disposition": "Promise to Pay"})
    assert refused.status_code == 422
    assert "Resolved" in refused.json()["message"]
    assert person.post(path, {}).status_code == 422
    assert person.post(path, {"disposition": "resolved", "remarks": "Ok"}).status_code == 202

    view = person.waits(interaction_id, "Handled")
    assert (view["disposition"], view["agent_remarks"]) == ("Resolved", "Ok")
    assert person.post(path, {"disposition": "Resolved"}).status_code == 409


def test_a_caller_who_gives_up_in_the_queue_has_abandoned(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre()
    _all_on(person, "Break")
    interaction_id = person.calls()
    person.waits(interaction_id, "Agent Selecting")

    assert person.post(f"/emulator/interactions/{interaction_id}/hang-up").status_code == 202

    person.waits(interaction_id, "Abandoned")
    eventually(lambda: switchboard.triggers("interaction-ends"))
    (end,) = switchboard.triggers("interaction-ends")
    assert (end.body["agent_name"], end.body["disposition_code"]) == ("", "")
    assert person.get("/").text.count(interaction_id) == 2  # a link and its text, in Past only


def test_a_flow_may_end_the_interaction_itself(open_centre: OpenCentre) -> None:
    person = open_centre("flows.front_door.nodes.wait.kind=complete")

    view = person.waits(person.calls(), "Completed by Flow")

    assert view["agent_name"] == ""


def test_a_flow_that_runs_in_a_circle_is_stopped(open_centre: OpenCentre) -> None:
    person = open_centre("flows.front_door.nodes.tell_the_agent.next=say_prompt")

    view = person.waits(person.calls(), "Completed by Flow")

    assert "goes round in a circle" in str(view["timeline"][-2]["detail"])
