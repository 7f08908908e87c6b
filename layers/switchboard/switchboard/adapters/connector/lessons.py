"""What an answer teaches about a CRM: whether it works, how fast it may be asked, what is left."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from switchboard.adapters.connector.breaker import FAILURES_COUNT_WITHIN, is_failing, open_until
from switchboard.adapters.connector.known_state import KnownState
from switchboard.adapters.connector.limits import BudgetRule
from switchboard.adapters.connector.outcomes import ErrorClass, Outcome
from switchboard.adapters.connector.pacing import Lane, LaneState, PacingStore

Note = Callable[[], None]

_SHORTEST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 6 * 3600.0
_FIRST_WAIT_S: Final = 5.0
_LONGEST_OWN_WAIT_S: Final = 300.0
_REPEATS_WITHIN: Final = timedelta(seconds=30)
_QUOTA_WAIT_S: Final = 15 * 60.0
_LONGEST_LOOKUP_WAIT_S: Final = {ErrorClass.THROTTLED: 5.0, ErrorClass.QUOTA_EXHAUSTED: 60.0}


class Lessons:
    """Tells what is new in an answer, for all workers to know.

    Every method gives what there is to write down: nothing, for the everyday answer. Writing it
    raises StateUnavailable.
    """

    def __init__(self, system: str, lane: Lane, store: PacingStore, known: KnownState) -> None:
        self._system = system
        self._lane = lane
        self._store = store
        self._known = known
        self._failed_last = False

    def of_health(
        self, outcome: Outcome | None, *, probe: datetime | None, now: datetime
    ) -> Iterator[Note]:
        """Failures are no answer, and `transient`. Any other answer says that the CRM works."""
        if outcome is None or outcome.error_class is ErrorClass.TRANSIENT:
            failed_before, self._failed_last = self._failed_last, True
            if probe:
                yield partial(self._failed_again, probe, now)
            elif failed_before:
                yield partial(self._failed, now)
        elif outcome.error_class is ErrorClass.OK and not outcome.is_readable:
            # "Under maintenance", or a list that is too long: it says neither.
            return
        else:
            self._failed_last = False
            known = self._known.of(self._system, self._lane)
            if probe or (known.failures and known.open_until is None):
                yield partial(self._worked, probe)

    def _failed(self, now: datetime) -> None:
        state = self._store.note_failure(
            self._system, self._lane, now=now, counts_from=now - FAILURES_COUNT_WITHIN
        )
        if is_failing(state, now):
            state = self._opened(state, None, now)
        self._known.is_now(self._system, self._lane, state)

    def _failed_again(self, probe: datetime, now: datetime) -> None:
        state = self._opened(self._known.of(self._system, self._lane), probe, now)
        self._known.is_now(self._system, self._lane, state)

    def _worked(self, probe: datetime | None) -> None:
        state = self._store.note_success(self._system, self._lane, probe=probe)
        self._known.is_now(self._system, self._lane, state)

    def _opened(self, state: LaneState, probe: datetime | None, now: datetime) -> LaneState:
        until = open_until(state, self._lane, now)
        return self._store.open_breaker(self._system, self._lane, until=until, probe=probe, now=now)

    def of_pace(
        self, outcome: Outcome | None, *, admitted_at: datetime, now: datetime
    ) -> Iterator[Note]:
        """It asked for patience. Lookups wait less than it says: a person is on the line."""
        if outcome and outcome.error_class in _LONGEST_LOOKUP_WAIT_S:
            yield partial(self._throttled, outcome, admitted_at, now)

    def _throttled(self, outcome: Outcome, admitted_at: datetime, now: datetime) -> None:
        wait_s = self._wait_s(outcome, admitted_at, now)
        longest_lookup_wait_s = _LONGEST_LOOKUP_WAIT_S[outcome.error_class]
        waits_s = {Lane.POSTING: wait_s, Lane.LOOKUP: min(wait_s, longest_lookup_wait_s)}
        for lane, lane_wait_s in waits_s.items():
            for pause in self._pause(lane, self._system, lane_wait_s, outcome.error_class, now):
                pause()

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

    def of_budget(
        self, rule: BudgetRule, outcome: Outcome | None, *, now: datetime
    ) -> Iterator[Note]:
        """Postings stop at the reserve, lookups when nothing is left."""
        left = rule.read(outcome.scope) if outcome else None
        if left is None:
            return
        wait_s = min(max(left.reset_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S)
        if left.is_below_reserve:
            yield from self._pause(Lane.POSTING, rule.key, wait_s, "budget", now)
        if left.is_spent:
            yield from self._pause(Lane.LOOKUP, rule.key, wait_s, "budget", now)

    def _pause(
        self, lane: Lane, key: str, seconds: float, reason: str, now: datetime
    ) -> Iterator[Note]:
        until = now + timedelta(seconds=seconds)
        known = self._known.of(key, lane).paused_until
        # Who goes on getting the same answer need not write down every second that passes.
        if known is None or known < until - timedelta(seconds=max(1.0, seconds / 10)):
            yield partial(self._paused, lane, key, until, str(reason), now)

    def _paused(self, lane: Lane, key: str, until: datetime, reason: str, now: datetime) -> None:
        self._store.pause(key, lane, until=until, reason=reason, now=now)
        known = self._known.of(key, lane)
        self._known.is_now(key, lane, replace(known, paused_until=until, pause_reason=reason))
