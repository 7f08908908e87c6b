"""The whole of it: calibrate on what was decided then, and only then forecast what would be."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cli.simulation.calibration import Comparison, compared, happened, refuse_quiet
from cli.simulation.measures import (
    ALL,
    Estimate,
    Estimated,
    Label,
    Measured,
    estimate,
    estimated,
    in_order,
)
from cli.simulation.places import Plan
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
    """`outlooks` is empty where the past was not met: then there is no forecast.

    A queue or group that was not met, with calls enough to know, has none either.
    """

    seeds: int
    comparisons: tuple[Comparison, ...]
    outlooks: tuple[Outlook, ...] = ()

    @property
    def is_calibrated(self) -> bool:
        return self.comparisons[0].is_close and not self.is_met_by_accident

    @property
    def is_met_by_accident(self) -> bool:
        """Whether most callers are in queues that were not met, and only the errors cancel out."""
        whole, *parts = self.comparisons
        wrong = sum(
            one.happened.calls for one in parts if one.label[0] == "queue" and one.is_refused
        )
        return wrong > whole.happened.calls / 2


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
    refuse_quiet(scene, past[ALL], volume)
    as_it_was, as_decided = Runs(scene, recorded), Runs(scene, decided, volume=volume)
    calibrating = _many(as_it_was, seeds, progress)
    calibrated = Forecast(seeds, compared(past, calibrating))
    if not calibrated.is_calibrated:
        return calibrated
    now = calibrating
    if volume != 1:
        now = _many(Runs(scene, recorded, volume=volume), seeds, progress)
    new = _many(as_decided, seeds, progress)
    refused = {one.label for one in calibrated.comparisons if one.is_refused}
    return replace(calibrated, outlooks=tuple(_outlooks(now, new, refused)))


def rounds(seeds: int, volume: float) -> int:
    """How often `progress` is told of a run."""
    return seeds * (2 if volume == 1 else 3)


def _many(runs: Runs, seeds: int, progress: Progress) -> list[dict[Label, Measured]]:
    found = []
    for seed in range(seeds):
        found.append(runs.measured(seed))
        progress()
    return found


def _outlooks(
    now: Sequence[Mapping[Label, Measured]],
    new: Sequence[Mapping[Label, Measured]],
    refused: Container[Label],
) -> Iterator[Outlook]:
    labels = in_order({label for runs in (now, new) for run in runs for label in run})
    return (_outlook(now, new, label) for label in labels if label not in refused)


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
