"""Whether a call may go out now: what the CRM can take, what it has left, whether it works.

All workers of a connector share what they know. A person's lookup comes before a posting that
can wait: postings leave a reserve of every limit, and pause first. What is known may be two
seconds old, for a lookup ten. When our own table does not answer, or not in time for a caller,
everything passes: a caller is more important than a limit.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

from switchboard.adapters.connector.breaker import Standing, ask_again_s, probe_until, standing
from switchboard.adapters.connector.known_state import KnownState
from switchboard.adapters.connector.lessons import Lessons, Note
from switchboard.adapters.connector.limits import BudgetRule, read_limits
from switchboard.adapters.connector.outcomes import Outcome
from switchboard.adapters.connector.pacing import HeldSlot, Lane, LaneState, PacingStore, Slots
from switchboard.adapters.connector.table_patience import TablePatience, Visit, too_slow
from switchboard.domain.deadline import Deadline
from switchboard.errors import LeftAlone, StateUnavailable, UpstreamThrottled

__all__ = ["Admitted", "Gate", "Lane", "OpenGate", "SharedGate"]

# How long a call may wait for its turn here, rather than be sent away.
_PATIENCE_S: Final = {Lane.LOOKUP: 0.15, Lane.POSTING: 2.0}
_SLOT_HELD_FOR: Final = timedelta(seconds=60)
_SLOT_ASKED_AGAIN_S: Final = {Lane.LOOKUP: 0.05, Lane.POSTING: 0.5}


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that was let through; give it back with `leave`."""

    at: datetime | None = None
    deadline: Deadline | None = None
    held: HeldSlot | None = None
    probe: datetime | None = None
    budgets: tuple[BudgetRule, ...] = ()


class Gate(Protocol):
    """What every request of a connector goes through."""

    def enter(self, path: str, deadline: Deadline) -> Admitted:
        """Let a request through, at once or after a short wait inside the deadline.

        Nothing was sent when this raises.

        Raises: UpstreamThrottled when a limit, a budget or an earlier answer says wait,
        LeftAlone when the CRM failed so often.
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

    `server` is the address that the settings lead to, `patience` the lane's with our table,
    `chance` draws from [0, 1). Safe under threads.

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
        patience: TablePatience,
        wall_clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._system = system
        self._limits = read_limits(system, limits, settings, server=server)
        self._lane = lane
        self._store = store
        self._now = wall_clock
        self._sleep = sleep
        self._chance = chance
        self._patience = patience
        self._known = KnownState([system, *self._limits.budget_keys], store, patience)
        self._lessons = Lessons(system, lane, store, self._known)

    def enter(self, path: str, deadline: Deadline) -> Admitted:
        # Who waited for most of the time there is could not be served after it.
        patience_s = min(_PATIENCE_S[self._lane], deadline.remaining_s / 2)
        visit = Visit(self._patience, deadline)
        while True:
            answer = self._answer(path, visit)
            if isinstance(answer, Admitted):
                return answer
            if answer.seconds > patience_s:
                raise UpstreamThrottled(self._system, f"throttled: {answer.reason}", answer.seconds)
            self._sleep(answer.seconds)
            patience_s -= answer.seconds

    def leave(self, admitted: Admitted, outcome: Outcome | None) -> None:
        if admitted.at is None or admitted.deadline is None:
            return
        now, lessons = self._now(), self._lessons
        notes: list[Note] = [partial(self._store.release, admitted.held)] if admitted.held else []
        notes += lessons.of_health(outcome, probe=admitted.probe, now=now)
        notes += lessons.of_pace(outcome, admitted_at=admitted.at, now=now)
        for rule in admitted.budgets:
            notes += lessons.of_budget(rule, outcome, now=now)
        self._patience.write(notes, admitted.deadline)

    def _answer(self, path: str, visit: Visit) -> Admitted | _Wait:
        if self._patience.leaves_it_alone:
            return Admitted()
        try:
            return self._shared_answer(path, visit)
        except StateUnavailable as error:
            self._patience.leave_it_alone(error)
            return Admitted()
        finally:
            if visit.took_too_long:
                self._patience.leave_it_alone(too_slow())

    def _shared_answer(self, path: str, visit: Visit) -> Admitted | _Wait:
        now = self._now()
        visit.ask(self._known.refresh, now, bears_s=visit.bears_s)
        own = self._known.of(self._system, self._lane)
        if standing(own, now) is Standing.OPEN:
            raise self._left_alone(own, now)
        if wait := self._pause(now):
            return wait
        if slots := self._limits.slots(path):
            return self._answer_holding(slots, path, visit, now)
        return self._passed(path, None, visit, now)

    def _answer_holding(
        self, slots: Slots, path: str, visit: Visit, now: datetime
    ) -> Admitted | _Wait:
        """A slot is kept by a call that is let through, and by no other."""
        until = now + _SLOT_HELD_FOR
        held = visit.ask(self._store.hold, slots, lane=self._lane, until=until, now=now)
        if held is None:
            return _Wait(_SLOT_ASKED_AGAIN_S[self._lane], "too many at once")
        answer = None
        try:
            answer = self._passed(path, held, visit, now)
            return answer
        finally:
            if not isinstance(answer, Admitted):
                self._patience.write([partial(self._store.release, held)], visit.deadline)

    def _passed(
        self, path: str, held: HeldSlot | None, visit: Visit, now: datetime
    ) -> Admitted | _Wait:
        for draw in self._limits.draws(path):
            wait_s = visit.ask(self._store.take, draw.bucket, draw.units, lane=self._lane, now=now)
            if wait_s > 0:
                return _Wait(wait_s, f"limit {draw.bucket.key}")
        probe = self._probe(visit, now)
        return Admitted(now, visit.deadline, held, probe, self._limits.budgets(path))

    def _probe(self, visit: Visit, now: datetime) -> datetime | None:
        """The claim to be the one that tries; None when there is nothing to try."""
        if standing(self._known.of(self._system, self._lane), now) is Standing.CLOSED:
            return None
        until = probe_until(self._lane, now, call_s=visit.deadline.remaining_s)
        is_ours, state = visit.ask(
            self._store.claim_probe, self._system, self._lane, until=until, now=now
        )
        self._known.is_now(self._system, self._lane, state)
        if is_ours:
            return until
        if standing(state, now) is Standing.CLOSED:
            return None
        raise self._left_alone(state, now)

    def _left_alone(self, state: LaneState, now: datetime) -> LeftAlone:
        seconds = ask_again_s(state, now, jitter=self._chance())
        return LeftAlone(self._system, retry_after_s=seconds)

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
