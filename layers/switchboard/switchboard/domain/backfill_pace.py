"""How fast past interactions may follow one another, so that today's are not kept waiting."""

from dataclasses import dataclass
from typing import Final

# Live work alone seldom waits at all: the workers take ten messages at a time.
_FEW: Final = 10
_MANY: Final = 50
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Traffic:
    """What else goes on: messages that wait, rows that nobody looked at in time, and connectors
    that are left alone or paused."""

    waiting: int = 0
    overdue: int = 0
    held_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the rate that was asked for is good now, and why not more."""

    of_rate: float = 1.0
    why: str = ""


FULL: Final = Share()


def share_of(traffic: Traffic) -> Share:
    """All, half or nothing."""
    if traffic.held_back:
        return Share(0, f"{', '.join(traffic.held_back)} is held back")
    behind = traffic.waiting + traffic.overdue
    if behind < _FEW:
        return FULL
    return Share(_HALF if behind < _MANY else 0, f"{behind} interactions wait to be posted")
