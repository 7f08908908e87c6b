"""What is true of every floor, and a second, slow engine that has to agree."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.simulation.centre import NOBODY, HeadStart
from cli.simulation.engine import simulate
from cli.simulation.floor import Floor
from cli.simulation.one_queue import first_come_first_served
from tests.unit.simulation.floors import agents, callers, poisson, small_world
from tests.unit.simulation.plain_floor import PlainFloor

SEEDS = st.integers(0, 2**32)


@given(SEEDS)
@settings(max_examples=300, deadline=None)
def test_the_engine_does_what_the_slow_one_does(seed: int) -> None:
    staff, traffic = small_world(seed)

    fast, slow = simulate(staff, traffic), PlainFloor(staff, traffic).run()

    assert fast.answered_by == slow.answered_by
    assert fast.waited_s == pytest.approx(slow.waited_s)


@given(SEEDS)
@settings(max_examples=200, deadline=None)
def test_the_fast_path_is_the_floor_to_the_last_bit(seed: int) -> None:
    staff, traffic = small_world(seed, holds=False)
    alone = callers(traffic.arrived_s, traffic.handling_s, patience_s=traffic.patience_s)
    staff = [agent for agent in staff if 0 in agent.queues]

    fast = first_come_first_served(alone.arrived_s, alone.handling_s, alone.patience_s, staff)

    assert fast == Floor(staff, alone).run()


@given(SEEDS)
@settings(max_examples=200, deadline=None)
def test_nobody_serves_two_at_once_or_off_shift_or_in_a_foreign_queue(seed: int) -> None:
    staff, traffic = small_world(seed)
    happened = simulate(staff, traffic)
    last_end = dict.fromkeys(range(len(staff)), float("-inf"))

    answered = [call for call, agent in enumerate(happened.answered_by) if agent != NOBODY]
    for call in sorted(answered, key=lambda c: traffic.arrived_s[c] + happened.waited_s[c]):
        agent = happened.answered_by[call]
        begun = traffic.arrived_s[call] + happened.waited_s[call]
        assert begun >= last_end[agent] - 1e-9
        assert traffic.queue[call] in staff[agent].queues
        assert any(start - 1e-9 <= begun < end for start, end in staff[agent].shifts)
        assert happened.waited_s[call] <= traffic.patience_s[call]
        last_end[agent] = begun + traffic.handling_s[call]


@given(SEEDS, st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_one_agent_more_never_makes_anybody_wait_longer(seed: int, count: int) -> None:
    """True for every single caller where nobody hangs up (Kiefer and Wolfowitz 1955)."""
    traffic = poisson(60, per_hour=60 * count, handling_s=60, seed=seed)

    fewer, more = simulate(agents(count), traffic), simulate(agents(count + 1), traffic)

    pairs = zip(more.waited_s, fewer.waited_s, strict=True)
    assert all(better <= worse + 1e-6 for better, worse in pairs)


@given(SEEDS, st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_priorities_share_the_waiting_out_and_neither_add_nor_remove_any(
    seed: int, count: int
) -> None:
    """The conservation law, exact on every path where all calls take as long (Kleinrock 1965)."""
    chance = random.Random(seed)
    plain = poisson(80, per_hour=70 * count, handling_s=60, seed=seed)
    head_start = [
        chance.choice([HeadStart(), HeadStart(300), HeadStart(10, 1.0, 60)]) for _ in range(80)
    ]
    handling_s = [60.0] * 80

    ranked = simulate(agents(count), callers(plain.arrived_s, handling_s, head_start=head_start))
    equal = simulate(agents(count), callers(plain.arrived_s, handling_s))

    assert sum(ranked.waited_s) == pytest.approx(sum(equal.waited_s))


@given(SEEDS)
@settings(max_examples=50, deadline=None)
def test_the_same_floor_twice_is_the_same(seed: int) -> None:
    staff, traffic = small_world(seed)

    assert simulate(staff, traffic) == simulate(staff, traffic)
