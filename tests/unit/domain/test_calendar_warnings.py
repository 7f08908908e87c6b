"""What somebody should look at before a calendar surprises a caller."""

from datetime import date
from zoneinfo import ZoneInfo

from switchboard.domain.hours import Calendar, Holiday, Span, calendar_warnings

TODAY = date(2026, 11, 23)
MORNING = (Span(9 * 60, 12 * 60),)
WEEKDAYS = (MORNING,) * 5 + ((), ())


def warnings(*holidays: Holiday, weekly: tuple[tuple[Span, ...], ...] = WEEKDAYS) -> str:
    listed = {holiday.on: holiday for holiday in holidays}
    found = calendar_warnings(Calendar("main", ZoneInfo("UTC"), weekly, listed), TODAY)
    return "\n".join(found)


def test_a_calendar_that_is_kept_up_is_passed_over() -> None:
    assert warnings(Holiday(date(2026, 12, 25)), Holiday(date(2027, 12, 27))) == ""
    assert warnings() == ""


def test_holidays_that_run_out_within_two_months_are_told() -> None:
    last = Holiday(date(2026, 12, 26))

    assert warnings(Holiday(date(2026, 12, 25)), last) == (
        "calendars.main.holidays: they run out on 2026-12-26; list the next ones"
    )
    assert warnings(Holiday(date(2027, 1, 21))) != ""
    assert warnings(Holiday(date(2027, 1, 22))) == ""


def test_holidays_that_ran_out_are_told() -> None:
    assert warnings(Holiday(date(2026, 11, 22))) == (
        "calendars.main.holidays: the last one, 2026-11-22, is past; list the next ones"
    )


def test_holidays_long_past_clutter_the_file() -> None:
    past = (Holiday(date(2024, 12, 25)), Holiday(date(2025, 1, 1)), Holiday(date(2026, 7, 3)))

    assert warnings(*past, Holiday(date(2027, 12, 27))) == (
        "calendars.main.holidays: 2 more than a year past, up to 2025-01-01; remove them"
    )


def test_a_calendar_without_weekly_hours_never_opens() -> None:
    assert warnings(weekly=((),) * 7) == "calendars.main: no weekly hours, so it never opens"


def test_a_holiday_that_opens_a_day_closed_in_other_weeks_is_told() -> None:
    saturday = Holiday(date(2027, 12, 25), "Christmas Day", MORNING)

    assert warnings(saturday) == (
        "calendars.main.holidays: 2027-12-25 is a Saturday, closed in other weeks, "
        "and its own hours open it"
    )
    assert warnings(Holiday(date(2027, 12, 25))) == ""
