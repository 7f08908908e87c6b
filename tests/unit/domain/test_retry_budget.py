"""Retries are a share of the calls, whatever fails."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.retry_budget import LEAST_PER_S, SHARE_OF_FIRST, RetryBudget


@dataclass
class World:
    """A budget, and a clock that moves when it is told to."""

    now_s: float = 1000.0
    budget: RetryBudget = field(init=False)

    def __post_init__(self) -> None:
        self.budget = RetryBudget(SHARE_OF_FIRST, LEAST_PER_S, lambda: self.now_s)

    def first(self, times: int) -> None:
        for _ in range(times):
            self.budget.note_first()

    def retry(self, times: int) -> int:
        """How many of them pass."""
        return sum(self.budget.take_retry() for _ in range(times))


def test_a_fifth_of_the_first_attempts_may_be_repeated_and_one_more() -> None:
    world = World()
    world.first(100)

    assert world.retry(50) == 20 + 1


def test_a_connector_that_is_seldom_used_retries_once_a_second() -> None:
    world = World()
    passed = []
    for _ in range(5):
        passed.append(world.retry(10))
        world.now_s += 1

    assert passed == [1, 1, 1, 1, 1]


def test_a_quiet_hour_buys_no_burst() -> None:
    world = World()
    world.now_s += 3600

    assert world.retry(100) == 1


def test_half_a_second_is_not_enough_for_another() -> None:
    world = World()
    world.retry(1)
    world.now_s += 0.5
    assert world.retry(1) == 0
    world.now_s += 0.5

    assert world.retry(1) == 1


def test_first_attempts_of_more_than_a_minute_ago_pay_for_nothing() -> None:
    world = World()
    world.first(100)
    world.now_s += 59
    assert world.retry(10) == 10
    world.now_s += 1

    assert world.retry(10) == 1


def test_retries_of_more_than_a_minute_ago_are_forgotten() -> None:
    world = World()
    world.first(100)
    assert world.retry(100) == 21
    world.now_s += 60
    world.first(100)

    assert world.retry(100) == 21


def test_several_a_second_may_come_at_once() -> None:
    budget = RetryBudget(0.0, 4.0, lambda: 0.0)

    assert [budget.take_retry() for _ in range(6)] == [True] * 4 + [False] * 2


def test_less_than_one_a_second_is_one_in_a_while() -> None:
    now_s = 0.0
    budget = RetryBudget(0.0, 0.1, lambda: now_s)
    passed = []
    for second in range(21):
        now_s = float(second)
        if budget.take_retry():
            passed.append(second)

    assert passed == [0, 10, 20]


def test_threads_do_not_pass_together_what_only_one_may() -> None:
    world = World()
    world.first(1000)
    with ThreadPoolExecutor(20) as pool:
        passed = sum(pool.map(lambda _: world.budget.take_retry(), range(2000)))

    assert passed == 200 + 1


# Each step: so many first attempts, so many wanted retries, and how long until the next step.
steps = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.floats(0, 90)), min_size=1, max_size=30
)


@given(steps)
def test_in_no_minute_is_more_repeated_than_the_share_and_one_a_second(
    steps: list[tuple[int, int, float]],
) -> None:
    world = World()
    firsts: list[tuple[float, int]] = []
    retries: list[tuple[float, int]] = []
    for first, wanted, pause_s in steps:
        world.first(first)
        firsts.append((world.now_s, first))
        retries.append((world.now_s, world.retry(wanted)))
        world.now_s += pause_s

    for begins_s, _ in retries:
        repeated = sum(n for at_s, n in retries if begins_s <= at_s < begins_s + 59)
        # A retry at the window's begin was paid for by the minute before it.
        paid = sum(n for at_s, n in firsts if begins_s - 60 < at_s < begins_s + 59)
        assert repeated <= SHARE_OF_FIRST * paid + LEAST_PER_S * 60 + 1
