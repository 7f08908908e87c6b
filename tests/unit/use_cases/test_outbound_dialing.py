"""Nobody is rung twice for one request, whatever fails."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from switchboard.domain.outbound import OutboundRequest, OutboundState
from switchboard.errors import (
    Misconfigured,
    StateUnavailable,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from tests.fakes.outbound import InMemoryOutboundStore
from tests.unit.use_cases.calls import POLICY, REQUEST, Calls
from tests.unit.use_cases.people import MOBILE, NOW, after


class WorkerDied(BaseException):
    """kill -9."""


def waiting(request: OutboundRequest = REQUEST) -> Calls:
    calls = Calls()
    calls.store.add(request, due_at=NOW)
    return calls


def state(calls: Calls) -> OutboundState:
    return calls.stored.state


def is_due(calls: Calls, *, after_s: float) -> bool:
    return calls.store.due(now=after(after_s), limit=1) == ("out-1",)


def test_a_queued_request_is_dialled_and_done_with() -> None:
    calls = waiting()

    placed = calls.dial()

    assert placed == calls.stored
    assert (calls.stored.state, calls.stored.call_id) == (OutboundState.PLACED, "call-1")
    assert [request.number for request in calls.centre.dialled] == [MOBILE]
    assert not is_due(calls, after_s=1e6)


def test_a_pointer_that_is_delivered_again_dials_nobody() -> None:
    calls = waiting()
    calls.dial()

    assert calls.dial(seconds_later=5) is None
    assert calls.dial(seconds_later=5_000) is None

    assert len(calls.centre.dialled) == 1


class CrowdedStore(InMemoryOutboundStore):
    """Every worker has read the request before any of them goes on."""

    def __init__(self, workers: int) -> None:
        super().__init__()
        self._all_have_read = Barrier(workers, timeout=10)

    def read(self, request_id: str) -> OutboundRequest | None:
        request = super().read(request_id)
        self._all_have_read.wait()
        return request


def test_twenty_workers_at_once_dial_once() -> None:
    calls = Calls()
    calls.store = CrowdedStore(20)
    calls.store.add(REQUEST, due_at=NOW)

    with ThreadPoolExecutor(20) as workers:
        done = list(workers.map(lambda _: calls.dial(), range(20)))

    assert len(calls.centre.dialled) == 1
    assert [request.state for request in done if request] == [OutboundState.PLACED]


def test_an_unknown_outcome_is_left_for_a_person_and_never_redialled() -> None:
    calls = waiting()
    calls.centre.lost_answers = 1

    calls.dial()
    for seconds in (1, 60, 600, 6_000):
        calls.dial(seconds_later=seconds)

    assert state(calls) is OutboundState.UNKNOWN
    assert calls.stored.reason == "upstream_unknown"
    assert len(calls.centre.dialled) == 1
    assert not is_due(calls, after_s=1e6)


class DeadlyStore(InMemoryOutboundStore):
    """The worker dies after so many moves."""

    survives = 1

    def move(self, request: OutboundRequest, *, expected: str, due_at: object) -> bool:
        if not self.survives:
            raise WorkerDied
        self.survives -= 1
        return super().move(request, expected=expected, due_at=due_at)  # type: ignore[arg-type]


@pytest.mark.parametrize("rang", [True, False])
def test_after_a_crash_the_sweeper_finds_it_and_a_person_decides(rang: bool) -> None:
    calls = waiting()
    calls.store = deadly = DeadlyStore()
    deadly.add(REQUEST, due_at=NOW)
    if not rang:
        calls.centre.queue_call = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(WorkerDied):
        calls.dial()
    deadly.survives = 9
    assert len(calls.centre.dialled) == int(rang)

    assert calls.dial(seconds_later=30) is None, "it may still be at work"
    assert state(calls) is OutboundState.DIALING
    assert is_due(calls, after_s=60)
    calls.dial(seconds_later=60)

    assert (calls.stored.state, calls.stored.reason) == (OutboundState.UNKNOWN, "worker_died")
    assert len(calls.centre.dialled) == int(rang)
    assert not is_due(calls, after_s=1e6)


def dies(*_: object, **__: object) -> bool:
    raise WorkerDied


@pytest.mark.parametrize(
    "error",
    [
        UpstreamUnavailable("ecs", "restarting"),
        UpstreamThrottled("ecs", "busy"),
        Misconfigured("no secret"),
    ],
)
def test_a_call_that_was_certainly_not_made_is_tried_again(error: Exception) -> None:
    calls = waiting()
    calls.centre.failing_with = error  # type: ignore[assignment]

    calls.dial()
    assert state(calls) is OutboundState.QUEUED
    assert is_due(calls, after_s=60)
    calls.centre.failing_with = None
    calls.dial(seconds_later=60)

    assert state(calls) is OutboundState.PLACED
    assert len(calls.centre.dialled) == 1


def test_trying_again_counts_as_one_attempt() -> None:
    calls = waiting()
    calls.centre.failing_with = UpstreamUnavailable("ecs", "restarting")
    for minute in range(5):
        calls.dial(seconds_later=60 * minute)
    calls.centre.failing_with = None

    calls.dial(seconds_later=600)

    assert state(calls) is OutboundState.PLACED


def test_a_call_that_is_refused_for_what_it_is_has_failed() -> None:
    calls = waiting()
    calls.centre.failing_with = UpstreamRejected("ecs", "no such Business Process")

    calls.dial()

    assert (calls.stored.state, calls.stored.reason) == (OutboundState.FAILED, "upstream_rejected")
    assert not is_due(calls, after_s=1e6)


def test_the_policy_is_asked_again_when_it_is_dialled() -> None:
    calls = waiting()
    calls.store.mark_do_not_call(MOBILE, source="asked", at=NOW)

    calls.dial()

    assert (calls.stored.state, calls.stored.reason) == (OutboundState.REFUSED, "do_not_call")
    assert calls.centre.dialled == []


def test_a_request_that_waited_too_long_has_expired() -> None:
    calls = waiting()

    calls.dial(seconds_later=4 * 3600 + 1)

    assert state(calls) is OutboundState.EXPIRED
    assert calls.centre.dialled == []


def test_a_request_at_night_is_dialled_in_the_morning() -> None:
    calls = waiting()
    closed = replace(POLICY, closes_minute=1)

    calls.dial(policy=closed)
    assert state(calls) is OutboundState.QUEUED
    assert is_due(calls, after_s=300)
    calls.dial(seconds_later=300)

    assert state(calls) is OutboundState.PLACED


def test_more_requests_than_agreed_do_not_ring_more_often() -> None:
    calls = waiting()
    for number in range(2, 6):
        calls.store.add(replace(REQUEST, id=f"out-{number}"), due_at=NOW)

    states = [request.state for n in range(1, 6) if (request := calls.dial(request_id=f"out-{n}"))]

    assert len(calls.centre.dialled) == POLICY.max_attempts_per_day
    assert states == [OutboundState.PLACED] * 2 + [OutboundState.REFUSED] * 3


def test_what_nobody_asked_for_is_no_work() -> None:
    assert Calls().dial() is None


def test_while_the_store_is_down_nobody_is_rung() -> None:
    calls = waiting()
    calls.store.is_down = True

    with pytest.raises(StateUnavailable):
        calls.dial()
    assert calls.centre.dialled == []


def test_a_call_that_is_too_early_is_looked_at_when_it_may_begin() -> None:
    begins, ends = NOW + timedelta(minutes=2), NOW + timedelta(minutes=4)
    calls = waiting(replace(REQUEST, not_before=begins, not_after=ends))

    calls.dial()

    assert not is_due(calls, after_s=119)
    assert is_due(calls, after_s=120)
    calls.dial(seconds_later=120)
    assert calls.stored.state is OutboundState.PLACED


def test_a_counter_that_is_down_leaves_the_request_to_be_dialled_later() -> None:
    calls = waiting()
    calls.store.is_down = True
    with pytest.raises(StateUnavailable):
        calls.dial()
    calls.store.is_down = False

    calls.dial(seconds_later=60)

    assert calls.stored.state is OutboundState.PLACED
