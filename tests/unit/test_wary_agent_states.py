"""A contact centre that gave no answer is left alone for a while."""

import pytest

from switchboard.adapters.wary_agent_states import WaryAgentStates
from switchboard.domain.deadline import Deadline
from switchboard.domain.last_agent import AgentState
from switchboard.errors import Misconfigured, SwitchboardError, UpstreamUnavailable
from tests.fakes.contact_centre import InMemoryContactCentre


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Asking:
    """A contact centre in memory, asked warily."""

    def __init__(self) -> None:
        self.centre, self.clock = InMemoryContactCentre(), Clock()
        self.centre.agents["2001"] = AgentState("ready")
        self._wary = WaryAgentStates(lambda: self.centre, clock=self.clock)

    def outcome(self, budget_s: float = 1) -> AgentState | str | None:
        deadline = Deadline.after(budget_s)
        try:
            return self._wary.agent_state(extension="2001", name="", deadline=deadline)
        except SwitchboardError as error:
            return error.code


def test_after_a_failure_nobody_asks_for_a_while() -> None:
    asking = Asking()
    asking.centre.failing_with = UpstreamUnavailable("ecs", "transient")
    assert asking.outcome() == "upstream_unavailable"
    asking.centre.failing_with = None

    assert asking.outcome() == "upstream_unavailable"
    asking.clock.now_s += 15
    assert asking.outcome() == AgentState("ready")


@pytest.mark.parametrize("moved_s", [-3600, 3600])
def test_a_clock_that_is_set_does_not_make_it_silent_for_ever(moved_s: float) -> None:
    asking = Asking()
    asking.centre.failing_with = Misconfigured("no ecs was ever published")
    assert asking.outcome() == "misconfigured"
    asking.centre.failing_with = None

    asking.clock.now_s += moved_s

    assert asking.outcome() == AgentState("ready")


def test_who_had_no_time_says_nothing_against_the_contact_centre() -> None:
    asking = Asking()
    assert asking.outcome(budget_s=0) == "upstream_unavailable"

    assert asking.outcome() == AgentState("ready")
