"""How long callers wait before they hang up: Kaplan and Meier's estimate.

Whoever was answered would have waited at least so long; nobody knows how much longer. To average
only those who hung up would make all callers look as impatient as the impatient ones.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """`gone[i]` is the share of callers who hang up within `steps_s[i]`.

    Beyond the longest wait that was seen nothing is known. There callers are taken to go on hanging
    up at the mean rate seen before, `rate_per_s`; where nobody ever hung up, nobody does.
    """

    steps_s: tuple[float, ...]
    gone: tuple[float, ...]
    longest_s: float
    rate_per_s: float

    def drawn(self, chance: float) -> float:
        """The patience of a caller, for a chance drawn evenly from 0 to 1."""
        known = self.gone[-1] if self.gone else 0.0
        if chance < known:
            return self.steps_s[bisect_left(self.gone, chance)]
        if not self.rate_per_s:
            return math.inf
        left = (1 - chance) / (1 - known) if known < 1 else 1.0
        return self.longest_s - math.log(left) / self.rate_per_s if left > 0 else math.inf


def estimated(waits: Iterable[tuple[float, bool]]) -> Patience:
    """From how long each caller waited, and whether it ended because they hung up.

    Source: Kaplan and Meier, Journal of the American Statistical Association 53, 1958.
    """
    every = list(waits)
    ended = Counter(waited_s for waited_s, _ in every)
    hung_up = Counter(waited_s for waited_s, abandoned in every if abandoned)
    still_there, waiting = 1.0, len(every)
    steps_s, gone = [], []
    for waited_s in sorted(ended):
        if hung_up[waited_s]:
            still_there *= 1 - hung_up[waited_s] / waiting
            steps_s.append(waited_s)
            gone.append(1 - still_there)
        waiting -= ended[waited_s]
    total_s = math.fsum(waited_s for waited_s, _ in every)
    rate = hung_up.total() / total_s if total_s > 0 else 0.0
    return Patience(tuple(steps_s), tuple(gone), max(ended, default=0.0), rate)
