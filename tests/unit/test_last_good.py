"""Who has a copy never waits long for a newer one."""

import threading
import time

import pytest

from switchboard.adapters.last_good import LastGoodCopies, Lifetime
from switchboard.errors import StateUnavailable


class Store:
    """Answers what it is told to, or hangs until it is let go."""

    def __init__(self) -> None:
        self.value = "first"
        self.hangs = threading.Event()
        self.let_go = threading.Event()
        self.reads = 0
        self.is_down = False

    def read(self) -> str:
        self.reads += 1
        if self.is_down:
            raise StateUnavailable("down")
        value = self.value
        if self.hangs.is_set():
            self.let_go.wait(10)
        return value


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_store_that_hangs_costs_a_moment_once_and_is_heard_when_it_answers() -> None:
    store, clock = Store(), Clock()
    copies: LastGoodCopies[str] = LastGoodCopies(lambda _: Lifetime(30, 3600), clock=clock)
    copies.get("k", store.read)
    store.value = "second"
    store.hangs.set()
    clock.now_s = 31

    began_s = time.monotonic()
    assert [copies.get("k", store.read) for _ in range(100)] == ["first"] * 100
    assert time.monotonic() - began_s < 0.5
    assert store.reads == 2

    store.let_go.set()
    time.sleep(0.1)
    assert copies.get("k", store.read) == "second"


def test_a_copy_that_is_too_old_is_not_served_while_a_newer_one_is_awaited() -> None:
    store, clock = Store(), Clock()
    copies: LastGoodCopies[str] = LastGoodCopies(lambda _: Lifetime(30, 60), clock=clock)
    copies.get("k", store.read)
    store.is_down = True

    clock.now_s = 59
    assert copies.get("k", store.read) == "first"
    clock.now_s = 66
    with pytest.raises(StateUnavailable):
        copies.get("k", store.read)
