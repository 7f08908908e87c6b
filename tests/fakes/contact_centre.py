"""A contact centre in memory that keeps the promises of `ContactCentre` and `AgentStates`."""

from threading import RLock
from typing import Final

from switchboard.domain.call_control import CallAction, CallCommand
from switchboard.domain.deadline import Deadline
from switchboard.domain.last_agent import AgentState
from switchboard.domain.outbound import OutboundRequest
from switchboard.errors import (
    NotFound,
    StateConflict,
    SwitchboardError,
    UpstreamUnavailable,
    UpstreamUnknown,
)

_MOVES: Final = {
    CallAction.HOLD: ({"Handling"}, "On Hold"),
    CallAction.RETRIEVE: ({"On Hold"}, "Handling"),
    CallAction.TRANSFER: ({"Handling", "On Hold"}, "Handling"),
    CallAction.HANG_UP: ({"Handling", "On Hold"}, "Wrap Up"),
}


class InMemoryContactCentre:
    """Queues every call it is asked for, as a real one would: nothing makes a repeat safe.

    `dialled` lists the requests; `calls` holds the state of each call and may be set. Set
    `failing_with` to have every call raise it, `lost_answers` to have that many carried out and
    their answers lost. `agents` are states by extension or name; `asked` lists who was asked for.
    With `tells_agent_states` off it offers no such question.
    """

    def __init__(self) -> None:
        self.dialled: list[OutboundRequest] = []
        self.calls: dict[str, str] = {}
        self.failing_with: SwitchboardError | None = None
        self.lost_answers = 0
        self.agents: dict[str, AgentState] = {}
        self.asked: list[str] = []
        self.tells_agent_states = True
        self._lock = RLock()

    def queue_call(self, request: OutboundRequest, *, deadline: Deadline) -> str:
        self._reach(deadline)
        with self._lock:
            self.dialled.append(request)
            call_id = f"call-{len(self.dialled)}"
            self.calls[call_id] = "Handling"
        self._answer()
        return call_id

    def control(self, command: CallCommand, *, deadline: Deadline) -> str:
        self._reach(deadline)
        allowed, state = _MOVES[command.action]
        with self._lock:
            if command.call_id not in self.calls:
                raise NotFound("the contact centre knows no such call")
            if self.calls[command.call_id] not in allowed:
                raise StateConflict("the call is in no state that allows this")
            self.calls[command.call_id] = state
        self._answer()
        return state

    def agent_state(self, *, extension: str, name: str, deadline: Deadline) -> AgentState | None:
        if not self.tells_agent_states:
            return None
        self._reach(deadline)
        with self._lock:
            self.asked.append(extension or name)
        self._answer()
        return self.agents.get(extension or name, AgentState("nobody"))

    def _reach(self, deadline: Deadline) -> None:
        if self.failing_with:
            raise self.failing_with
        if deadline.has_passed:
            raise UpstreamUnavailable("ecs", "no time left")

    def _answer(self) -> None:
        if self.lost_answers:
            self.lost_answers -= 1
            raise UpstreamUnknown("ecs", "no answer in time")
