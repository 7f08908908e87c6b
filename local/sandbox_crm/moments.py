"""Moments as this CRM stores and shows them: UTC text of one width."""

from collections.abc import Callable
from datetime import UTC, datetime

FIRST_YEAR, LAST_YEAR = 1900, 2200

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


def as_text(moment: datetime) -> str:
    """`2026-01-31T09:00:00.000Z`: one width, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Read a moment that has a date, a time and an offset.

    Raises: ValueError when one of them is missing or the year is nobody's.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the offset is missing")
    # At the ends of the calendar the same moment does not exist in every time zone.
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError("the year is out of range")
    return moment
