from hypothesis import given
from hypothesis import strategies as st

from cli.simulation.centre import HeadStart
from cli.simulation.past import past_of
from cli.simulation.places import Place
from cli.simulation.plans import decided_plan, recorded_plan
from cli.simulation.ranking import AS_WRITTEN, as_ecs
from tests.unit.simulation.people import contact, rules

ECS = as_ecs({"Normal": 0.0, "Urgent": 120.0, "Front": 600.0})


def test_a_head_start_between_two_classes_is_the_lower_one() -> None:
    assert ECS.ranked(HeadStart(599)) == HeadStart(120)
    assert ECS.ranked(HeadStart(600)) == HeadStart(600)


def test_below_the_lowest_class_it_is_the_lowest() -> None:
    assert as_ecs({"Least": 30.0}).ranked(HeadStart(5)) == HeadStart(30)


def test_ecs_lets_no_priority_grow() -> None:
    assert ECS.ranked(HeadStart(0, 2.0, 300)) == HeadStart()


def test_without_classes_a_head_start_is_to_the_second_and_does_not_grow_either() -> None:
    growing = HeadStart(7, 2.0, 300)

    assert as_ecs({}).ranked(growing) == HeadStart(7)
    assert AS_WRITTEN.ranked(growing) == growing


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_more_of_a_head_start_is_never_ranked_below_less(one: float, other: float) -> None:
    low, high = sorted((one, other))

    assert ECS.ranked(HeadStart(low)).start_s <= ECS.ranked(HeadStart(high)).start_s


def test_other_classes_in_the_new_ruleset_do_not_change_the_past() -> None:
    decided = [contact(priority_s=300)]
    ruleset = rules("  - {id: all, when: {}, then: {do: queue, queue: general, priority: 25}}")
    past = past_of(decided, ruleset, ECS, "the new one")

    assert recorded_plan(decided, past).places == [Place("general", HeadStart(300))]
    assert decided_plan(decided, ruleset, ECS, past).places == [Place("general", HeadStart(120))]


def test_the_ruleset_that_decided_had_its_own_classes_then_as_well() -> None:
    decided = [contact(priority_s=150, ruleset="same")]
    ruleset = rules("  - {id: all, when: {}, then: {do: queue, queue: general, priority: 25}}")
    past = past_of(decided, ruleset, ECS, "same")

    assert recorded_plan(decided, past).places == [Place("general", HeadStart(120))]
    assert decided_plan(decided, ruleset, ECS, past).places == [Place("general", HeadStart(120))]
