"""Who has a copy never waits long for a newer one, unless nobody asked for long."""

import math
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


def slow(value: str) -> str:
    """Longer than who has a copy waits, and less than who has none."""
    time.sleep(0.12)
    return value


def test_who_was_idle_waits_for_a_newer_copy_as_for_a_first_one() -> None:
    clock = Clock()
    copies: LastGoodCopies[str] = LastGoodCopies(lambda _: Lifetime(10, math.inf), clock=clock)
    copies.get("k", lambda: "open")

    clock.now_s = 2 * 3600

    assert copies.get("k", lambda: slow("closed")) == "closed"


def test_who_asks_all_the_time_has_an_old_copy_no_longer_than_about_a_minute() -> None:
    clock = Clock()
    copies: LastGoodCopies[str] = LastGoodCopies(lambda _: Lifetime(10, math.inf), clock=clock)
    copies.get("k", lambda: "open")

    clock.now_s = 11
    assert copies.get("k", lambda: slow("closed")) == "open", "a moment, and the reading goes on"
    time.sleep(0.2)
    assert copies.get("k", lambda: "not asked") == "closed"


def test_in_a_long_outage_who_asks_all_the_time_waits_only_a_moment_each_time() -> None:
    store, clock = Store(), Clock()
    copies: LastGoodCopies[str] = LastGoodCopies(lambda _: Lifetime(10, math.inf), clock=clock)
    copies.get("k", store.read)
    store.hangs.set()
    clock.now_s = 3600
    copies.get("k", store.read)

    began_s = time.monotonic()
    for _ in range(3):
        clock.now_s += 6
        assert copies.get("k", store.read) == "first"
    store.let_go.set()

    assert time.monotonic() - began_s < 0.3


def test_where_callers_wait_for_one_copy_after_another_nobody_waits_for_an_old_one() -> None:
    clock = Clock()
    lifetime = Lifetime(10, math.inf, idle_s=math.inf)
    copies: LastGoodCopies[str] = LastGoodCopies(lambda _: lifetime, clock=clock)
    copies.get("k", lambda: "known")
    clock.now_s = 2 * 3600

    assert copies.get("k", lambda: slow("newer")) == "known"


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


class Interposed(dict[str, object]):
    """A copy that is looked at is replaced before anything is done with it."""

    def __init__(self, before: dict[str, object], newer: object) -> None:
        super().__init__(before)
        self.newer = newer

    def get(self, key: str, default: object = None) -> object:
        found = super().get(key, default)
        self[key] = self.newer
        return found


def test_a_copy_found_wrong_while_a_newer_one_comes_does_not_take_its_place() -> None:
    clock = Clock()
    copies: LastGoodCopies[str] = LastGoodCopies(lambda _: Lifetime(300, math.inf), clock=clock)
    copies.get("k", lambda: "newer")
    newer = copies._copies["k"]
    copies.forget("k")
    copies.get("k", lambda: "older")
    copies._copies = Interposed(copies._copies, newer)  # type: ignore[arg-type, assignment]

    copies.ask_again("k", after_s=0)

    assert copies.get("k", lambda: "not asked") == "newer"


def test_who_asked_in_vain_does_not_put_the_old_copy_over_what_another_got() -> None:
    clock = Clock()
    copies: LastGoodCopies[str] = LastGoodCopies(lambda _: Lifetime(10, math.inf), clock=clock)
    copies.get("k", lambda: "older")
    clock.now_s = 11

    def in_vain() -> str:
        copies.get("k", lambda: "newer")
        raise StateUnavailable("down")

    copies.get("k", in_vain)

    assert copies.get("k", lambda: "not asked") == "newer"
