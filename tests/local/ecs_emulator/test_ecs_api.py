import time

import pytest
import requests

from tests.local.ecs_emulator.conftest import OpenCentre
from tests.local.ecs_emulator.fake_switchboard import Answer, FakeSwitchboard, flat
from tests.local.ecs_emulator.person import API_KEY, Person, eventually

CALL = {
    "contact": "+1 415 555 0142",
    "contact_name": "Ada Byron",
    "business_process": "Collections",
    "reference": "out-1",
    "remarks": "Asked for a call back",
}


def _handling(person: Person) -> str:
    interaction_id = person.calls(manual=True)
    person.waits(interaction_id, "Handling")
    return f"/interactions/{interaction_id}"


def test_an_outbound_call_walks_from_queue_to_disposition(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre()

    answer = person.ecs("/calls", CALL)

    assert answer.status_code == 202
    call_id = answer.json()["call_id"]
    view = person.waits(call_id, "Handled")
    eventually(lambda: switchboard.triggers("interaction-ends", call_id))
    walked = [seen.body["segment_state"] for seen in switchboard.triggers("segment-change")]
    assert walked[1:] == [
        *("Interaction Starts", "Agent Selecting", "Offered", "Dialing", "Handling"),
        *("Wrap Up", "Interaction Ends"),
    ]
    (end,) = switchboard.triggers("interaction-ends")
    told = {name: end.body[name] for name in ("direction", "callback_reference", "contact")}
    assert told == {
        "direction": "outbound",
        "callback_reference": "out-1",
        "contact": "+1 415 555 0142",
    }
    assert end.body["disposition_code"] == "Promise to Pay"
    assert view["remarks"] == ["Asked for a call back"]
    assert switchboard.routes() == []


def test_a_call_is_found_by_its_reference(open_centre: OpenCentre) -> None:
    person = open_centre()
    call_id = person.ecs("/calls", CALL).json()["call_id"]
    person.ecs("/calls", CALL | {"reference": "out-2"})
    person.waits(call_id, "Handled")

    found = person.get("/ecs-api/calls?reference=out-1", **{"X-Api-Key": API_KEY}).json()["calls"]

    assert [(call["call_id"], call["state"]) for call in found] == [(call_id, "Handled")]
    none = person.get("/ecs-api/calls?reference=out-9", **{"X-Api-Key": API_KEY}).json()
    assert none == {"calls": []}


def test_a_preferred_agent_gets_the_call(open_centre: OpenCentre) -> None:
    person = open_centre()

    answer = person.ecs("/calls", CALL | {"business_process": "7002", "preferred_agent": "2003"})

    assert person.waits(answer.json()["call_id"], "Handled")["agent_extension"] == "2003"


def test_hold_and_retrieve_change_the_state(open_centre: OpenCentre) -> None:
    person = open_centre()
    path = _handling(person)

    assert person.ecs(f"{path}/hold").json()["state"] == "On Hold"
    assert person.ecs(f"{path}/retrieve").json()["state"] == "Handling"


@pytest.mark.parametrize(
    ("before", "step", "state"),
    [([], "retrieve", "Handling"), (["hold"], "hold", "On Hold")],
)
def test_a_step_in_the_wrong_state_is_refused(
    before: list[str], step: str, state: str, open_centre: OpenCentre
) -> None:
    person = open_centre()
    path = _handling(person)
    for earlier in before:
        assert person.ecs(f"{path}/{earlier}").status_code == 200

    refused = person.ecs(f"{path}/{step}")

    assert refused.status_code == 409
    assert refused.json()["error"] == "invalid_state"
    assert refused.json()["state"] == state


def test_nothing_can_be_done_to_an_interaction_that_has_ended(open_centre: OpenCentre) -> None:
    person = open_centre()
    interaction_id = person.calls()
    person.waits(interaction_id, "Handled")

    for step, body in {"hold": None, "hang-up": None, "transfer": {"target": "2002"}}.items():
        refused = person.ecs(f"/interactions/{interaction_id}/{step}", body)
        assert (refused.status_code, refused.json()["state"]) == (409, "Handled")


def test_a_held_call_outlasts_its_talking_time(open_centre: OpenCentre) -> None:
    person = open_centre()
    interaction_id = person.calls(talk_s=0.3)
    person.waits(interaction_id, "Handling")
    person.ecs(f"/interactions/{interaction_id}/hold")

    time.sleep(0.5)
    assert person.sees(interaction_id)["state"] == "On Hold"
    person.ecs(f"/interactions/{interaction_id}/retrieve")

    person.waits(interaction_id, "Handled")


def test_hang_up_leaves_the_disposition_to_the_agent(open_centre: OpenCentre) -> None:
    person = open_centre()
    path = _handling(person)

    assert person.ecs(f"{path}/hang-up").status_code == 200

    interaction_id = path.rpartition("/")[2]
    person.waits(interaction_id, "Wrap Up")
    body = {"disposition": "Follow-up Needed", "remarks": ""}
    assert person.post(f"/emulator{path}/finish", body).status_code == 202
    assert person.waits(interaction_id, "Handled")["disposition"] == "Follow-up Needed"


@pytest.mark.parametrize(
    ("target", "business_process", "agent"),
    [("Collections", "Collections", "2002"), ("7002", "Collections", "2002")],
)
def test_a_transfer_to_a_business_process_finds_another_agent(
    target: str, business_process: str, agent: str, open_centre: OpenCentre
) -> None:
    person = open_centre()
    path = _handling(person)

    assert person.ecs(f"{path}/transfer", {"target": target}).status_code == 200

    view = person.waits_until(
        path.rpartition("/")[2],
        lambda view: view["state"] == "Handling" and view["agent_extension"] == agent,
    )
    assert view["business_process"] == business_process


def test_a_transfer_to_an_agent_reaches_that_agent(open_centre: OpenCentre) -> None:
    person = open_centre()
    path = _handling(person)

    person.ecs(f"{path}/transfer", {"target": "2003"})

    person.waits_until(path.rpartition("/")[2], lambda view: view["agent_extension"] == "2003")


def test_a_transfer_outside_ends_it_here(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre()
    path = _handling(person)

    person.ecs(f"{path}/transfer", {"target": "+1 415 555 0199"})

    person.waits(path.rpartition("/")[2], "Handled")
    assert switchboard.triggers("internal-transfer") == []


@pytest.mark.parametrize("target", ["Sales", "12"])
def test_a_transfer_to_nowhere_is_refused(target: str, open_centre: OpenCentre) -> None:
    person = open_centre()

    refused = person.ecs(f"{_handling(person)}/transfer", {"target": target})

    assert (refused.status_code, refused.json()["error"]) == (422, "unknown_target")


@pytest.mark.parametrize("key", ["", "wrong", API_KEY[:-1]])
def test_a_wrong_key_opens_nothing(key: str, open_centre: OpenCentre) -> None:
    person = open_centre()

    refused = person.post("/ecs-api/calls", CALL, **{"X-Api-Key": key})

    assert refused.status_code == 401
    assert set(refused.json()) == {"error", "message"}
    assert person.get("/emulator/interactions").json() == {"interactions": []}


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (None, 400, "not_a_json_object"),
        (["x"], 400, "not_a_json_object"),
        (CALL | {"surprise": 1}, 422, "invalid_request"),
        (CALL | {"reference": ""}, 422, "invalid_request"),
        (CALL | {"contact": 5}, 422, "invalid_request"),
        (CALL | {"business_process": "Sales"}, 422, "unknown_business_process"),
    ],
)
def test_a_bad_call_request_is_a_flat_error_without_its_values(
    body: object, status: int, error: str, open_centre: OpenCentre
) -> None:
    refused = open_centre().ecs("/calls", body)

    assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert "555" not in refused.text


def test_an_unknown_interaction_is_not_found(open_centre: OpenCentre) -> None:
    person = open_centre()

    assert person.ecs("/interactions/int-none/hold").status_code == 404
    assert person.get("/emulator/interactions/int-none").json()["error"] == "not_found"


def test_a_lost_answer_is_a_call_made_all_the_same(open_centre: OpenCentre) -> None:
    person = open_centre("knobs.api_lost_answer_probability=1")

    with pytest.raises(requests.ConnectionError):
        person.ecs("/calls", CALL)

    kept = person.get("/emulator/interactions").json()["interactions"]
    assert [interaction["direction"] for interaction in kept] == ["outbound"]


def test_an_error_by_knob_does_nothing(open_centre: OpenCentre) -> None:
    person = open_centre("knobs.api_error_probability=1")

    assert person.ecs("/calls", CALL).status_code == 500
    assert person.get("/emulator/interactions").json() == {"interactions": []}


def test_a_restart_drops_calls_and_answers_503_for_a_while(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre()
    path = _handling(person)

    assert person.post("/emulator/restart", {"seconds": 0.4}).status_code == 202

    assert person.ecs(f"{path}/hold").status_code == 503
    contact = {"channel": "voice", "from": "+1 415 555 0142"}
    assert person.post("/emulator/contacts", contact).status_code == 503
    person.waits(path.rpartition("/")[2], "Dropped")
    eventually(lambda: person.ecs(f"{path}/hold").status_code == 409)
    assert switchboard.triggers("interaction-ends") == []
    person.waits(person.calls(), "Handled")


def test_a_caller_dropped_while_switchboard_is_asked_never_queues(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    switchboard.route = lambda _: Answer(body=flat().body, delay_s=0.3)
    person = open_centre()
    interaction_id = person.calls()
    eventually(switchboard.routes)

    person.post(f"/emulator/interactions/{interaction_id}/hang-up")

    steps = {step["step"] for step in person.waits(interaction_id, "Abandoned")["timeline"]}
    assert "Agent Selecting (In Queue)" not in steps
