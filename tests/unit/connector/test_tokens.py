"""Workers share tokens: one fetches, the others take; nobody waits longer than it may."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.token_store import LEASE_S
from switchboard.adapters.connector.transport import HttpAnswer
from switchboard.domain.deadline import Deadline
from switchboard.errors import StateUnavailable, UpstreamThrottled, UpstreamUnavailable
from tests.fakes.tokens import InMemoryTokens, TokenServer
from tests.unit.connector.token_workers import SECRET, Worker, World


@dataclass
class DisturbedStore(InMemoryTokens):
    """A store whose writes of tokens fail as often as told. `kept` lists those that did not."""

    failures: int = 0
    kept: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def keep_token(
        self,
        key: str,
        *,
        seen_version: str,
        version: str,
        access_token: str,
        usable_until: datetime,
        refresh_token: str,
    ) -> bool:
        if self.failures:
            self.failures -= 1
            raise StateUnavailable("the store is down")
        self.kept.append(refresh_token)
        return super().keep_token(
            key,
            seen_version=seen_version,
            version=version,
            access_token=access_token,
            usable_until=usable_until,
            refresh_token=refresh_token,
        )


def test_a_second_worker_takes_what_the_first_fetched() -> None:
    world = World()

    assert [world.worker().token() for _ in range(3)] == ["t-1"] * 3
    assert len(world.server.asked) == 1


def test_a_good_token_is_used_without_asking_the_store() -> None:
    store = InMemoryTokens()
    worker = World(store).worker()
    worker.token()
    store.calls = 0

    for _ in range(100):
        worker.token()

    assert store.calls == 0


def test_a_token_is_everybodys_for_most_of_its_life() -> None:
    world = World(server=TokenServer(expires_in=100))
    early, late = world.worker(), world.worker()
    early.token()

    world.clock.now_s = 79.9
    assert late.token() == "t-1"
    world.clock.now_s = 80
    assert (late.token(), early.token()) == ("t-2", "t-2")
    assert len(world.server.asked) == 2


def test_who_is_refused_takes_the_one_that_another_fetched_meanwhile() -> None:
    world = World()
    quick, slow = world.worker(), world.worker()
    (_, version), _ = quick.token_and_version(), slow.token()

    quick.tokens.discard(version)
    quick.token()
    slow.tokens.discard(version)

    assert slow.token() == "t-2"
    assert len(world.server.asked) == 2


def test_a_late_refusal_of_an_old_token_does_not_end_the_new_one() -> None:
    world = World(server=TokenServer(repeats_itself=True))
    worker = world.worker()
    _, old = worker.token_and_version()
    worker.tokens.discard(old)
    worker.token()

    worker.tokens.discard(old)
    worker.token()

    assert len(world.server.asked) == 2


def lease_of_a_dead_worker(world: World, worker: Worker) -> None:
    seen = world.store.read_token(worker.key).version
    assert world.store.lease_token(worker.key, seen_version=seen, holder="x", now=world.clock())


def test_the_lease_of_a_dead_worker_is_waited_out() -> None:
    world = World()
    worker = world.worker()
    lease_of_a_dead_worker(world, worker)

    assert worker.token() == "t-1"
    assert LEASE_S <= world.clock.now_s < LEASE_S + 0.2
    assert all(0.05 <= pause <= 0.1 for pause in world.clock.slept)


def test_nobody_waits_for_another_worker_longer_than_it_may() -> None:
    world = World()
    worker = world.worker()
    lease_of_a_dead_worker(world, worker)

    with pytest.raises(UpstreamUnavailable, match="no token in time"):
        worker.token(deadline=Deadline.after(1.2, world.clock.monotonic))

    assert world.clock.now_s == pytest.approx(1.2)
    assert world.server.asked == []


def test_a_caller_in_a_hurry_leaves_and_the_token_still_comes() -> None:
    world = World(server=TokenServer(takes_s=0.4))
    worker = world.worker()

    began_s = time.monotonic()
    with pytest.raises(UpstreamUnavailable, match="no token in time"):
        worker.token(deadline=Deadline.after(0.1))
    assert time.monotonic() - began_s < 0.35

    time.sleep(0.6)
    assert worker.token(deadline=Deadline.after(0.1)) == "t-1"
    assert world.worker().token(deadline=Deadline.after(0.1)) == "t-1"
    assert len(world.server.asked) == 1


def test_a_rotated_refresh_token_survives_a_caller_in_a_hurry() -> None:
    world = World(server=TokenServer(takes_s=0.5, rotates=True), rotating=True)
    with pytest.raises(UpstreamUnavailable):
        world.worker().token(deadline=Deadline.after(0.25))
    assert len(world.server.asked) == 1
    time.sleep(0.5)

    world.clock.now_s = 3600

    assert world.worker().token() == "t-2"


def test_a_bug_behind_a_caller_in_a_hurry_stays_loud() -> None:
    class Broken:
        def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
            raise ZeroDivisionError

        def close(self) -> None:
            """Nothing was opened."""

    with pytest.raises(ZeroDivisionError):
        World().worker(Broken()).token(deadline=Deadline.after(5))


# The store does not answer.


def test_without_the_store_a_worker_fetches_its_own_token() -> None:
    store = InMemoryTokens()
    world = World(store)
    store.is_down = True
    worker = world.worker()

    assert [worker.token() for _ in range(3)] == ["t-1"] * 3
    assert world.worker().token() == "t-2"
    assert len(world.server.asked) == 2


def test_a_token_of_ones_own_can_be_refused_too() -> None:
    store = InMemoryTokens()
    store.is_down = True
    worker = World(store).worker()
    _, version = worker.token_and_version()

    for _ in range(2):
        worker.tokens.discard(version)
        assert worker.token() == "t-2"

    store.is_down = False
    assert worker.token() == "t-2"


def test_without_the_store_no_refresh_token_is_risked() -> None:
    store = InMemoryTokens()
    world = World(store, rotating=True)
    store.is_down = True

    with pytest.raises(UpstreamUnavailable, match="refresh token cannot be read"):
        world.worker().token()

    assert world.server.asked == []


def test_a_token_that_cannot_be_written_down_is_used_all_the_same() -> None:
    world = World(DisturbedStore(failures=3))

    assert world.worker().token() == "t-1"


# Rotating refresh tokens.


def rotating(store: InMemoryTokens | None = None) -> World:
    return World(store or InMemoryTokens(), TokenServer(rotates=True), rotating=True)


def test_who_has_no_time_for_an_answer_leaves_the_refresh_token_to_the_next() -> None:
    """A function that is frozen after its answer could lose the one that takes its place."""
    world = rotating()

    with pytest.raises(UpstreamUnavailable, match="no token in time"):
        world.worker().token(deadline=Deadline.after(0.15))

    assert world.server.asked == []
    assert world.worker().token(deadline=Deadline.after(0.5)) == "t-1"


def test_who_has_no_time_to_rotate_still_takes_what_another_fetched() -> None:
    world = rotating()
    world.worker().token()

    assert world.worker().token(deadline=Deadline.after(0.15)) == "t-1"


def test_the_newest_refresh_token_is_everybodys() -> None:
    world = rotating()
    for _ in range(4):
        world.worker().token()
        world.clock.now_s += 3600

    used = [form["refresh_token"] for form in world.server.asked]
    assert used == ["refresh-0", "refresh-1", "refresh-2", "refresh-3"]


def test_a_server_that_gives_no_new_refresh_token_leaves_the_newest() -> None:
    world = rotating()
    world.worker().token()
    world.server.rotates = False
    for _ in range(2):
        world.clock.now_s += 3600
        world.worker().token()

    assert [form["refresh_token"] for form in world.server.asked][1:] == ["refresh-1"] * 2


def test_a_rotated_refresh_token_is_written_down_before_the_access_token_is_used() -> None:
    store = DisturbedStore(failures=3)
    world = rotating(store)
    worker = world.worker()

    with pytest.raises(UpstreamUnavailable, match="cannot be written down"):
        worker.token()
    assert store.kept == []

    # Nobody had a lease to end, so the next try comes when ours is over.
    assert worker.token() == "t-1"
    assert store.kept == ["refresh-1"]
    assert len(world.server.asked) == 1


def test_a_short_failure_of_the_store_costs_nothing() -> None:
    store = DisturbedStore(failures=2)
    world = rotating(store)

    assert world.worker().token() == "t-1"
    assert store.kept == ["refresh-1"]


def test_another_refresh_token_in_the_secret_wins() -> None:
    world = rotating()
    world.worker().token()
    world.server.refresh_token = "by hand"

    assert world.worker().token({**SECRET, "refresh_token": "by hand"}) == "t-2"
    assert world.server.asked[1]["refresh_token"] == "by hand"


def test_another_client_secret_leaves_the_newest_refresh_token() -> None:
    world = rotating()
    world.worker().token()
    world.clock.now_s = 3600

    world.worker().token({**SECRET, "client_secret": "another"})

    assert world.server.asked[1]["refresh_token"] == "refresh-1"


def test_a_worker_that_slept_through_its_lease_still_saves_the_newest() -> None:
    world = rotating()

    def sleeps() -> None:
        world.clock.now_s += 2 * LEASE_S
        lease_of_a_dead_worker(world, worker)
        world.server.before_answer = lambda: None

    worker = world.worker()
    world.server.before_answer = sleeps

    worker.token()

    assert world.store.read_token(worker.key).refresh_token == "refresh-1"


def test_what_another_worker_wrote_meanwhile_is_not_overwritten() -> None:
    world = rotating()

    def is_overtaken() -> None:
        world.server.before_answer = lambda: None
        world.store.keep_token(
            worker.key,
            seen_version="",
            version="v",
            access_token="theirs",
            usable_until=world.clock() + timedelta(hours=1),
            refresh_token="their refresh token",
        )

    worker = world.worker()
    world.server.before_answer = is_overtaken

    with pytest.raises(UpstreamUnavailable, match="another worker has a newer one"):
        worker.token()
    assert worker.token() == "theirs"


# The endpoint has trouble: it is asked again after a while, and not by everybody.


def test_a_failing_endpoint_has_two_seconds_of_peace() -> None:
    world = World(server=TokenServer(is_down=True))
    for _ in range(5):
        with pytest.raises(UpstreamUnavailable):
            world.worker().token()
    assert len(world.server.asked) == 1

    world.server.is_down = False
    world.clock.now_s += 2
    assert world.worker().token() == "t-1"


class Throttling:
    """A token endpoint that is asked too often."""

    def __init__(self, wait: str) -> None:
        self.wait = wait
        self.asked = 0

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        self.asked += 1
        return HttpAnswer(429, {"retry-after": self.wait} if self.wait else {}, b"")

    def close(self) -> None:
        """Nothing was opened."""


@pytest.mark.parametrize(("said", "pause_s"), [("20", 20), ("", 5), ("0", 1), ("99999999", 900)])
def test_a_throttling_endpoint_is_left_alone_for_as_long_as_it_says(
    said: str, pause_s: int
) -> None:
    world, endpoint = World(), Throttling(said)
    with pytest.raises(UpstreamThrottled):
        world.worker(endpoint).token()
    world.clock.now_s += pause_s - 0.5

    with pytest.raises(UpstreamThrottled) as caught:
        world.worker(endpoint).token()

    assert caught.value.retry_after_s == pytest.approx(0.5)
    assert endpoint.asked == 1
    world.clock.now_s += 0.5
    assert world.worker().token() == "t-1"
