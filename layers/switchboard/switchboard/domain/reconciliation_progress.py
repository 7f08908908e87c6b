"""How far the nightly comparison has come: one day at a time, over as many runs as that takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

# What came shortly before midnight has had time to be written.
_BEGINS_AFTER: Final = timedelta(hours=1)
# Further back nobody waits for a report any more; a command compares any day.
_MOST_DAYS_BEHIND: Final = 7


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one day is. `after` is the last interaction compared, `counts` are by verdict.

    `is_listed` says that what the CRMs list of the day has been judged.
    """

    day: date
    after: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    is_listed: bool = False
    is_done: bool = False

    def with_one(self, interaction_id: str, counts: Mapping[str, int]) -> "Progress":
        """After one more interaction, or none, and its verdicts."""
        total = dict(self.counts)
        for verdict, number in counts.items():
            total[verdict] = total.get(verdict, 0) + number
        return replace(self, after=interaction_id or self.after, counts=total)


def next_progress(kept: Progress | None, *, now: datetime) -> Progress | None:
    """Where to go on: a day that is not done, else the next one; None when all are done."""
    last = last_whole_day(now)
    if kept is None:
        return Progress(last)
    following = kept if not kept.is_done else Progress(kept.day + timedelta(days=1))
    if following.day > last:
        return None
    earliest = last - timedelta(days=_MOST_DAYS_BEHIND - 1)
    return following if following.day >= earliest else Progress(earliest)


def last_whole_day(now: datetime) -> date:
    """The latest day, in UTC, of which everything has had time to be written."""
    return (now.astimezone(UTC) - _BEGINS_AFTER).date() - timedelta(days=1)


def day_begins_at(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
