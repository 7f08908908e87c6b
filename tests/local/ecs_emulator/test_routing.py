import time

import pytest

from tests.local.ecs_emulator.conftest import OpenCentre
from tests.local.ecs_emulator.fake_switchboard import Answer, FakeSwitchboard, flat
from tests.local.ecs_emulator.person import Person


def _faulted(person: Person) -> str:
    view = person.waits(person.calls(), "Handled")
    assert view["flow_variables"] == {}
    assert view["business_process"] == "Customer Care"
    return " ".join(step["detail"] for step in view["timeline"] if step["step"] == "rest")


def test_a_caller_is_routed_by_what_switchboard_answers(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    switchboard.route = lambda _: flat(business_process="Collections", preferred_agent="2002")
    person = open_centre()

    view = person.waits(person.calls(), "Handled")

    assert view["business_process"] == "Collections"
    assert view["agent_extension"] == "2002"
    assert view["remarks"] == ["High value customer"]
    assert view["flow_variables"]["reason"] == "row 1"
    assert view["disposition_path"] == "Payments > Agreement > Payment > Promise to Pay"


def test_the_rest_node_sends_the_key_and_flat_text(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre()

    interaction_id = person.writes()
    person.waits(interaction_id, "Handled")

    asked = switchboard.routes()[0]
    assert asked.headers["x-switchboard-key"] == "k1.secret"
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.body == {
        "interaction_id": interaction_id,
        "channel": "email",
        "contact": "ada@example.com",
        "dialed_number": "care@example.com",
        "business_process": "",
        "intent": "",
        "self_service_attempts": "",
    }


def test_only_listed_keys_are_stored(open_centre: OpenCentre, switchboard: FakeSwitchboard) -> None:
    switchboard.route = lambda _: flat(unlisted="x", customer_id=17, outcome=True)
    person = open_centre()

    variables = person.waits(person.calls(), "Handled")["flow_variables"]

    assert "unlisted" not in variables
    assert variables["customer_id"] == "17"
    assert variables["outcome"] == "true"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (flat(customer={"id": "c-1"}), "'customer' is a nested object"),
        (flat(remarks=["a"]), "'remarks' is an array"),
        (Answer(body=b'["known"]'), "not an Object"),
        (Answer(body=b"<html>sorry</html>"), "not JSON"),
        (Answer(body=b"[" * 60_000), "not JSON"),
        (Answer(500, b"{}"), "status was 500"),
        (Answer(302, b"{}"), "status was 302"),
        (Answer(body=b'{"a": "' + b"x" * 70_000 + b'"}'), "answer_too_large"),
    ],
)
def test_an_answer_ecs_cannot_read_takes_the_fault_leg(
    answer: Answer, told: str, open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    switchboard.route = lambda _: answer

    assert told in _faulted(open_centre())


@pytest.mark.parametrize("answer", [Answer(delay_s=3), Answer(body=b" " * 30, drip_s=0.1)])
def test_an_answer_after_the_request_timeout_takes_the_fault_leg(
    answer: Answer, open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    switchboard.route = lambda _: answer
    person = open_centre("containers.route.request_timeout_s=0.3")
    began = time.monotonic()

    assert "timeout" in _faulted(person)
    assert time.monotonic() - began < 2


def test_nobody_there_takes_the_fault_leg(open_centre: OpenCentre) -> None:
    assert "unreachable" in _faulted(open_centre("stack.base_url=http://127.0.0.1:1"))


def test_a_stack_named_later_is_used_from_then_on(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre("stack.base_url=http://127.0.0.1:1")

    answer = person.put("/emulator/stack", {"base_url": switchboard.url, "key": "k2.new"})

    assert answer.json() == {"base_url": switchboard.url}
    person.waits(person.calls(), "Handled")
    assert switchboard.routes()[0].headers["x-switchboard-key"] == "k2.new"


def test_an_error_status_with_a_flat_body_is_read_when_the_knob_says_so(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    switchboard.route = lambda _: Answer(500, flat().body)
    person = open_centre("knobs.non_2xx_takes_fault=false")

    view = person.waits(person.calls(), "Handled")

    assert view["flow_variables"]["customer_id"] == "c-1"


def test_the_screen_pop_is_opened_as_the_agents_browser_would(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    url = f"{switchboard.url}/desk/token"
    switchboard.route = lambda _: flat(screen_pop_url=url)
    person = open_centre()

    popped = person.waits_until(person.calls(), lambda view: view["screen_pop"])["screen_pop"]

    assert (popped["url"], popped["status"], popped["title"]) == (url, 200, "Ada & her history")


def test_a_container_may_send_its_values_in_the_url(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    parameters = ", ".join(
        f"{{name: {name}, value: {value}, type: URL}}"
        for name, value in {"contact": "interaction.contact", "none": "agent.name"}.items()
    )
    person = open_centre("containers.route.verb=GET", f"containers.route.parameters=[{parameters}]")

    person.waits(person.calls("+1 415 555 0142"), "Handled")

    asked = [(seen.method, seen.path) for seen in switchboard.seen if "/route?" in seen.path]
    assert asked == [("GET", "/v1/arrivals/route?contact=%2B1+415+555+0142&none=")]
