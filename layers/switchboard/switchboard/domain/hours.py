"""When a site is open: weekly hours, and holidays that replace them, by the clock on its wall.

A span is open from the first time the clock shows its beginning to the last time it shows its
last minute. So nobody who rings within the posted hours finds them closed, and in the night in
which an hour comes twice nothing opens a second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DAY_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN: Final = 24 * 60

_MAIN: Final = "main"
_DAY: Final = timedelta(days=1)
_WARN_BEFORE: Final = timedelta(days=60)
_LONG_PAST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes of a day by the clock, the end not included; past 1440 they are the next day's."""

    start_min: int
    end_min: int


Hours = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Holiday:
    """A date whose weekly hours do not count; `hours` are open instead."""

    on: date
    name: str = ""
    hours: Hours = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """A site's hours. A span belongs to the day on which it begins.

    `weekly` has seven days, Monday first. A holiday is over at midnight, and ends what began on
    the day before; hours of its own may run into the next day as any other's.
    """

    id: str
    zone: ZoneInfo
    weekly: tuple[Hours, ...] = ((),) * 7
    holidays: Mapping[date, Holiday] = field(default_factory=dict)

    def is_open(self, now: datetime) -> bool:
        """Closed unless a span says otherwise."""
        local = now.astimezone(self.zone)
        today = local.date()
        minute = local.hour * 60 + local.minute
        spans = self.hours_on(today)
        if today not in self.holidays:
            spans += _rest_of(self.hours_on(today - _DAY))
        if any(span.start_min <= minute < span.end_min for span in spans):
            return True
        return _shows_twice(local) and any(_bridges(span, local, minute) for span in spans)

    def is_holiday(self, now: datetime) -> bool:
        """Whether the date there is a listed one, open for a part of the day or not."""
        return now.astimezone(self.zone).date() in self.holidays

    def hours_on(self, day: date) -> Hours:
        holiday = self.holidays.get(day)
        return holiday.hours if holiday else self.weekly[day.weekday()]


def calendar_facts(calendars: Mapping[str, Calendar], now: datetime) -> dict[str, bool]:
    """What rules may ask: `<id>.open` and `<id>.holiday`; of `main` also without the id."""
    facts = {}
    for name, calendar in calendars.items():
        facts[f"{name}.open"] = calendar.is_open(now)
        facts[f"{name}.holiday"] = calendar.is_holiday(now)
    if _MAIN in calendars:
        facts |= {"open": facts[f"{_MAIN}.open"], "holiday": facts[f"{_MAIN}.holiday"]}
    return facts


def calendar_warnings(calendar: Calendar, today: date) -> tuple[str, ...]:
    """What a person should look at before it matters. `today` is the date at the site."""
    where = f"calendars.{calendar.id}"
    warnings = [] if any(calendar.weekly) else [f"{where}: no weekly hours, so it never opens"]
    days = sorted(calendar.holidays)
    if days and days[-1] < today + _WARN_BEFORE:
        warnings.append(f"{where}.holidays: {_run_out(days[-1], today)}; list the next ones")
    if past := [day for day in days if day < today - _LONG_PAST]:
        warnings.append(
            f"{where}.holidays: {len(past)} more than a year past, up to {past[-1]}; remove them"
        )
    warnings.extend(
        f"{where}.holidays: {day} is a {day:%A}, closed in other weeks, and its own hours open it"
        for day, holiday in sorted(calendar.holidays.items())
        if day >= today and holiday.hours and not calendar.weekly[day.weekday()]
    )
    return tuple(warnings)


def _run_out(last: date, today: date) -> str:
    return f"the last one, {last}, is past" if last < today else f"they run out on {last}"


def _rest_of(yesterday: Hours) -> Hours:
    """What of the day before is left after midnight."""
    return tuple(
        Span(span.start_min - DAY_MIN, span.end_min - DAY_MIN)
        for span in yesterday
        if span.end_min > DAY_MIN
    )


def _bridges(span: Span, local: datetime, minute: int) -> bool:
    """Whether a time that the clock shows twice lies between two parts of the span.

    The first time, the span is over and comes again; the second time, it has begun before.
    """
    if local.fold:
        return minute < span.start_min and _shows_twice(_at(local, span.start_min))
    return minute >= span.end_min and _shows_twice(_at(local, span.end_min - 1))


def _shows_twice(local: datetime) -> bool:
    # For a time that the clock skips, the first is the later one.
    return local.replace(fold=0).timestamp() < local.replace(fold=1).timestamp()


def _at(local: datetime, minute: int) -> datetime:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(minutes=minute)
