from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.simulation.contacts import Contact
from cli.simulation.refusal import CannotSimulate
from cli.simulation.skills import Stray, skills_of
from cli.simulation.staffing import Person, derived_staffing, read_staffing

HOUR_S = 3600
FIRST_S = datetime(2026, 11, 2, tzinfo=UTC).timestamp()  # a Monday
LAST_S = FIRST_S + 2 * 86_400 - 1


def read(tmp_path: Path, text: str, first_s: float = FIRST_S, last_s: float = LAST_S) -> object:
    file = tmp_path / "staff.yaml"
    file.write_text(text, encoding="utf-8")
    return read_staffing(file, first_s=first_s, last_s=last_s)


def hours(person: Person, first_s: float = FIRST_S) -> list[tuple[float, float]]:
    return [((start - first_s) / HOUR_S, (end - first_s) / HOUR_S) for start, end in person.shifts]


def people(tmp_path: Path, agents: str, zone: str = "UTC") -> tuple[Person, ...]:
    found = read(tmp_path, f"format: staffing/1\ntimezone: {zone}\nagents:\n{agents}")
    assert isinstance(found, tuple)
    return found


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(CannotSimulate) as problem:
        read(tmp_path, text)
    return str(problem.value)


def test_people_of_one_entry_share_queues_and_shifts(tmp_path: Path) -> None:
    found = people(
        tmp_path,
        '- {extensions: ["2001", 2002], queues: [sales, vip], '
        'shifts: {mon-fri: ["09:00-12:00", "12:30-17:00"]}}',
    )

    assert [person.extension for person in found] == ["2001", "2002"]
    assert found[1].queues == {"sales", "vip"}
    assert hours(found[0]) == [(9, 12), (12.5, 17), (33, 36), (36.5, 41)]


def test_a_date_of_its_own_replaces_the_weekly_hours(tmp_path: Path) -> None:
    (person,) = people(
        tmp_path,
        "- extensions: ['2001']\n  queues: [sales]\n  shifts: {mon-fri: ['09:00-17:00']}\n"
        "  exceptions: [{date: 2026-11-02, name: off}]",
    )

    assert hours(person) == [(33, 41)]


def test_shifts_are_by_the_clock_on_the_wall(tmp_path: Path) -> None:
    (person,) = people(
        tmp_path,
        "- {extensions: ['2001'], queues: [sales], shifts: {mon: ['09:00-17:00']}}",
        zone="America/New_York",
    )

    assert hours(person) == [(14, 22)]


def test_a_shift_over_midnight_is_one(tmp_path: Path) -> None:
    (person,) = people(
        tmp_path,
        "- extensions: ['2001']\n  queues: [a]\n"
        "  shifts: {mon: ['22:00-24:00'], tue: ['00:00-06:00']}",
    )

    assert hours(person) == [(22, 30)]


def test_a_shift_that_began_the_night_before_is_there(tmp_path: Path) -> None:
    (person,) = people(
        tmp_path, "- {extensions: ['2001'], queues: [a], shifts: {sun: ['22:00-06:00']}}"
    )

    assert hours(person) == [(-2, 6)]


def test_a_night_shift_has_an_hour_more_when_the_clocks_go_back(tmp_path: Path) -> None:
    saturday_s = datetime(2026, 10, 31, tzinfo=UTC).timestamp()
    text = (
        "format: staffing/1\ntimezone: America/New_York\nagents:\n"
        "- {extensions: ['2001'], queues: [a], shifts: {sat: ['22:00-06:00']}}"
    )

    found = read(tmp_path, text, saturday_s, saturday_s + 86_400)

    assert isinstance(found, tuple)
    assert hours(found[0], saturday_s) == [(26, 35)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "format: "),
        ("- a", "write `name: value` pairs"),
        ("format: [", "not YAML"),
        ("format: staffing/1\ntimezone: UTC", "agents: nobody"),
        ("format: staffing/1\nagents: []", "timezone: no time zone"),
        ("format: staffing/1\ntimezone: America/NewYork", "America/New_York"),
        ("format: staffing/1\nformat: staffing/1", "stands twice"),
    ],
)
def test_a_file_that_cannot_be_a_staffing_says_why(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{queues: [a], shifts: {mon: ['09:00-17:00']}}", "entry 1: extensions: none"),
        ("{extensions: ['1'], shifts: {mon: ['09:00-17:00']}}", "entry 1: queues: none"),
        ("{extensions: ['1'], queues: [a]}", "no shift in the time of the recording"),
        ("{extensions: ['1'], queues: [a], shifts: {sun: ['09:00-17:00']}}", "no shift in"),
        ("{extensions: ['1'], queues: [a], shifts: {mo: ['09:00-17:00']}}", "shifts.mo"),
        ("{extensions: ['1'], queues: [a], shifts: {mon: ['9-5']}}", "'9-5' is no span of hours"),
        ("{extensions: ['1'], queues: [a], shifts: {mon: ['09:00-09:00']}}", "has no length"),
        ("{extensions: ['1'], queue: [a], shifts: {mon: ['09:00-17:00']}}", "'queues'"),
        ("{extensions: ['1', '1'], queues: [a], shifts: {mon: ['09:00-17:00']}}", "1 stands twice"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named(tmp_path: Path, entry: str, said: str) -> None:
    told = refused(tmp_path, f"format: staffing/1\ntimezone: UTC\nagents:\n- {entry}")

    assert said in told
    assert "calendars" not in told


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotSimulate, match="No such file"):
        read_staffing(tmp_path / "none.yaml", first_s=FIRST_S, last_s=LAST_S)


def answered(at_h: float, agent: str, queue: str = "sales", **more: float) -> Contact:
    return Contact(
        at_s=at_h * HOUR_S,
        action="queue",
        queue=queue,
        priority_s=0,
        gain_per_min_s=0,
        max_s=0,
        preferred_agent="",
        hold_s=0,
        waited_s=more.get("waited_s", 0),
        handled_s=more.get("handled_s", 360),
        abandoned=False,
        agent=agent,
        customer="",
        disposition="",
        facts={},
    )


def test_a_stray_call_makes_nobody_staff_of_a_queue() -> None:
    own = [answered(9 + n / 10, "2001") for n in range(58)]
    own += [answered(9 + n / 10, "2101", "collections") for n in range(58)]
    strays = [answered(10.05, "2001", "collections"), answered(11.05, "2001", "collections")]

    one, other = derived_staffing([*own, *strays])

    assert one.queues == {"sales"}
    assert other.queues == {"collections"}
    assert skills_of([*own, *strays]).strays == (Stray("2001", "collections", 2, 60),)


def test_three_calls_of_sixty_are_a_queue_of_ones_own() -> None:
    contacts = [answered(9 + n / 10, "2001", "sales" if n % 20 else "vip") for n in range(60)]

    assert skills_of(contacts).queues == {"2001": {"sales", "vip"}}


def test_a_small_queue_that_everybody_serves_has_everybody() -> None:
    """Two calls in a hundred are all there is of it; 2003 had a few more by chance."""
    contacts = [
        answered(9 + n / 100, agent, "vip" if n % every == 0 else "sales")
        for agent, calls, every in (("2001", 200, 50), ("2002", 200, 50), ("2003", 50, 10))
        for n in range(calls)
    ]

    assert set(skills_of(contacts).queues.values()) == {frozenset({"sales", "vip"})}


def test_a_queue_with_hardly_any_calls_is_served_by_whoever_answered_them() -> None:
    contacts = [*(answered(9 + n / 100, "2001") for n in range(99)), answered(11, "2001", "vip")]

    assert skills_of(contacts).queues == {"2001": {"sales", "vip"}}
    assert not skills_of(contacts).strays


def test_without_a_file_whoever_answered_was_there_from_the_first_call_to_the_last() -> None:
    contacts = [answered(9, "2001", waited_s=36), answered(12, "2002"), answered(14, "2001", "vip")]

    one, other = derived_staffing(contacts)

    assert one == Person("2001", frozenset({"sales", "vip"}), ((9.01 * HOUR_S, 14.1 * HOUR_S),))
    assert other.shifts == ((12 * HOUR_S, 12.1 * HOUR_S),)


def test_a_night_apart_is_another_shift_also_over_midnight() -> None:
    contacts = [answered(at, "2001") for at in (22, 25, 29, 46, 50)]

    (person,) = derived_staffing(contacts)

    assert [(s / HOUR_S, e / HOUR_S) for s, e in person.shifts] == [(22, 29.1), (46, 50.1)]


def test_a_recording_in_which_nobody_answered_has_no_staff() -> None:
    assert derived_staffing([]) == ()
