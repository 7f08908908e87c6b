"""Past interactions go the way of today's, one after the other, behind them."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from switchboard.domain.backfill_pace import FULL, Share, Traffic, share_of
from switchboard.domain.past_interaction import PastInteraction
from switchboard.domain.posting import Posting, PostingState
from switchboard.domain.posting_reasons import resolved_reason
from switchboard.errors import InvalidRequest, StateUnavailable
from switchboard.ports import InteractionLedger, LedgerRow, Next, WorkQueue
from switchboard.use_cases.trigger_intake import take_trigger

_log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 2.0
# What is known already costs no CRM anything, but still our table.
_MOST_REPEATED_PER_S: Final = 50.0
_WAIT_FOR_TABLES_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
# A row whose other connectors are not crossed out yet; a second run makes up for a first that died.
_HIDDEN_FOR: Final = timedelta(minutes=30)
_TRIES: Final = 5


class Came(StrEnum):
    """What became of one line."""

    TAKEN = "taken"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: the interaction it tells of, or why it tells of none."""

    number: int
    past: PastInteraction | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What became of a line."""

    line: Line
    came: Came
    why: str = ""


@dataclass(slots=True)
class Pace:
    """At most so many a second, fewer while others wait, none while a CRM is left alone.

    `look` tells what else goes on; `tell` is told when the share changes.
    """

    per_s: float
    look: Callable[[], Traffic]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    tell: Callable[[Share], None] = field(default=lambda _: None)
    _share: Share = FULL
    _next_s: float = 0.0
    _look_again_s: float = 0.0

    def wait_turn(self) -> None:
        """Return when one more may go."""
        while True:
            now_s = self.clock()
            if now_s >= self._look_again_s:
                self._look_around(now_s)
            if self._share.of_rate and now_s >= self._next_s:
                self._next_s = now_s + 1 / (self.per_s * self._share.of_rate)
                return
            wakes_s = self._next_s if self._share.of_rate else self._look_again_s
            self.sleep(max(0.001, min(wakes_s, self._look_again_s) - now_s))

    def was_known(self) -> None:
        """The last one cost next to nothing: the next need not wait for it."""
        now_s = self.clock()
        self._next_s = min(self._next_s, now_s + 1 / max(_MOST_REPEATED_PER_S, self.per_s))

    def _look_around(self, now_s: float) -> None:
        try:
            share = share_of(self.look())
        except StateUnavailable:
            share = Share(0, "what else waits cannot be seen")
        if share != self._share:
            self.tell(share)
        self._share, self._look_again_s = share, now_s + LOOK_EVERY_S


@dataclass(frozen=True, slots=True)
class Backfill:
    """Where past interactions go, under which request id, and by whose clock.

    With `only`, an interaction goes to these connectors and to none of the `others`, unless it was
    on its way there before; `by` tells who wanted it so.
    """

    ledger: InteractionLedger
    queue: WorkQueue
    pace: Pace
    clock: Callable[[], datetime]
    request_id: str
    only: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    by: str = "backfill"

    def run(self, lines: Iterable[Line]) -> Iterator[Step]:
        """Every line's outcome, as it is known. Safe to end at any point and to begin again.

        Raises: StateUnavailable when our own tables fail for a minute; the line is not done then.
        """
        for line in lines:
            if line.past is None:
                yield Step(line, Came.REFUSED, line.why)
                continue
            self.pace.wait_turn()
            step = self._step(line, line.past)
            if step.came is not Came.TAKEN:
                self.pace.was_known()
            yield step

    def _step(self, line: Line, past: PastInteraction) -> Step:
        try:
            is_new = self._patiently(past)
        except InvalidRequest as error:
            return Step(line, Came.REFUSED, str(error))
        return Step(line, Came.TAKEN if is_new else Came.REPEATED)

    def _patiently(self, past: PastInteraction) -> bool:
        for wait_s in _WAIT_FOR_TABLES_S:
            try:
                return self._take(past)
            except StateUnavailable as error:
                _log.warning("not kept, trying again: %s", error.code)
                self.pace.sleep(wait_s)
        return self._take(past)

    def _take(self, past: PastInteraction) -> bool:
        if self.only:
            return self._take_for_some(past)
        accepted = take_trigger(
            past.event,
            ledger=self.ledger,
            queue=self.queue,
            request_id=self.request_id,
            now=self.clock(),
            ended_at=past.ended_at,
        )
        return accepted.is_new

    def _take_for_some(self, past: PastInteraction) -> bool:
        """First out of the workers' sight, then with the other connectors crossed out, then due.

        Also for an interaction that is known: the chosen connector may be new.
        """
        now = self.clock()
        row = self.ledger.merge(
            past.event,
            now=now,
            due_when=lambda _: now + _HIDDEN_FOR,
            request_id=self.request_id,
            ended_at=past.ended_at,
        )
        return self._given_to_some(past.event.interaction_id) or row is not None

    def _given_to_some(self, interaction_id: str) -> bool:
        """Whether there was anything to do; then the row is due, and a worker is woken."""
        for _ in range(_TRIES):
            row = self.ledger.read(interaction_id)
            if row is None or not any(name not in row.postings for name in self.only):
                return False
            now, crossed = self.clock(), self._crossed_out(row)
            if self.ledger.settle_unclaimed(row, crossed, now=now, after=Next(due_at=now)):
                self._wake(interaction_id)
                return True
            self.pace.sleep(1.0)
        raise StateUnavailable("a worker keeps the row; try again")

    def _crossed_out(self, row: LedgerRow) -> list[Posting]:
        reason = resolved_reason(self.by, "left out by a backfill")
        revision = row.interaction.revision
        return [
            Posting(connector, PostingState.PARKED, revision, reason=reason)
            for connector in self.others
            if connector not in row.postings
        ]

    def _wake(self, interaction_id: str) -> None:
        try:
            self.queue.send(interaction_id, request_id=self.request_id)
        except StateUnavailable as error:
            _log.warning("posting not woken, the sweeper will: %s", error.code)
