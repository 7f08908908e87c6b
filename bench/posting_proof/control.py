"""What all processes of a run share: one clock that runs fast, and orders of the nemesis.

The product's own times hold (a lease of 45 s, retries after minutes); it is the world's clock that
runs `factor` times faster than ours, and jumps over hours in which nothing would happen.
"""

import mmap
import os
import signal
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

SLOTS: Final = 32
# When a request left its worker, in the time of the run: a header for the CRM alone.
SENT_AT: Final = "X-Sent-At"
# Began at (the machine's clock), factor, seconds jumped over.
_HEADER: Final = struct.Struct("ddd")
# Skew in s, order, point, is at work, strikes, process.
_SLOT: Final = struct.Struct("diiiii")
_SIZE: Final = _HEADER.size + SLOTS * _SLOT.size
_machine_clock: Final = time.time


class Order(IntEnum):
    """What a worker is to do to itself when it gets to the point."""

    NONE = 0
    KILL = 1
    STOP = 2
    STOPPED = 3


class Point(IntEnum):
    """Where in its work a worker can be struck. Those of intake come last."""

    CLAIMED = 1
    ASKING = 2
    ANSWERED = 3
    SETTLED = 4
    KEEPING = 5
    KEPT = 6
    WOKEN = 7

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS: Final = {
    Point.CLAIMED: "after the claim",
    Point.ASKING: "before the call",
    Point.ANSWERED: "after the call, before settling",
    Point.SETTLED: "after settling",
    Point.KEEPING: "intake, before the write",
    Point.KEPT: "intake, after the write, before the answer",
    Point.WOKEN: "intake, after the wake-up call",
}
POSTING_POINTS: Final = (Point.CLAIMED, Point.ASKING, Point.ANSWERED, Point.SETTLED)
INTAKE_POINTS: Final = (Point.KEEPING, Point.KEPT, Point.WOKEN)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a slot says of its worker."""

    order: Order
    point: int
    is_at_work: bool
    strikes: int
    pid: int


class Control:
    """A file in memory. Each slot has one worker and one nemesis; neither waits for the other."""

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._bytes = mmap.mmap(opened.fileno(), _SIZE)

    @classmethod
    def begin(cls, file: Path, *, factor: float) -> "Control":
        file.write_bytes(_HEADER.pack(_machine_clock(), factor, 0.0).ljust(_SIZE, b"\0"))
        return cls(file)

    def now(self, slot: int | None = None) -> float:
        """Seconds since 1970, in the world of the run; in a slot with its skew."""
        began, factor, jumped = _HEADER.unpack_from(self._bytes)
        now: float = began + (_machine_clock() - began) * factor + jumped
        return now if slot is None else now + self._read(slot)[0]

    @property
    def factor(self) -> float:
        return float(_HEADER.unpack_from(self._bytes)[1])

    def jump(self, seconds: float) -> None:
        """Only while nothing is under way: what is, would take as long as the jump."""
        began, factor, jumped = _HEADER.unpack_from(self._bytes)
        _HEADER.pack_into(self._bytes, 0, began, factor, jumped + seconds)

    def skew(self, slot: int, seconds: float) -> None:
        struct.pack_into("d", self._bytes, self._at(slot), seconds)

    def arm(self, slot: int, order: Order, point: Point) -> None:
        struct.pack_into("ii", self._bytes, self._at(slot) + 8, order, point)

    def disarm(self, slot: int) -> None:
        struct.pack_into("ii", self._bytes, self._at(slot) + 8, Order.NONE, 0)

    def seen(self, slot: int) -> Seen:
        _, order, point, at_work, strikes, pid = self._read(slot)
        return Seen(Order(order), point, bool(at_work), strikes, pid)

    def enrol(self, slot: int) -> None:
        """A worker begins its life in the slot; what was meant for the one before it is void."""
        self.disarm(slot)
        self._set(slot, 0, at_offset=16)
        self._set(slot, os.getpid(), at_offset=24)

    @contextmanager
    def at_work(self, slot: int) -> Iterator[None]:
        self._set(slot, 1, at_offset=16)
        yield
        self._set(slot, 0, at_offset=16)

    def reached(self, slot: int, point: Point) -> None:
        """Called by the worker itself: here it dies or stands still, if it is to."""
        seen = self.seen(slot)
        if seen.point != point or seen.order not in {Order.KILL, Order.STOP}:
            return
        self._set(slot, seen.strikes + 1, at_offset=20)
        if seen.order is Order.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        self.arm(slot, Order.STOPPED, point)
        os.kill(os.getpid(), signal.SIGSTOP)

    def _read(self, slot: int) -> tuple[float, int, int, int, int, int]:
        return _SLOT.unpack_from(self._bytes, self._at(slot))

    def _set(self, slot: int, value: int, *, at_offset: int) -> None:
        struct.pack_into("i", self._bytes, self._at(slot) + at_offset, value)

    @staticmethod
    def _at(slot: int) -> int:
        return _HEADER.size + slot * _SLOT.size
