"""When a simulated past is the one that happened, and when nobody can tell."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cli.simulation.calibration import Comparison, compared, happened, refuse_quiet
from cli.simulation.contacts import Contact
from cli.simulation.habits import habits_of
from cli.simulation.measures import ALL, Call, measure
from cli.simulation.refusal import CannotSimulate
from cli.simulation.runs import Scene
from tests.unit.simulation.people import contact


def calls(waits: Sequence[tuple[int, float | None]]) -> list[Call]:
    """So many calls of each wait."""
    return [Call((), waited_s) for many, waited_s in waits for _ in range(many)]


def against(past: Sequence[Call], *runs: Sequence[Call]) -> Comparison:
    (whole,) = compared(measure(past, 20), [measure(run, 20) for run in runs])
    return whole


@pytest.mark.parametrize(("waited_s", "is_close"), [(7.5, True), (12.5, True), (13.6, False)])
def test_a_mean_wait_may_be_a_quarter_off_and_a_second_of_rounding(
    waited_s: float, is_close: bool
) -> None:
    assert against(calls([(400, 10.0)]), calls([(400, waited_s)])).is_close is is_close


def test_a_second_of_rounding_is_only_for_those_who_waited() -> None:
    """A mean of 0.6 s that comes from a few: none at all is another contact centre."""
    past = calls([(940, 0.0), (60, 10.0)])

    whole = against(past, calls([(1000, 0.0)]))

    assert whole.differences == ("the mean wait is 0.6 s too low",)


def test_where_hardly_anybody_waited_a_tenth_of_a_second_is_no_difference() -> None:
    past = calls([(499, 0.0), (1, 5.0)])

    assert against(past, calls([(490, 0.0), (10, 5.0)])).is_close


def test_a_quiet_past_is_not_met_by_a_simulation_in_which_everybody_is_in_time() -> None:
    past = calls([(9850, 0.0), (150, 25.0)])

    whole = against(past, calls([(9990, 0.0), (10, 25.0)]))

    assert "0.10% are not answered in time, and 1.50% were not," in whole.differences


def test_hang_ups_must_be_met_by_ratio() -> None:
    """As many were late, but they stayed."""
    past = calls([(9500, 4.0), (400, 30.0), (100, None)])

    assert against(past, calls([(9500, 4.0), (360, 30.0), (140, None)])).is_close
    assert against(past, calls([(9500, 4.0), (200, 30.0), (300, None)])).differences == (
        "3.00% hang up, and 1.00% did,",
    )


def test_of_few_calls_chance_is_allowed_more() -> None:
    past = calls([(297, 4.0), (3, None)])

    assert against(past, calls([(294, 4.0), (6, None)])).is_close


def test_what_some_runs_come_to_is_a_recording_too_short() -> None:
    past, calm, wild = calls([(300, 10.0)]), calls([(300, 9.0)]), calls([(300, 19.0)])

    assert against(past, calm, wild).is_too_short
    assert not against(past, wild, wild).is_too_short
    assert not against(past, past).is_too_short


def test_hits_that_are_off_are_told_and_do_not_refuse() -> None:
    def wanting(hits: int) -> list[Call]:
        return [Call((), 5.0, wanted_agent=True, got_agent=n < hits) for n in range(400)]

    whole = against(wanting(100), wanting(250))

    assert whole.hits_differ == "last-agent hits are 37.5 points too high"
    assert whole.is_close
    assert not against(wanting(100), wanting(120)).hits_differ


def test_where_nobody_waited_a_guessed_staff_or_more_callers_cannot_be_judged() -> None:
    contacts: list[Contact] = [contact(number) for number in range(400)]
    scene = Scene(contacts, (), habits_of(contacts), 20.0)
    past = happened(scene)[ALL]

    refuse_quiet(scene, past, 1.0)
    with pytest.raises(CannotSimulate, match="0 of 400 callers waited a second or more"):
        refuse_quiet(scene, past, 1.2)
    with pytest.raises(CannotSimulate, match="too quiet to tell"):
        refuse_quiet(replace(scene, is_staff_derived=True), past, 1.0)
