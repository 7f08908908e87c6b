"""Our own table is slow: nobody who waits in person waits for it, and what was learned is kept."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from switchboard.adapters.connector.engine import Engine, Shared
from switchboard.adapters.connector.gate import SharedGate
from switchboard.beside import run_beside
from switchboard.domain.deadline import Deadline
from switchboard.errors import UpstreamThrottled
from tests.fakes.pacing import InMemoryPacingStore
from tests.fakes.tokens import InMemoryTokens
from tests.unit.connector.examples import ScriptedTransport, answer, compiled, soon
from tests.unit.connector.gate_world import (
    LOOKUP,
    OK,
    POSTING,
    World,
    at_once,
    bucket,
    throttled,
)

SLOW_S = 0.35


@pytest.fixture
def world() -> World:
    return World()


class SlowStore(InMemoryPacingStore):
    """Each call takes a while of the world's time."""

    def __init__(self, world: World, takes_s: float) -> None:
        super().__init__()
        self._world = world
        self.takes_s = takes_s

    @contextmanager
    def _reached(self, call: str = "") -> Iterator[None]:
        self._world.moves_on(self.takes_s)
        with super()._reached(call):
            yield


class HeldUpStore(InMemoryPacingStore):
    """Calls that are named in `held_up` do not come back before `goes_on`; who asked is known."""

    def __init__(self, *held_up: str) -> None:
        super().__init__()
        self.held_up = set(held_up)
        self.goes_on = threading.Event()
        self.asked_by: list[tuple[str, int]] = []

    @contextmanager
    def _reached(self, call: str = "") -> Iterator[None]:
        self.asked_by.append((call, threading.get_ident()))
        if call in self.held_up:
            self.goes_on.wait(10)
        with super()._reached(call):
            yield


@pytest.fixture
def held_up(world: World) -> Iterator[Callable[..., HeldUpStore]]:
    made: list[HeldUpStore] = []

    def make(*calls: str) -> HeldUpStore:
        world.store = store = HeldUpStore(*calls)
        made.append(store)
        return store

    yield make
    for store in made:
        store.goes_on.set()


def seconds_of(work: Callable[[], Any]) -> float:
    started_s = time.monotonic()
    work()
    return time.monotonic() - started_s


def eventually(holds: Callable[[], bool]) -> bool:
    until_s = time.monotonic() + 5
    while not holds() and time.monotonic() < until_s:
        time.sleep(0.005)
    return holds()


def test_a_slow_table_is_asked_no_more_by_a_call_that_waited_for_it(world: World) -> None:
    world.store = SlowStore(world, 0.35)
    gate = world.gate(LOOKUP, [bucket("a", calls=9, per_s=60), bucket("b", calls=9, per_s=90)])

    for _ in range(5):
        world.enter(gate)

    assert world.store.asked == ["state"]


def test_a_table_that_is_a_little_slow_several_times_is_slow(world: World) -> None:
    world.store = SlowStore(world, 0.1)
    gate = world.gate(LOOKUP, [bucket(str(n), calls=9, per_s=60 + n) for n in range(9)])

    world.enter(gate)
    world.enter(gate)

    assert world.store.asked == ["state", "take", "take"]


def test_a_slow_table_is_asked_again_after_a_while(world: World) -> None:
    store = SlowStore(world, 0.35)
    world.store = store
    gate = world.gate(LOOKUP, [bucket(calls=1, per_s=60)])
    world.enter(gate)
    world.moves_on(5)
    store.takes_s = 0.0

    world.enter(gate)
    with pytest.raises(UpstreamThrottled):
        world.enter(gate)


def test_postings_wait_for_a_slow_table(world: World) -> None:
    world.store = SlowStore(world, 0.35)
    gate = world.gate(POSTING, [bucket(calls=1, per_s=60)])

    world.enter(gate)

    with pytest.raises(UpstreamThrottled):
        world.enter(gate)


def test_nobody_waits_for_longer_than_a_quarter_of_a_second(
    world: World, held_up: Callable[..., HeldUpStore]
) -> None:
    store = held_up("state")
    gate = world.gate(LOOKUP, beside=run_beside)

    waited_s = seconds_of(lambda: world.enter(gate))
    again_s = seconds_of(lambda: world.enter(gate))

    assert 0.2 < waited_s < 0.5
    assert again_s < 0.1
    assert store.asked == []


def test_who_has_less_time_waits_less(world: World, held_up: Callable[..., HeldUpStore]) -> None:
    held_up("state")
    gate = world.gate(LOOKUP, beside=run_beside)

    assert seconds_of(lambda: gate.enter("/customers", Deadline.after(0.05))) < 0.2


def test_what_came_too_late_for_one_serves_the_next(
    world: World, held_up: Callable[..., HeldUpStore]
) -> None:
    store = held_up("state")
    gate = world.gate(LOOKUP, beside=run_beside)
    world.enter(gate)
    store.goes_on.set()
    assert eventually(lambda: store.asked == ["state"])
    world.moves_on(5)

    store.goes_on.clear()
    assert seconds_of(lambda: world.enter(gate)) < 0.2


def test_a_warm_lookup_makes_no_call_to_our_table_on_the_caller_s_way(
    world: World, held_up: Callable[..., HeldUpStore]
) -> None:
    store = held_up()
    gate = world.gate(LOOKUP, beside=run_beside)
    world.call(gate)
    first = len(store.asked)

    for _ in range(8):
        world.moves_on(9.9)
        world.call(gate)
        assert eventually(lambda: is_known(gate, world))

    mine = threading.get_ident()
    assert len(store.asked) == first + 8
    assert [call for call, thread in store.asked_by if thread == mine] == []


def is_known(gate: SharedGate, world: World) -> bool:
    return gate._known._read_at == world.now()


def test_what_is_ten_seconds_old_is_waited_for(
    world: World, held_up: Callable[..., HeldUpStore]
) -> None:
    store = held_up()
    gate = world.gate(LOOKUP, beside=run_beside)
    world.call(gate)
    until = world.now() + timedelta(seconds=60)
    store.pause("sandbox", LOOKUP, until=until, reason="throttled", now=world.now())
    world.moves_on(10)

    with pytest.raises(UpstreamThrottled):
        world.enter(gate)


def test_an_answer_does_not_wait_for_what_is_written_down(
    world: World, held_up: Callable[..., HeldUpStore]
) -> None:
    store = held_up("pause")
    gate = world.gate(LOOKUP, beside=run_beside)
    admitted, late = world.enter(gate), world.enter(gate)

    waited_s = seconds_of(lambda: gate.leave(admitted, throttled(3)))
    again_s = seconds_of(lambda: gate.leave(late, throttled(3)))

    assert waited_s < 0.4
    assert again_s < 0.1
    store.goes_on.set()
    assert eventually(lambda: store.state("sandbox")[LOOKUP].paused_until is not None)


def test_an_answer_that_comes_at_the_last_moment_waits_for_nothing(
    world: World, held_up: Callable[..., HeldUpStore]
) -> None:
    store = held_up("pause")
    gate = world.gate(LOOKUP, beside=run_beside)
    admitted = world.enter(gate, patience_s=1.0)
    world.moves_on(1.0)

    assert seconds_of(lambda: gate.leave(admitted, throttled(3))) < 0.1
    store.goes_on.set()
    assert eventually(lambda: "pause" in store.asked)


def test_an_everyday_answer_starts_no_thread(world: World) -> None:
    started: list[str] = []

    def counted(work: Callable[[], Any], *, name: str) -> Any:
        started.append(name)
        return run_beside(work, name=name)

    gate = world.gate(LOOKUP, beside=counted)
    for _ in range(20):
        world.call(gate, OK)

    assert started == ["what is shared of sandbox"]


def test_a_place_is_given_back_to_a_table_that_is_left_alone(world: World) -> None:
    world.store = store = SlowStore(world, 0.0)
    gate = world.gate(LOOKUP, [at_once(2)])
    world.enter(gate)
    store.takes_s = 0.35
    admitted = world.enter(gate)
    world.enter(gate)
    assert store.asked == ["state", "hold", "hold"]

    gate.leave(admitted, OK)

    assert store.asked[3:] == ["release"]


class SleepyTokens(InMemoryTokens):
    """Each call takes as long as our table in its worst minutes."""

    @contextmanager
    def _reached(self) -> Iterator[None]:
        time.sleep(SLOW_S)
        with super()._reached():
            yield


class SleepyPacing(InMemoryPacingStore):
    """The same for the gate."""

    @contextmanager
    def _reached(self, call: str = "") -> Iterator[None]:
        time.sleep(SLOW_S)
        with super()._reached(call):
            yield


def test_a_cold_lookup_waits_for_a_slow_table_once_and_a_warm_one_not_at_all() -> None:
    """Three calls of 0.35 s would be most of what a caller has."""
    crm = Engine(
        compiled(
            auth={"scheme": "header", "name": "X-Key", "value": "${secret.key}"},
            secrets=["key"],
            limits=[{"bucket": "search", "calls": 50, "per_s": 10}],
        ),
        {},
        lambda: {"key": "k-1"},
        transport=ScriptedTransport([answer('{"customers": []}')] * 4),
        shared=Shared(pacing=SleepyPacing(), tokens=SleepyTokens()),
    )

    def ask() -> None:
        crm.read("find_phone", {"phone": {"nsn": "1"}}, deadline=soon())

    assert seconds_of(ask) < 0.45
    assert max(seconds_of(ask) for _ in range(3)) < 0.1
