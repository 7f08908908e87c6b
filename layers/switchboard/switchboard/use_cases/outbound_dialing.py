"""A queued request is dialled: once, if the policy still allows it, or never."""

from datetime import datetime, timedelta
from typing import Final

from switchboard.domain.deadline import Deadline
from switchboard.domain.outbound import ContactPolicy, OutboundRequest, OutboundState, Refusal
from switchboard.errors import SwitchboardError, UpstreamUnknown
from switchboard.ports import ContactCentre, OutboundStore

ECS_BUDGET_S: Final = 10.0
# A claim older than this belongs to a worker that died: longer than the function may run.
CLAIM_HOLDS: Final = timedelta(seconds=60)
_LOOK_AGAIN_AFTER: Final = timedelta(minutes=5)
_TRY_AGAIN_AFTER: Final = timedelta(minutes=1)


def dial(
    request_id: str,
    *,
    policy: ContactPolicy,
    centre: ContactCentre,
    store: OutboundStore,
    now: datetime,
) -> OutboundRequest | None:
    """Hand the call to the contact centre, at most once; None when it was not ours to do.

    The request is claimed before the contact centre is asked: after a crash nobody is rung,
    rather than somebody rung twice. What nobody knows is left for a person.
    """
    budget = Deadline.after(ECS_BUDGET_S)
    request = store.read(request_id)
    if request is None:
        return None
    match request.state:
        case OutboundState.QUEUED:
            left_s = (request.not_after - now).total_seconds()
            deadline = budget.at_most(max(0.0, left_s))
            return _try(request, policy, centre, store, now, deadline)
        case OutboundState.DIALING:
            return _abandoned(request, store, now)
    return None


def _try(
    request: OutboundRequest,
    policy: ContactPolicy,
    centre: ContactCentre,
    store: OutboundStore,
    now: datetime,
    deadline: Deadline,
) -> OutboundRequest | None:
    refusal = policy.refusal(request, now=now, do_not_call=store.is_do_not_call(request.number))
    day, limit = policy.local_day(request, now), policy.max_attempts_per_day
    if refusal is None and not store.reserve_attempt(request, local_day=day, limit=limit):
        refusal = Refusal.TOO_MANY_ATTEMPTS
    if refusal is not None:
        return _refused(request, refusal, store, now)
    claimed = request.moved_to(OutboundState.DIALING, at=now)
    if not store.move(claimed, expected=OutboundState.QUEUED, due_at=now + CLAIM_HOLDS):
        return None
    after = _ask(claimed, centre, now, deadline)
    again_at = now + _TRY_AGAIN_AFTER if after.state is OutboundState.QUEUED else None
    store.move(after, expected=OutboundState.DIALING, due_at=again_at)
    return after


def _ask(
    request: OutboundRequest, centre: ContactCentre, now: datetime, deadline: Deadline
) -> OutboundRequest:
    try:
        call_id = centre.queue_call(request, deadline=deadline)
    except UpstreamUnknown as error:
        return request.moved_to(OutboundState.UNKNOWN, at=now, reason=error.reason)
    except SwitchboardError as error:
        # Certainly not dialled. A restart of ECS takes minutes, so what may succeed waits.
        state = OutboundState.QUEUED if error.retryable else OutboundState.FAILED
        return request.moved_to(state, at=now, reason=error.reason)
    return request.moved_to(OutboundState.PLACED, at=now, call_id=call_id)


def _refused(
    request: OutboundRequest, refusal: Refusal, store: OutboundStore, now: datetime
) -> OutboundRequest:
    if refusal.may_pass:
        # Looked at every few minutes for days: only a new reason is worth a line of audit.
        waiting = (
            request
            if request.reason == refusal
            else request.moved_to(OutboundState.QUEUED, at=now, reason=refusal)
        )
        store.move(waiting, expected=OutboundState.QUEUED, due_at=_look_again_at(request, now))
        return waiting
    state = OutboundState.EXPIRED if refusal is Refusal.EXPIRED else OutboundState.REFUSED
    after = request.moved_to(state, at=now, reason=refusal)
    store.move(after, expected=OutboundState.QUEUED, due_at=None)
    return after


def _look_again_at(request: OutboundRequest, now: datetime) -> datetime:
    """Soon, but not before it may begin, and once more before it expires."""
    soon = now + _LOOK_AGAIN_AFTER
    if request.not_before and request.not_before > now:
        return request.not_before
    return min(soon, max(request.not_after, now))


def _abandoned(
    request: OutboundRequest, store: OutboundStore, now: datetime
) -> OutboundRequest | None:
    if request.claimed_at and now - request.claimed_at < CLAIM_HOLDS:
        return None
    after = request.moved_to(OutboundState.UNKNOWN, at=now, reason="worker_died")
    store.move(after, expected=OutboundState.DIALING, due_at=None)
    return after
