"""The whole of it: calibrate on what was decided then, and only then forecast what would be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cli.simulation.calibration import Comparison, compared, happened
from cli.simulation.measures import ALL, Estimate, Estimated, Label, Measured, estimate, estimated
from cli.simulation.plans import Plan
from cli.simulation.runs import Runs, Scene

Progress = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Outlook:
    """One label: with the decisions of then, with the new ones, and the difference run by run."""

    label: Label
    now: Estimated
    new: Estimated
    level_change: Estimate | None
    wait_change_s: Estimate | None
    abandoned_change: Estimate | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """`outlooks` is empty where the past was not met: then there is no forecast."""

    seeds: int
    comparisons: tuple[Comparison, ...]
    outlooks: tuple[Outlook, ...] = ()

    @property
    def is_calibrated(self) -> bool:
        return self.comparisons[0].is_close


def forecast(
    scene: Scene,
    recorded: Plan,
    decided: Plan,
    *,
    seeds: int,
    volume: float = 1.0,
    progress: Progress = lambda: None,
) -> Forecast:
    """What the new decisions would bring, if the old ones bring what they brought.

    Raises: CannotSimulate where something is missing that a simulation needs.
    """
    past = happened(scene)
    as_it_was, as_decided = Runs(scene, recorded), Runs(scene, decided, volume=volume)
    calibrating = _many(as_it_was, seeds, progress)
    comparisons = compared(past, calibrating)
    if not comparisons[0].is_close:
        return Forecast(seeds, comparisons)
    now = calibrating
    if volume != 1:
        now = _many(Runs(scene, recorded, volume=volume), seeds, progress)
    new = _many(as_decided, seeds, progress)
    return Forecast(seeds, comparisons, tuple(_outlook(now, new, each) for each in _all(now, new)))


def rounds(seeds: int, volume: float) -> int:
    """How often `progress` is told of a run."""
    return seeds * (2 if volume == 1 else 3)


def _many(runs: Runs, seeds: int, progress: Progress) -> list[dict[Label, Measured]]:
    found = []
    for seed in range(seeds):
        found.append(runs.measured(seed))
        progress()
    return found


def _all(*every: Sequence[Mapping[Label, Measured]]) -> list[Label]:
    """All callers, then queues, then groups."""
    labels = {label for runs in every for run in runs for label in run}
    return [ALL, *sorted(labels - {ALL}, key=lambda label: (label[0] != "queue", label))]


def _outlook(
    now: Sequence[Mapping[Label, Measured]], new: Sequence[Mapping[Label, Measured]], label: Label
) -> Outlook:
    def change(read: Callable[[Measured], float | None]) -> Estimate | None:
        pairs = [
            (read(one[label]), read(other[label]))
            for one, other in zip(now, new, strict=True)
            if label in one and label in other
        ]
        return estimate([b - a for a, b in pairs if a is not None and b is not None])

    return Outlook(
        label,
        estimated(now, label),
        estimated(new, label),
        change(lambda run: run.service_level),
        change(lambda run: run.mean_wait_s),
        change(lambda run: run.abandoned),
    )
