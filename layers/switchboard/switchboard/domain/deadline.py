"""How long we may still take. Handed down with every call out, so that the total is bounded."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on a monotonic clock. Build it with `after`.

    `granted_s` is how long it was when it was given: what is missing of it went elsewhere.
    """

    expires_at_s: float
    clock: Callable[[], float] = field(default=time.monotonic, repr=False, compare=False)
    granted_s: float = field(default=math.inf, repr=False, compare=False)

    @classmethod
    def after(cls, budget_s: float, clock: Callable[[], float] = time.monotonic) -> "Deadline":
        return cls(clock() + budget_s, clock, budget_s)

    @property
    def remaining_s(self) -> float:
        """Never negative."""
        return max(0.0, self.expires_at_s - self.clock())

    @property
    def has_passed(self) -> bool:
        return self.remaining_s <= 0.0

    def at_most(self, limit_s: float) -> "Deadline":
        """This deadline, or `limit_s` from now if that comes first."""
        now_s = self.clock()
        expires_at_s = min(self.expires_at_s, now_s + limit_s)
        return Deadline(expires_at_s, self.clock, expires_at_s - now_s)
