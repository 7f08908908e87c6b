"""Copies of what a store said: fresh for a while, and good enough longer when the store fails.

Who has a copy waits only briefly for a newer one; the reading goes on beside it. Who was idle has
an old copy, and waits as long as for a first one.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from switchboard.beside import run_beside
from switchboard.errors import StateUnavailable

T = TypeVar("T")

# While the store fails, a copy answers this long before the store is asked again: otherwise
# every request would wait for the store's timeout.
_PAUSE_AFTER_FAILURE_S: Final = 5.0
_MOST_COPIES: Final = 1000
# Several times what a table normally takes, and little of what a caller has, who may meet several
# copies that are due at once: a newer value can wait for the next call.
_PATIENCE_S: Final = 0.05
_IDLE_PATIENCE_S: Final = 0.4


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a copy answers without asking, and how long when the store fails.

    A copy that has been due for `idle_s` is old, because nobody asked: then a newer one is worth
    waiting for. Infinite where callers wait for one copy after another.
    """

    fresh_s: float
    usable_s: float
    idle_s: float = 60.0


@dataclass(slots=True)
class _Copy(Generic[T]):
    """Its moments change, so that nobody who keeps them puts an old value over a newer one."""

    value: T
    read_at: float
    ask_again_at: float
    asked_at: float


class LastGoodCopies(Generic[T]):
    """Values by key. `clock` tells seconds; the wall clock, because a frozen Lambda's monotonic
    clock may stand still.

    Threads may load the same key at once: each gets a good value and the last one stays.
    """

    def __init__(
        self, lifetime_of: Callable[[T], Lifetime], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._lifetime_of = lifetime_of
        self._clock = clock
        self._copies: dict[str, _Copy[T]] = {}

    def get(self, key: str, load: Callable[[], T]) -> T:
        """A fresh copy, a newly loaded value, or the last good copy when loading fails.

        Raises: StateUnavailable when loading fails and no usable copy is left.
        """
        now, copy = self._clock(), self._copies.get(key)
        if copy and now < copy.ask_again_at:
            return copy.value
        if copy is None:
            return self._loaded(key, load, now)
        lifetime = self._lifetime_of(copy.value)
        if now >= copy.read_at + lifetime.usable_s:
            return self._loaded(key, load, now)
        was_idle = now >= copy.ask_again_at + lifetime.idle_s
        loading = run_beside(lambda: self._loaded(key, load, now), name="refresh")
        try:
            return loading.result(timeout=_IDLE_PATIENCE_S if was_idle else _PATIENCE_S)
        except (StateUnavailable, TimeoutError):
            copy.asked_at, copy.ask_again_at = now, now + _PAUSE_AFTER_FAILURE_S
            return copy.value

    def ask_again(self, key: str, *, after_s: float) -> None:
        """Somebody found the copy to be wrong: the store is asked so long after it was last."""
        copy = self._copies.get(key)
        if copy:
            copy.ask_again_at = min(copy.ask_again_at, copy.asked_at + after_s)

    def forget(self, key: str) -> None:
        self._copies.pop(key, None)

    def __len__(self) -> int:
        return len(self._copies)

    def _loaded(self, key: str, load: Callable[[], T], now: float) -> T:
        value = load()
        self._keep(key, _Copy(value, now, now + self._lifetime_of(value).fresh_s, now))
        return value

    def _keep(self, key: str, copy: _Copy[T]) -> None:
        # Keys may be chosen by strangers; without a bound they could fill the memory.
        if len(self._copies) >= _MOST_COPIES and key not in self._copies:
            self._copies.clear()
        self._copies[key] = copy
