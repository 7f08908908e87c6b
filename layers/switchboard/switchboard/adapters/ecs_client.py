"""The contact centre's own API, driven by a profile file: its wire form is not public."""

from collections.abc import Mapping
from typing import Any

from switchboard.adapters.connector.engine import Engine, Secrets
from switchboard.adapters.connector.exchange import ClassifiedRejection
from switchboard.adapters.connector.outcomes import ErrorClass
from switchboard.adapters.connector.transport import Transport
from switchboard.domain.call_control import CallCommand
from switchboard.domain.deadline import Deadline
from switchboard.domain.outbound import OutboundRequest
from switchboard.errors import Misconfigured, NotFound, StateConflict, UpstreamUnknown


class EcsClient:
    """Keeps the promises of `ports.ContactCentre`."""

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

    def close(self) -> None:
        """Let go of connections that were kept for the next call."""
        self._engine.close()

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
