"""What waiting was like: for all, for a queue, for a kind of customer; in one run and over many.

Wait and its 90 % mark are those of answered callers. Service level counts everybody who called:
who hung up was not answered in time. One definition serves the past and the forecast.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

Label = tuple[str, str]
"""What a measure is of, as ("queue", "sales")."""

ALL: Final[Label] = ("all", "")
"""All callers together."""


class Call(NamedTuple):
    """How one call ended; `waited_s` is None for whoever hung up."""

    labels: tuple[Label, ...]
    waited_s: float | None
    wanted_agent: bool = False
    got_agent: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """One run, or the past. Shares are None where there is nothing to take a share of.

    `waited` counts callers who waited a second or more, and whoever hung up.
    """

    calls: int
    mean_wait_s: float | None
    wait_90_s: float | None
    service_level: float | None
    abandoned: float | None
    last_agent: float | None
    wanted_agent: int
    waited: int


@dataclass(slots=True)
class _Tally:
    calls: int = 0
    wanted: int = 0
    got: int = 0
    waited_s: list[float] = field(default_factory=list)

    def measured(self, threshold_s: float) -> Measured:
        waits = sorted(self.waited_s)
        answered = len(waits)
        in_time = sum(waited_s <= threshold_s for waited_s in waits)
        return Measured(
            self.calls,
            math.fsum(waits) / answered if waits else None,
            waits[math.ceil(0.9 * answered) - 1] if waits else None,
            _share(in_time, self.calls),
            _share(self.calls - answered, self.calls),
            _share(self.got, self.wanted),
            self.wanted,
            self.calls - sum(waited_s < 1 for waited_s in waits),
        )


def measure(calls: Iterable[Call], threshold_s: float) -> dict[Label, Measured]:
    """For each label, and for `ALL`."""
    tallies: defaultdict[Label, _Tally] = defaultdict(_Tally)
    everybody = tallies[ALL]
    for call in calls:
        for tally in (everybody, *(tallies[label] for label in call.labels)):
            tally.calls += 1
            tally.wanted += call.wanted_agent
            tally.got += call.got_agent
            if call.waited_s is not None:
                tally.waited_s.append(call.waited_s)
    return {label: tally.measured(threshold_s) for label, tally in tallies.items()}


def in_order(labels: Iterable[Label]) -> list[Label]:
    """All callers, then queues, then groups."""
    return [ALL, *sorted({*labels} - {ALL}, key=lambda label: (label[0] != "queue", label))]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean over runs, and what nine of ten runs lie between."""

    mean: float
    low: float
    high: float


def estimate(values: Sequence[float | None]) -> Estimate | None:
    """None where no run had the value."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    cut = len(known) // 20
    return Estimate(math.fsum(known) / len(known), known[cut], known[-1 - cut])


@dataclass(frozen=True, slots=True)
class Estimated:
    """Many runs of one label."""

    calls: Estimate | None
    mean_wait_s: Estimate | None
    wait_90_s: Estimate | None
    service_level: Estimate | None
    abandoned: Estimate | None
    last_agent: Estimate | None
    wanted_agent: Estimate | None


def estimated(runs: Sequence[Mapping[Label, Measured]], label: Label) -> Estimated:
    """One label over all runs; runs in which nobody had it do not count."""
    found = [run[label] for run in runs if label in run]

    def over(read: Callable[[Measured], float | None]) -> Estimate | None:
        return estimate([read(run) for run in found])

    return Estimated(
        over(lambda run: run.calls),
        over(lambda run: run.mean_wait_s),
        over(lambda run: run.wait_90_s),
        over(lambda run: run.service_level),
        over(lambda run: run.abandoned),
        over(lambda run: run.last_agent),
        over(lambda run: run.wanted_agent),
    )
