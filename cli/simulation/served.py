"""When anybody is there for a queue."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from cli.simulation.staffing import Person, Shift


@dataclass(frozen=True, slots=True)
class Served:
    """Times in order that do not touch, as two columns."""

    begins_s: tuple[float, ...]
    ends_s: tuple[float, ...]

    def holds(self, at_s: float) -> bool:
        """Whether somebody is there at that moment."""
        number = bisect_right(self.begins_s, at_s) - 1
        return number >= 0 and at_s < self.ends_s[number]


def served_times(people: Iterable[Person]) -> dict[str, Served]:
    """For each queue."""
    shifts: defaultdict[str, list[Shift]] = defaultdict(list)
    for person in people:
        for queue in person.queues:
            shifts[queue] += person.shifts
    return {queue: _joined(sorted(every)) for queue, every in shifts.items()}


def _joined(shifts: Iterable[Shift]) -> Served:
    begins_s: list[float] = []
    ends_s: list[float] = []
    for begin, end in shifts:
        if ends_s and begin <= ends_s[-1]:
            ends_s[-1] = max(ends_s[-1], end)
        else:
            begins_s.append(begin)
            ends_s.append(end)
    return Served(tuple(begins_s), tuple(ends_s))
