"""A command is carried out once and now, or never."""

import pytest

from switchboard.domain.call_control import CallAction, CallCommand
from switchboard.errors import (
    NotFound,
    StateConflict,
    StateUnavailable,
    UpstreamUnavailable,
    UpstreamUnknown,
)
from switchboard.use_cases.call_control import control_call
from tests.fakes.contact_centre import InMemoryContactCentre
from tests.fakes.once import InMemoryOnceStore
from tests.unit.use_cases.people import after


class Desk:
    """An application with one live call."""

    def __init__(self, state: str = "Handling") -> None:
        self.centre, self.once = InMemoryContactCentre(), InMemoryOnceStore()
        self.centre.calls["call-1"] = state

    def send(
        self,
        action: CallAction = CallAction.HOLD,
        *,
        command_id: str = "c-1",
        call_id: str = "call-1",
        seconds_later: float = 0,
    ) -> str:
        command = CallCommand(command_id, call_id, action, not_after=after(5))
        return control_call(command, centre=self.centre, once=self.once, now=after(seconds_later))

    @property
    def state(self) -> str:
        return self.centre.calls["call-1"]


def test_a_call_is_held_and_retrieved_and_hung_up() -> None:
    desk = Desk()

    assert desk.send(CallAction.HOLD, command_id="c-1") == "On Hold"
    assert desk.send(CallAction.RETRIEVE, command_id="c-2") == "Handling"
    assert desk.send(CallAction.TRANSFER, command_id="c-3") == "Handling"
    assert desk.send(CallAction.HANG_UP, command_id="c-4") == "Wrap Up"


@pytest.mark.parametrize(
    ("action", "state"),
    [
        (CallAction.HOLD, "On Hold"),
        (CallAction.RETRIEVE, "Handling"),
        (CallAction.TRANSFER, "Wrap Up"),
        (CallAction.HANG_UP, "Wrap Up"),
    ],
)
def test_a_call_in_the_wrong_state_is_left_as_it_is(action: CallAction, state: str) -> None:
    desk = Desk(state)

    with pytest.raises(StateConflict):
        desk.send(action)
    assert desk.state == state


def test_a_command_that_comes_too_late_is_not_carried_out() -> None:
    desk = Desk()

    with pytest.raises(StateConflict, match="too late"):
        desk.send(seconds_later=5.001)
    assert desk.state == "Handling"
    assert desk.send(seconds_later=4) == "On Hold", "a refused command used nothing up"


def test_a_repeated_command_is_carried_out_once() -> None:
    desk = Desk()
    desk.send(CallAction.HOLD)
    desk.centre.calls["call-1"] = "Handling"

    with pytest.raises(StateConflict, match="used before"):
        desk.send(CallAction.HOLD, seconds_later=1)
    assert desk.state == "Handling"


@pytest.mark.parametrize(
    "error", [UpstreamUnavailable("ecs", "busy"), UpstreamUnknown("ecs", "no answer")]
)
def test_a_command_that_failed_is_not_repeated_under_its_id(error: UpstreamUnavailable) -> None:
    desk = Desk()
    desk.centre.failing_with = error
    with pytest.raises(type(error)):
        desk.send()
    desk.centre.failing_with = None

    with pytest.raises(StateConflict, match="used before"):
        desk.send(seconds_later=1)
    assert desk.state == "Handling"


def test_a_call_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        Desk().send(call_id="call-9")


def test_without_the_store_nothing_is_done() -> None:
    desk = Desk()
    desk.once.is_down = True

    with pytest.raises(StateUnavailable):
        desk.send()
    assert desk.state == "Handling"
