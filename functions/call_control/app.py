"""POST /v1/calls/{id}/{action}: an application acts on a live call."""

import re
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.contracts.applications import CommandAnswer, CommandRequest, read_contract
from switchboard.domain.call_control import CallAction, CallCommand
from switchboard.edges.http_api import header, json_object, raw_body, request_id, require_key
from switchboard.edges.resolver import answer, new_api, refuse_other_methods
from switchboard.errors import InvalidRequest, NotFound, UpstreamRejected
from switchboard.observability import count, join, logger, metrics, mistakes_without_words
from switchboard.use_cases.call_control import COMMAND_EXPIRES, control_call

PATH = "/v1/calls/<call_id>/<action>"
LONGEST_COMMAND_ID: Final = 200
# Whatever ECS's ids look like, they are not a way up in a path.
_CALL_ID = re.compile(r"(?!\.{1,2}$)[!-~]{1,128}")
api = new_api()
refuse_other_methods(api, PATH, "POST")


@api.post(
    PATH,
    summary="Act on a live call",
    tags=["calls"],
    openapi_extensions={
        "x-asks": CommandRequest,
        "x-answers": CommandAnswer,
        "x-path": {"action": CallAction},
        "x-idempotency-key": "optional",
        "x-refuses": [404, 409, 502, 504],
    },
)
def act(call_id: str, action: str) -> Response[str]:
    key_id = require_key(api)
    join(request_id=request_id(api), call_id=call_id)
    command = _command(call_id, action, key_id, datetime.now(UTC))
    state = _controlled(command)
    count("CallControlled")
    logger.info("call controlled", action=command.action.value, state=state)
    done = CommandAnswer(
        call_id=call_id, action=command.action, state=state, request_id=request_id(api)
    )
    return answer(done.model_dump(mode="json"))


def _controlled(command: CallCommand) -> str:
    """The call's state afterwards. A target that cannot be had is the caller's to mend."""
    try:
        return control_call(
            command,
            centre=wiring.contact_centre(),
            once=wiring.once_store(),
            now=datetime.now(UTC),
        )
    except UpstreamRejected as error:
        if command.action is not CallAction.TRANSFER:
            raise
        raise InvalidRequest("target: the contact centre does not transfer there.") from error


def _command(call_id: str, action: str, key_id: str, now: datetime) -> CallCommand:
    if not _CALL_ID.fullmatch(call_id):
        raise NotFound("No call has this id.")
    asked = read_contract(CommandRequest, json_object(raw_body(api) or b"{}"))
    kind = _action(action)
    latest = now + COMMAND_EXPIRES
    if kind is CallAction.TRANSFER and not asked.target:
        raise InvalidRequest("target: say where to transfer to.")
    return CallCommand(
        id=f"{key_id}#{_command_id()}",
        call_id=call_id,
        action=kind,
        not_after=min(asked.not_after or latest, latest),
        target=asked.target,
    )


def _command_id() -> str:
    """Without a key of its own, every request is a new command."""
    named = header(api, "idempotency-key")
    if len(named) > LONGEST_COMMAND_ID:
        raise InvalidRequest(f"idempotency-key: at most {LONGEST_COMMAND_ID} characters.")
    return named or uuid4().hex


def _action(action: str) -> CallAction:
    try:
        return CallAction(action)
    except ValueError as error:
        raise NotFound(f"Actions are: {', '.join(CallAction)}.") from error


@mistakes_without_words
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)
