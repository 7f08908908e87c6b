"""What gets through the gate: limits, reserves, waiting, pauses, and our own table failing."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from switchboard.adapters.connector.gate import Admitted, OpenGate, SharedGate
from switchboard.adapters.connector.pacing import GateState
from switchboard.domain.deadline import Deadline
from switchboard.errors import UpstreamThrottled
from tests.unit.connector.gate_world import (
    LOOKUP,
    NOT_THERE,
    OK,
    POSTING,
    World,
    answer_with,
    at_once,
    bucket,
    budget,
    quota_exhausted,
    throttled,
)


@pytest.fixture
def world() -> World:
    return World()


def refused(world: World, gate: SharedGate, path: str = "/customers") -> UpstreamThrottled:
    with pytest.raises(UpstreamThrottled) as caught:
        world.enter(gate, path)
    return caught.value


def is_let_in(world: World, gate: SharedGate, path: str = "/customers") -> bool:
    try:
        world.enter(gate, path)
    except UpstreamThrottled:
        return False
    return True


def test_everything_passes_an_open_gate() -> None:
    gate = OpenGate()

    admitted = gate.enter("/customers", Deadline.after(1))

    gate.leave(admitted, None)
    assert admitted == Admitted()


# ── Limits ───────────────────────────────────────────────────────────────────────────────────────


def test_a_lookup_is_refused_when_the_limit_is_reached_and_told_how_long(world: World) -> None:
    gate = world.gate(LOOKUP, [bucket(calls=4)])
    for _ in range(4):
        world.call(gate)

    error = refused(world, gate)

    assert error.retry_after_s == 1
    assert error.system == "sandbox"
    assert world.slept_s == []


def test_a_lookup_waits_for_a_moment_but_not_longer(world: World) -> None:
    gate = world.gate(LOOKUP, [bucket(calls=1)])
    world.call(gate)
    world.moves_on(0.84)
    refused(world, gate)
    world.moves_on(0.03)

    world.call(gate)

    assert world.slept_s == [pytest.approx(0.13)]


def test_a_posting_waits_two_seconds_for_its_turn(world: World) -> None:
    gate = world.gate(POSTING, [bucket(calls=1, per_s=2)])

    world.call(gate)
    world.call(gate)

    assert world.slept_s == [2]


def test_a_posting_that_would_wait_longer_is_sent_away(world: World) -> None:
    gate = world.gate(POSTING, [bucket(calls=1, per_s=2.1)])
    world.call(gate)

    assert refused(world, gate).retry_after_s == pytest.approx(2.1)


def test_nobody_waits_for_longer_than_leaves_time_for_the_call(world: World) -> None:
    gate = world.gate(POSTING, [bucket(calls=1)])
    world.call(gate)

    with pytest.raises(UpstreamThrottled):
        world.enter(gate, patience_s=1.9)


def test_several_waits_together_are_no_longer_than_one(world: World) -> None:
    """Others are faster each time the turn seems to come."""
    gate, other = (world.gate(POSTING, [bucket(calls=1, reserve=0)]) for _ in range(2))
    world.call(gate)

    def overtaken(seconds: float) -> None:
        world.sleep(seconds)
        world.call(other)

    gate._sleep = overtaken
    refused(world, gate)

    assert sum(world.slept_s) <= 2


def test_postings_stop_at_the_reserve_and_lookups_pass(world: World) -> None:
    limits = [bucket(calls=10, per_s=60)]
    posting, lookup = world.gate(POSTING, limits), world.gate(LOOKUP, limits)

    assert [is_let_in(world, posting) for _ in range(9)] == [True] * 7 + [False] * 2
    assert [is_let_in(world, lookup) for _ in range(4)] == [True] * 3 + [False]


def test_two_hundred_threads_are_never_more_than_the_limit(world: World) -> None:
    gates = [world.gate(lane, [bucket(calls=50, per_s=60)]) for lane in (LOOKUP, POSTING)]

    with ThreadPoolExecutor(200) as pool:
        let_in = list(pool.map(lambda n: is_let_in(world, gates[n % 2]), range(200)))

    assert sum(let_in) == 50
    assert sum(let_in[1::2]) <= 35


def test_only_calls_that_match_count(world: World) -> None:
    gate = world.gate(LOOKUP, [bucket("search", calls=1, match="/search$")])
    world.call(gate, path="/contacts/search")

    assert is_let_in(world, gate, "/contacts/42")
    assert not is_let_in(world, gate, "/contacts/search")


def test_the_first_entry_of_a_bucket_that_matches_counts(world: World) -> None:
    search = bucket("daily", calls=100, per_s=86400, match="/search", cost=40)
    gate = world.gate(LOOKUP, [search, bucket("daily", calls=100, per_s=86400, cost=2)])

    assert [is_let_in(world, gate, "/search") for _ in range(3)] == [True, True, False]
    assert [is_let_in(world, gate, "/notes") for _ in range(11)] == [True] * 10 + [False]


def test_a_call_counts_in_every_bucket_that_matches(world: World) -> None:
    gate = world.gate(
        LOOKUP, [bucket("daily", calls=3, per_s=86400), bucket("burst", calls=2, per_s=1)]
    )
    for _ in range(2):
        world.call(gate)
    assert refused(world, gate).detail == "throttled: limit sandbox#burst"
    world.moves_on(1)
    world.call(gate)
    world.moves_on(1)

    assert refused(world, gate).detail == "throttled: limit sandbox#daily"


def test_a_limit_of_the_account_holds_for_all_connectors_to_that_server(world: World) -> None:
    limits = [bucket(calls=2, shared_by="account")]
    one, other = (
        world.gate(LOOKUP, limits, system="sales"),
        world.gate(LOOKUP, limits, system="care"),
    )

    assert [is_let_in(world, gate) for gate in (one, other, one, other)] == [
        True,
        True,
        False,
        False,
    ]


def test_a_limit_of_the_connector_does_not_hold_for_another(world: World) -> None:
    limits = [bucket(calls=1)]
    one, other = (
        world.gate(LOOKUP, limits, system="sales"),
        world.gate(LOOKUP, limits, system="care"),
    )

    assert [is_let_in(world, gate) for gate in (one, other, one)] == [True, True, False]


# ── At once ──────────────────────────────────────────────────────────────────────────────────────


def test_no_more_calls_are_under_way_than_may_be(world: World) -> None:
    gate = world.gate(LOOKUP, [at_once(2)])
    first = world.enter(gate)
    world.enter(gate)
    refused(world, gate)

    gate.leave(first, NOT_THERE)

    assert is_let_in(world, gate)


def test_postings_leave_room_for_lookups(world: World) -> None:
    limits = [at_once(4, reserve=0.5)]
    posting, lookup = world.gate(POSTING, limits), world.gate(LOOKUP, limits)

    assert [is_let_in(world, posting) for _ in range(3)] == [True, True, False]
    assert [is_let_in(world, lookup) for _ in range(3)] == [True, True, False]


def test_postings_may_always_have_one_place(world: World) -> None:
    assert is_let_in(world, world.gate(POSTING, [at_once(1, reserve=0.9)]))


def test_a_worker_that_is_killed_blocks_its_place_for_a_minute(world: World) -> None:
    gate = world.gate(LOOKUP, [at_once(1)])
    world.enter(gate)
    world.moves_on(59)
    refused(world, gate)
    world.moves_on(1)

    assert is_let_in(world, gate)


def test_who_is_refused_by_another_limit_gives_the_place_back(world: World) -> None:
    gate = world.gate(LOOKUP, [at_once(5), bucket(calls=1, per_s=60)])
    world.enter(gate)
    for _ in range(10):
        refused(world, gate)

    assert [call for call in world.store.asked if call in {"hold", "release"}].count(
        "release"
    ) == 10


# ── What the CRM says is left ────────────────────────────────────────────────────────────────────


def test_postings_of_all_workers_pause_when_the_reserve_is_reached(world: World) -> None:
    limits = [budget()]
    teller, posting, lookup = (
        world.gate(POSTING, limits),
        world.gate(POSTING, limits),
        world.gate(LOOKUP, limits),
    )
    world.call(teller, answer_with(x_left="31", x_limit="100"))
    assert is_let_in(world, posting)
    world.moves_on(2)

    world.call(teller, answer_with(x_left="30", x_limit="100"))
    world.moves_on(2)

    assert refused(world, posting).retry_after_s == 58
    assert is_let_in(world, lookup)
    world.moves_on(58)
    assert is_let_in(world, posting)


def test_lookups_pause_when_nothing_is_left(world: World) -> None:
    gate = world.gate(LOOKUP, [budget(reset_s='to_number(headers."x-reset")')])

    world.call(gate, answer_with(x_left="0", x_limit="100", x_reset="7"))

    assert refused(world, gate).retry_after_s == 7
    world.moves_on(7)
    assert is_let_in(world, gate)


def test_without_a_limit_postings_go_on_to_the_end(world: World) -> None:
    gate = world.gate(POSTING, [budget(limit=None)])

    world.call(gate, answer_with(x_left="1"))
    assert is_let_in(world, gate)
    world.call(gate, answer_with(x_left="0"))
    assert not is_let_in(world, gate)


@pytest.mark.parametrize("left", ["", "many", "nan", "inf"])
def test_a_header_that_tells_no_number_tells_nothing(world: World, left: str) -> None:
    gate = world.gate(POSTING, [budget(limit=None)])

    world.call(gate, answer_with(x_left=left))

    assert is_let_in(world, gate)


@pytest.mark.parametrize(("said", "waits_s"), [("-3", 60), ("0", 1), ("1e9", 6 * 3600)])
def test_an_absurd_reset_is_kept_within_reason(world: World, said: str, waits_s: float) -> None:
    gate = world.gate(POSTING, [budget(reset_s='to_number(headers."x-reset")')])

    world.call(gate, answer_with(x_left="0", x_limit="9", x_reset=said))

    if waits_s > 2:
        assert refused(world, gate).retry_after_s == waits_s
    else:
        world.enter(gate)
        assert world.slept_s == [waits_s]


def test_the_same_answer_again_is_not_written_down_again(world: World) -> None:
    gate = world.gate(LOOKUP, [budget()])
    for _ in range(20):
        world.call(gate, answer_with(x_left="5", x_limit="100"))
        world.moves_on(0.1)

    assert world.store.asked.count("pause") == 1


def test_an_account_s_budget_pauses_its_other_connectors(world: World) -> None:
    limits = [budget(shared_by="account")]
    one, other = (
        world.gate(POSTING, limits, system="sales"),
        world.gate(POSTING, limits, system="care"),
    )

    world.call(one, answer_with(x_left="0", x_limit="100"))

    assert refused(world, other).detail == "throttled: budget"


@pytest.mark.parametrize(("its_own_s", "lasts_s"), [(5, 60), (90, 90)])
def test_the_longest_of_several_pauses_counts(
    world: World, its_own_s: float, lasts_s: float
) -> None:
    gate = world.gate(POSTING, [budget(shared_by="account")])
    admitted = world.enter(gate)
    world.call(gate, answer_with(x_left="0", x_limit="100"))

    gate.leave(admitted, throttled(its_own_s))

    assert refused(world, gate).retry_after_s == lasts_s


# ── When it asks for patience ────────────────────────────────────────────────────────────────────


def test_a_429_pauses_the_postings_of_all_workers_as_long_as_it_says(world: World) -> None:
    one, other = world.gate(POSTING), world.gate(POSTING)

    world.call(one, throttled(40))

    assert refused(world, other).retry_after_s == 40
    world.moves_on(40)
    assert is_let_in(world, other)


def test_lookups_pause_five_seconds_at_most(world: World) -> None:
    lookup = world.gate(LOOKUP)

    world.call(lookup, throttled(3600))

    assert refused(world, lookup).retry_after_s == 5
    world.moves_on(5)
    assert is_let_in(world, lookup)


def test_an_absurd_wait_is_kept_within_reason(world: World) -> None:
    posting, other = world.gate(POSTING), world.gate(POSTING, system="other")

    world.call(posting, throttled(24 * 3600))
    world.call(other, throttled(0))

    assert refused(world, posting).retry_after_s == 6 * 3600
    world.enter(other)
    assert world.slept_s == [1]


def test_without_a_time_the_pause_doubles_while_it_repeats(world: World) -> None:
    gate, pauses = world.gate(POSTING), []
    for _ in range(8):
        world.call(gate, throttled())
        pauses.append(refused(world, gate).retry_after_s)
        world.moves_on(pauses[-1] or 0)

    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300]
    world.moves_on(31)
    world.call(gate, throttled())
    assert refused(world, gate).retry_after_s == 5


def test_calls_that_are_throttled_together_pause_once(world: World) -> None:
    gates = [world.gate(POSTING) for _ in range(20)]
    admitted = [world.enter(gate) for gate in gates]
    world.moves_on(0.5)

    for gate, call in zip(gates, admitted, strict=True):
        gate.leave(call, throttled())

    assert refused(world, gates[0]).retry_after_s == 5


def test_a_spent_quota_pauses_postings_for_longer_than_lookups(world: World) -> None:
    posting, lookup = world.gate(POSTING), world.gate(LOOKUP)

    world.call(posting, quota_exhausted())

    assert refused(world, posting).retry_after_s == 15 * 60
    assert refused(world, lookup).retry_after_s == 60


def test_a_spent_quota_pauses_postings_as_long_as_it_says(world: World) -> None:
    posting = world.gate(POSTING)

    world.call(posting, quota_exhausted(3 * 3600))

    assert refused(world, posting).retry_after_s == 3 * 3600


def test_other_workers_know_of_a_pause_within_two_seconds(world: World) -> None:
    one, other = world.gate(POSTING), world.gate(POSTING)
    world.call(other)
    world.call(one, throttled(60))
    world.moves_on(2)

    refused(world, other)


# ── Our own table ────────────────────────────────────────────────────────────────────────────────


def test_everything_passes_while_our_table_does_not_answer(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    gate = world.gate(LOOKUP, [bucket(calls=1, per_s=60), at_once(1)])
    world.store.is_down = True

    with caplog.at_level(logging.WARNING):
        for _ in range(50):
            world.call(gate, throttled(60), "/customers?phone=+14155550142")

    assert len(caplog.records) == 1
    assert "4155550142" not in caplog.text
    assert len(world.store.asked) == 1


def test_the_warning_comes_once_a_minute(world: World, caplog: pytest.LogCaptureFixture) -> None:
    gate = world.gate(LOOKUP)
    world.store.is_down = True

    with caplog.at_level(logging.WARNING):
        for _ in range(13):
            world.call(gate)
            world.moves_on(5)

    assert len(caplog.records) == 2
    assert len(world.store.asked) == 13


def test_limits_hold_again_when_our_table_is_back(world: World) -> None:
    gate = world.gate(LOOKUP, [bucket(calls=1, per_s=60)])
    world.store.is_down = True
    world.call(gate)
    world.store.is_down = False
    world.moves_on(5)

    assert [is_let_in(world, gate) for _ in range(2)] == [True, False]


def test_our_table_may_fail_while_a_call_is_under_way(world: World) -> None:
    gate = world.gate(LOOKUP, [at_once(1)])
    admitted = world.enter(gate)
    world.store.is_down = True

    gate.leave(admitted, OK)

    assert is_let_in(world, gate)


def test_a_lookup_without_limits_asks_our_table_once_in_two_seconds(world: World) -> None:
    gate = world.gate(LOOKUP)
    for _ in range(40):
        world.call(gate)
        world.moves_on(0.1)

    assert world.store.asked == ["state", "state"]


def test_what_was_known_in_the_future_is_not_trusted(world: World) -> None:
    gate = world.gate(LOOKUP)
    world.call(gate)
    world.moves_on(-3600)
    world.call(gate)

    assert world.store.asked == ["state", "state"]


def test_a_lookup_with_a_limit_writes_once(world: World) -> None:
    gate = world.gate(LOOKUP, [bucket(calls=100)])
    for _ in range(10):
        world.call(gate)

    assert world.store.asked == ["state", *["take"] * 10]


def test_what_is_shared_holds_nothing_of_the_path(world: World) -> None:
    gate = world.gate(LOOKUP, [bucket(calls=1, match="phone"), at_once(1), budget(match="phone")])
    path = "/customers/phone/+14155550142"

    admitted = world.enter(gate, path)
    error = refused(world, gate, path)

    assert "4155550142" not in f"{admitted!r} {error!r} {vars(world.store)!r}"


def test_a_table_that_keeps_us_waiting_for_long_is_left_alone_after_that(world: World) -> None:
    """Its timeout, over several tries, may last longer than it is left alone for."""
    gate, asked = world.gate(POSTING), world.store.asked
    read = world.store.state

    def slow_state(key: str) -> GateState:
        world.moves_on(6)
        return read(key)

    world.store.state = slow_state  # type: ignore[method-assign]
    world.store.is_down = True
    for _ in range(3):
        world.call(gate)

    assert asked == ["state"]
