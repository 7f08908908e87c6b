"""A request for a call is kept once, whatever the policy says of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from switchboard.domain.outbound import ContactPolicy, OutboundState
from switchboard.errors import NotFound, StateConflict, StateUnavailable
from switchboard.use_cases.outbound_request import (
    SWEEP_AFTER,
    AlreadyRequested,
    Taken,
    cancel_request,
    read_request,
    request_call,
)
from tests.unit.use_cases.calls import POLICY, REQUEST, Calls
from tests.unit.use_cases.people import MOBILE, NOW, after


def take(calls: Calls, policy: ContactPolicy = POLICY) -> Taken | AlreadyRequested:
    return request_call(REQUEST, policy=policy, store=calls.store, queue=calls.queue, now=NOW)


def test_a_request_is_kept_and_its_dialling_woken() -> None:
    calls = Calls()

    taken = take(calls)

    assert isinstance(taken, Taken)
    assert taken.request == calls.stored
    assert (calls.stored.state, calls.stored.created_at) == (OutboundState.QUEUED, NOW)
    assert [p.work_id for p in calls.queue.sent] == ["out-1"]
    assert calls.store.due(now=NOW + SWEEP_AFTER, limit=1) == ("out-1",)


def test_the_same_request_sent_twice_is_one_request() -> None:
    calls = Calls()
    take(calls)
    calls.store.move(
        calls.stored.moved_to(OutboundState.PLACED, at=NOW, call_id="call-1"),
        expected="queued",
        due_at=None,
    )

    again = take(calls)

    assert again == AlreadyRequested(calls.stored)
    assert calls.stored.call_id == "call-1"
    assert len(calls.queue.sent) == 1


@pytest.mark.parametrize("reason", ["do_not_call", "country_not_allowed"])
def test_a_refused_request_is_kept_with_its_reason_and_never_dialled(reason: str) -> None:
    calls, policy = Calls(), POLICY
    if reason == "do_not_call":
        calls.store.mark_do_not_call(MOBILE, source="asked", at=NOW)
    else:
        policy = replace(POLICY, zones_by_region={})

    take(calls, policy)

    assert (calls.stored.state, calls.stored.reason) == (OutboundState.REFUSED, reason)
    assert calls.queue.sent == []
    assert calls.store.due(now=NOW + timedelta(days=30), limit=1) == ()


def test_a_request_at_night_stays_queued() -> None:
    calls = Calls()

    take(calls, replace(POLICY, opens_minute=0, closes_minute=1))

    assert calls.stored.state is OutboundState.QUEUED
    assert calls.stored.reason == "outside_calling_hours"
    assert calls.store.due(now=NOW + SWEEP_AFTER, limit=1) == ("out-1",)


def test_a_lost_wake_up_is_left_to_the_sweeper() -> None:
    calls = Calls()
    calls.queue.is_down = True

    assert isinstance(take(calls), Taken)
    assert calls.store.due(now=NOW + SWEEP_AFTER, limit=1) == ("out-1",)


def test_what_could_not_be_kept_is_not_acknowledged() -> None:
    calls = Calls()
    calls.store.is_down = True

    with pytest.raises(StateUnavailable):
        take(calls)
    assert calls.queue.sent == []


def test_a_cancelled_request_is_never_dialled() -> None:
    calls = Calls()
    take(calls)

    cancelled = cancel_request("out-1", store=calls.store, now=after(1))

    assert cancelled.state is OutboundState.CANCELLED
    assert calls.dial() is None
    assert calls.centre.dialled == []


def test_cancelling_twice_is_the_same_as_once() -> None:
    calls = Calls()
    take(calls)
    first = cancel_request("out-1", store=calls.store, now=after(1))

    assert cancel_request("out-1", store=calls.store, now=after(2)) == first


def test_what_was_dialled_cannot_be_cancelled() -> None:
    calls = Calls()
    take(calls)
    calls.dial()

    with pytest.raises(StateConflict):
        cancel_request("out-1", store=calls.store, now=after(1))
    assert calls.stored.state is OutboundState.PLACED


def test_what_nobody_asked_for_is_not_found() -> None:
    calls = Calls()

    with pytest.raises(NotFound):
        read_request("out-1", store=calls.store)
    with pytest.raises(NotFound):
        cancel_request("out-1", store=calls.store, now=NOW)
