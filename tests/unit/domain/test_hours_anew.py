"""Other hours are replayed by the new calendars, not by what the old ones had said."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.domain import hours_anew
from switchboard.domain.facts import recalled
from switchboard.domain.hours import calendar_facts
from switchboard.domain.hours_anew import HoursAnew
from switchboard.domain.replay import replay
from switchboard.domain.replayed import Group, Moved, Recorded, Replayed
from switchboard.domain.routing import decide
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_reader import read_ruleset
from tests.unit.domain.rulesets import good

WEEKDAYS = {"mon-fri": ["09:00-17:00"]}
DIGEST = "0123456789abcdef"
# A Monday in New York, where it is five hours earlier.
AT_10, AT_16 = "2026-11-23T15:00:00+00:00", "2026-11-23T21:00:00.000000Z"
AT_20 = "2026-11-24T01:00:00+00:00"


def rules(
    main: Mapping[str, Any] | None = None,
    *,
    time_zone: str = "America/New_York",
    source: str = "calendar.open",
    others: Mapping[str, Any] | None = None,
    says: bool = False,
) -> Ruleset:
    """Whoever rings while the calendar does not say so goes to the debts' queue."""
    document = good()
    document["timezone"] = time_zone
    document["calendars"] = {"main": main or {"weekly": WEEKDAYS}, **(others or {})}
    document["attributes"]["open"]["from"] = source
    shut = {"id": "shut", "when": {"open": says}, "then": {"do": "queue", "queue": "debts"}}
    document["tables"][0]["rows"].insert(0, shut)
    document["tests"] = []
    return read_ruleset(document)


OLD = rules()
SHORTER = rules({"weekly": {"mon-fri": ["09:00-15:00"]}})


def contact(at: str, **facts: Any) -> Recorded:
    """As the old rules had recorded and decided it."""
    hours = calendar_facts(OLD.calendars, datetime.fromisoformat(at))
    kept: dict[str, Any] = {attribute.source: None for attribute in OLD.attributes.values()}
    kept |= {"calendar.open": hours["open"], **facts}
    return Recorded(at, DIGEST, decide(OLD, recalled(OLD.attributes, kept)).row, kept)


def replayed(new: Ruleset, *contacts: Recorded, **options: Any) -> Replayed:
    return replay(OLD, new, contacts, old_digest=DIGEST, **options)


def test_shorter_hours_decide_otherwise_whoever_rings_after_them() -> None:
    found = replayed(SHORTER, contact(AT_10), contact(AT_16), contact(AT_20))

    assert (found.contacts, found.differently) == (3, 1)
    assert Moved("rest", "shut", 1, 1) in found.rows
    assert found.read_anew == {"calendar.open": 3}
    assert (found.drifted, found.not_recorded) == ((), {})


def test_longer_hours_do_so_too() -> None:
    found = replayed(
        rules({"weekly": {"mon-fri": ["09:00-21:00"]}}), contact(AT_10), contact(AT_20)
    )

    assert Moved("shut", "rest", 1, 1) in found.rows
    assert found.differently == 1


def test_an_added_holiday_closes_its_day() -> None:
    new = rules({"weekly": WEEKDAYS, "holidays": [{"date": "2026-11-23", "name": "Founders' Day"}]})

    found = replayed(new, contact(AT_10), contact("2026-11-24T15:00:00+00:00"))

    assert found.differently == 1
    assert [example.at for example in found.examples] == [AT_10]


@pytest.mark.parametrize(
    "new",
    [
        rules(time_zone="America/Los_Angeles"),
        rules({"weekly": WEEKDAYS, "timezone": "America/Los_Angeles"}),
    ],
    ids=["of the rules", "of the calendar"],
)
def test_the_same_hours_in_another_zone_are_other_hours(new: Ruleset) -> None:
    assert replayed(new, contact(AT_10), contact(AT_16)).differently == 1


def test_an_example_says_what_each_ruleset_saw() -> None:
    (example,) = replayed(SHORTER, contact(AT_16)).examples

    assert example.old.because == "rest: no other rule applied"
    assert example.old.why_not("shut") == "open is true, needs false"
    assert example.new.because == "shut: open is false"


def test_contacts_are_grouped_by_the_new_hours() -> None:
    found = replayed(SHORTER, contact(AT_10), contact(AT_16), by="open")

    assert found.groups == (Group("false", 1, 1), Group("true", 1, 0))


def test_the_same_calendars_change_nothing_and_are_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def asked(*_: object) -> dict[str, bool]:
        raise AssertionError("the hours are the same")

    monkeypatch.setattr(hours_anew, "calendar_facts", asked)
    monkeypatch.setattr(HoursAnew, "read", asked)
    # The record counts, even where the calendar would say something else.
    found = replayed(rules(), contact(AT_10), contact(AT_16, **{"calendar.open": False}))

    assert (found.differently, found.read_anew) == (0, {})
    assert {(moved.new, moved.contacts) for moved in found.rows} == {("rest", 1), ("shut", 1)}


def test_a_calendar_that_no_attribute_reads_is_not_asked() -> None:
    new = rules(others={"sales": {"weekly": {"sat": ["09:00-12:00"]}}})

    assert HoursAnew(OLD, new).sources == ()


def test_hours_that_nobody_had_looked_at_are_told_by_the_moment() -> None:
    by_sales = rules(
        source="calendar.sales.open", others={"sales": {"weekly": {"mon": ["12:00-17:00"]}}}
    )
    by_holiday = rules(source="calendar.holiday", says=True)

    found = replayed(by_sales, contact(AT_10), contact(AT_16))

    assert (found.differently, found.not_recorded) == (1, {})
    assert found.read_anew == {"calendar.sales.open": 2}
    assert replayed(by_holiday, contact(AT_10)).not_recorded == {}


@pytest.mark.parametrize(
    "at", ["", "yesterday", "2026-11-23", "2026-11-23T21:00:00", "0001-01-01T00:00:00+00:00"]
)
def test_a_contact_without_a_moment_keeps_what_was_recorded(at: str) -> None:
    known = contact(AT_16)
    found = replayed(SHORTER, Recorded(at, DIGEST, known.row, known.facts), contact(AT_10))

    assert (found.contacts, found.differently) == (2, 0)
    assert found.read_anew == {"calendar.open": 1}


def test_what_was_not_recorded_and_has_no_moment_is_missing_and_said() -> None:
    new = rules(source="calendar.holiday", says=True)
    known = contact(AT_16)

    found = replayed(new, Recorded("yesterday", DIGEST, known.row, known.facts))

    assert found.not_recorded == {"calendar.holiday": 1}


def test_the_hours_of_a_moment_are_told_by_their_source() -> None:
    hours = HoursAnew(OLD, SHORTER)

    assert hours.at(datetime(2026, 11, 23, 15, tzinfo=UTC)) == {"calendar.open": True}
    assert hours.at(datetime(2026, 11, 23, 21, tzinfo=UTC)) == {"calendar.open": False}


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from([SHORTER, rules(time_zone="Asia/Kolkata"), rules(time_zone="Europe/Berlin")]),
    st.lists(st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31)), max_size=8),  # noqa: DTZ001
)
def test_it_comes_to_the_same_as_asking_the_new_rules_at_that_moment(
    new: Ruleset, moments: list[datetime]
) -> None:
    rows = []
    for moment in moments:
        known = contact(moment.replace(tzinfo=UTC).isoformat())
        hours = calendar_facts(new.calendars, moment.replace(tzinfo=UTC))
        facts = recalled(new.attributes, {**known.facts, "calendar.open": hours["open"]})
        rows.append((known.row, decide(new, facts).row))

    found = replayed(new, *(contact(at.replace(tzinfo=UTC).isoformat()) for at in moments))

    assert {(moved.old, moved.new): moved.contacts for moved in found.rows} == Counter(rows)
