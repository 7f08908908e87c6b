"""What one process knows of the state that all workers share."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Final

from switchboard.adapters.connector.pacing import Lane, LaneState, PacingStore
from switchboard.adapters.connector.table_patience import TablePatience, too_slow
from switchboard.errors import StateUnavailable

_FRESH_FOR: Final = timedelta(seconds=2)
# While a person waits, what was known so long ago still serves for the call that renews it.
_SERVES_FOR: Final = timedelta(seconds=10)


class KnownState:
    """The state of some keys as this process knows it: read every two seconds, and as written."""

    def __init__(self, keys: Sequence[str], store: PacingStore, patience: TablePatience) -> None:
        self._keys = list(dict.fromkeys(keys))
        self._store = store
        self._patience = patience
        self._states: dict[tuple[str, Lane], LaneState] = {}
        self._read_at: datetime | None = None
        self._reading: Future[None] | None = None
        self._one_begins = threading.Lock()

    def refresh(self, now: datetime, *, bears_s: float | None) -> None:
        """Know what is two seconds old at most; while a person waits, ten, and renew it beside.

        `bears_s` is how long that person may be kept waiting; None when nobody is.

        Raises: StateUnavailable when it does not come, or not in time.
        """
        if self._is_within(_FRESH_FOR, now):
            return
        reading = self._begun(now)
        if bears_s is not None and self._is_within(_SERVES_FOR, now):
            return
        try:
            reading.result(bears_s)
        except TimeoutError:
            raise too_slow() from None

    def of(self, key: str, lane: Lane) -> LaneState:
        return self._states.get((key, lane), LaneState())

    def all_of(self, lane: Lane) -> list[LaneState]:
        return [self.of(key, lane) for key in self._keys]

    def is_now(self, key: str, lane: Lane, state: LaneState) -> None:
        self._states[key, lane] = state

    def _begun(self, now: datetime) -> "Future[None]":
        """One thread reads for all."""
        with self._one_begins:
            if self._reading is None or self._reading.done():
                self._reading = self._patience.start(lambda: self._read(now))
            return self._reading

    def _read(self, now: datetime) -> None:
        try:
            for key in self._keys:
                for lane, state in self._store.state(key).items():
                    self._states[key, lane] = state
        except StateUnavailable as error:
            self._patience.leave_it_alone(error)
            raise
        self._read_at = now

    def _is_within(self, age: timedelta, now: datetime) -> bool:
        # A clock that was set back must not make this old for long.
        return self._read_at is not None and timedelta(0) <= now - self._read_at < age
