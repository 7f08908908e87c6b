"""A CRM that fails is left alone, and one call tries whether it works again."""

from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import pytest

from switchboard.adapters.connector.engine import Engine, Shared
from switchboard.adapters.connector.gate import SharedGate
from switchboard.adapters.connector.outcomes import ErrorClass, Outcome
from switchboard.adapters.connector.pacing import Lane
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import NoAnswerError
from switchboard.domain.deadline import Deadline
from switchboard.errors import LeftAlone, UpstreamUnavailable
from tests.fakes.beside import run_at_once
from tests.unit.connector.examples import ScriptedTransport, compiled
from tests.unit.connector.gate_simulation import play
from tests.unit.connector.gate_world import (
    DOWN,
    LOOKUP,
    NOT_THERE,
    OK,
    POSTING,
    World,
    bucket,
    throttled,
)


@pytest.fixture
def world() -> World:
    return World()


def is_let_in(world: World, gate: SharedGate) -> bool:
    try:
        world.enter(gate)
    except UpstreamUnavailable:
        return False
    return True


def opened(world: World, gate: SharedGate) -> None:
    """A worker's first failure counts for nobody; of the next five, the last comes in time."""
    for _ in range(5):
        world.call(gate, None)
    world.moves_on(3)
    world.call(gate, None)


@pytest.mark.parametrize("failure", [None, DOWN], ids=["no answer", "transient"])
def test_five_failures_that_follow_a_failure_are_enough(
    world: World, failure: Outcome | None
) -> None:
    gate = world.gate(LOOKUP)
    for _ in range(5):
        world.call(gate, failure)
    world.moves_on(3)
    assert is_let_in(world, gate)

    world.call(gate, failure)

    assert not is_let_in(world, gate)


def test_the_failures_of_all_workers_count_together(world: World) -> None:
    workers = [world.gate(LOOKUP) for _ in range(5)]
    for worker in workers * 2:
        world.call(worker, None)
        world.moves_on(1)

    assert not is_let_in(world, world.gate(LOOKUP))


def test_a_worker_s_first_failure_says_nothing(world: World) -> None:
    """A hundred workers that fail once each have met a CRM that fails at times."""
    for _ in range(100):
        world.call(world.gate(LOOKUP), None)
        world.moves_on(0.1)

    assert is_let_in(world, world.gate(LOOKUP))
    assert "note_failure" not in world.store.asked


def test_a_moment_of_failures_opens_nothing(world: World) -> None:
    """Whoever was served in it needs a moment to hear that there is something to end."""
    workers = [world.gate(LOOKUP) for _ in range(20)]
    for worker in workers * 3:
        world.call(worker, None)
    world.moves_on(2.9)
    world.call(workers[0], None)

    assert is_let_in(world, workers[0])


@pytest.mark.parametrize("calls_per_s", [1, 4, 20])
def test_a_crm_that_fails_half_of_its_calls_goes_on_serving(calls_per_s: float) -> None:
    half = 0.5
    tally = play(
        works=lambda _, chance: chance.random() < half, calls_per_s=calls_per_s, for_s=1000
    )

    assert tally.served >= 0.8 * half * tally.wanted


@pytest.mark.parametrize(("calls_per_s", "wanted", "most_sent"), [(4, 1100, 45), (20, 5800, 100)])
def test_a_dead_crm_gets_few_calls(calls_per_s: float, wanted: int, most_sent: int) -> None:
    tally = play(works=lambda *_: False, calls_per_s=calls_per_s, for_s=300)

    assert tally.wanted > wanted
    assert tally.sent <= most_sent


def test_a_crm_that_comes_back_is_found_within_half_a_minute() -> None:
    tally = play(works=lambda moment_s, _: moment_s > 300, calls_per_s=20, for_s=600)

    assert tally.served >= 0.9 * 300 * 20 * 0.8


@pytest.mark.parametrize(
    "answer",
    [OK, NOT_THERE, Outcome(ErrorClass.INVALID), Outcome(ErrorClass.AUTH)],
    ids=lambda outcome: outcome.error_class,
)
def test_an_answer_that_makes_sense_ends_the_row(world: World, answer: Outcome) -> None:
    gate = world.gate(LOOKUP)
    for _ in range(10):
        for _ in range(5):
            world.call(gate, None)
        world.moves_on(3)
        world.call(gate, answer)

    assert is_let_in(world, gate)


def test_a_429_says_that_it_works(world: World) -> None:
    gate = world.gate(POSTING)
    for _ in range(10):
        for _ in range(5):
            world.call(gate, DOWN)
        world.moves_on(3)
        world.call(gate, throttled(1))
        world.moves_on(1)

    assert is_let_in(world, gate)


def test_an_answer_that_cannot_be_read_says_nothing(world: World) -> None:
    gate = world.gate(LOOKUP)
    for _ in range(5):
        world.call(gate, None)
    world.moves_on(3)
    for _ in range(10):
        world.call(gate, Outcome(ErrorClass.OK, is_readable=False))
    assert is_let_in(world, gate)

    world.call(gate, None)

    assert not is_let_in(world, gate)


def test_failures_over_more_than_a_minute_are_no_row(world: World) -> None:
    gate = world.gate(LOOKUP)
    for _ in range(8):
        world.call(gate, None)
        world.moves_on(16)

    assert is_let_in(world, gate)


@pytest.mark.parametrize(("lane", "seconds"), [(LOOKUP, 5), (POSTING, 10)])
def test_it_is_left_alone_for_a_while_and_then_one_may_try(
    world: World, lane: Lane, seconds: float
) -> None:
    gates = [world.gate(lane) for _ in range(50)]
    opened(world, gates[0])
    world.moves_on(seconds - 0.1)
    assert not any(is_let_in(world, gate) for gate in gates)
    world.moves_on(0.1)

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(lambda gate: is_let_in(world, gate), gates)) == 1


def test_while_it_is_left_alone_its_limits_are_not_used_up(world: World) -> None:
    gate = world.gate(LOOKUP, [bucket(calls=50, per_s=60)])
    opened(world, gate)

    assert not any(is_let_in(world, gate) for _ in range(20))
    assert world.store.asked.count("take") == 6


def test_fifty_threads_of_one_worker_send_one_to_try(world: World) -> None:
    gate = world.gate(LOOKUP)
    opened(world, gate)
    world.moves_on(10)

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(lambda _: is_let_in(world, gate), range(50))) == 1


def test_it_is_open_to_all_again_when_the_try_succeeds(world: World) -> None:
    gate, other = world.gate(LOOKUP), world.gate(LOOKUP)
    opened(world, gate)
    world.moves_on(10)

    world.call(gate, NOT_THERE)

    assert all(is_let_in(world, one) for one in (gate, gate, other, other))


@pytest.mark.parametrize(
    ("lane", "closed_s"),
    [(LOOKUP, [5, 10, 20, 30, 30, 30, 30]), (POSTING, [10, 20, 30, 30, 30, 30, 30])],
)
def test_each_try_that_fails_doubles_the_time(
    world: World, lane: Lane, closed_s: list[int]
) -> None:
    gate, closed_for_s = world.gate(lane), []
    opened(world, gate)
    for _ in range(7):
        seconds = 0
        while not is_let_in(world, gate):
            world.moves_on(5)
            seconds += 5
        closed_for_s.append(seconds)
        # That one was the try, and nobody heard of it again; the next one fails.
        world.moves_on(30)
        world.call(gate, None)

    assert closed_for_s == closed_s


def test_after_a_success_it_begins_with_the_shortest_time_again(world: World) -> None:
    gate = world.gate(LOOKUP)
    opened(world, gate)
    world.moves_on(10)
    world.call(gate, None)
    world.moves_on(20)
    world.call(gate, OK)
    opened(world, gate)
    world.moves_on(5)

    assert is_let_in(world, gate)


@pytest.mark.parametrize(
    ("lane", "call_s", "seconds"),
    [(LOOKUP, 1.2, 1.2), (LOOKUP, 30, 5), (POSTING, 10, 10), (POSTING, 60, 30)],
)
def test_a_try_that_was_killed_is_followed_by_another_when_its_call_would_be_over(
    world: World, lane: Lane, call_s: float, seconds: float
) -> None:
    gate, other = world.gate(lane), world.gate(lane)
    opened(world, gate)
    world.moves_on(10)
    world.enter(gate, patience_s=call_s)
    world.moves_on(seconds - 0.1)
    assert not is_let_in(world, other)
    world.moves_on(0.1)

    assert is_let_in(world, other)


def test_a_late_answer_of_before_neither_opens_nor_closes_it(world: World) -> None:
    gate = world.gate(LOOKUP)
    slow = [world.enter(gate) for _ in range(8)]
    opened(world, gate)

    gate.leave(slow.pop(), OK)
    assert not is_let_in(world, gate)
    for admitted in slow:
        gate.leave(admitted, None)
    world.moves_on(5)

    assert is_let_in(world, gate)


def test_a_success_that_knows_less_does_not_close_what_was_opened_meanwhile(world: World) -> None:
    gate, other = world.gate(LOOKUP), world.gate(LOOKUP)
    for _ in range(2):
        world.call(gate, None)
    slow = world.enter(other)
    opened(world, gate)

    other.leave(slow, OK)

    assert not is_let_in(world, gate)
    assert not is_let_in(world, world.gate(LOOKUP))


def test_lookups_that_have_no_patience_do_not_stop_postings_that_have(world: World) -> None:
    """A CRM may be too slow for a caller, and good enough for the record of the call."""
    opened(world, world.gate(LOOKUP))

    assert not is_let_in(world, world.gate(LOOKUP))
    assert is_let_in(world, world.gate(POSTING))


def test_a_connector_s_breaker_is_its_own(world: World) -> None:
    opened(world, world.gate(LOOKUP))

    assert is_let_in(world, world.gate(LOOKUP, system="other"))


def test_success_is_not_written_down_when_there_was_no_failure(world: World) -> None:
    gate = world.gate(LOOKUP)
    for _ in range(10):
        world.call(gate, OK)

    assert world.store.asked == ["state"]


def test_the_error_says_that_nothing_was_sent_and_no_more(world: World) -> None:
    gate = world.gate(LOOKUP)
    opened(world, gate)

    with pytest.raises(UpstreamUnavailable, match="sandbox: not asked"):
        world.enter(gate, "/customers/+14155550142")


@pytest.mark.parametrize(
    ("lane", "jitter", "seconds"),
    [(POSTING, 0.0, 7.0), (POSTING, 0.9, 11.5), (LOOKUP, 0.0, 2.0)],
)
def test_who_is_sent_away_hears_when_it_may_be_tried_and_not_all_the_same(
    world: World, lane: Lane, jitter: float, seconds: float
) -> None:
    gate = world.gate(lane, jitter=jitter)
    opened(world, gate)
    world.moves_on(3)

    with pytest.raises(LeftAlone) as told:
        world.enter(gate)

    assert told.value.retry_after_s == pytest.approx(seconds)


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 1.0), (0.5, 3.5)])
def test_who_comes_while_one_tries_comes_back_in_a_moment(
    world: World, jitter: float, seconds: float
) -> None:
    """Even when the try may take fifteen seconds: most are over at once."""
    gate, other = world.gate(POSTING, jitter=jitter), world.gate(POSTING, jitter=jitter)
    opened(world, gate)
    world.moves_on(10)
    world.enter(gate, patience_s=15)

    for sent_away in (gate, other):
        with pytest.raises(LeftAlone) as told:
            world.enter(sent_away)
        assert told.value.retry_after_s == pytest.approx(seconds)


@pytest.mark.parametrize("hangs_s", [0.0, 15.0])
def test_postings_are_back_within_a_minute_of_the_end_of_the_longest_outage(
    world: World, hangs_s: float
) -> None:
    """The worst moment to come back is just after a try has begun that will fail."""
    gate = world.gate(POSTING, jitter=0.999)
    opened(world, gate)
    for _ in range(20):
        world.moves_on(waits_s(world, gate))
        tried = world.enter(gate)
        world.moves_on(hangs_s)
        gate.leave(tried, None)

    back_after_s = hangs_s + waits_s(world, gate)

    # The worker adds up to a fifth to what it is told.
    assert hangs_s + 1.2 * (back_after_s - hangs_s) <= 60
    world.moves_on(waits_s(world, gate))
    world.call(gate, OK)
    assert all(is_let_in(world, gate) for _ in range(100))


def waits_s(world: World, gate: SharedGate) -> float:
    """How long who comes now is told to wait."""
    with pytest.raises(LeftAlone) as told:
        world.enter(gate)
    return told.value.retry_after_s


def test_a_crm_that_is_dead_for_an_hour_gets_a_posting_in_half_a_minute(world: World) -> None:
    gate, tries = world.gate(POSTING), 0
    opened(world, gate)
    for _ in range(3600):
        world.moves_on(1)
        try:
            admitted = world.enter(gate)
        except LeftAlone:
            continue
        gate.leave(admitted, None)
        tries += 1

    assert 115 <= tries <= 122


def silences_that_count(world: World, share_s: float, left_s: float) -> bool:
    """Whether a CRM that is silent in ten lookups is left alone.

    Each had `share_s` for it, of which `left_s` were left when its turn came.
    """
    spent_s = 0.0

    def spend(seconds: float) -> None:
        nonlocal spent_s
        spent_s += seconds
        world.moves_on(seconds)

    def silence(_: HttpRequest) -> NoReturn:
        spend(left_s)
        raise NoAnswerError("no answer in time", sent=True)

    crm = Engine(
        compiled(id="sandbox"),
        {},
        dict,
        transport=ScriptedTransport([silence] * 10),
        wall_clock=world.now,
        shared=Shared(pacing=world.store, beside=run_at_once),
    )
    for _ in range(10):
        spend(0.4)  # until the next one calls
        whole = Deadline.after(1.2, lambda: spent_s)
        share = whole.at_most(share_s)
        spend(share_s - left_s)
        with pytest.raises(UpstreamUnavailable):
            crm.read("find_email", {"email": "ada@example.com"}, deadline=share)
    return not is_let_in(world, world.gate(LOOKUP))


@pytest.mark.parametrize(("share_s", "left_s"), [(1.2, 0.4), (0.5, 0.3), (0.2, 0.12), (0.05, 0.05)])
def test_a_crm_that_was_left_no_time_to_answer_did_not_fail(
    world: World, share_s: float, left_s: float
) -> None:
    """Our own tables, or the CRM asked before it, used up what it should have had."""
    assert not silences_that_count(world, share_s, left_s)


@pytest.mark.parametrize(("share_s", "left_s"), [(1.2, 1.2), (1.2, 0.6), (0.36, 0.35), (0.2, 0.18)])
def test_a_silent_crm_is_left_alone_however_small_its_share_was(
    world: World, share_s: float, left_s: float
) -> None:
    """Of three CRMs, asked by two identities each, the first has a sixth of the time."""
    assert silences_that_count(world, share_s, left_s)
