import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.simulation.measures import ALL, Call, Measured, estimate, estimated, measure

VIP = ("queue", "vip")


def test_service_level_counts_everybody_and_the_wait_who_was_answered() -> None:
    calls = [Call((VIP,), 10.0), Call((VIP,), 30.0), Call((VIP,), None), Call((), 20.0)]

    found = measure(calls, 20)

    assert found[VIP] == Measured(3, 20.0, 30.0, 1 / 3, 1 / 3, None, 0, 3)
    assert found[ALL].service_level == 2 / 4


def test_of_ten_waits_nine_are_no_longer_than_the_ninth() -> None:
    found = measure([Call((), float(second)) for second in range(1, 11)], 20)

    assert found[ALL].wait_90_s == 9


def test_who_waited_less_than_a_second_did_not_wait_and_who_hung_up_did() -> None:
    calls = [Call((), 0.0), Call((), 0.9), Call((), 1.0), Call((), None)]

    assert measure(calls, 20)[ALL].waited == 2


def test_hits_are_a_share_of_those_who_should_have_had_an_agent() -> None:
    calls = [
        Call((), 1.0, wanted_agent=True, got_agent=True),
        Call((), None, wanted_agent=True),
        Call((), 1.0),
    ]

    assert measure(calls, 20)[ALL].last_agent == 1 / 2


def test_where_nobody_called_there_is_nothing_to_say() -> None:
    assert measure([], 20) == {ALL: Measured(0, None, None, None, None, None, 0, 0)}


def test_nine_of_ten_runs_lie_within_the_interval() -> None:
    found = estimate([float(run) for run in range(20)])

    assert found
    assert (found.mean, found.low, found.high) == (9.5, 1, 18)


def test_runs_without_the_value_do_not_count() -> None:
    assert estimate([None, None]) is None
    assert estimated([{}, measure([Call((VIP,), 4.0)], 20)], VIP).mean_wait_s == estimate([4.0])


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_the_interval_is_within_what_was_seen(values: list[float]) -> None:
    found = estimate(values)

    assert found
    assert min(values) <= found.low <= found.high <= max(values)
    assert found.mean == pytest.approx(sum(values) / len(values))
