"""What every store promises of limits, pauses and breakers that workers share."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from switchboard.adapters.connector.gate import SharedGate
from switchboard.adapters.connector.outcomes import ErrorClass, Outcome
from switchboard.adapters.connector.pacing import (
    Bucket,
    Lane,
    LaneState,
    PacingStore,
    Slots,
)
from switchboard.adapters.connector.table_patience import TablePatience
from switchboard.adapters.dynamodb_pacing import DynamoDbPacingStore
from switchboard.domain.deadline import Deadline
from switchboard.errors import StateUnavailable
from tests.fakes.beside import run_at_once
from tests.fakes.pacing import InMemoryPacingStore
from tests.ports.conftest import BOTH_SIDES, TableOf, WatchedClient

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SEARCH = Bucket("sandbox#search", calls=4, posting_calls=2, per_s=1)
DAILY = Bucket("sandbox#daily", calls=1000, posting_calls=700, per_s=86400)
SLOTS = Slots("sandbox", total=3, posting_total=2)
LOOKUP, POSTING = Lane.LOOKUP, Lane.POSTING


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture(params=BOTH_SIDES)
def store(request: pytest.FixtureRequest) -> PacingStore:
    if request.param == "in_memory":
        return InMemoryPacingStore()
    return DynamoDbPacingStore(request.getfixturevalue("table")("Coordination"))


@pytest.fixture
def workers(table: TableOf) -> Iterator[DynamoDbPacingStore]:
    """Stores of workers that share nothing but the table."""

    def each() -> Iterator[DynamoDbPacingStore]:
        while True:
            yield DynamoDbPacingStore(table("Coordination"))

    return each()


# ── Buckets ──────────────────────────────────────────────────────────────────────────────────────


def test_a_bucket_gives_what_it_holds_and_then_says_how_long_to_wait(store: PacingStore) -> None:
    waits = [store.take(SEARCH, 1, lane=LOOKUP, now=NOW) for _ in range(5)]

    assert waits[:4] == [0, 0, 0, 0]
    # A window, and at most one slice of it more.
    assert 1 <= waits[4] <= 1.05
    assert store.take(SEARCH, 1, lane=LOOKUP, now=after(waits[4])) == 0


def test_who_waits_as_told_is_let_in(store: PacingStore) -> None:
    for moment in (0.0, 0.31, 0.62, 0.93):
        assert store.take(SEARCH, 1, lane=LOOKUP, now=after(moment)) == 0

    moment = 0.94
    for _ in range(20):
        wait_s = store.take(SEARCH, 1, lane=LOOKUP, now=after(moment))
        assert wait_s > 0
        moment += wait_s
        assert store.take(SEARCH, 1, lane=LOOKUP, now=after(moment)) == 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "bucket",
    [
        SEARCH,
        Bucket("sandbox#one", calls=1, posting_calls=1, per_s=0.1),
        Bucket("sandbox#many", calls=190, posting_calls=133, per_s=10),
        Bucket("sandbox#odd", calls=7, posting_calls=4, per_s=2.999),
    ],
    ids=lambda bucket: bucket.key,
)
def test_no_window_ever_holds_more_than_it_may(
    store: PacingStore, bucket: Bucket, seed: int
) -> None:
    chance, moment = random.Random(seed), 0.0
    passed: list[tuple[float, int, Lane]] = []
    for _ in range(80):
        moment += chance.choice([0, 0, 0.001, 0.02, 0.3, 1]) * bucket.per_s * chance.random()
        lane, units = (
            chance.choice([LOOKUP, POSTING]),
            1 if bucket.calls < 4 else chance.choice([1, 2]),
        )
        if store.take(bucket, units, lane=lane, now=after(moment)) == 0:
            passed.append((round(moment, 6), units, lane))

    assert passed
    for start, _, _ in passed:
        inside = [p for p in passed if start <= p[0] < start + bucket.per_s]
        assert sum(units for _, units, _ in inside) <= bucket.calls
        assert sum(units for _, units, lane in inside if lane is POSTING) <= bucket.posting_calls


def test_what_is_asked_for_without_pause_passes_at_nearly_the_rate_of_the_limit(
    store: PacingStore,
) -> None:
    bucket = Bucket("sandbox#many", calls=40, posting_calls=28, per_s=4)
    passed = sum(
        store.take(bucket, 1, lane=LOOKUP, now=after(step * 0.06)) == 0 for step in range(250)
    )

    # Ten a second for 15 seconds, and what was there at the beginning.
    assert 0.9 * 150 <= passed <= 150 + 40


def test_postings_leave_the_reserve_to_lookups(store: PacingStore) -> None:
    assert [store.take(SEARCH, 1, lane=POSTING, now=NOW) > 0 for _ in range(4)] == [0, 0, 1, 1]
    assert [store.take(SEARCH, 1, lane=LOOKUP, now=NOW) > 0 for _ in range(3)] == [0, 0, 1]


def test_lookups_may_use_all_of_it(store: PacingStore) -> None:
    assert [store.take(SEARCH, 1, lane=LOOKUP, now=NOW) > 0 for _ in range(5)] == [0, 0, 0, 0, 1]
    assert store.take(SEARCH, 1, lane=POSTING, now=NOW) > 0


def test_a_whole_day_s_budget_may_be_used_in_an_hour_and_is_back_a_day_later(
    store: PacingStore,
) -> None:
    for minute in range(50):
        assert store.take(DAILY, 20, lane=LOOKUP, now=after(minute * 60)) == 0
    wait_s = store.take(DAILY, 20, lane=LOOKUP, now=after(3600))

    assert 86400 - 3600 <= wait_s <= 86400 + 86400 / 20
    assert store.take(DAILY, 20, lane=LOOKUP, now=after(3600 + wait_s)) == 0


def test_a_dear_call_waits_until_all_of_it_fits(store: PacingStore) -> None:
    for moment in (0, 0.25, 0.5):
        store.take(SEARCH, 1, lane=LOOKUP, now=after(moment))

    wait_s = store.take(SEARCH, 3, lane=LOOKUP, now=after(0.6))

    assert 0.65 <= wait_s <= 0.7
    assert store.take(SEARCH, 3, lane=LOOKUP, now=after(0.6 + wait_s)) == 0


def test_what_was_refused_was_not_taken(store: PacingStore) -> None:
    for _ in range(9):
        store.take(SEARCH, 1, lane=POSTING, now=NOW)

    level = store.level(SEARCH, now=NOW)
    assert (level.taken, level.taken_by_postings) == (2, 2)
    level = store.level(SEARCH, now=after(1.1))
    assert (level.taken, level.taken_by_postings) == (0, 0)


def test_a_bucket_that_nobody_used_for_long_gives_as_much_as_ever(store: PacingStore) -> None:
    for moment in (0, 1000, 1000.2, 5000):
        waits = [store.take(SEARCH, 1, lane=LOOKUP, now=after(moment)) for _ in range(4)]
        assert (waits == [0, 0, 0, 0]) == (moment != 1000.2)


def test_buckets_do_not_share_what_they_hold(store: PacingStore) -> None:
    other = Bucket("pipedrive#search", calls=4, posting_calls=2, per_s=1)
    for _ in range(4):
        store.take(SEARCH, 1, lane=LOOKUP, now=NOW)

    assert store.take(other, 1, lane=LOOKUP, now=NOW) == 0


def test_two_hundred_threads_take_no_more_than_there_is(store: PacingStore) -> None:
    bucket = Bucket("sandbox#burst", calls=20, posting_calls=14, per_s=10)
    lanes = [LOOKUP, POSTING] * 100

    with ThreadPoolExecutor(200) as pool:
        waits = list(pool.map(lambda lane: store.take(bucket, 1, lane=lane, now=NOW), lanes))

    assert waits.count(0) == 20
    assert [w for w, lane in zip(waits, lanes, strict=True) if lane is POSTING].count(0) <= 14


def test_two_hundred_workers_without_common_memory_take_no_more_than_there_is(
    workers: Iterator[DynamoDbPacingStore],
) -> None:
    stores = [next(workers) for _ in range(200)]
    bucket = Bucket("sandbox#burst", calls=30, posting_calls=21, per_s=10)

    with ThreadPoolExecutor(50) as pool:
        waits = list(pool.map(lambda s: s.take(bucket, 1, lane=LOOKUP, now=NOW), stores))

    assert waits.count(0) == 30
    assert all(10 <= wait <= 10.5 for wait in waits if wait)


def test_a_worker_that_slept_does_not_let_through_too_much(
    workers: Iterator[DynamoDbPacingStore],
) -> None:
    sleeper, busy = next(workers), next(workers)
    for worker in (sleeper, busy, busy, busy):
        assert worker.take(SEARCH, 1, lane=LOOKUP, now=NOW) == 0

    assert sleeper.take(SEARCH, 1, lane=LOOKUP, now=after(0.5)) > 0
    assert sleeper.take(SEARCH, 1, lane=LOOKUP, now=after(1.1)) == 0


def test_a_worker_that_remembers_an_item_that_is_gone_begins_anew(
    workers: Iterator[DynamoDbPacingStore], table: TableOf
) -> None:
    rememberer, other = next(workers), next(workers)
    for _ in range(4):
        rememberer.take(SEARCH, 1, lane=LOOKUP, now=NOW)
    table("Coordination").delete("bucket#sandbox#search#1s")
    for _ in range(4):
        other.take(SEARCH, 1, lane=LOOKUP, now=after(5))

    assert rememberer.take(SEARCH, 1, lane=LOOKUP, now=after(5)) > 0


def test_a_window_of_another_length_is_counted_anew(
    workers: Iterator[DynamoDbPacingStore],
) -> None:
    store = next(workers)
    for _ in range(4):
        store.take(SEARCH, 1, lane=LOOKUP, now=NOW)

    assert store.level(Bucket(SEARCH.key, 4, 2, per_s=86400), now=NOW).taken == 0


def test_a_bucket_s_item_stays_small(table: TableOf) -> None:
    store, bucket = DynamoDbPacingStore(table("Coordination")), Bucket("s#b", 1000, 700, 1)
    for step in range(120):
        store.take(bucket, 1, lane=POSTING, now=after(step * 0.05))

    item = table("Coordination").get("bucket#s#b#1s")
    assert item is not None
    assert sum(len(str(name)) + len(str(value)) for name, value in item.items()) < 1024


def test_taking_is_one_write_and_a_full_bucket_costs_nothing(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    store = DynamoDbPacingStore(table("Coordination"))
    for _ in range(4):
        store.take(SEARCH, 1, lane=LOOKUP, now=NOW)
    assert dynamodb.calls == ["update_item"] * 4

    for _ in range(10):
        store.take(SEARCH, 1, lane=LOOKUP, now=NOW)
    assert dynamodb.calls == ["update_item"] * 4


def test_everyday_calls_cost_one_read_in_two_seconds_and_one_write_each(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    moment = [0.0]

    def wall_clock() -> datetime:
        return after(moment[0])

    limits = [{"bucket": "search", "match": None, "calls": 90, "per_s": 10.0, "cost": 1}]
    gate = SharedGate(
        "sandbox",
        [{**entry, "reserve": 0.3, "shared_by": "connector"} for entry in limits],
        {},
        server="https://crm.example.com",
        lane=LOOKUP,
        store=DynamoDbPacingStore(table("Coordination")),
        patience=TablePatience("sandbox", LOOKUP, wall_clock=wall_clock, beside=run_at_once),
        wall_clock=wall_clock,
    )
    for _ in range(40):
        gate.leave(gate.enter("/search", Deadline.after(1)), Outcome(ErrorClass.OK))
        moment[0] += 0.1

    assert dynamodb.calls.count("get_item") == 2
    assert dynamodb.calls.count("update_item") == 40
    assert len(dynamodb.calls) == 42


# ── Slots ────────────────────────────────────────────────────────────────────────────────────────


def test_slots_are_held_until_they_are_given_back(store: PacingStore) -> None:
    held = [store.hold(SLOTS, lane=LOOKUP, until=after(60), now=NOW) for _ in range(4)]

    first, _, third, fourth = held
    assert first
    assert third
    assert fourth is None
    store.release(first)
    assert store.held(SLOTS, now=NOW) == 2
    assert store.hold(SLOTS, lane=LOOKUP, until=after(60), now=NOW)


def test_postings_leave_a_slot_to_lookups(store: PacingStore) -> None:
    postings = [store.hold(SLOTS, lane=POSTING, until=after(60), now=NOW) for _ in range(3)]

    assert [bool(held) for held in postings] == [True, True, False]
    assert store.hold(SLOTS, lane=LOOKUP, until=after(60), now=NOW)
    assert store.hold(SLOTS, lane=LOOKUP, until=after(60), now=NOW) is None


def test_the_slot_of_a_worker_that_was_killed_is_free_in_time(store: PacingStore) -> None:
    for _ in range(3):
        store.hold(SLOTS, lane=LOOKUP, until=after(60), now=NOW)

    assert store.hold(SLOTS, lane=LOOKUP, until=after(119), now=after(59)) is None
    assert store.hold(SLOTS, lane=LOOKUP, until=after(120), now=after(60))


def test_who_comes_back_late_does_not_take_another_s_slot_away(store: PacingStore) -> None:
    one = Slots("sandbox", total=1, posting_total=1)
    zombie = store.hold(one, lane=LOOKUP, until=after(60), now=NOW)
    assert zombie
    assert store.hold(one, lane=LOOKUP, until=after(121), now=after(61))

    store.release(zombie)

    assert store.held(one, now=after(62)) == 1


def test_fifty_threads_hold_no_more_slots_than_there_are(store: PacingStore) -> None:
    with ThreadPoolExecutor(50) as pool:
        held = pool.map(
            lambda _: store.hold(SLOTS, lane=LOOKUP, until=after(60), now=NOW), range(50)
        )

    assert len([one for one in held if one]) == 3


# ── Pauses ───────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_known_of_a_new_connector(store: PacingStore) -> None:
    assert store.state("sandbox") == {LOOKUP: LaneState(), POSTING: LaneState()}


def test_a_pause_holds_for_its_lane_and_only_grows(store: PacingStore) -> None:
    store.pause("sandbox", POSTING, until=after(60), reason="throttled", now=NOW)
    store.pause("sandbox", POSTING, until=after(30), reason="budget", now=NOW)

    state = store.state("sandbox")
    assert state[POSTING] == LaneState(paused_until=after(60), pause_reason="throttled")
    assert state[LOOKUP] == LaneState()
    store.pause("sandbox", POSTING, until=after(90), reason="budget", now=NOW)
    assert store.state("sandbox")[POSTING].paused_until == after(90)


def test_a_hundred_calls_that_are_throttled_together_count_once(store: PacingStore) -> None:
    def note(_: int) -> int:
        return store.note_throttle("sandbox", since=after(-1), repeats_from=after(-30), now=NOW)

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(note, range(100)))[-2:] == [0, 1]


def test_calls_that_are_throttled_together_again_count_once_more(store: PacingStore) -> None:
    store.note_throttle("sandbox", since=after(-1), repeats_from=after(-30), now=NOW)
    store.pause("sandbox", POSTING, until=after(5), reason="throttled", now=NOW)

    times = [
        store.note_throttle("sandbox", since=after(6), repeats_from=after(-23), now=after(7))
        for _ in range(3)
    ]

    assert times == [2, 0, 0]


def test_throttling_counts_up_while_it_repeats(store: PacingStore) -> None:
    def throttled(at_s: float) -> int:
        times = store.note_throttle(
            "sandbox", since=after(at_s - 1), repeats_from=after(at_s - 30), now=after(at_s)
        )
        store.pause("sandbox", POSTING, until=after(at_s + 5), reason="throttled", now=after(at_s))
        return times

    assert [throttled(at_s) for at_s in (0, 10, 20, 54, 90)] == [1, 2, 3, 4, 1]


# ── Breakers ─────────────────────────────────────────────────────────────────────────────────────


def fail(store: PacingStore, at_s: float, lane: Lane = LOOKUP) -> LaneState:
    return store.note_failure("sandbox", lane, now=after(at_s), counts_from=after(at_s - 60))


def opened(store: PacingStore, until_s: float = 10) -> LaneState:
    fail(store, 0)
    return store.open_breaker("sandbox", LOOKUP, until=after(until_s), probe=None, now=NOW)


def test_failures_count_up_until_one_succeeds(store: PacingStore) -> None:
    assert [fail(store, at_s).failures for at_s in (0, 1, 2)] == [1, 2, 3]
    assert store.note_success("sandbox", LOOKUP, probe=None) == LaneState()
    assert fail(store, 3).failures == 1


def test_a_row_of_failures_knows_when_it_began(store: PacingStore) -> None:
    assert [fail(store, at_s).failing_since for at_s in (0, 1, 70)] == [NOW, NOW, after(70)]


def test_failures_of_long_ago_do_not_count(store: PacingStore) -> None:
    assert [fail(store, at_s).failures for at_s in (0, 59, 61, 62)] == [1, 2, 1, 2]


def test_lanes_fail_apart(store: PacingStore) -> None:
    fail(store, 0, POSTING)

    assert fail(store, 1, LOOKUP).failures == 1


def test_a_hundred_failures_at_once_are_all_counted(store: PacingStore) -> None:
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: fail(store, 0), range(100)))

    assert store.state("sandbox")[LOOKUP].failures == 100


def test_a_breaker_is_opened_by_one_and_counts_no_failures_meanwhile(store: PacingStore) -> None:
    assert opened(store).open_until == after(10)
    again = store.open_breaker("sandbox", LOOKUP, until=after(99), probe=None, now=NOW)

    assert (again.open_until, again.openings) == (after(10), 1)
    assert fail(store, 1).failures == 1


def test_a_breaker_is_not_opened_when_a_success_came_between(store: PacingStore) -> None:
    fail(store, 0)
    store.note_success("sandbox", LOOKUP, probe=None)

    state = store.open_breaker("sandbox", LOOKUP, until=after(10), probe=None, now=NOW)

    assert state.open_until is None


def test_nobody_may_try_before_the_time_is_over_or_when_nothing_is_open(
    store: PacingStore,
) -> None:
    assert store.claim_probe("sandbox", LOOKUP, until=after(30), now=NOW) == (False, LaneState())
    opened(store)
    may, state = store.claim_probe("sandbox", LOOKUP, until=after(39), now=after(9.9))

    assert not may
    assert state.open_until == after(10)


def test_one_of_fifty_may_try(store: PacingStore) -> None:
    opened(store)

    with ThreadPoolExecutor(50) as pool:
        claims = pool.map(
            lambda _: store.claim_probe("sandbox", LOOKUP, until=after(40), now=after(10))[0],
            range(50),
        )

    assert sum(claims) == 1


def test_another_may_try_when_the_first_never_came_back(store: PacingStore) -> None:
    opened(store)
    store.claim_probe("sandbox", LOOKUP, until=after(40), now=after(10))

    assert not store.claim_probe("sandbox", LOOKUP, until=after(69), now=after(39))[0]
    assert store.claim_probe("sandbox", LOOKUP, until=after(70), now=after(40))[0]


def test_the_one_who_tried_opens_it_again_and_frees_the_next_try(store: PacingStore) -> None:
    opened(store)
    store.claim_probe("sandbox", LOOKUP, until=after(40), now=after(10))

    state = store.open_breaker("sandbox", LOOKUP, until=after(31), probe=after(40), now=after(11))

    assert (state.open_until, state.openings, state.probe_until) == (after(31), 2, None)
    assert store.claim_probe("sandbox", LOOKUP, until=after(61), now=after(31))[0]


def test_who_tried_too_long_does_not_open_what_another_closed(store: PacingStore) -> None:
    opened(store)
    store.claim_probe("sandbox", LOOKUP, until=after(40), now=after(10))
    store.claim_probe("sandbox", LOOKUP, until=after(70), now=after(40))
    store.note_success("sandbox", LOOKUP, probe=after(70))

    late = store.open_breaker("sandbox", LOOKUP, until=after(99), probe=after(40), now=after(45))

    assert late == LaneState()


def test_success_closes_it(store: PacingStore) -> None:
    opened(store)
    store.claim_probe("sandbox", LOOKUP, until=after(40), now=after(10))

    assert store.note_success("sandbox", LOOKUP, probe=after(40)) == LaneState()
    assert store.state("sandbox")[LOOKUP] == LaneState()


def test_only_the_one_who_tried_closes_it(store: PacingStore) -> None:
    opened(store)
    store.claim_probe("sandbox", LOOKUP, until=after(40), now=after(10))

    for probe in (None, after(39)):
        state = store.note_success("sandbox", LOOKUP, probe=probe)
        assert (state.open_until, state.probe_until) == (after(10), after(40))


def test_a_success_that_closes_it_leaves_a_pause(store: PacingStore) -> None:
    store.pause("sandbox", LOOKUP, until=after(60), reason="throttled", now=NOW)
    fail(store, 0)

    state = store.note_success("sandbox", LOOKUP, probe=None)

    assert state == LaneState(paused_until=after(60), pause_reason="throttled")


def test_a_person_resumes_both_lanes(store: PacingStore) -> None:
    opened(store)
    store.pause("sandbox", POSTING, until=after(3600), reason="quota_exhausted", now=NOW)
    store.take(SEARCH, 1, lane=LOOKUP, now=NOW)

    store.resume("sandbox")

    assert store.state("sandbox") == {LOOKUP: LaneState(), POSTING: LaneState()}
    assert store.level(SEARCH, now=NOW).taken == 1


def test_no_call_hides_an_outage(store: PacingStore, dynamodb: WatchedClient) -> None:
    if isinstance(store, InMemoryPacingStore):
        store.is_down = True
    dynamodb.is_down = True

    for call in (
        lambda: store.state("sandbox"),
        lambda: store.take(SEARCH, 1, lane=LOOKUP, now=NOW),
        lambda: store.hold(SLOTS, lane=LOOKUP, until=after(60), now=NOW),
        lambda: fail(store, 0),
        lambda: store.note_success("sandbox", LOOKUP, probe=None),
        lambda: store.pause("sandbox", LOOKUP, until=after(1), reason="budget", now=NOW),
        lambda: store.claim_probe("sandbox", LOOKUP, until=after(1), now=NOW),
    ):
        with pytest.raises(StateUnavailable):
            call()
