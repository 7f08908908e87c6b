"""Applications and CRMs ask for calls: /v1/outbound-requests and /v1/webhooks/{connector}."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.beside import run_beside
from switchboard.contracts.applications import (
    CallRequest,
    Contract,
    OutboundAnswer,
    read_contract,
)
from switchboard.contracts.outbound_message import acknowledgement
from switchboard.domain.deadline import Deadline
from switchboard.domain.outbound import OutboundRequest
from switchboard.domain.signals import ChangeSignal
from switchboard.edges.call_requests import from_application, from_signal, id_of_signal
from switchboard.edges.http_api import header, json_object, raw_body, request_id, require_key
from switchboard.edges.resolver import answer, new_api, refuse_other_methods
from switchboard.edges.webhook_items import (
    Heard,
    Hint,
    Tally,
    confirmed,
    each_record_once,
    read_delivery,
    take_each,
)
from switchboard.edges.webhooks import authentic_events, delivery_from
from switchboard.errors import Misconfigured, StateUnavailable
from switchboard.observability import count, join, logger, metrics, mistakes_without_words
from switchboard.ports import Crm
from switchboard.use_cases.memory_upkeep import forget_changes
from switchboard.use_cases.outbound_request import (
    AlreadyRequested,
    Taken,
    cancel_request,
    read_request,
    request_call,
)

REQUESTS = "/v1/outbound-requests"
REQUEST = "/v1/outbound-requests/<outbound_id>"
WEBHOOK = "/v1/webhooks/<connector>"
# What the last item's write and the answer need of the function's time.
RESERVE_S: Final = 2.0
# What hints leave for forgetting, where a delivery brings both.
FORGETTING_S: Final = 5.0
Kept = Taken | AlreadyRequested
api = new_api()
refuse_other_methods(api, REQUESTS, "POST")
refuse_other_methods(api, REQUEST, "GET", "DELETE")
refuse_other_methods(api, WEBHOOK, "POST")


class Ignored(Contract):
    """A verified event that asks for no call: `forgotten` when it said that a record changed."""

    state: Literal["ignored", "forgotten"]
    request_id: str


class DeliveryAnswer(Contract):
    """What became of a verified delivery of several items; `requests` are ids."""

    state: Literal["heard"] = "heard"
    requests: list[str]
    repeated: int
    forgotten: int
    ignored: int
    unreadable: int
    request_id: str


@api.post(
    REQUESTS,
    summary="Ask for a customer to be called",
    tags=["outbound"],
    openapi_extensions={
        "x-asks": CallRequest,
        "x-answers": OutboundAnswer,
        "x-status": 202,
        "x-gives": {"outbound_id": "id"},
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
        default_region=wiring.lookup_settings().default_region,
        policy=wiring.contact_policy(),
        request_id=request_id(api),
        now=now,
    )
    return _tell_kept(_keep(request, now))


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
        "x-answers": OutboundAnswer | Ignored | DeliveryAnswer,
        "x-status": 202,
        "x-acknowledges": True,
        "x-refuses": [401, 404, 502],
    },
)
def hear(connector: str) -> Response[str]:
    now = datetime.now(UTC)
    delivery = delivery_from(api, raw_body(api), now)
    events = authentic_events(
        wiring.webhook_events(connector), delivery, wiring.connector_secrets(connector)
    )
    heard = read_delivery(events, delivery)
    forgetting_s = FORGETTING_S if heard.changes else 0.0
    # Calls first: a memory that is down costs nobody a call, and forgetting can be repeated.
    take = _calling_back(connector, now, _time_but(forgetting_s))
    tally: Tally[Kept] = take_each(heard, take)
    failure = _failure_to_forget(heard.changes, connector, now)
    tally.failure = tally.failure or failure
    return _tell_sender(heard, tally)


def _failure_to_forget(
    changes: Sequence[ChangeSignal], connector: str, now: datetime
) -> StateUnavailable | None:
    """None when everything that changed is forgotten; else the delivery should come again.

    Beside us, because a table may hang for longer than the sender of the delivery waits.
    """
    if not changes:
        return None
    deadline = _time_but(0.0)
    forget = partial(
        forget_changes,
        changes,
        connector=connector,
        default_region=wiring.region_of(connector),
        memory=wiring.lookup_memory(),
        now=now,
        deadline=deadline,
    )
    try:
        run_beside(forget, name="forgetting").result(timeout=deadline.remaining_s)
    except StateUnavailable as failure:
        return failure
    except TimeoutError:
        return StateUnavailable("what changed could not be forgotten in time")
    count("WebhookForgotten", len(changes))
    return None


def _time_but(reserved_s: float) -> Deadline:
    """What is left of the function's time, without what answering takes, and what is reserved."""
    left_s = api.lambda_context.get_remaining_time_in_millis() / 1000
    return Deadline.after(left_s - RESERVE_S - reserved_s)


def _calling_back(
    connector: str, now: datetime, deadline: Deadline
) -> Callable[[Hint], Kept | None]:
    """What is done with each hint; None when the CRM has no such record."""
    region = wiring.region_of(connector)
    read = each_record_once(
        lambda method, said, deadline: _crm(connector).read_record(method, said, deadline=deadline)
    )

    def take(hint: Hint) -> Kept | None:
        known = hint.read_by and _known(id_of_signal(hint.signal, connector=connector))
        if known:
            return known
        signal = confirmed(hint, read, deadline=deadline, default_region=region)
        if signal is None:
            return None
        request = from_signal(
            signal,
            connector=connector,
            default_region=region,
            policy=wiring.contact_policy(),
            request_id=request_id(api),
            now=now,
        )
        return _keep(request, now)

    return take


def _crm(connector: str) -> Crm:
    """Raises: Misconfigured when the CRM that sent this cannot be asked."""
    crm = wiring.crms().get(connector)
    if crm is None:
        raise Misconfigured(
            f"connectors: {connector} sends events and cannot be asked about them. "
            "Put it into connectors.yaml, then `switchboard publish`."
        )
    return crm


def _known(outbound_id: str) -> AlreadyRequested | None:
    """A repeat of what was taken already asks the CRM for nothing."""
    stored = wiring.outbound_store().read(outbound_id)
    return AlreadyRequested(stored) if stored else None


def _keep(request: OutboundRequest, now: datetime) -> Kept:
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
    return taken


def _tell_sender(heard: Heard, tally: Tally[Kept]) -> Response[str]:
    """What the CRM is told. Only what is kept is acknowledged: the rest comes again."""
    _note(heard, tally)
    if heard.wants_acknowledgement:
        return _acknowledge(tally)
    if tally.failure:
        raise tally.failure
    if heard.is_batch:
        return answer(_counted(heard, tally).model_dump(), status=202)
    if not tally.taken:
        state: Literal["ignored", "forgotten"] = "forgotten" if heard.changes else "ignored"
        told = Ignored(state=state, request_id=request_id(api))
        return answer(told.model_dump(), status=202)
    return _tell_kept(tally.taken[0])


def _note(heard: Heard, tally: Tally[Kept]) -> None:
    count("WebhookHeard")
    count("WebhookTaken", len(tally.taken))
    count("WebhookIgnored", tally.ignored)
    count("WebhookUnreadable", tally.unreadable)
    say = logger.warning if tally.unreadable or tally.failure else logger.info
    say(
        "webhook heard",
        taken=len(tally.taken),
        changes=len(heard.changes),
        ignored=tally.ignored,
        unreadable=tally.unreadable,
        failure=tally.failure.reason if tally.failure else "",
    )


def _acknowledge(tally: Tally[Kept]) -> Response[str]:
    failure = tally.failure
    return Response(
        status_code=failure.http_status if failure else 200,
        content_type="text/xml; charset=utf-8",
        body=acknowledgement(is_kept=failure is None),
        headers={"cache-control": "no-store"},
    )


def _counted(heard: Heard, tally: Tally[Kept]) -> DeliveryAnswer:
    return DeliveryAnswer(
        requests=[kept.request.id for kept in tally.taken],
        repeated=sum(isinstance(kept, AlreadyRequested) for kept in tally.taken),
        forgotten=len(heard.changes),
        ignored=tally.ignored,
        unreadable=tally.unreadable,
        request_id=request_id(api),
    )


def _tell_kept(kept: Kept) -> Response[str]:
    return _tell(kept.request, status=202, repeated=isinstance(kept, AlreadyRequested))


def _tell(request: OutboundRequest, *, status: int, repeated: bool = False) -> Response[str]:
    count("OutboundRequestTold")
    told = OutboundAnswer.of(request, repeated=repeated, request_id=request_id(api))
    return answer(told.model_dump(), status=status)


@mistakes_without_words
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)
