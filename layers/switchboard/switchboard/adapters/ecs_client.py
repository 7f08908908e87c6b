"""The contact centre's own API, driven by a profile file: its wire form is not public."""

from collections.abc import Mapping
from typing import Any

from switchboard.adapters.connector.engine import Engine, Secrets
from switchboard.adapters.connector.exchange import ClassifiedRejection
from switchboard.adapters.connector.outcomes import ErrorClass
from switchboard.adapters.connector.transport import Transport
from switchboard.contracts.words import channel_word
from switchboard.domain.call_control import CallCommand
from switchboard.domain.deadline import Deadline
from switchboard.domain.last_agent import PRESENCES, AgentState
from switchboard.domain.outbound import OutboundRequest
from switchboard.errors import (
    Misconfigured,
    NotFound,
    StateConflict,
    UpstreamUnavailable,
    UpstreamUnknown,
)


class EcsClient:
    """Keeps the promises of `ports.ContactCentre` and `ports.AgentStates`."""

    def __init__(
        self,
        definition: Mapping[str, Any],
        settings: Mapping[str, Any],
        secrets: Secrets,
        *,
        transport: Transport | None = None,
    ) -> None:
        self._engine = Engine(definition, settings, secrets, transport=transport)
        self._operations = definition["operations"]

    def queue_call(self, request: OutboundRequest, *, deadline: Deadline) -> str:
        """Ask for a call to be queued; the contact centre's id for it. Never repeated by us."""
        data = {
            "contact": request.number.e164,
            "business_process": request.business_process or None,
            "customer_name": request.customer_name or None,
            "preferred_agent": request.preferred_agent or None,
            "remarks": request.remarks or None,
            "reference": request.id,
        }
        return self._done("queue_call", data, deadline)

    def control(self, command: CallCommand, *, deadline: Deadline) -> str:
        """Act on a live call; the state it is in afterwards."""
        data = {"call_id": command.call_id, "target": command.target or None}
        try:
            return self._done(command.action.value, data, deadline)
        except ClassifiedRejection as rejection:
            match rejection.error_class:
                case ErrorClass.NOT_FOUND:
                    raise NotFound("the contact centre knows no such call") from rejection
                case ErrorClass.CONFLICT:
                    raise StateConflict(
                        "the call is in no state that allows this; read its state and try again"
                    ) from rejection
            raise

    @property
    def tells_agent_states(self) -> bool:
        """Whether the profile says how to ask for one."""
        return "agent_state" in self._operations

    def agent_state(self, *, extension: str, name: str, deadline: Deadline) -> AgentState | None:
        """How an agent is; None when the profile does not say how to ask."""
        method = self._operations.get("agent_state")
        if method is None:
            return None
        data = {"extension": extension or None, "name": name or None}
        try:
            said = self._engine.write("agent_state", method, data, deadline=deadline)
        except ClassifiedRejection as rejection:
            if rejection.error_class is ErrorClass.NOT_FOUND:
                return AgentState("nobody")
            raise
        return self._agent_state(said)

    def close(self) -> None:
        """Let go of connections that were kept for the next call."""
        self._engine.close()

    def _agent_state(self, said: Any) -> AgentState:
        told = said if isinstance(said, Mapping) else {}
        presence = next((word for word in PRESENCES if word == told.get("presence")), None)
        if presence is None:
            raise UpstreamUnavailable(self._engine.id, "agent_state: the answer cannot be read")
        channels = _words(told.get("channels"))
        return AgentState(
            presence,
            queues=_words(told.get("queues")),
            channels=None if channels is None else frozenset(map(channel_word, channels)),
        )

    def _done(self, operation: str, data: Mapping[str, Any], deadline: Deadline) -> str:
        method = self._operations.get(operation)
        if method is None:
            raise Misconfigured(
                f"{operation} is not configured in the ECS profile {self._engine.id}"
            )
        said = self._engine.write(operation, method, data, deadline=deadline)
        if not isinstance(said, str | int) or said == "":
            raise UpstreamUnknown(self._engine.id, f"{operation}: the answer cannot be read")
        return str(said)


def _words(said: Any) -> frozenset[str] | None:
    """The texts of a list; None for anything else, which says nothing."""
    if not isinstance(said, list):
        return None
    return frozenset(word for word in said if isinstance(word, str))
