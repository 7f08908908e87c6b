"""The days that a person asks for, as moments."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DAYS: Final = 30
_EARLIEST: Final = date(2000, 1, 1)
_LATEST: Final = date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of the first day until the end of the last, on one clock."""

    first: date
    last: date
    time_zone: str

    @property
    def start(self) -> datetime:
        return self._midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment that is not in it."""
        return self._midnight(self.last + timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.first} to {self.last}, {self.time_zone}"

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.time_zone)).astimezone(UTC)


def read_period(first: str | None, last: str | None, *, time_zone: str, now: datetime) -> Period:
    """The days as they were written; without a last day until today, without a first 30 days.

    Raises: ValueError that says how to write them.
    """
    today = now.astimezone(ZoneInfo(time_zone)).date()
    until = _day(last) if last else today
    since = _day(first) if first else until - timedelta(days=DAYS - 1)
    if since > until:
        raise ValueError(f"--from {since} is after --to {until}")
    return Period(since, until, time_zone)


def _day(written: str) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError as error:
        raise ValueError(f"{written!r} is no day; write it as 2026-11-01") from error
    if not _EARLIEST <= day <= _LATEST:
        raise ValueError(f"nothing was recorded on {day}")
    return day
