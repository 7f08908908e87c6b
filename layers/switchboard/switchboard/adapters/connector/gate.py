"""Whether a call may go out now: what the CRM can take, what it has left, whether it works.

All workers of a connector share what they know. A person's lookup comes before a posting that
can wait: postings leave a reserve of every limit, and pause first. What is known may be two
seconds old. When our own table does not answer, everything passes: a caller is more important
than a limit.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from switchboard.adapters.connector.breaker import PROBE_LASTS, Standing, standing
from switchboard.adapters.connector.known_state import KnownState
from switchboard.adapters.connector.lessons import Lessons
from switchboard.adapters.connector.limits import BudgetRule, read_limits
from switchboard.adapters.connector.outcomes import Outcome
from switchboard.adapters.connector.pacing import HeldSlot, Lane, PacingStore, Slots
from switchboard.domain.deadline import Deadline
from switchboard.errors import StateUnavailable, UpstreamThrottled, UpstreamUnavailable

__all__ = ["Admitted", "Gate", "Lane", "OpenGate", "SharedGate"]

_log = logging.getLogger(__name__)

_STORE_LEFT_ALONE_FOR: Final = timedelta(seconds=5)
_WARNED_ONCE_IN: Final = timedelta(minutes=1)

# How long a call may wait for its turn here, rather than be sent away.
_PATIENCE_S: Final = {Lane.LOOKUP: 0.15, Lane.POSTING: 2.0}
_SLOT_HELD_FOR: Final = timedelta(seconds=60)
_SLOT_ASKED_AGAIN_S: Final = {Lane.LOOKUP: 0.05, Lane.POSTING: 0.5}


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that was let through; give it back with `leave`."""

    at: datetime | None = None
    held: HeldSlot | None = None
    probe: datetime | None = None
    budgets: tuple[BudgetRule, ...] = ()


class Gate(Protocol):
    """What every request of a connector goes through."""

    def enter(self, path: str, deadline: Deadline) -> Admitted:
        """Let a request through, at once or after a short wait inside the deadline.

        Nothing was sent when this raises.

        Raises: UpstreamThrottled when a limit, a budget or an earlier answer says wait,
        UpstreamUnavailable when the CRM failed so often that it is left alone.
        """

    def leave(self, admitted: Admitted, outcome: Outcome | None) -> None:
        """What came of it; None when there was no answer at all. Never raises."""


class OpenGate:
    """Everything passes."""

    def enter(self, path: str, deadline: Deadline) -> Admitted:
        return Admitted()

    def leave(self, admitted: Admitted, outcome: Outcome | None) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Wait:
    seconds: float
    reason: str


class SharedGate:
    """One connector's gate in this process; what it knows is shared through the store.

    `server` is the address that the settings lead to. Safe under threads.

    Raises: Misconfigured when a limit has no usable amount with these settings.
    """

    def __init__(
        self,
        system: str,
        limits: Sequence[Mapping[str, Any]],
        settings: Mapping[str, Any],
        *,
        server: str,
        lane: Lane,
        store: PacingStore,
        wall_clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._system = system
        self._limits = read_limits(system, limits, settings, server=server)
        self._lane = lane
        self._store = store
        self._now = wall_clock
        self._sleep = sleep
        self._known = KnownState([system, *self._limits.budget_keys], store)
        self._lessons = Lessons(system, lane, store, self._known)
        self._store_back_at: datetime | None = None
        self._warn_again_at: datetime | None = None

    def enter(self, path: str, deadline: Deadline) -> Admitted:
        # Who waited for most of the time there is could not be served after it.
        patience_s = min(_PATIENCE_S[self._lane], deadline.remaining_s / 2)
        while True:
            answer = self._answer(path)
            if isinstance(answer, Admitted):
                return answer
            if answer.seconds > patience_s:
                raise UpstreamThrottled(self._system, f"throttled: {answer.reason}", answer.seconds)
            self._sleep(answer.seconds)
            patience_s -= answer.seconds

    def leave(self, admitted: Admitted, outcome: Outcome | None) -> None:
        now = self._now()
        if admitted.at is None or self._is_store_left_alone(now):
            return
        try:
            if admitted.held:
                self._store.release(admitted.held)
            self._lessons.of_health(outcome, probe=admitted.probe, now=now)
            if outcome:
                self._lessons.of_pace(outcome, admitted_at=admitted.at, now=now)
                for rule in admitted.budgets:
                    self._lessons.of_budget(rule, outcome, now=now)
        except StateUnavailable as error:
            self._leave_store_alone(error)

    def _answer(self, path: str) -> Admitted | _Wait:
        now = self._now()
        if self._is_store_left_alone(now):
            return Admitted()
        try:
            return self._shared_answer(path, now)
        except StateUnavailable as error:
            self._leave_store_alone(error)
            return Admitted()

    def _shared_answer(self, path: str, now: datetime) -> Admitted | _Wait:
        self._known.refresh(now)
        own = self._known.of(self._system, self._lane)
        if standing(own, now) is Standing.OPEN:
            raise self._left_alone()
        if wait := self._pause(now):
            return wait
        if slots := self._limits.slots(path):
            return self._answer_holding(slots, path, now)
        return self._passed(path, None, now)

    def _answer_holding(self, slots: Slots, path: str, now: datetime) -> Admitted | _Wait:
        """A slot is kept by a call that is let through, and by no other."""
        held = self._store.hold(slots, lane=self._lane, until=now + _SLOT_HELD_FOR, now=now)
        if held is None:
            return _Wait(_SLOT_ASKED_AGAIN_S[self._lane], "too many at once")
        answer = None
        try:
            answer = self._passed(path, held, now)
            return answer
        finally:
            if not isinstance(answer, Admitted):
                self._store.release(held)

    def _passed(self, path: str, held: HeldSlot | None, now: datetime) -> Admitted | _Wait:
        for draw in self._limits.draws(path):
            wait_s = self._store.take(draw.bucket, draw.units, lane=self._lane, now=now)
            if wait_s > 0:
                return _Wait(wait_s, f"limit {draw.bucket.key}")
        return Admitted(now, held, self._probe(now), self._limits.budgets(path))

    def _probe(self, now: datetime) -> datetime | None:
        """The claim to be the one that tries; None when there is nothing to try."""
        if standing(self._known.of(self._system, self._lane), now) is Standing.CLOSED:
            return None
        until = now + PROBE_LASTS
        is_ours, state = self._store.claim_probe(self._system, self._lane, until=until, now=now)
        self._known.is_now(self._system, self._lane, state)
        if is_ours:
            return until
        if standing(state, now) is Standing.CLOSED:
            return None
        raise self._left_alone()

    def _left_alone(self) -> UpstreamUnavailable:
        return UpstreamUnavailable(self._system, "not asked: it failed several times in a row")

    def _pause(self, now: datetime) -> _Wait | None:
        pauses = [
            (state.paused_until, state.pause_reason)
            for state in self._known.all_of(self._lane)
            if state.paused_until and state.paused_until > now
        ]
        if not pauses:
            return None
        until, reason = max(pauses)
        return _Wait((until - now).total_seconds(), reason)

    def _is_store_left_alone(self, now: datetime) -> bool:
        return self._store_back_at is not None and now < self._store_back_at

    def _leave_store_alone(self, error: StateUnavailable) -> None:
        """Otherwise every call would wait for the store's timeout."""
        now = self._now()  # its timeout may have taken longer than it is left alone for
        self._store_back_at = now + _STORE_LEFT_ALONE_FOR
        if self._warn_again_at is None or now >= self._warn_again_at:
            self._warn_again_at = now + _WARNED_ONCE_IN
            _log.warning("limits of %s cannot be kept: %s", self._system, error)
