"""What every in-memory store shares: a lock, and a switch that takes it down."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from switchboard.errors import StateUnavailable


class InMemoryStore:
    """Set `is_down` to make every call raise StateUnavailable, as an outage would."""

    def __init__(self) -> None:
        self.is_down = False
        self._lock = RLock()

    @contextmanager
    def _reached(self) -> Iterator[None]:
        if self.is_down:
            raise StateUnavailable("the store is down")
        with self._lock:
            yield
