"""Somebody asks for a call: keep the request, or say why not. Dialling is another worker's job."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from switchboard.domain.outbound import ContactPolicy, OutboundRequest, OutboundState, Refusal
from switchboard.errors import NotFound, StateConflict, StateUnavailable
from switchboard.ports import OutboundStore, WorkQueue

_log = logging.getLogger(__name__)

# Our own message is normally faster; after this long the sweeper takes it for lost.
SWEEP_AFTER: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class AlreadyRequested:
    """The same request came before; this is what became of it."""

    request: OutboundRequest


@dataclass(frozen=True, slots=True)
class Taken:
    """The request is kept: queued, or refused with its reason."""

    request: OutboundRequest


def request_call(
    request: OutboundRequest,
    *,
    policy: ContactPolicy,
    store: OutboundStore,
    queue: WorkQueue,
    now: datetime,
) -> Taken | AlreadyRequested:
    """Keep the request, whatever the policy says of it: a refusal is a record too.

    A call that is only too early or too late in the day is kept and tried until `not_after`.
    The limit of attempts is counted when the call is dialled, not here.
    """
    refusal = policy.refusal(
        request,
        now=now,
        do_not_call=store.is_do_not_call(request.number),
    )
    kept = _judged(request, refusal, now)
    stored = store.add(kept, due_at=_due_at(kept, now))
    if stored is not None:
        return AlreadyRequested(stored)
    if kept.state is OutboundState.QUEUED:
        _wake(queue, kept)
    return Taken(kept)


def read_request(request_id: str, *, store: OutboundStore) -> OutboundRequest:
    """Raises: NotFound."""
    request = store.read(request_id)
    if request is None:
        raise NotFound("No outbound request has this id; ids are in the answer to the request.")
    return request


def cancel_request(request_id: str, *, store: OutboundStore, now: datetime) -> OutboundRequest:
    """The request, cancelled. Once it is being dialled it is too late.

    Raises: NotFound, StateConflict.
    """
    request = read_request(request_id, store=store)
    if request.state is OutboundState.CANCELLED:
        return request
    cancelled = request.moved_to(OutboundState.CANCELLED, at=now)
    if not store.move(cancelled, expected=OutboundState.QUEUED, due_at=None):
        raise StateConflict("The request is past cancelling; read it to see its state.")
    return cancelled


def _judged(request: OutboundRequest, refusal: Refusal | None, now: datetime) -> OutboundRequest:
    created = replace(request, created_at=now)
    if refusal is None:
        return created.moved_to(OutboundState.QUEUED, at=now)
    if refusal.may_pass:
        return created.moved_to(OutboundState.QUEUED, at=now, reason=refusal)
    return created.moved_to(OutboundState.REFUSED, at=now, reason=refusal)


def _due_at(request: OutboundRequest, now: datetime) -> datetime | None:
    return now + SWEEP_AFTER if request.state is OutboundState.QUEUED else None


def _wake(queue: WorkQueue, request: OutboundRequest) -> None:
    try:
        queue.send(request.id, request_id=request.request_id)
    except StateUnavailable as error:
        _log.warning("dialling not woken, the sweeper will: %s", error.code)
