"""Where callers wait, and with what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cli.simulation.centre import HeadStart


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a queue. `after_self_service`: only for callers whom self-service did not help."""

    queue: str
    head_start: HeadStart
    agent: str = ""
    hold_s: float = 0.0
    most_waiting: int = 1
    after_self_service: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """For each contact its place, or None where it does not wait; and why those do not.

    `without_agent` counts contacts whose row prefers the agent of last time, and nobody knows who
    that was.
    """

    places: Sequence[Place | None]
    elsewhere: Mapping[str, int]
    without_agent: int = 0

    @property
    def queues(self) -> frozenset[str]:
        return frozenset(place.queue for place in self.places if place)
