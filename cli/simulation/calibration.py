"""Does the simulation come to what really happened? If not, there is no forecast.

Source of the limits: five points of service level are what a planner would argue about, and a wait
that is a quarter off would be staffed differently.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cli.simulation.contacts import Contact, queued
from cli.simulation.measures import ALL, Call, Estimated, Label, Measured, estimated, measure
from cli.simulation.refusal import CannotSimulate
from cli.simulation.runs import Scene

LEVEL_LIMIT: Final = 0.05
WAIT_LIMIT: Final = 0.25
# Recorded waits are whole seconds; nobody hears less.
WAIT_SLACK_S: Final = 1.0
FEWEST: Final = 300
_MOST_UNTOLD: Final = 0.2


@dataclass(frozen=True, slots=True)
class Comparison:
    """The past beside its simulation."""

    label: Label
    happened: Measured
    simulated: Estimated

    @property
    def is_close(self) -> bool:
        return not self.differences

    @property
    def differences(self) -> tuple[str, ...]:
        """What is further off than allowed, in words."""
        return tuple(self._differences())

    def _differences(self) -> Iterator[str]:
        level, wait = self.simulated.service_level, self.simulated.mean_wait_s
        if level is None or self.happened.service_level is None:
            yield "there is no service level to compare"
            return
        off = level.mean - self.happened.service_level
        if abs(off) > LEVEL_LIMIT:
            yield f"service level is {abs(off) * 100:.1f} points {_side(off)}"
        if wait is None or self.happened.mean_wait_s is None:
            yield "there is no mean wait to compare"
            return
        off_s = wait.mean - self.happened.mean_wait_s
        if abs(off_s) > max(WAIT_LIMIT * self.happened.mean_wait_s, WAIT_SLACK_S):
            yield f"the mean wait is {abs(off_s):.1f} s {_side(off_s)}"


def _side(difference: float) -> str:
    return "too high" if difference > 0 else "too low"


def happened(scene: Scene) -> dict[Label, Measured]:
    """What the recording says of the waiting.

    Raises: CannotSimulate where it says too little.
    """
    waiting = list(queued(scene.contacts))
    told = sum(contact.is_told for contact in waiting)
    if told < FEWEST:
        raise CannotSimulate(
            f"{told} queued contacts with an outcome; below {FEWEST} chance alone decides whether "
            "the past is met. Record a longer time"
        )
    untold = len(waiting) - told
    if untold > _MOST_UNTOLD * len(waiting):
        raise CannotSimulate(
            f"for {untold} of {len(waiting)} queued contacts no trigger told how it ended: "
            "what is known of the others may not be typical. Do ECS's triggers for the end of "
            "an interaction arrive? See docs/runbook.md"
        )
    return measure(_calls(scene), scene.threshold_s)


def _calls(scene: Scene) -> Iterator[Call]:
    for number, contact in enumerate(scene.contacts):
        if contact.action == "queue" and contact.is_told:
            yield Call(
                scene.labels(number, contact.queue),
                None if contact.abandoned else contact.waited_s,
                wanted_agent=bool(contact.preferred_agent),
                got_agent=_got(contact),
            )


def _got(contact: Contact) -> bool:
    return bool(contact.preferred_agent) and contact.agent == contact.preferred_agent


def compared(
    past: Mapping[Label, Measured], runs: Sequence[Mapping[Label, Measured]]
) -> tuple[Comparison, ...]:
    """All callers first, then each queue."""
    return tuple(
        Comparison(label, past[label], estimated(runs, label)) for label in (ALL, *_queues(past))
    )


def _queues(labels: Iterable[Label]) -> list[Label]:
    return sorted(label for label in labels if label[0] == "queue")
