import pytest

from cli.simulation.habits import ENOUGH, habits_of
from cli.simulation.refusal import CannotSimulate
from tests.unit.simulation.people import contact


def test_a_queue_with_enough_calls_has_its_own_handling_times() -> None:
    long = [contact(queue="vip", handled_s=600)] * ENOUGH
    short = [contact(handled_s=100)] * (ENOUGH - 1)

    habits = habits_of([*long, *short])

    assert habits.handling("vip", 0.0) == 600
    assert not habits.borrows("vip")


def test_a_queue_with_too_few_borrows_those_of_all() -> None:
    habits = habits_of([contact(queue="vip", handled_s=600)] * ENOUGH + [contact(handled_s=100)])

    assert habits.borrows("general")
    assert habits.handling("general", 0.0) == 100
    assert habits.handling("never heard of", 0.999) == 600


def test_a_caller_is_as_long_winded_in_one_queue_as_in_another() -> None:
    contacts = [
        contact(queue=queue, handled_s=factor * second)
        for queue, factor in (("general", 1), ("vip", 2))
        for second in range(1, 101)
    ]

    habits = habits_of(contacts)

    assert habits.handling("vip", 0.7) == 2 * habits.handling("general", 0.7)


def test_impatience_is_a_queues_own_where_enough_hung_up() -> None:
    left = [contact(queue="vip", waited_s=5, abandoned=True, handled_s=None)] * ENOUGH

    habits = habits_of([*left, *[contact(waited_s=5)] * 90])

    assert habits.patience_s("vip", 0.9) == 5
    assert habits.patience_s("general", 0.2) == 5
    assert habits.patience_s("general", 0.5) > 5


def test_whose_patience_is_borrowed_and_how_many_hung_up_is_known() -> None:
    left = [contact(queue="vip", waited_s=5, abandoned=True, handled_s=None)] * ENOUGH
    one = contact(waited_s=5, abandoned=True, handled_s=None)

    habits = habits_of([*left, one, contact()])

    assert habits.hung_up == ENOUGH + 1
    assert habits.borrows_patience("general")
    assert not habits.borrows_patience("vip")


def test_where_no_handling_time_was_told_there_is_nothing_to_simulate() -> None:
    with pytest.raises(CannotSimulate, match="how long calls take is not known"):
        habits_of([contact(handled_s=None), contact(abandoned=True, agent="", handled_s=None)])
