"""How long one worker's calls wait for our own table.

While a person waits that is a quarter of a second in all, and what is to be written down is
written beside the answer. A table that failed, or was slower than that, is left alone for a while:
otherwise every call would wait for it again.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Final, ParamSpec, Protocol, TypeVar

from switchboard.adapters.connector.pacing import Lane
from switchboard.beside import run_beside
from switchboard.domain.deadline import Deadline
from switchboard.errors import StateUnavailable

_log = logging.getLogger(__name__)
_P = ParamSpec("_P")
_T = TypeVar("_T")

_LEFT_ALONE_FOR: Final = timedelta(seconds=5)
_WARNED_ONCE_IN: Final = timedelta(minutes=1)
_QUESTIONS_BEARABLE_S: Final = 0.25
_WRITES_BEARABLE_S: Final = 0.2


class Beside(Protocol):
    """Starts work beside the caller, as `run_beside` does."""

    def __call__(self, work: Callable[[], _T], *, name: str) -> "Future[_T]": ...


class TablePatience:
    """What one lane of a connector bears of our table, in this process. Safe under threads."""

    def __init__(
        self,
        system: str,
        lane: Lane,
        *,
        wall_clock: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        beside: Beside = run_beside,
    ) -> None:
        self.is_somebody_waiting = lane is Lane.LOOKUP
        self.clock = clock
        self._system = system
        self._now = wall_clock
        self._beside = beside
        self._back_at: datetime | None = None
        self._warn_again_at: datetime | None = None

    @property
    def leaves_it_alone(self) -> bool:
        return self._back_at is not None and self._now() < self._back_at

    def leave_it_alone(self, why: StateUnavailable) -> None:
        now = self._now()  # its timeout may have taken longer than it is left alone for
        self._back_at = now + _LEFT_ALONE_FOR
        if self._warn_again_at is None or now >= self._warn_again_at:
            self._warn_again_at = now + _WARNED_ONCE_IN
            _log.warning("what workers share of %s is not known: %s", self._system, why)

    def start(self, work: Callable[[], _T]) -> "Future[_T]":
        return self._beside(work, name=f"what is shared of {self._system}")

    def ask(self, question: Callable[[], _T]) -> _T:
        """The answer to a question that stands alone; it goes on when nobody waits any more.

        Raises: StateUnavailable, also when there is no answer in time.
        """
        if not self.is_somebody_waiting:
            return question()
        try:
            return self.start(question).result(_QUESTIONS_BEARABLE_S)
        except TimeoutError:
            raise too_slow() from None

    def write(self, notes: Sequence[Callable[[], None]], deadline: Deadline | None = None) -> None:
        """Write down what is to be known; who waits in person does not wait for all of it."""
        if not notes:
            return
        if not self.is_somebody_waiting:
            if not self.leaves_it_alone:
                self._write_all(notes)
            return
        written = self.start(lambda: self._write_all(notes))
        if self.leaves_it_alone:
            return
        left_s = deadline.remaining_s if deadline else _WRITES_BEARABLE_S
        try:
            written.result(min(_WRITES_BEARABLE_S, left_s))
        except TimeoutError:
            if left_s >= _WRITES_BEARABLE_S:
                self.leave_it_alone(too_slow())

    def _write_all(self, notes: Sequence[Callable[[], None]]) -> None:
        try:
            for note in notes:
                note()
        except StateUnavailable as error:
            self.leave_it_alone(error)


class Visit:
    """One call's questions to our table, and what they took together."""

    def __init__(self, patience: TablePatience, deadline: Deadline) -> None:
        self.deadline = deadline
        self._patience = patience
        self._spent_s = 0.0

    @property
    def bears_s(self) -> float | None:
        """How much longer they may take; None when nobody waits."""
        if not self._patience.is_somebody_waiting:
            return None
        return max(0.0, min(_QUESTIONS_BEARABLE_S - self._spent_s, self.deadline.remaining_s))

    @property
    def took_too_long(self) -> bool:
        return self._patience.is_somebody_waiting and self._spent_s >= _QUESTIONS_BEARABLE_S

    def ask(self, question: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Raises: StateUnavailable, also when the questions before took too long."""
        if self.took_too_long:
            self._patience.leave_it_alone(too_slow())
            raise too_slow()
        clock = self._patience.clock
        started_s = clock()
        try:
            return question(*args, **kwargs)
        finally:
            self._spent_s += clock() - started_s


def too_slow() -> StateUnavailable:
    return StateUnavailable("our table answers too slowly for somebody who waits")
