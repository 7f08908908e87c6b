"""Calibration and forecast on a contact centre whose truth is known, because it was simulated."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from cli.simulation.calibration import compared, happened
from cli.simulation.contacts import Contact
from cli.simulation.forecast import Forecast, Outlook, forecast, rounds
from cli.simulation.habits import habits_of
from cli.simulation.measures import ALL, Call, measure
from cli.simulation.places import Plan
from cli.simulation.plans import decided_plan, groups, recorded_plan
from cli.simulation.refusal import CannotSimulate
from cli.simulation.runs import Runs, Scene
from cli.simulation.staffing import Person, derived_staffing
from switchboard.domain.ruleset import Ruleset
from tests.unit.simulation.people import contact, rules, sample_contacts
from tests.unit.simulation.recordings import AS_NOW

SEEDS = 4
FRONT = """
  - {id: high, when: {tier: high}, then: {do: queue, queue: vip, priority: 100}}
  - {id: low, when: {tier: low}, then: {do: queue, queue: general, priority: 0}}
  - {id: rest, when: {}, then: {do: queue, queue: general, priority: 100}}
"""
FRESH = "  - {id: all, when: {}, then: {do: queue, queue: fresh}}"
HELPED = """
  - {id: low, when: {tier: low}, then: {do: self_service, flow: menu, on_fail: rest}}
  - {id: rest, when: {}, then: {do: queue, queue: general}}
"""


@pytest.fixture(scope="module")
def contacts() -> tuple[Contact, ...]:
    return sample_contacts()


def _much_longer(each: Contact) -> float:
    """Whoever was answered in time still is."""
    waited_s = each.waited_s or 0
    return waited_s * 4 if waited_s > 20 else waited_s


def scene_of(contacts: Sequence[Contact], people: Sequence[Person] | None = None) -> Scene:
    staff = derived_staffing(contacts) if people is None else people
    return Scene(contacts, staff, habits_of(contacts), 20.0)


def forecast_of(
    contacts: Sequence[Contact], ruleset: Ruleset, *, volume: float = 1.0, contained: float = 0.0
) -> Forecast:
    scene = replace(
        scene_of(contacts), groups=groups(contacts, ruleset, "tier"), contained=contained
    )
    return forecast(
        scene,
        recorded_plan(contacts),
        decided_plan(contacts, ruleset),
        seeds=SEEDS,
        volume=volume,
    )


def outlook(found: Forecast, *label: str) -> Outlook:
    return next(one for one in found.outlooks if one.label == label)


def test_a_past_that_was_simulated_is_met(contacts: tuple[Contact, ...]) -> None:
    found = forecast_of(contacts, rules(AS_NOW))

    assert found.is_calibrated
    assert [one.label for one in found.comparisons] == [
        ALL,
        *(("queue", name) for name in ("general", "vip")),
        *(("tier", name) for name in ("high", "low", "standard")),
    ]


def test_decisions_that_stay_the_same_change_nothing_at_all(contacts: tuple[Contact, ...]) -> None:
    same = tuple(replace(each, preferred_agent="", hold_s=0) for each in contacts)
    scene, plan = scene_of(same), recorded_plan(same)

    decided = decided_plan(same, rules(AS_NOW))

    assert [Runs(scene, plan).measured(seed) for seed in range(3)] == [
        Runs(scene, decided).measured(seed) for seed in range(3)
    ]


def test_a_head_start_helps_whom_it_is_given_at_the_cost_of_the_others(
    contacts: tuple[Contact, ...],
) -> None:
    found = forecast_of(contacts, rules(FRONT))

    favoured, others = outlook(found, "tier", "standard"), outlook(found, "tier", "low")
    assert favoured.wait_change_s
    assert others.wait_change_s
    assert favoured.wait_change_s.high < 0 < others.wait_change_s.low


def test_more_callers_wait_longer_and_hang_up_more(contacts: tuple[Contact, ...]) -> None:
    usual, busy = (forecast_of(contacts, rules(AS_NOW), volume=volume) for volume in (1.0, 1.2))

    few, many = outlook(usual, *ALL).new, outlook(busy, *ALL).new
    assert few.calls
    assert many.calls
    assert many.calls.mean == pytest.approx(1.2 * few.calls.mean, rel=0.02)
    assert few.abandoned
    assert many.abandoned
    assert many.abandoned.low > few.abandoned.high


def test_whom_self_service_helps_does_not_wait(contacts: tuple[Contact, ...]) -> None:
    none, half = (forecast_of(contacts, rules(HELPED), contained=share) for share in (0, 0.5))

    before, after = (outlook(found, "tier", "low").new.calls for found in (none, half))
    assert before
    assert after
    assert after.mean == pytest.approx(before.mean / 2, rel=0.05)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda each: replace(each, waited_s=each.waited_s + 30), "service level is"),
        (lambda each: replace(each, waited_s=_much_longer(each)), "the mean wait is"),
    ],
)
def test_a_past_that_cannot_be_met_gives_no_forecast(
    contacts: tuple[Contact, ...], change: Callable[[Contact], Contact], said: str
) -> None:
    """The staff is from the calls as they were; the waits are not what such a staff gives."""
    people = derived_staffing(contacts)
    other = tuple(change(each) for each in contacts)
    plan = recorded_plan(other)

    found = forecast(scene_of(other, people), plan, plan, seeds=SEEDS)

    assert not found.is_calibrated
    assert not found.outlooks
    assert any(said in difference for difference in found.comparisons[0].differences)


def test_half_the_staff_does_not_meet_the_past(contacts: tuple[Contact, ...]) -> None:
    plan = recorded_plan(contacts)

    found = forecast(scene_of(contacts, derived_staffing(contacts)[::2]), plan, plan, seeds=SEEDS)

    assert not found.is_calibrated


def test_a_queue_that_is_not_met_has_no_forecast(contacts: tuple[Contact, ...]) -> None:
    """Everybody waited in one queue, although its agent was free."""
    waited = contact(queue="odd", waited_s=15, agent="3001", handled_s=1)
    odd = sorted(
        [*contacts, *(replace(waited, at_s=each.at_s + 1) for each in contacts[:2400:8])],
        key=lambda each: each.at_s,
    )
    people = (*derived_staffing(contacts), Person("3001", frozenset({"odd"}), ((0, 1e12),)))
    plan = recorded_plan(odd)

    found = forecast(scene_of(odd, people), plan, plan, seeds=SEEDS)

    assert found.is_calibrated
    assert [one.label for one in found.outlooks] == [ALL, ("queue", "general"), ("queue", "vip")]


def test_errors_that_cancel_out_are_no_past_that_is_met() -> None:
    calls = [*[Call((("queue", "a"),), 10.0)] * 400, *[Call((("queue", "b"),), 30.0)] * 400]
    swapped = [*[Call((("queue", "b"),), 10.0)] * 400, *[Call((("queue", "a"),), 30.0)] * 400]

    found = Forecast(1, compared(measure(calls, 20), [measure(swapped, 20)]))

    assert found.comparisons[0].is_close
    assert found.is_met_by_accident
    assert not found.is_calibrated


def test_copies_of_callers_come_near_them_and_while_somebody_is_there() -> None:
    opens_s, closes_s = 28_800.0, 64_800.0
    contacts = [contact(at_s) for at_s in (opens_s, opens_s + 30, closes_s - 1)]
    staff = [Person("2001", frozenset({"general"}), ((opens_s, closes_s),))]
    runs = Runs(scene_of(contacts, staff), recorded_plan(contacts), volume=9)

    for seed in range(20):
        for arrived_s, number in runs.arrivals(random.Random(seed)):
            at_s = arrived_s + opens_s
            assert opens_s <= at_s < closes_s
            assert abs(at_s - contacts[number].at_s) <= 120


def test_few_contacts_are_refused(contacts: tuple[Contact, ...]) -> None:
    with pytest.raises(CannotSimulate, match="299 queued contacts with an outcome"):
        happened(scene_of(contacts[:299]))


def test_one_contact_is_refused() -> None:
    with pytest.raises(CannotSimulate, match="1 queued contacts with an outcome"):
        happened(scene_of([contact()]))


def test_a_recording_without_outcomes_is_refused(contacts: tuple[Contact, ...]) -> None:
    untold = replace(contacts[0], waited_s=None, handled_s=None, abandoned=None)

    with pytest.raises(CannotSimulate, match="no trigger told how it ended"):
        happened(scene_of([*contacts, *[untold] * (len(contacts) // 2)]))


def test_a_queue_that_nobody_serves_is_refused_with_what_to_do(
    contacts: tuple[Contact, ...],
) -> None:
    plan = decided_plan(contacts, rules(FRESH))

    with pytest.raises(CannotSimulate) as refused:
        Runs(scene_of(contacts), plan)

    assert f"queue fresh: {len(contacts)} contacts go there, and nobody" in str(refused.value)
    assert "--staffing" in str(refused.value)


def test_a_new_queue_with_staff_but_no_history_borrows_handling_times(
    contacts: tuple[Contact, ...],
) -> None:
    people = [replace(one, queues=one.queues | {"fresh"}) for one in derived_staffing(contacts)]

    measured = Runs(scene_of(contacts, people), decided_plan(contacts, rules(FRESH))).measured(0)

    assert measured["queue", "fresh"].calls == len(contacts)


def test_an_agent_who_is_not_on_the_staff_is_nobodys_hit(contacts: tuple[Contact, ...]) -> None:
    gone = tuple(replace(each, preferred_agent="9999", hold_s=15) for each in contacts)

    measured = Runs(scene_of(contacts), recorded_plan(gone)).measured(0)

    assert measured[ALL].last_agent == 0
    assert measured[ALL].wanted_agent == len(contacts)


def test_the_same_seed_is_the_same_run(contacts: tuple[Contact, ...]) -> None:
    scene, plan = scene_of(contacts), recorded_plan(contacts)

    assert Runs(scene, plan, volume=1.3).measured(7) == Runs(scene, plan, volume=1.3).measured(7)
    assert Runs(scene, plan).measured(7) != Runs(scene, plan).measured(8)


def test_progress_is_told_of_every_run(contacts: tuple[Contact, ...]) -> None:
    told: list[int] = []
    plan: Plan = recorded_plan(contacts)

    forecast(scene_of(contacts), plan, plan, seeds=2, volume=1.1, progress=lambda: told.append(1))

    assert len(told) == rounds(2, 1.1)
