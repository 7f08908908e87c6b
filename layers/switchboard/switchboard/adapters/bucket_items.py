"""What an item says about a bucket: what was taken in any window, and when more may be.

A bucket counts up and never down. Its window is cut into slices; the mark of a slice is the
count after the last take in it. What was taken in a window is the count now less the mark of the
newest slice that ended before the window began. That makes a take one write, which any number of
workers can do at once: its condition is that the count is below a bound, not that it is unchanged.
An old copy of an item gives a bound that is too low, never one that is too high, and a refusal
brings the newest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from switchboard.adapters.connector.pacing import Bucket, Lane
from switchboard.adapters.dynamodb_table import Update
from switchboard.adapters.items import Item, epoch_s

_SLICES: Final = 20
# Marks that a worker whose clock is a little late may still need.
_SLICES_OF_GRACE: Final = 5
_KEPT_LONGER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Meter:
    """One count of a bucket's item: of all that was taken, or of what postings took."""

    name: str
    mark: str
    most: int
    taken: int
    marks: tuple[tuple[int, int], ...]
    newest_old: int

    @property
    def base(self) -> int:
        """The count before the window. Without an old mark there was none before it."""
        return max((count for part, count in self.marks if part <= self.newest_old), default=0)

    @property
    def in_window(self) -> int:
        return self.taken - self.base

    def free_after(self, units: int) -> int | None:
        """The slice that must have ended a window ago before so many fit; None: they fit now."""
        if self.in_window + units <= self.most:
            return None
        later = (part for part, count in self.marks if self.taken - count + units <= self.most)
        return min(later, default=self.newest_old + _SLICES)

    @property
    def useless_marks(self) -> Iterator[str]:
        old = [part for part, _ in self.marks if part <= self.newest_old]
        for part in old:
            if part < max(old) and part < self.newest_old - _SLICES_OF_GRACE:
                yield f"{self.mark}{part}"


class Window:
    """What an item says about a bucket at a moment."""

    def __init__(self, bucket: Bucket, item: Item, now_ms: int) -> None:
        self._bucket = bucket
        self._item = item
        self._now_ms = now_ms
        self._window_ms = int(-(-bucket.per_s * 1000 // 1))
        self._slice_ms = -(-self._window_ms // _SLICES)

    @property
    def slice_s(self) -> float:
        return self._slice_ms / 1000

    def meters(self, lane: Lane) -> list[Meter]:
        everything = self._meter("taken", "t", self._bucket.calls)
        if lane is not Lane.POSTING:
            return [everything]
        return [everything, self._meter("posted", "p", self._bucket.posting_calls)]

    def wait_s(self, units: int, lane: Lane) -> float:
        """0 when the units may be taken."""
        slices = [meter.free_after(units) for meter in self.meters(lane)]
        latest = max((part for part in slices if part is not None), default=None)
        if latest is None:
            return 0.0
        free_at_ms = (latest + 1) * self._slice_ms + self._window_ms
        return max(free_at_ms - self._now_ms, 1) / 1000

    def taking(self, units: int, lane: Lane, now: datetime) -> Update:
        change = Update().set_if_absent({"born_at": self._now_ms})
        for meter in self.meters(lane):
            name, mark = meter.name, f"{meter.mark}{self._now_ms // self._slice_ms}"
            change.set_sum(mark, name, units).set_sum(name, name, units)
            change.only_if(
                f"attribute_not_exists({name}) OR {name} <= :{name}",
                **{name: meter.base + meter.most - units},
            )
            change.remove(*(old for old in meter.useless_marks if old != mark))
        if "born_at" in self._item:
            # An item that was deleted and made anew counts from 0: what we saw is no bound for it.
            change.only_if(
                "attribute_not_exists(born_at) OR born_at = :born", born=self._item["born_at"]
            )
        kept = timedelta(milliseconds=2 * self._window_ms) + _KEPT_LONGER
        return change.set({"expires_at": epoch_s(now + kept)})

    def _meter(self, name: str, mark: str, most: int) -> Meter:
        marks = sorted(
            (int(attribute[1:]), int(count))
            for attribute, count in self._item.items()
            if attribute[0] == mark and attribute[1:].isdigit()
        )
        return Meter(
            name=name,
            mark=mark,
            most=most,
            taken=int(self._item.get(name, 0)),
            marks=tuple(marks),
            newest_old=(self._now_ms - self._window_ms) // self._slice_ms - 1,
        )
