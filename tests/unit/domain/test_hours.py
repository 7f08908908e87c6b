"""When a site is open, by the clock on its wall: also in the nights in which that clock jumps."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from switchboard.domain.hours import DAY_MIN, Calendar, Holiday, Span, calendar_facts

NEW_YORK, LONDON = ZoneInfo("America/New_York"), ZoneInfo("Europe/London")
LORD_HOWE, ARIZONA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Phoenix")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# Each changes its clock once in the two days after: an hour, half an hour, at midnight, never.
CHANGES = {
    ("America/New_York", "forward"): date(2026, 3, 7),
    ("America/New_York", "back"): date(2026, 10, 31),
    ("Europe/London", "forward"): date(2026, 3, 28),
    ("Europe/London", "back"): date(2026, 10, 24),
    ("Australia/Lord_Howe", "forward"): date(2026, 10, 3),
    ("Australia/Lord_Howe", "back"): date(2026, 4, 4),
    ("America/Havana", "forward"): date(2026, 3, 7),
    ("America/Havana", "back"): date(2026, 10, 31),
    ("Asia/Beirut", "forward"): date(2026, 3, 28),
    ("Asia/Beirut", "back"): date(2026, 10, 24),
    ("America/Phoenix", "never"): date(2026, 3, 7),
}


def span(written: str) -> Span:
    (hour, minute), (last_hour, last_minute) = (
        map(int, end.split(":")) for end in written.split("-")
    )
    start, end = hour * 60 + minute, last_hour * 60 + last_minute
    return Span(start, end if start < end else end + DAY_MIN)


def calendar(
    *hours: str, zone: ZoneInfo = NEW_YORK, holidays: Mapping[str, Sequence[str]] | None = None
) -> Calendar:
    """A site with these hours every day of the week."""
    listed = [
        Holiday(date.fromisoformat(day), "", tuple(map(span, opened)))
        for day, opened in (holidays or {}).items()
    ]
    daily = tuple(map(span, hours))
    return Calendar("main", zone, (daily,) * 7, {holiday.on: holiday for holiday in listed})


def at(written: str, zone: ZoneInfo = NEW_YORK, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=zone, fold=fold)


def openings(site: Calendar, day: date, *, hours: int = 48) -> list[tuple[str, str]]:
    """From when to when it is open, in UTC, from noon of the day on, asked minute by minute."""
    start = datetime(day.year, day.month, day.day, 12, tzinfo=site.zone).astimezone(UTC)
    minutes = [start + n * MINUTE for n in range(hours * 60 + 1)]
    was = [False, *(site.is_open(minute) for minute in minutes)]
    changes = [
        f"{minute:%a %H:%M}"
        for minute, before, after in zip(minutes, was, was[1:], strict=False)
        if before != after
    ]
    return list(zip(changes[::2], [*changes[1::2], "…"], strict=False))


# Ordinary days


def test_a_site_is_open_from_the_first_minute_to_the_last() -> None:
    site = calendar("09:00-18:00")

    assert not site.is_open(at("2026-11-23T08:59:59.999999"))
    assert site.is_open(at("2026-11-23T09:00"))
    assert site.is_open(at("2026-11-23T17:59:59.999999"))
    assert not site.is_open(at("2026-11-23T18:00"))


def test_a_site_without_hours_is_closed() -> None:
    assert not Calendar("main", NEW_YORK).is_open(at("2026-11-23T12:00"))


def test_each_day_has_its_own_hours() -> None:
    week = tuple((Span(day * 60, day * 60 + 60),) for day in range(7))
    site = Calendar("main", NEW_YORK, week)

    for day in range(7):
        monday_or_later = at("2026-11-23T00:30") + timedelta(days=day)
        assert site.is_open(monday_or_later + day * HOUR)
        assert not site.is_open(monday_or_later + (day + 1) * HOUR)


def test_lunch_is_a_gap_between_two_spans() -> None:
    site = calendar("09:00-12:00", "13:00-18:00")

    assert [site.is_open(at(f"2026-11-23T{hour}:30")) for hour in (11, 12, 13)] == [
        True,
        False,
        True,
    ]


def test_it_is_the_clock_at_the_site_that_counts() -> None:
    moment = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)

    assert not calendar("09:00-18:00", zone=LONDON).is_open(moment)
    assert not calendar("09:00-18:00", zone=NEW_YORK).is_open(moment)
    assert calendar("09:00-18:00", zone=ARIZONA).is_open(moment)
    assert calendar("09:00-18:00", zone=LORD_HOWE).is_open(moment)


def test_a_whole_day_has_no_gap_at_midnight() -> None:
    assert openings(calendar("00:00-24:00"), date(2026, 11, 23)) == [("Mon 17:00", "…")]


# Over midnight


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    friday_night = tuple((span("22:00-06:00"),) if day == 4 else () for day in range(7))
    site = Calendar("main", NEW_YORK, friday_night)

    assert not site.is_open(at("2026-11-27T05:59"))
    assert site.is_open(at("2026-11-27T22:00"))
    assert site.is_open(at("2026-11-28T05:59"))
    assert not site.is_open(at("2026-11-28T06:00"))
    assert not site.is_open(at("2026-11-28T22:00"))


def test_sunday_night_runs_into_monday() -> None:
    sunday_night = tuple((span("22:00-06:00"),) if day == 6 else () for day in range(7))

    assert Calendar("main", NEW_YORK, sunday_night).is_open(at("2026-11-23T03:00"))


def test_until_midnight_is_not_past_it() -> None:
    site = calendar("18:00-24:00")

    assert site.is_open(at("2026-11-23T23:59"))
    assert not site.is_open(at("2026-11-24T00:00"))


# Holidays


def test_a_holiday_is_closed_from_midnight_to_midnight() -> None:
    site = calendar("00:00-24:00", holidays={"2026-12-25": ()})

    assert openings(site, date(2026, 12, 24), hours=60) == [
        ("Thu 17:00", "Fri 05:00"),
        ("Sat 05:00", "…"),
    ]


def test_part_days_have_their_own_hours_instead_of_the_weekly_ones() -> None:
    site = calendar("09:00-18:00", holidays={"2026-12-24": ["08:00-13:00"]})

    assert [site.is_open(at(f"2026-12-24T{hour:02}:30")) for hour in (8, 12, 13, 17)] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("opened", [(), ("09:00-13:00",)])
def test_a_listed_date_is_a_holiday_all_day_open_or_not(opened: Sequence[str]) -> None:
    site = calendar("09:00-18:00", holidays={"2026-12-24": opened})

    assert not site.is_holiday(at("2026-12-23T23:59"))
    assert site.is_holiday(at("2026-12-24T00:00"))
    assert site.is_holiday(at("2026-12-24T23:59"))
    assert not site.is_holiday(at("2026-12-25T00:00"))


def test_a_holiday_is_a_date_at_the_site() -> None:
    moment = datetime(2026, 12, 25, 4, 30, tzinfo=UTC)

    assert calendar(zone=LONDON, holidays={"2026-12-25": ()}).is_holiday(moment)
    assert not calendar(zone=NEW_YORK, holidays={"2026-12-25": ()}).is_holiday(moment)


def test_a_holiday_ends_the_night_before_it_and_begins_none() -> None:
    site = calendar("22:00-06:00", holidays={"2026-12-25": ()})

    assert site.is_open(at("2026-12-24T23:59"))
    assert not site.is_open(at("2026-12-25T00:00"))
    assert not site.is_open(at("2026-12-25T22:00"))
    assert not site.is_open(at("2026-12-26T03:00"))
    assert site.is_open(at("2026-12-26T22:00"))


def test_a_holidays_own_night_runs_into_the_next_day_unless_that_is_one_too() -> None:
    eve = {"2026-12-31": ["20:00-02:00"]}

    assert calendar(holidays=eve).is_open(at("2027-01-01T01:00"))
    assert not calendar(holidays={**eve, "2027-01-01": ()}).is_open(at("2027-01-01T01:00"))


# Nights in which the clock jumps


@pytest.mark.parametrize("zone", [NEW_YORK, LONDON, LORD_HOWE, ARIZONA], ids=str)
def test_office_hours_are_the_same_length_on_every_day_of_the_year(zone: ZoneInfo) -> None:
    site, start = calendar("09:00-18:00", zone=zone), datetime(2026, 1, 1, tzinfo=zone)
    day = start
    while day.year == 2026:
        begins = day.replace(hour=9).astimezone(UTC)
        assert not site.is_open(begins - MINUTE)
        assert site.is_open(begins)
        assert site.is_open(begins + 9 * HOUR - MINUTE)
        assert not site.is_open(begins + 9 * HOUR)
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        (NEW_YORK, date(2026, 3, 8), 23 * HOUR),
        (NEW_YORK, date(2026, 11, 1), 25 * HOUR),
        (LONDON, date(2026, 3, 29), 23 * HOUR),
        (LONDON, date(2026, 10, 25), 25 * HOUR),
        (LORD_HOWE, date(2026, 10, 4), 23.5 * HOUR),
        (LORD_HOWE, date(2026, 4, 5), 24.5 * HOUR),
        (ARIZONA, date(2026, 3, 8), 24 * HOUR),
    ],
    ids=str,
)
def test_a_whole_day_is_as_long_as_the_day(zone: ZoneInfo, day: date, length: timedelta) -> None:
    week = tuple((Span(0, DAY_MIN),) if number == day.weekday() else () for number in range(7))
    site = Calendar("main", zone, week)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)

    minutes = [midnight + n * MINUTE for n in range(-120, 27 * 60)]

    assert sum(site.is_open(minute) for minute in minutes) * MINUTE == length


def test_a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    site = calendar("22:00-06:00", zone=LONDON)

    assert openings(site, date(2026, 3, 28), hours=24) == [("Sat 22:00", "Sun 05:00")]
    assert openings(site, date(2026, 10, 24), hours=24) == [("Sat 21:00", "Sun 06:00")]


def test_hours_inside_the_skipped_hour_do_not_happen_that_night() -> None:
    site = calendar("02:00-03:00", zone=NEW_YORK)

    assert openings(site, date(2026, 3, 7), hours=24) == []
    assert openings(site, date(2026, 3, 8), hours=24) == [("Mon 06:00", "Mon 07:00")]


def test_what_would_begin_or_end_in_the_skipped_hour_does_so_when_the_clock_jumps() -> None:
    early, late = calendar("02:30-05:00"), calendar("22:00-02:30")

    assert openings(early, date(2026, 3, 7), hours=24) == [("Sun 07:00", "Sun 09:00")]
    assert openings(late, date(2026, 3, 7), hours=24)[0] == ("Sun 03:00", "Sun 07:00")


def test_the_repeated_hour_is_open_both_times() -> None:
    site = calendar("01:00-02:00")

    assert openings(site, date(2026, 10, 31), hours=24) == [("Sun 05:00", "Sun 07:00")]


def test_what_begins_or_ends_in_the_repeated_hour_does_so_once() -> None:
    early, late = calendar("01:30-05:00"), calendar("22:00-01:30")

    assert openings(early, date(2026, 10, 31), hours=24) == [("Sun 05:30", "Sun 10:00")]
    assert openings(late, date(2026, 10, 31), hours=24)[0] == ("Sun 02:00", "Sun 06:30")


def test_what_ends_as_the_repeated_hour_begins_does_not_wait_for_its_second_time() -> None:
    assert openings(calendar("22:00-01:00"), date(2026, 10, 31), hours=24)[0][1] == "Sun 05:00"


def test_half_an_hour_is_repeated_on_lord_howe() -> None:
    site = calendar("01:45-05:00", zone=LORD_HOWE)
    first = at("2026-04-05T01:45", LORD_HOWE)

    assert not site.is_open(first - MINUTE)
    assert site.is_open(first)
    assert site.is_open(at("2026-04-05T01:30", LORD_HOWE, fold=1))
    assert site.is_open(at("2026-04-05T01:45", LORD_HOWE, fold=1))


def by_the_book(site: Calendar, minutes: Sequence[datetime], spans: Sequence[Span]) -> list[bool]:
    """The rule itself: of each day's span, everything between the first and the last minute at
    which the clock there shows a time of it."""
    opened = [False] * len(minutes)
    walls = [minute.astimezone(site.zone).replace(tzinfo=None) for minute in minutes]
    for day in sorted({wall.date() for wall in walls} | {min(walls).date() - timedelta(days=1)}):
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  a clock on a wall
        for each in spans:
            begins, ends = midnight + each.start_min * MINUTE, midnight + each.end_min * MINUTE
            shown = [number for number, wall in enumerate(walls) if begins <= wall < ends]
            for number in range(min(shown), max(shown) + 1) if shown else ():
                opened[number] = True
    return opened


@given(
    change=st.sampled_from(sorted(CHANGES)),
    start=st.integers(0, DAY_MIN - 1),
    length=st.integers(1, DAY_MIN),
)
@example(change=("Asia/Beirut", "back"), start=23 * 60 + 30, length=15)
@example(change=("America/Havana", "back"), start=20, length=30)
@example(change=("America/New_York", "back"), start=70, length=10)
def test_every_span_is_open_from_its_first_minute_on_the_clock_to_its_last(
    change: tuple[str, str], start: int, length: int
) -> None:
    site = Calendar("main", ZoneInfo(change[0]), ((Span(start, start + length),),) * 7)
    day = CHANGES[change]
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=site.zone).astimezone(UTC)
    minutes = [noon + n * MINUTE for n in range(36 * 60)]
    # Longer than is asked for, so that no span is cut off where asking begins or ends.
    around = [noon + n * MINUTE for n in range(-26 * 60, 62 * 60)]
    expected = dict(zip(around, by_the_book(site, around, site.weekly[0]), strict=True))

    assert [site.is_open(minute) for minute in minutes] == [expected[m] for m in minutes]


# Facts


def test_rules_may_ask_for_every_calendar_and_for_the_main_one_without_its_name() -> None:
    main = calendar("09:00-18:00", holidays={"2026-12-24": ()})
    sales = calendar("09:00-20:00", zone=LONDON)

    facts = calendar_facts({"main": main, "sales": sales}, at("2026-12-24T14:00"))

    assert facts == {
        "open": False,
        "holiday": True,
        "main.open": False,
        "main.holiday": True,
        "sales.open": True,
        "sales.holiday": False,
    }


def test_without_a_main_calendar_nothing_is_known_of_it() -> None:
    assert calendar_facts({"sales": calendar()}, at("2026-12-24T14:00")).keys() == {
        "sales.open",
        "sales.holiday",
    }
