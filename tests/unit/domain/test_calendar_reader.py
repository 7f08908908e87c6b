"""What people write as opening hours, and what they are told when it cannot be read."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.calendar_reader import read_calendars, read_zone
from switchboard.domain.hours import DAY_NAMES, Calendar, Holiday, Span

NINE_TO_SIX = Span(9 * 60, 18 * 60)


def read(document: object) -> dict[str, Calendar]:
    calendars, problems = read_calendars(document, default_zone="America/New_York")
    assert problems == ()
    return calendars


def main(**spec: Any) -> Calendar:
    return read({"main": spec})["main"]


def told(**spec: Any) -> list[str]:
    return list(read_calendars({"main": spec}, default_zone="UTC")[1])


def open_days(site: Calendar) -> str:
    return " ".join(
        name for name, hours in zip(DAY_NAMES, site.weekly, strict=True) if hours == (NINE_TO_SIX,)
    )


def test_a_file_needs_no_calendar() -> None:
    assert read(None) == {}


def test_a_calendar_says_nothing_and_never_opens() -> None:
    assert read({"main": None}) == {"main": Calendar("main", ZoneInfo("America/New_York"))}


def test_a_calendar_has_its_own_time_zone_or_the_rulesets() -> None:
    assert main().zone.key == "America/New_York"
    assert main(timezone="Europe/London").zone.key == "Europe/London"


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("mon", "mon"),
        ("mon-fri", "mon tue wed thu fri"),
        ("sat, sun", "sat sun"),
        ("sat-mon", "mon sat sun"),
        ("mon-tue,thu - fri", "mon tue thu fri"),
        ("MON-Fri", "mon tue wed thu fri"),
        ("tue-mon", "mon tue wed thu fri sat sun"),
    ],
)
def test_days_are_written_alone_as_a_row_or_from_to(key: str, days: str) -> None:
    assert open_days(main(weekly={key: ["09:00-18:00"]})) == days


@pytest.mark.parametrize(
    ("written", "span"),
    [
        ("09:00-18:00", NINE_TO_SIX),
        ("9:00 - 18:00", NINE_TO_SIX),
        ("00:00-24:00", Span(0, 1440)),
        ("18:00-24:00", Span(1080, 1440)),
        ("18:00-00:00", Span(1080, 1440)),
        ("22:00-06:00", Span(1320, 1800)),
        ("23:59-00:01", Span(1439, 1441)),
    ],
)
def test_a_span_may_end_at_midnight_or_go_over_it(written: str, span: Span) -> None:
    assert main(weekly={"mon": [written]}).weekly[0] == (span,)


def test_the_order_of_spans_makes_no_difference() -> None:
    backwards = main(weekly={"mon": ["13:00-18:00", "09:00-12:00"]})

    assert backwards == main(weekly={"mon": ["09:00-12:00", "13:00-18:00"]})


def test_spans_may_touch() -> None:
    assert len(main(weekly={"mon": ["09:00-12:00", "12:00-18:00"]}).weekly[0]) == 2


def test_holidays_are_whole_days_or_have_hours() -> None:
    site = main(
        holidays=[
            {"date": "2026-12-25", "name": "Christmas Day"},
            {"date": "2026-12-24", "name": "Christmas Eve", "open": ["09:00-18:00"]},
            {"date": date(2027, 1, 1), "open": []},
        ]
    )

    assert site.holidays == {
        date(2026, 12, 25): Holiday(date(2026, 12, 25), "Christmas Day"),
        date(2026, 12, 24): Holiday(date(2026, 12, 24), "Christmas Eve", (NINE_TO_SIX,)),
        date(2027, 1, 1): Holiday(date(2027, 1, 1)),
    }


SPAN_ADVICE = "is no span of hours; write it as 09:00-18:00"


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"holiday": []}, "calendars.main: key no 'holiday'; did you mean 'holidays'?"),
        (
            {"timezone": "Amerca/New_York"},
            "calendars.main.timezone: no time zone 'Amerca/New_York'; "
            "did you mean 'America/New_York'?",
        ),
        (
            {"weekly": {"mno": ["09:00-18:00"]}},
            "calendars.main.weekly.mno: no 'mno'; did you mean 'mon'?",
        ),
        (
            {"weekly": {"mon-wed-fri": []}},
            "calendars.main.weekly.mon-wed-fri: write a day, or two with - between: mon-fri",
        ),
        (
            {"weekly": {"mon-fri": [], "fri": []}},
            "calendars.main.weekly.fri: fri stands in 'mon-fri' too; write each day once",
        ),
        (
            {"weekly": {"mon": "09:00-18:00"}},
            'calendars.main.weekly.mon: write ["09:00-18:00"], or [] for closed, '
            "not '09:00-18:00'",
        ),
        ({"weekly": {"mon": ["9-18"]}}, f"calendars.main.weekly.mon: '9-18' {SPAN_ADVICE}"),
        (
            {"weekly": {"mon": ["24:00-06:00"]}},
            f"calendars.main.weekly.mon: '24:00-06:00' {SPAN_ADVICE}",
        ),
        (
            {"weekly": {"mon": ["09:00-24:01"]}},
            f"calendars.main.weekly.mon: '09:00-24:01' {SPAN_ADVICE}",
        ),
        (
            {"weekly": {"mon": ["09:60-18:00"]}},
            f"calendars.main.weekly.mon: '09:60-18:00' {SPAN_ADVICE}",
        ),
        (
            {"weekly": {"mon": ["09:00-17:75"]}},
            f"calendars.main.weekly.mon: '09:00-17:75' {SPAN_ADVICE}",
        ),
        (
            {"weekly": {"mon": ["09:00-09:00"]}},
            "calendars.main.weekly.mon: '09:00-09:00' has no length; "
            "write 00:00-24:00 for the whole day",
        ),
        (
            {"weekly": {"mon": ["09:00-12:00", "11:00-18:00"]}},
            "calendars.main.weekly.mon: 09:00-12:00 and 11:00-18:00 overlap",
        ),
        (
            {"weekly": {"mon": ["23:00-02:00", "22:00-06:00"]}},
            "calendars.main.weekly.mon: 22:00-06:00 and 23:00-02:00 overlap",
        ),
        (
            {"holidays": ["2026-12-25"]},
            "calendars.main.holidays: write {date: 2026-12-25, name: Christmas Day}, "
            "not '2026-12-25'",
        ),
        (
            {"holidays": [{"date": "25.12.2026"}]},
            "calendars.main.holidays: no date '25.12.2026'; write it as 2026-12-25",
        ),
        (
            {"holidays": [{"date": "2026-02-29"}]},
            "calendars.main.holidays: no date '2026-02-29'; write it as 2026-12-25",
        ),
        (
            {"holidays": [{"date": "20261225"}]},
            "calendars.main.holidays: no date '20261225'; write it as 2026-12-25",
        ),
        (
            {"holidays": [{"name": "Christmas Day"}]},
            "calendars.main.holidays: no date ''; write it as 2026-12-25",
        ),
        (
            {"holidays": [{"date": "2026-12-25"}, {"date": "2026-12-25"}]},
            "calendars.main.holidays: 2026-12-25 stands twice; write each date once",
        ),
        (
            {"holidays": [{"date": "2026-12-24", "opens": []}]},
            "calendars.main.holidays, 2026-12-24: key no 'opens'; did you mean 'open'?",
        ),
        (
            {"holidays": [{"date": "2026-12-24", "open": ["morning"]}]},
            f"calendars.main.holidays, 2026-12-24: open: 'morning' {SPAN_ADVICE}",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistake_is_told_with_its_place_and_the_way_out(
    spec: dict[str, Any], problem: str
) -> None:
    assert told(**spec) == [problem]


def test_all_mistakes_are_told_at_once() -> None:
    problems = told(
        timezone="Mars", weekly={"mon": ["9"], "tue": ["x"]}, holidays=[{"date": "soon"}]
    )

    assert len(problems) == 4


def test_a_name_of_a_calendar_can_be_part_of_a_source() -> None:
    _, problems = read_calendars({"Sales desk": None}, default_zone="UTC")

    assert problems == (
        "calendars.Sales desk: name it with small letters, digits and _, for example sales",
    )


def test_more_calendars_than_a_call_can_wait_for_are_refused() -> None:
    many = {f"site_{number}": None for number in range(21)}

    assert read_calendars(many, default_zone="UTC")[1] == (
        "calendars: 21 of them; at most 20 are read",
    )


@pytest.mark.parametrize("name", ["", "America", "../etc/passwd", "EST5EDT4", "x" * 5000, "\0"])
def test_what_is_no_time_zone_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        read_zone(name)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)
keys = st.sampled_from(["timezone", "weekly", "holidays"]) | st.text()


@given(
    anything
    | st.dictionaries(
        st.just("main"),
        st.dictionaries(
            keys,
            anything
            | st.lists(st.dictionaries(st.sampled_from(["date", "name", "open"]), anything))
            | st.dictionaries(st.sampled_from(DAY_NAMES), anything),
        ),
    )
)
def test_whatever_is_written_is_read_or_told(document: object) -> None:
    calendars, problems = read_calendars(document, default_zone="UTC")

    assert all(len(calendar.weekly) == 7 for calendar in calendars.values())
    assert all(problem.startswith("calendars") for problem in problems)


def test_a_calendar_of_nothing_but_mistakes_is_told_to_a_point() -> None:
    calendars, problems = read_calendars(
        {"main": {"holidays": [{"date": "someday"}] * 1000}}, default_zone="UTC"
    )

    assert calendars == {}
    assert len(problems) == 101
