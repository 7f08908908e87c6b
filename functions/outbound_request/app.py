"""Applications and CRMs ask for calls: /v1/outbound-requests and /v1/webhooks/{connector}."""

from datetime import UTC, datetime
from typing import Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.contracts.applications import (
    CallRequest,
    Contract,
    OutboundAnswer,
    read_contract,
)
from switchboard.domain.outbound import OutboundRequest
from switchboard.edges.call_requests import from_application, from_signal
from switchboard.edges.http_api import (
    answer,
    header,
    json_object,
    new_api,
    raw_body,
    refuse_other_methods,
    request_id,
    require_key,
)
from switchboard.edges.webhooks import read_signal
from switchboard.observability import count, join, logger, metrics
from switchboard.use_cases.outbound_request import (
    AlreadyRequested,
    cancel_request,
    read_request,
    request_call,
)

REQUESTS = "/v1/outbound-requests"
REQUEST = "/v1/outbound-requests/<outbound_id>"
WEBHOOK = "/v1/webhooks/<connector>"
api = new_api()
refuse_other_methods(api, REQUESTS, "POST")
refuse_other_methods(api, REQUEST, "GET", "DELETE")
refuse_other_methods(api, WEBHOOK, "POST")


class Ignored(Contract):
    """A verified event that asks for nothing."""

    state: Literal["ignored"] = "ignored"
    request_id: str


@api.post(
    REQUESTS,
    summary="Ask for a customer to be called",
    tags=["outbound"],
    openapi_extensions={
        "x-asks": CallRequest,
        "x-answers": OutboundAnswer,
        "x-status": 202,
        "x-idempotency-key": "required",
    },
)
def ask() -> Response[str]:
    key_id = require_key(api)
    now = datetime.now(UTC)
    request = from_application(
        read_contract(CallRequest, json_object(raw_body(api))),
        key_id=key_id,
        idempotency_key=header(api, "idempotency-key"),
        default_region=wiring.lookup_configuration().default_region,
        policy=wiring.contact_policy(),
        request_id=request_id(api),
        now=now,
    )
    return _take(request, now)


@api.get(
    REQUEST,
    summary="Read what became of a request",
    tags=["outbound"],
    openapi_extensions={"x-answers": OutboundAnswer, "x-refuses": [404]},
)
def read(outbound_id: str) -> Response[str]:
    require_key(api)
    return _tell(read_request(outbound_id, store=wiring.outbound_store()), status=200)


@api.delete(
    REQUEST,
    summary="Cancel a request that is not being dialled yet",
    tags=["outbound"],
    openapi_extensions={"x-answers": OutboundAnswer, "x-refuses": [404, 409]},
)
def cancel(outbound_id: str) -> Response[str]:
    require_key(api)
    request = cancel_request(outbound_id, store=wiring.outbound_store(), now=datetime.now(UTC))
    return _tell(request, status=200)


@api.post(
    WEBHOOK,
    summary="Take a CRM's signed event",
    tags=["webhooks"],
    openapi_extensions={
        "x-asks": dict,  # in the CRM's own words, which its connector file reads
        "x-answers": OutboundAnswer | Ignored,
        "x-status": 202,
        "x-refuses": [401, 404],
    },
)
def hear(connector: str) -> Response[str]:
    now = datetime.now(UTC)
    signal = read_signal(
        wiring.webhook_events(connector),
        headers=dict(api.current_event.headers),
        raw_body=raw_body(api),
        secrets=wiring.connector_secrets(connector),
        now=now,
    )
    if signal is None:
        count("WebhookIgnored")
        return answer(Ignored(request_id=request_id(api)).model_dump(), status=202)
    request = from_signal(
        signal,
        connector=connector,
        default_region=wiring.lookup_configuration().default_region,
        policy=wiring.contact_policy(),
        request_id=request_id(api),
        now=now,
    )
    return _take(request, now)


def _take(request: OutboundRequest, now: datetime) -> Response[str]:
    taken = request_call(
        request,
        policy=wiring.contact_policy(),
        store=wiring.outbound_store(),
        queue=wiring.dialing_queue(),
        now=now,
    )
    kept = taken.request
    join(request_id=kept.request_id, outbound_id=kept.id)
    count(f"OutboundRequest{kept.state.capitalize()}")
    logger.info("call requested", source=kept.source, state=kept.state.value, reason=kept.reason)
    return _tell(kept, status=202, repeated=isinstance(taken, AlreadyRequested))


def _tell(request: OutboundRequest, *, status: int, repeated: bool = False) -> Response[str]:
    count("OutboundRequestTold")
    told = OutboundAnswer.of(request, repeated=repeated, request_id=request_id(api))
    return answer(told.model_dump(), status=status)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)
