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
    """`class_seconds` of ECS; empty to rank by what is written, growth and all."""

    class_seconds: tuple[float, ...] = ()

    def ranked(self, written: HeadStart) -> HeadStart:
        if not self.class_seconds:
            return written
        within = (seconds for seconds in self.class_seconds if seconds <= written.start_s)
        return HeadStart(max(within, default=min(self.class_seconds)))


AS_WRITTEN: Final = Ranking()


def as_ecs(priority_classes: Mapping[str, float]) -> Ranking:
    return Ranking(tuple(priority_classes.values()))
