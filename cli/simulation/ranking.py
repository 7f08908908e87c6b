"""What ECS makes of a priority: it orders callers by waiting time plus the seconds of their class.

A head start between two classes becomes the lower one, and none grows. The seconds of the classes
are those that the ruleset names, as they are set in ECS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cli.simulation.centre import HeadStart


@dataclass(frozen=True, slots=True)
class Ranking:
    """`class_seconds` of ECS; empty for head starts to the second."""

    class_seconds: tuple[float, ...] = ()
    lets_grow: bool = False

    def ranked(self, written: HeadStart) -> HeadStart:
        if self.lets_grow:
            return written
        if not self.class_seconds:
            return HeadStart(written.start_s)
        within = (seconds for seconds in self.class_seconds if seconds <= written.start_s)
        return HeadStart(max(within, default=min(self.class_seconds)))


AS_WRITTEN: Final = Ranking(lets_grow=True)
TO_THE_SECOND: Final = Ranking()


def as_ecs(priority_classes: Mapping[str, float]) -> Ranking:
    """Without classes in the ruleset nobody knows those of ECS: to the second, and no growth."""
    return Ranking(tuple(priority_classes.values()))
