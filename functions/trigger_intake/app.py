"""POST /v1/triggers/{event}: one firing of an ECS API Trigger. Kept before it is acknowledged."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.contracts.answers import TriggerAnswer
from switchboard.contracts.applications import read_contract
from switchboard.contracts.ecs import Trigger
from switchboard.domain.interaction import TriggerKind
from switchboard.edges.ecs_request import ecs_parameters
from switchboard.edges.flat import flat
from switchboard.edges.http_api import request_id, require_key
from switchboard.edges.resolver import answer, new_api, refuse_other_methods
from switchboard.errors import NotFound
from switchboard.observability import count, join, logger, metrics
from switchboard.use_cases.trigger_intake import take_trigger

PATH = "/v1/triggers/<event>"
api = new_api()
refuse_other_methods(api, PATH, "GET", "POST")


@api.route(
    PATH,
    method=["GET", "POST"],
    summary="Take an API Trigger",
    tags=["triggers"],
    openapi_extensions={
        "x-asks": Trigger,
        "x-answers": TriggerAnswer,
        "x-status": 202,
        "x-path": {"event": TriggerKind},
        "x-refuses": [404, 409],
    },
)
def take(event: str) -> Response[str]:
    require_key(api)
    kind = _kind(event)
    trigger = read_contract(Trigger, dict(ecs_parameters(api)))
    zone = ZoneInfo(wiring.lookup_settings().time_zone)
    now = datetime.now(UTC)
    told = trigger.to_event(kind, received_at=now, zone=zone)
    joined_by = trigger.joined_by(request_id(api))
    join(request_id=joined_by, interaction_id=told.interaction_id)
    accepted = take_trigger(
        told, ledger=wiring.ledger(), queue=wiring.posting_queue(), request_id=joined_by, now=now
    )
    count("TriggerTaken" if accepted.is_new else "TriggerRepeated")
    logger.info("trigger taken", trigger=kind.value, is_new=accepted.is_new)
    body = flat(
        {
            "accepted": True,
            "duplicate": not accepted.is_new,
            "interaction_id": told.interaction_id,
            "request_id": joined_by,
        }
    )
    return answer(body, status=202)


def _kind(event: str) -> TriggerKind:
    try:
        return TriggerKind(event)
    except ValueError as error:
        raise NotFound(f"Triggers are: {', '.join(TriggerKind)}.") from error


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)
