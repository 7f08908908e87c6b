"""POST /v1/triggers/{event}: one firing of an ECS API Trigger. Kept before it is acknowledged.

ECS may never send it again. So what the ledger cannot take goes to a second place, from where the
sweeper takes it back, and what cannot be read is kept for people: docs/intake.md.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.contracts.answers import TriggerAnswer
from switchboard.contracts.ecs import Trigger
from switchboard.contracts.kept_trigger import KeptTrigger
from switchboard.domain.interaction import TriggerKind
from switchboard.edges.flat import flat
from switchboard.edges.http_api import request_id, require_key
from switchboard.edges.resolver import answer, new_api, refuse_other_methods
from switchboard.edges.trigger_request import (
    Told,
    request_as_sent,
    take_told,
    told_by,
    trigger_in,
)
from switchboard.errors import (
    InvalidRequest,
    Misconfigured,
    NotFound,
    NotNoted,
    StateConflict,
    StateUnavailable,
    SwitchboardError,
)
from switchboard.observability import count, count_by, join, logger, metrics, mistakes_without_words
from switchboard.use_cases.taking_back import REFUSED, SPILLED

PATH: Final = "/v1/triggers/<event>"
# Why something was put aside that nobody but us is to blame for.
_MISTAKE: Final = "our_mistake"
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
    sent = request_as_sent(api, _kind(event), now=datetime.now(UTC))
    try:
        trigger = trigger_in(sent)
        join(request_id=trigger.joined_by(request_id(api)))
        return _keep(sent, trigger)
    except InvalidRequest as error:
        _keep_refused(sent, error)
        raise
    except SwitchboardError:
        raise
    except Exception:
        # Once our mistake is mended, `switchboard refused retry` takes what was sent.
        count("TriggerRefused")
        _put_with_the_refused(sent, _MISTAKE)
        raise


def _keep(sent: KeptTrigger, trigger: Trigger) -> Response[str]:
    told: Told | None = None
    try:
        told = told_by(sent, trigger, zone=ZoneInfo(wiring.lookup_settings().time_zone))
        join(interaction_id=told.event.interaction_id)
        is_new = _merge(sent, told)
    except NotNoted as error:
        is_new = False
        count("TriggerRepeated")
        # It says nothing that is not kept, so nothing fails even if nobody ever tells of it.
        with suppress(NotNoted):
            _spill(sent, error)
    except (StateUnavailable, Misconfigured) as error:
        _spill(sent, error)
        is_new = True
    body = flat(
        {
            "accepted": True,
            "duplicate": not is_new,
            "interaction_id": told.event.interaction_id if told else trigger.interaction_id,
            "request_id": trigger.joined_by(request_id(api)),
        }
    )
    return answer(body, status=202)


def _merge(sent: KeptTrigger, told: Told) -> bool:
    """Whether it said anything new."""
    if told.odd_clock:
        count_by("TriggerClockOdd", how=told.odd_clock)
    accepted = take_told(
        told,
        profiles=wiring.known_posting_profiles(),
        ledger=wiring.ledger(),
        queue=wiring.posting_queue(),
        now=sent.received_at,
    )
    count("TriggerTaken" if accepted.is_new else "TriggerRepeated")
    logger.info("trigger taken", trigger=sent.event.value, is_new=accepted.is_new)
    return accepted.is_new


def _spill(sent: KeptTrigger, error: SwitchboardError) -> None:
    """Raises: the same error, when the second place cannot take it either: ECS must be told."""
    try:
        _put_aside(SPILLED, sent, error.code)
    except StateUnavailable as failure:
        count("TriggerNotNoted" if isinstance(error, NotNoted) else "TriggerNotKept")
        logger.error("trigger not kept", error=error.code, detail=str(failure))
        raise error from failure
    count("TriggerSpilled")
    logger.warning("trigger spilled", trigger=sent.event.value, error=error.code)


def _keep_refused(sent: KeptTrigger, error: InvalidRequest) -> None:
    """For people, who find out why; the answer is the same whether or not that works."""
    count("TriggerRefused")
    count_by("TriggerRefused", code=error.code)
    if isinstance(error, StateConflict):
        count("TriggerContradicted")
        logger.error("trigger contradicts its interaction", detail=str(error))
    _put_with_the_refused(sent, error.code)


def _put_with_the_refused(sent: KeptTrigger, code: str) -> None:
    try:
        _put_aside(REFUSED, sent, code)
    except StateUnavailable as failure:
        count("RefusedNotKept")
        logger.error("refused trigger not kept", detail=str(failure))


def _put_aside(kind: str, sent: KeptTrigger, code: str) -> None:
    wiring.kept_aside().put(
        kind,
        sent.put_aside_for(code),
        token=uuid4().hex[:12],
        about=sent.about(code),
        now=sent.received_at,
    )


def _kind(event: str) -> TriggerKind:
    try:
        return TriggerKind(event)
    except ValueError as error:
        raise NotFound(f"Triggers are: {', '.join(TriggerKind)}.") from error


@mistakes_without_words
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)
