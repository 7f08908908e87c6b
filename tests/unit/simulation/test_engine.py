"""What the engine promises, one situation at a time."""

import math
from collections.abc import Callable, Sequence

import pytest

from cli.simulation.centre import NOBODY, Agent, Happened, HeadStart, Preference, Traffic
from cli.simulation.engine import simulate
from cli.simulation.floor import Floor
from tests.unit.simulation.floors import FOR_EVER, PLAIN, agents, callers

URGENT = HeadStart(120.0)
Engine = Callable[[Sequence[Agent], Traffic], Happened]


def test_whoever_comes_first_is_served_first() -> None:
    assert simulate(agents(1), callers([0, 1, 2], [10, 10, 10])) == Happened([0, 9, 18], [0, 0, 0])


def test_nobody_called_and_nothing_happened() -> None:
    assert simulate(agents(1), callers([], [])) == Happened([], [])


def test_the_agent_idle_longest_gets_the_call() -> None:
    happened = simulate(agents(2), callers([0, 1, 20], [10, 2, 1]))

    assert happened.answered_by == [0, 1, 1]


def test_a_head_start_overtakes_who_has_waited_less_than_it_is_worth() -> None:
    traffic = callers([0, 1, 90], [100, 10, 10], head_start=[PLAIN, PLAIN, URGENT])

    assert simulate(agents(1), traffic).waited_s == [0, 109, 10]


def test_a_head_start_does_not_overtake_who_has_waited_longer_than_it_is_worth() -> None:
    traffic = callers([0, 1, 130], [200, 10, 10], head_start=[PLAIN, PLAIN, URGENT])

    assert simulate(agents(1), traffic).waited_s == [0, 199, 80]


def test_a_rising_priority_overtakes_with_time() -> None:
    """After a minute the second caller, who gains a second each second, stands before the first."""
    rising = HeadStart(0.0, 1.0)
    traffic = callers([0, 1, 2], [60, 10, 10], head_start=[PLAIN, HeadStart(30), rising])

    assert simulate(agents(1), traffic).waited_s == [0, 69, 58]


def test_a_rising_priority_stops_at_its_most() -> None:
    rising = HeadStart(0.0, 1.0, 20.0)
    traffic = callers([0, 1, 2], [60, 10, 10], head_start=[PLAIN, HeadStart(30), rising])

    assert simulate(agents(1), traffic).waited_s == [0, 59, 68]


def test_a_caller_out_of_patience_is_gone_and_costs_no_agent() -> None:
    traffic = callers([0, 1, 2], [10, 10, 10], patience_s=[5, 5, 50])

    assert simulate(agents(1), traffic) == Happened([0, 5, 8], [0, NOBODY, 0])


def test_nobody_takes_a_call_after_the_shift_and_one_begun_is_finished() -> None:
    staff = [Agent("2001", frozenset({0}), ((0.0, 10.0), (100.0, 200.0)))]

    assert simulate(staff, callers([5, 6], [50, 5])).waited_s == [0, 94]


def test_who_talks_into_the_next_shift_begins_it_late() -> None:
    staff = [Agent("2001", frozenset({0}), ((0.0, 10.0), (20.0, 200.0)))]

    assert simulate(staff, callers([5, 6], [50, 5])).waited_s == [0, 49]


def test_after_the_last_shift_nobody_answers() -> None:
    staff = [Agent("2001", frozenset({0}), ((0.0, 10.0),))]

    happened = simulate(staff, callers([20, 21], [1, 1], patience_s=[math.inf, 30]))

    assert happened == Happened([math.inf, 30], [NOBODY, NOBODY])


def test_a_queue_that_nobody_serves_is_waited_in_in_vain() -> None:
    happened = simulate(agents(2, 0), callers([0], [1], queue=[7], patience_s=[30]))

    assert happened == Happened([30], [NOBODY])


def test_a_shared_agent_takes_whoever_stands_first_in_any_queue() -> None:
    traffic = callers([0, 1, 2], [10, 10, 10], queue=[0, 1, 0])

    assert simulate(agents(1, 0, 1), traffic).waited_s == [0, 9, 18]


def test_a_preferred_agent_who_is_free_takes_the_call_out_of_turn() -> None:
    happened = simulate(agents(3), callers([0], [1], preference=[Preference(2)]))

    assert happened.answered_by == [2]


def test_a_held_caller_waits_while_others_are_idle() -> None:
    preference = [None, Preference(0, hold_s=15)]

    happened = simulate(agents(2), callers([0, 1], [10, 5], preference=preference))

    assert happened == Happened([0, 9], [0, 0])


def test_when_the_hold_ends_any_idle_agent_answers() -> None:
    preference = [None, Preference(0, hold_s=15)]

    happened = simulate(agents(2), callers([0, 1], [60, 5], preference=preference))

    assert happened == Happened([0, 15], [0, 1])


def test_after_a_hold_the_caller_has_the_place_of_the_time_of_arrival() -> None:
    """Both agents are busy; the held caller came second and is served before the third."""
    preference = [None, None, Preference(0, hold_s=15), None]

    happened = simulate(agents(2), callers([0, 1, 2, 3], [60, 30, 5, 5], preference=preference))

    assert happened == Happened([0, 0, 29, 33], [0, 1, 1, 1])


def test_a_freed_agent_takes_the_caller_held_for_them_first() -> None:
    preference = [None, None, Preference(0, hold_s=15)]
    head_start = [PLAIN, URGENT, PLAIN]

    traffic = callers([0, 1, 2], [10, 10, 10], preference=preference, head_start=head_start)

    assert simulate(agents(1), traffic).waited_s == [0, 19, 8]


def test_no_more_are_held_for_one_agent_than_may_wait() -> None:
    preference = [None, Preference(0, hold_s=15), Preference(0, hold_s=15)]

    happened = simulate(agents(2), callers([0, 1, 2], [10, 5, 5], preference=preference))

    assert happened == Happened([0, 9, 0], [0, 0, 1])


def test_nobody_is_held_for_an_agent_who_is_at_home() -> None:
    staff = [Agent("2001", frozenset({0}), ((50.0, FOR_EVER),)), *agents(1)]

    happened = simulate(staff, callers([0], [1], preference=[Preference(0, hold_s=100)]))

    assert happened == Happened([0], [1])


def test_nobody_is_held_for_an_agent_who_does_not_serve_the_queue() -> None:
    staff = [*agents(1, 1), *agents(1, 0)]
    traffic = callers([0], [1], preference=[Preference(0, hold_s=100)])

    assert simulate(staff, traffic) == Happened([0], [1])


def test_held_callers_are_let_go_when_the_agents_shift_ends() -> None:
    staff = [Agent("2001", frozenset({0}), ((0.0, 10.0),)), *agents(1)]
    preference = [Preference(0), Preference(0, hold_s=100)]

    happened = simulate(staff, callers([0, 1], [60, 5], preference=preference))

    assert happened == Happened([0, 9], [0, 1])


def test_a_held_caller_who_hangs_up_is_not_put_through() -> None:
    preference = [None, Preference(0, hold_s=15), None]

    happened = simulate(
        agents(1),
        callers([0, 1, 9], [10, 5, 5], patience_s=[1, 4, 30], preference=preference),
    )

    assert happened == Happened([0, 4, 1], [0, NOBODY, 0])


@pytest.mark.parametrize("run", [simulate, lambda staff, calls: Floor(staff, calls).run()])
def test_a_call_that_ends_with_the_shift_is_the_last_one(run: Engine) -> None:
    staff = [Agent("2001", frozenset({0}), ((0.0, 10.0),)), *later()]

    assert run(staff, callers([0, 5], [10, 1])) == Happened([0, 15], [0, 1])


@pytest.mark.parametrize("run", [simulate, lambda staff, calls: Floor(staff, calls).run()])
def test_whoever_is_answered_at_the_very_end_of_patience_is_answered(run: Engine) -> None:
    happened = run(agents(1), callers([0, 4], [10, 1], patience_s=[0, 6]))

    assert happened == Happened([0, 6], [0, 0])


def later() -> list[Agent]:
    return [Agent("2002", frozenset({0}), ((20.0, FOR_EVER),))]
