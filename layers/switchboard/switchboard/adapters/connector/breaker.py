"""When a CRM that fails is left alone, and when one call may try whether it works again."""

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from switchboard.adapters.connector.pacing import LaneState

FAILURES_THAT_OPEN: Final = 5
FAILURES_COUNT_WITHIN: Final = timedelta(seconds=60)
PROBE_LASTS: Final = timedelta(seconds=30)
_FIRST_OPEN_S: Final = 10.0
_LONGEST_OPEN_S: Final = 300.0


class Standing(Enum):
    """Whether calls may pass: all of them, one to try, or none."""

    CLOSED = auto()
    HALF_OPEN = auto()
    OPEN = auto()


def standing(state: LaneState, now: datetime) -> Standing:
    if state.open_until is None:
        return Standing.CLOSED
    is_tried = state.probe_until is not None and now < state.probe_until
    return Standing.OPEN if now < state.open_until or is_tried else Standing.HALF_OPEN


def open_until(state: LaneState, now: datetime) -> datetime:
    """When a breaker that opens now may be tried: each time in a row it takes twice as long."""
    seconds = min(_FIRST_OPEN_S * 2.0 ** min(state.openings, 10), _LONGEST_OPEN_S)
    return now + timedelta(seconds=seconds)
