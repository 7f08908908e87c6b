"""How much of the calls to a CRM may be repeats: retries must not become the load."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

SHARE_OF_FIRST: Final = 0.2
LEAST_PER_S: Final = 1.0
_WINDOW_S: Final = 60


class RetryBudget:
    """One worker's budget: retries are at most a share of the first attempts of the last minute.

    Above that, `least_per_s` a second may still pass, so that a connector that is seldom used
    retries as well. Nothing of that is saved up: a quiet hour buys no burst. `clock` gives
    seconds that never go back. Safe under threads.
    """

    def __init__(self, ratio: float, least_per_s: float, clock: Callable[[], float]) -> None:
        self._ratio = ratio
        self._least_per_s = least_per_s
        self._clock = clock
        self._firsts: Counter[int] = Counter()
        self._shared: Counter[int] = Counter()
        self._spare_from_s = clock()
        self._lock = threading.Lock()

    def note_first(self) -> None:
        """A call that no failure led to is about to be made."""
        with self._lock:
            self._firsts[self._second()] += 1

    def take_retry(self) -> bool:
        """Whether a repeat may be made now; it counts as made then."""
        with self._lock:
            second = self._second()
            if self._shared.total() + 1 <= self._ratio * self._firsts.total():
                self._shared[second] += 1
                return True
            return self._take_spare()

    def _second(self) -> int:
        """The second that it is, with what has left the window forgotten."""
        second = int(self._clock())
        for counted in (self._firsts, self._shared):
            for old in [each for each in counted if each <= second - _WINDOW_S]:
                del counted[old]
        return second

    def _take_spare(self) -> bool:
        if self._least_per_s <= 0:
            return False
        now, gap_s = self._clock(), 1 / self._least_per_s
        # Those of one second may come together; the one after them waits for its turn.
        together_s = max(0.0, self._least_per_s - 1) * gap_s
        if now < self._spare_from_s - together_s:
            return False
        self._spare_from_s = max(self._spare_from_s, now) + gap_s
        return True
