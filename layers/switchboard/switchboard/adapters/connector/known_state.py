"""What one process knows of the state that all workers share."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from switchboard.adapters.connector.pacing import Lane, LaneState, PacingStore

_KNOWN_FOR: Final = timedelta(seconds=2)


class KnownState:
    """The state of some keys as this process knows it: read every two seconds, and as written."""

    def __init__(self, keys: Sequence[str], store: PacingStore) -> None:
        self._keys = list(dict.fromkeys(keys))
        self._store = store
        self._states: dict[tuple[str, Lane], LaneState] = {}
        self._read_at: datetime | None = None
        self._reading = threading.Lock()

    def refresh(self, now: datetime) -> None:
        """One thread reads while the others go on with what was known, if anything was."""
        if self._is_fresh(now) or not self._reading.acquire(blocking=self._read_at is None):
            return
        try:
            if not self._is_fresh(now):
                for key in self._keys:
                    for lane, state in self._store.state(key).items():
                        self._states[key, lane] = state
                self._read_at = now
        finally:
            self._reading.release()

    def of(self, key: str, lane: Lane) -> LaneState:
        return self._states.get((key, lane), LaneState())

    def all_of(self, lane: Lane) -> list[LaneState]:
        return [self.of(key, lane) for key in self._keys]

    def is_now(self, key: str, lane: Lane, state: LaneState) -> None:
        self._states[key, lane] = state

    def _is_fresh(self, now: datetime) -> bool:
        # A clock that was set back must not make this old for long.
        return self._read_at is not None and timedelta(0) <= now - self._read_at < _KNOWN_FOR
