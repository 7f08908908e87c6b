"""When a CRM that fails is left alone, and when one call may try whether it works again.

A CRM that answers every second call is worth asking, and among many calls five failures in a row
come by chance. So a worker counts a failure for all only when its own answer before that was one
as well, and a row opens the breaker only when it has lasted for a moment, in which every worker
that was served would have ended it.
"""

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from switchboard.adapters.connector.pacing import Lane, LaneState

FAILURES_THAT_OPEN: Final = 5
FAILURES_COUNT_WITHIN: Final = timedelta(seconds=60)
# Longer than what a process knows of the others may be old, so that their successes count.
_FAILING_FOR: Final = timedelta(seconds=3)
_FIRST_OPEN_S: Final = {Lane.LOOKUP: 5.0, Lane.POSTING: 10.0}
# A CRM is back just after a try began that hangs for its whole call: postings are, a minute later.
_LONGEST_OPEN_S: Final = {Lane.LOOKUP: 30.0, Lane.POSTING: 30.0}
# The claim of a worker that died ends by itself; until then nobody else may try.
_LONGEST_PROBE_S: Final = {Lane.LOOKUP: 5.0, Lane.POSTING: 30.0}
# What waited for the end comes back over so long, and not at one moment.
_COMES_BACK_OVER_S: Final = 5.0
# Most tries are over by then; who asked while one was made need not wait until it must be.
_A_TRY_TAKES_S: Final = 1.0


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


def is_failing(state: LaneState, now: datetime) -> bool:
    """Whether a closed breaker is to open."""
    has_lasted = state.failing_since is not None and now >= state.failing_since + _FAILING_FOR
    return state.open_until is None and state.failures >= FAILURES_THAT_OPEN and has_lasted


def open_until(state: LaneState, lane: Lane, now: datetime) -> datetime:
    """When a breaker that opens now may be tried: each time in a row it takes twice as long."""
    seconds = min(_FIRST_OPEN_S[lane] * 2.0 ** min(state.openings, 10), _LONGEST_OPEN_S[lane])
    return now + timedelta(seconds=seconds)


def probe_until(lane: Lane, now: datetime, *, call_s: float) -> datetime:
    """How long the one that tries may take: no longer than its call."""
    return now + timedelta(seconds=min(call_s, _LONGEST_PROBE_S[lane]))


def ask_again_s(state: LaneState, now: datetime, *, jitter: float) -> float:
    """How long who was sent away waits; `jitter` is drawn from [0, 1)."""
    until_open_s = (state.open_until - now).total_seconds() if state.open_until else 0.0
    return max(until_open_s, _A_TRY_TAKES_S) + jitter * _COMES_BACK_OVER_S
