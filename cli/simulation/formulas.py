"""What queueing theory knows exactly. The engine is held against these; nothing here is estimated.

Rates are per second and times in seconds throughout, so that 270 calls an hour are `270 / 3600`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# In logarithms: how much rarer than the likeliest a state is that adds nothing to a sum of floats.
_NEGLIGIBLE: Final = -45.0


@dataclass(frozen=True, slots=True)
class ErlangC:
    """Nobody hangs up: Poisson arrivals, exponential handling, first come first served."""

    arrivals_per_s: float
    handling_s: float
    agents: int

    @property
    def load(self) -> float:
        """Work offered, in erlangs: how many agents are busy on average."""
        return self.arrivals_per_s * self.handling_s

    @property
    def chance_of_waiting(self) -> float:
        """Source: Erlang 1917, by way of the blocking formula, exact for many agents too."""
        if self.load >= self.agents:
            return 1.0
        blocked = blocking(self.load, self.agents)
        return blocked / (1 - self.load / self.agents * (1 - blocked))

    @property
    def mean_wait_s(self) -> float:
        """Over all callers, also those who did not wait. Endless where the load is too much."""
        spare = self.agents - self.load
        return self.chance_of_waiting * self.handling_s / spare if spare > 0 else math.inf

    def answered_within(self, threshold_s: float) -> float:
        """The service level."""
        spare = self.agents - self.load
        if spare <= 0:
            return 0.0
        return 1 - self.chance_of_waiting * math.exp(-spare * threshold_s / self.handling_s)


def blocking(load: float, agents: int) -> float:
    """The Erlang B formula: the share of calls that find all agents busy when nobody may wait."""
    inverse = 1.0
    for busy in range(1, agents + 1):
        inverse = 1 + inverse * busy / load
    return 1 / inverse


@dataclass(frozen=True, slots=True)
class ErlangA:
    """As Erlang C, but callers hang up: their patience is exponential with this mean."""

    arrivals_per_s: float
    handling_s: float
    agents: int
    patience_s: float

    @property
    def chance_of_waiting(self) -> float:
        """The share of callers who find all agents busy."""
        weights = self._weights()
        return sum(weights[self.agents :]) / sum(weights)

    @property
    def mean_waiting(self) -> float:
        """How many callers wait on average."""
        weights = self._weights()
        waiting = enumerate(weights[self.agents :])
        return sum(callers * weight for callers, weight in waiting) / sum(weights)

    @property
    def mean_wait_s(self) -> float:
        """Over all callers, those who hang up included. Source: Little 1961."""
        return self.mean_waiting / self.arrivals_per_s

    @property
    def chance_of_abandoning(self) -> float:
        """Source: Palm 1957. Whoever waits hangs up at the rate of one over the mean patience."""
        return self.mean_wait_s / self.patience_s

    def _weights(self) -> list[float]:
        """How likely each number of callers in the house is, relative to the likeliest.

        In logarithms: with a thousand agents the weights themselves leave the range of a float.
        """
        logs, likeliest = [0.0], 0.0
        while logs[-1] > likeliest + _NEGLIGIBLE or len(logs) <= self.agents:
            present = len(logs)
            leaving_per_s = (
                min(present, self.agents) / self.handling_s
                + max(present - self.agents, 0) / self.patience_s
            )
            logs.append(logs[-1] + math.log(self.arrivals_per_s / leaving_per_s))
            likeliest = max(likeliest, logs[-1])
        return [math.exp(log - likeliest) for log in logs]


def priority_waits_s(
    arrivals_per_s: Sequence[float], handling_s: float, agents: int
) -> tuple[float, ...]:
    """The mean wait of each class, the most urgent first; no call is interrupted for another.

    Exact for exponential handling times with one mean for all classes.
    Source: Davis, Operations Research 14(1), 1966; Kella and Yechiali 1985.
    """
    whole = ErlangC(sum(arrivals_per_s), handling_s, agents)
    first = whole.chance_of_waiting * handling_s / agents
    waits, above = [], 0.0
    for rate in arrivals_per_s:
        upto = above + rate * handling_s / agents
        waits.append(first / ((1 - above) * (1 - upto)))
        above = upto
    return tuple(waits)


def one_agent_wait_s(arrivals_per_s: float, handling_s: float, variation: float) -> float:
    """The mean wait for one agent. Source: Pollaczek 1930, Khinchine 1932.

    `variation` is the variance of handling times over their mean squared: nought is fixed service,
    one is exponential.
    """
    load = arrivals_per_s * handling_s
    return load * handling_s * (1 + variation) / (2 * (1 - load))
