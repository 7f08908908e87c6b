"""Does the simulation come to what really happened? If not, there is no forecast.

Source of the limits: five points of service level are what a planner would argue about, and a wait
that is a quarter off, or half as many again who hang up, would be staffed differently.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cli.simulation.contacts import Contact, queued
from cli.simulation.measures import (
    Call,
    Estimate,
    Estimated,
    Label,
    Measured,
    estimated,
    in_order,
    measure,
)
from cli.simulation.refusal import CannotSimulate
from cli.simulation.runs import Scene

LEVEL_LIMIT: Final = 0.05
WAIT_LIMIT: Final = 0.25
# Where nearly everybody is answered at once, five points are everything: a share counts by ratio.
SHARE_RATIO: Final = 1.5
HIT_LIMIT: Final = 0.10
# Waits are recorded in whole seconds: for those who waited, a second is no difference.
_ROUNDING_S: Final = 1.0
FEWEST: Final = 300
FEWEST_WAITED: Final = 100
_MOST_UNTOLD: Final = 0.2


class Difference(NamedTuple):
    """What is further off than allowed; `is_chance` where some runs come to what happened."""

    said: str
    is_chance: bool


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
        return tuple(one.said for one in self._differences())

    @property
    def is_too_short(self) -> bool:
        """Whether what happened is off, but lies within what chance does from run to run."""
        found = list(self._differences())
        return bool(found) and all(one.is_chance for one in found)

    @property
    def is_refused(self) -> bool:
        """Whether there were calls enough to say that this cannot be forecast."""
        return not self.is_close and self.happened.calls >= FEWEST

    @property
    def hits_differ(self) -> str:
        """How far the last-agent hits are off, in words; empty where they are met.

        They are told, and no reason to refuse: what everybody waits may be right all the same.
        """
        then, runs = self.happened.last_agent, self.simulated.last_agent
        if then is None or runs is None:
            return ""
        off = runs.mean - then
        if abs(off) <= HIT_LIMIT + _allowance(then, runs.mean, self.happened.wanted_agent):
            return ""
        return f"last-agent hits are {abs(off) * 100:.1f} points {_side(off)}"

    def _differences(self) -> Iterator[Difference]:
        yield from self._level()
        yield from self._hang_ups()
        yield from self._wait()

    def _level(self) -> Iterator[Difference]:
        runs, then = self.simulated.service_level, self.happened.service_level
        if runs is None or then is None:
            yield Difference("there is no service level to compare", is_chance=False)
            return
        off = runs.mean - then
        if abs(off) > LEVEL_LIMIT:
            said = f"service level is {abs(off) * 100:.1f} points {_side(off)}"
        elif self._is_far(1 - then, 1 - runs.mean):
            said = f"{1 - runs.mean:.2%} are not answered in time, and {1 - then:.2%} were not,"
        else:
            return
        yield Difference(said, _within(then, runs))

    def _hang_ups(self) -> Iterator[Difference]:
        runs, then = self.simulated.abandoned, self.happened.abandoned
        if runs is not None and then is not None and self._is_far(then, runs.mean):
            yield Difference(f"{runs.mean:.2%} hang up, and {then:.2%} did,", _within(then, runs))

    def _wait(self) -> Iterator[Difference]:
        runs, then = self.simulated.mean_wait_s, self.happened.mean_wait_s
        if runs is None and then is None:
            return
        if runs is None or then is None:
            yield Difference("there is no mean wait to compare", is_chance=False)
            return
        off_s = runs.mean - then
        if abs(off_s) > self._wait_limit_s(then, runs.mean):
            said = f"the mean wait is {abs(off_s):.1f} s {_side(off_s)}"
            yield Difference(said, _within(then, runs))

    def _wait_limit_s(self, then_s: float, simulated_s: float) -> float:
        """A quarter; of few who waited more, as the mean of so many exponential waits is off."""
        waited = max(self.happened.waited, 1)
        chance_s = 2 * max(then_s, simulated_s) * math.sqrt(2 / waited)
        return max(WAIT_LIMIT * then_s, chance_s) + _ROUNDING_S * waited / self.happened.calls

    def _is_far(self, one: float, other: float) -> bool:
        less, more = sorted((one, other))
        return more > SHARE_RATIO * less + _allowance(less, more, self.happened.calls)


def _allowance(one: float, other: float, of: int) -> float:
    """What chance does to a share of so many: two standard deviations of a binomial count."""
    largest = max(one, other)
    return 2 * math.sqrt(largest * (1 - largest) / of) if of else 0.0


def _within(then: float, runs: Estimate) -> bool:
    return runs.low <= then <= runs.high


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


def refuse_quiet(scene: Scene, past: Measured, volume: float) -> None:
    """A staff that is twice too large is not seen where nobody waits.

    Raises: CannotSimulate where the staff is a guess, or more is to come, and too few waited.
    """
    if past.waited >= FEWEST_WAITED or not (scene.is_staff_derived or volume != 1):
        return
    raise CannotSimulate(
        f"the past is too quiet to tell: {past.waited} of {past.calls} callers waited a second or "
        f"more, and below {FEWEST_WAITED} a wrong staff looks like the right one. Record a longer "
        "or a busier time, or give --staffing and leave --volume out"
    )


def compared(
    past: Mapping[Label, Measured], runs: Sequence[Mapping[Label, Measured]]
) -> tuple[Comparison, ...]:
    """All callers first, then each queue, then each group."""
    return tuple(Comparison(label, past[label], estimated(runs, label)) for label in in_order(past))
