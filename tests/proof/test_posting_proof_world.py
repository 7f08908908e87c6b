"""The world of the posting proof: its clock, its queue, its bucket and its story."""

import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.posting_proof import fast_clock
from bench.posting_proof.bucket import Buckets
from bench.posting_proof.control import Control, Order, Point
from bench.posting_proof.queue import MOST_RECEIVES, Queue
from bench.posting_proof.story import firings
from bench.posting_proof.wire import Visit


@pytest.fixture
def control(tmp_path: Path) -> Control:
    return Control.begin(tmp_path / "control", factor=20.0)


def test_the_clock_runs_faster_and_leaps(control: Control) -> None:
    began, began_s = control.now(), time.time()
    control.jump(3600)

    assert 3600 <= control.now() - began < 3600 + 20 * (time.time() - began_s) + 1


def test_a_worker_has_its_own_skew(control: Control) -> None:
    control.skew(3, -5.0)

    assert control.now(3) < control.now() - 4


def test_who_follows_the_clock_is_told_its_time_in_every_way(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_clock._Tells, "control", control)
    control.jump(86_400)

    now = fast_clock.FastDatetime.now(UTC)

    assert now - datetime.now(UTC) > timedelta(hours=23)
    assert isinstance(datetime.now(UTC), fast_clock.FastDatetime)
    assert abs(now.timestamp() - fast_clock.now_s()) < 60


def test_clocks_of_defaults_are_real_again_afterwards() -> None:
    before = time.monotonic, time.sleep
    with fast_clock.in_defaults():
        assert time.monotonic is fast_clock.now_s

    assert (time.monotonic, time.sleep) == before


def test_a_point_strikes_only_who_is_armed_for_it(control: Control) -> None:
    control.enrol(2)
    control.arm(2, Order.KILL, Point.SETTLED)

    control.reached(2, Point.CLAIMED)  # we are still here

    assert control.seen(2).strikes == 0
    control.disarm(2)
    assert control.seen(2).order is Order.NONE


class Hours:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def queue(clock: Hours, *, duplicates: float = 0.0) -> Queue:
    return Queue(clock, random.Random(1), 540.0, duplicates=duplicates)


def test_a_message_that_nobody_deletes_comes_again_and_dies_at_last() -> None:
    clock = Hours()
    messages = queue(clock)
    messages.send("x", delay_s=5)
    assert messages.receive(10) == []
    clock.now = 5
    for _ in range(MOST_RECEIVES):
        assert [message.body for message in messages.receive(10)] == ["x"]
        assert messages.receive(10) == []
        clock.now += 540

    assert messages.receive(10) == []
    assert (messages.dead, messages.redrive(), messages.dead) == (1, 1, 0)
    assert [message.body for message in messages.receive(10)] == ["x"]


def test_a_message_may_be_handed_out_twice() -> None:
    messages = queue(Hours(), duplicates=1.0)
    messages.send("x")

    assert [len(messages.receive(10)) for _ in range(2)] == [1, 1]
    assert messages.doubled == 2


def visit(method: str, path: str, body: bytes = b"") -> Visit:
    return Visit(method, path, {}, body, None)  # type: ignore[arg-type]


def test_an_object_is_listed_read_and_gone() -> None:
    buckets = Buckets()
    buckets.do(visit("PUT", "/aside/spill/2026/a", b"text"))

    listed = buckets.do(visit("GET", "/aside?list-type=2&prefix=spill%2F&max-keys=10"))
    after = buckets.do(visit("GET", "/aside?list-type=2&prefix=spill%2F&start-after=spill/2026/a"))

    assert b"<Key>spill/2026/a</Key>" in listed[1]
    assert b"<Key>" not in after[1]
    assert buckets.do(visit("GET", "/aside/spill/2026/a")) == (200, b"text")
    assert buckets.do(visit("DELETE", "/aside/spill/2026/a"))[0] == 204
    assert buckets.do(visit("GET", "/aside/spill/2026/a"))[0] == 404


@pytest.mark.parametrize("number", range(40))
def test_an_interaction_has_three_to_five_triggers_and_one_end_at_least(number: int) -> None:
    told = firings(number, seed=1, began_at=0.0)
    kinds = {firing.number: firing.kind for firing in told}

    assert 3 <= len(kinds) <= 5
    assert "interaction-ends" in kinds.values()
    assert told == firings(number, seed=1, began_at=0.0)
    assert told != firings(number, seed=2, began_at=0.0)
