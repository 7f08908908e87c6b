"""What an answer teaches about a CRM: whether it works, how fast it may be asked, what is left."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from switchboard.adapters.connector.breaker import (
    FAILURES_COUNT_WITHIN,
    FAILURES_THAT_OPEN,
    open_until,
)
from switchboard.adapters.connector.known_state import KnownState
from switchboard.adapters.connector.limits import BudgetRule
from switchboard.adapters.connector.outcomes import ErrorClass, Outcome
from switchboard.adapters.connector.pacing import Lane, LaneState, PacingStore

_SHORTEST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 6 * 3600.0
_FIRST_WAIT_S: Final = 5.0
_LONGEST_OWN_WAIT_S: Final = 300.0
_REPEATS_WITHIN: Final = timedelta(seconds=30)
_QUOTA_WAIT_S: Final = 15 * 60.0
_LONGEST_LOOKUP_WAIT_S: Final = {ErrorClass.THROTTLED: 5.0, ErrorClass.QUOTA_EXHAUSTED: 60.0}


class Lessons:
    """Writes down what is new in an answer, for all workers.

    Raises: StateUnavailable, from every method.
    """

    def __init__(self, system: str, lane: Lane, store: PacingStore, known: KnownState) -> None:
        self._system = system
        self._lane = lane
        self._store = store
        self._known = known

    def of_health(self, outcome: Outcome | None, *, probe: datetime | None, now: datetime) -> None:
        """Failures are no answer, and `transient`. Any other answer says that the CRM works."""
        known = self._known.of(self._system, self._lane)
        if outcome is None or outcome.error_class is ErrorClass.TRANSIENT:
            self._known.is_now(self._system, self._lane, self._failed(probe, now))
        elif outcome.error_class is ErrorClass.OK and not outcome.is_readable:
            # "Under maintenance", or a list that is too long: it says neither.
            return
        elif probe or (known.failures and known.open_until is None):
            state = self._store.note_success(self._system, self._lane)
            self._known.is_now(self._system, self._lane, state)

    def _failed(self, probe: datetime | None, now: datetime) -> LaneState:
        if probe:
            return self._open(self._known.of(self._system, self._lane), probe, now)
        state = self._store.note_failure(
            self._system, self._lane, now=now, counts_from=now - FAILURES_COUNT_WITHIN
        )
        if state.open_until is None and state.failures >= FAILURES_THAT_OPEN:
            return self._open(state, None, now)
        return state

    def _open(self, state: LaneState, probe: datetime | None, now: datetime) -> LaneState:
        until = open_until(state, now)
        return self._store.open_breaker(self._system, self._lane, until=until, probe=probe, now=now)

    def of_pace(self, outcome: Outcome, *, admitted_at: datetime, now: datetime) -> None:
        """It asked for patience. Lookups wait less than it says: a person is on the line."""
        longest_lookup_wait_s = _LONGEST_LOOKUP_WAIT_S.get(outcome.error_class)
        if longest_lookup_wait_s is None:
            return
        wait_s = self._wait_s(outcome, admitted_at, now)
        reason = str(outcome.error_class)
        self._pause_lane(Lane.POSTING, self._system, wait_s, reason, now)
        lookup_wait_s = min(wait_s, longest_lookup_wait_s)
        self._pause_lane(Lane.LOOKUP, self._system, lookup_wait_s, reason, now)

    def _wait_s(self, outcome: Outcome, admitted_at: datetime, now: datetime) -> float:
        """As long as it said, within reason; else our own guess, longer each time in a row."""
        if outcome.wait_s is not None:
            return min(max(outcome.wait_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S)
        if outcome.error_class is ErrorClass.QUOTA_EXHAUSTED:
            return _QUOTA_WAIT_S
        times = self._store.note_throttle(
            self._system, since=admitted_at, repeats_from=now - _REPEATS_WITHIN, now=now
        )
        return min(_FIRST_WAIT_S * 2.0 ** min(max(times - 1, 0), 10), _LONGEST_OWN_WAIT_S)

    def of_budget(self, rule: BudgetRule, outcome: Outcome, *, now: datetime) -> None:
        """Postings stop at the reserve, lookups when nothing is left."""
        left = rule.read(outcome.scope)
        if left is None:
            return
        wait_s = min(max(left.reset_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S)
        if left.is_below_reserve:
            self._pause_lane(Lane.POSTING, rule.key, wait_s, "budget", now)
        if left.is_spent:
            self._pause_lane(Lane.LOOKUP, rule.key, wait_s, "budget", now)

    def _pause_lane(self, lane: Lane, key: str, seconds: float, reason: str, now: datetime) -> None:
        until = now + timedelta(seconds=seconds)
        known = self._known.of(key, lane).paused_until
        # Who goes on getting the same answer need not write down every second that passes.
        if known and known >= until - timedelta(seconds=max(1.0, seconds / 10)):
            return
        self._store.pause(key, lane, until=until, reason=reason, now=now)
        self._known.is_now(
            key, lane, replace(self._known.of(key, lane), paused_until=until, pause_reason=reason)
        )
