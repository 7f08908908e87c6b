"""What goes into a simulation and what comes out: agents, callers, and what became of them.

Moments are seconds from one common beginning. Callers are columns rather than objects: a month is
half a million of them, twenty times over.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NOBODY: Final = -1
"""In place of an agent: the caller hung up, or the last shift ended before anybody was free."""


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who takes one caller at a time.

    Shifts are in order, last some time, and do not overlap.
    """

    extension: str
    queues: frozenset[int]
    shifts: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class HeadStart:
    """A priority, in the one unit there is: seconds of waiting."""

    start_s: float = 0.0
    gain_per_s: float = 0.0
    most_s: float = math.inf

    @property
    def is_rising(self) -> bool:
        return self.gain_per_s > 0

    def standing_s(self, waited_s: float) -> float:
        """What callers are ordered by: the time waited, and the head start it has come to."""
        gained_s = self.start_s + self.gain_per_s * waited_s
        return waited_s + min(gained_s, max(self.most_s, self.start_s))


@dataclass(frozen=True, slots=True)
class Preference:
    """The agent a caller should reach, and how long the caller is kept for just this one."""

    agent: int
    hold_s: float = 0.0
    most_waiting: int = 1


@dataclass(frozen=True, slots=True)
class Traffic:
    """All callers in order of arrival, one column for each thing known about them."""

    arrived_s: Sequence[float]
    queue: Sequence[int]
    head_start: Sequence[HeadStart]
    handling_s: Sequence[float]
    patience_s: Sequence[float]
    preference: Sequence[Preference | None]


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of each caller, in the order of the traffic.

    `waited_s` is the time until an agent answered, or until the caller hung up (endless where
    nobody came and the caller had all the patience in the world).
    """

    waited_s: list[float]
    answered_by: list[int]
