"""Applications and CRMs ask for calls: /v1/outbound-requests and /v1/webhooks/{connector}."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.adapters.connector.events import ConnectorEvent, connector_events
from switchboard.contracts.applications import (
    CallRequest,
    Contract,
    OutboundAnswer,
    read_contract,
)
from switchboard.domain.outbound import OutboundRequest
from switchboard.domain.signals import CallBackSignal
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
from switchboard.edges.webhooks import verify
from switchboard.errors import NotFound, SwitchboardError, Unauthorized
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
    spec = wiring.connector(connector)
    raw, now = raw_body(api), datetime.now(UTC)
    signal = _signal(connector_events(spec.definition, spec.settings), connector, raw, now)
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


def _signal(
    events: Sequence[ConnectorEvent], connector: str, raw: bytes, now: datetime
) -> CallBackSignal | None:
    """What an authentic event asks for; None when it is about something else.

    A CRM may prove its events in several ways; one that holds is enough.
    """
    headers = dict(api.current_event.headers)
    secrets = wiring.connector_secrets(connector) if events else {}
    refusal: SwitchboardError = NotFound("This connector takes no webhooks.")
    is_authentic = False
    for event in events:
        try:
            verify(event.verify, headers=headers, raw_body=raw, secrets=secrets, now=now)
        except Unauthorized as error:
            refusal = error
            continue
        is_authentic = True
        if signal := event.signal(json_object(raw), headers):
            return signal
    if not is_authentic:
        raise refusal
    return None


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
