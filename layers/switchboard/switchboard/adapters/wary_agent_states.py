"""Agent states from a contact centre that may hang: one caller finds out, not each in turn."""

from collections.abc import Callable
from typing import Final

from switchboard.domain.deadline import Deadline
from switchboard.domain.last_agent import AgentState
from switchboard.errors import SwitchboardError, UpstreamUnavailable
from switchboard.ports import AgentStates

_PAUSE_S: Final = 15.0
# With less time its silence says nothing of it.
_FAIR_CHANCE_S: Final = 0.1


class WaryAgentStates:
    """Keeps the promises of `AgentStates`; after a failure it does not ask for a while.

    `clock` tells the time of day in seconds: a monotonic one may stand still while a function is
    frozen. `build` makes or finds the contact centre's client.
    """

    def __init__(self, build: Callable[[], AgentStates], *, clock: Callable[[], float]) -> None:
        self._build = build
        self._clock = clock
        self._quiet_until_s = 0.0

    def agent_state(self, *, extension: str, name: str, deadline: Deadline) -> AgentState | None:
        # Bounded, because a clock may be set back.
        if 0 < self._quiet_until_s - self._clock() <= _PAUSE_S:
            raise UpstreamUnavailable("ecs", "agent states failed a moment ago")
        had_s = deadline.remaining_s
        try:
            return self._build().agent_state(extension=extension, name=name, deadline=deadline)
        except SwitchboardError:
            if had_s >= _FAIR_CHANCE_S:
                self._quiet_until_s = self._clock() + _PAUSE_S
            raise
