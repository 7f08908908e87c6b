import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.simulation.patience import estimated

WAITS = st.lists(st.tuples(st.integers(0, 300).map(float), st.booleans()), min_size=1)


def test_the_textbook_steps() -> None:
    """Of five callers one hung up after 3 s, one was answered after 4, one hung up after 5."""
    found = estimated([(3, True), (4, False), (5, True), (7, False), (9, False)])

    assert found.steps_s == (3, 5)
    assert found.gone == pytest.approx((1 / 5, 1 - 4 / 5 * 2 / 3))


def test_answered_callers_only_say_that_they_were_patient_so_long() -> None:
    """All would hang up after a minute or so, and a third is answered before."""
    chance = random.Random(1)
    patience_s = [chance.expovariate(1 / 60) for _ in range(20_000)]
    answered_s = [chance.expovariate(1 / 120) for _ in patience_s]
    waits = [
        (min(patient, answered), patient <= answered)
        for patient, answered in zip(patience_s, answered_s, strict=True)
    ]

    found = estimated(waits)

    drawn = [found.drawn(chance.random()) for _ in range(20_000)]
    assert math.fsum(drawn) / len(drawn) == pytest.approx(60, rel=0.03)
    naive = [waited for waited, abandoned in waits if abandoned]
    assert math.fsum(naive) / len(naive) == pytest.approx(40, rel=0.05)


def test_where_nobody_hung_up_nobody_does() -> None:
    assert estimated([(5, False), (600, False)]).drawn(0.99) == math.inf


def test_beyond_the_longest_wait_they_hang_up_at_the_mean_rate() -> None:
    found = estimated([(10, True), (40, False), (50, False)])

    assert found.rate_per_s == pytest.approx(1 / 100)
    # A third is gone at 10 s; half of the others are after the median of the rate.
    assert found.drawn(2 / 3) == pytest.approx(50 + 100 * math.log(2))


def test_without_any_caller_there_is_patience_for_ever() -> None:
    assert estimated([]).drawn(0.5) == math.inf


@given(WAITS, st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_whatever_was_recorded_a_patience_is_a_time_and_grows_with_chance(
    waits: list[tuple[float, bool]], one: float, other: float
) -> None:
    found = estimated(waits)

    low, high = (found.drawn(chance) for chance in sorted((one, other)))

    assert 0 <= low <= high


@given(WAITS)
def test_nobody_is_gone_twice(waits: list[tuple[float, bool]]) -> None:
    gone = estimated(waits).gone

    assert list(gone) == sorted(gone)
    assert all(0 < share <= 1 for share in gone)
