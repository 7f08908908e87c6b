"""One simulated recording after another, each with its own chance.

Two rulesets meet the same callers: in one run a caller has the same patience and is as long-winded
whatever is decided, so that rulesets differ by what they decide and not by luck.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cli.simulation.centre import NOBODY, Agent, Preference, Traffic
from cli.simulation.contacts import Contact
from cli.simulation.engine import simulate
from cli.simulation.habits import Habits
from cli.simulation.measures import Call, Label, Measured, measure
from cli.simulation.places import Place, Plan
from cli.simulation.refusal import CannotSimulate
from cli.simulation.served import served_times
from cli.simulation.staffing import Person

# A copy of a caller comes within as much of the caller; the peaks of the day stay.
_NEAR_S: Final = 120


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that stays the same from run to run.

    `groups` has the label of each contact to report by, or is empty. `contained` is the share of
    callers sent to self-service who were not then, and whom it helps.
    """

    contacts: Sequence[Contact]
    people: Sequence[Person]
    habits: Habits
    threshold_s: float
    groups: Sequence[Label] = ()
    contained: float = 0.0
    is_staff_derived: bool = False

    @property
    def begins_s(self) -> float:
        return self.contacts[0].at_s

    def labels(self, contact: int, queue: str) -> tuple[Label, ...]:
        of_queue = ("queue", queue)
        return (of_queue, self.groups[contact]) if self.groups else (of_queue,)


def unserved(plan: Plan, people: Sequence[Person]) -> tuple[str, ...]:
    """The queues that contacts go to and nobody answers."""
    return tuple(sorted(plan.queues - {queue for person in people for queue in person.queues}))


class Runs:
    """The runs of one plan on a scene. The same seed gives the same run."""

    def __init__(self, scene: Scene, plan: Plan, *, volume: float = 1.0) -> None:
        """Raises: CannotSimulate where contacts go to a queue that nobody serves."""
        if alone := unserved(plan, scene.people):
            raise CannotSimulate(_nobody_serves(alone, plan))
        self._scene, self._plan, self._volume = scene, plan, volume
        names = {*plan.queues, *(queue for person in scene.people for queue in person.queues)}
        self._queues = {name: number for number, name in enumerate(sorted(names))}
        self._numbers = {person.extension: n for n, person in enumerate(scene.people)}
        self._served = served_times(scene.people) if volume != 1 else {}
        self._agents = [self._agent(person) for person in scene.people]
        preferences = {place: self._preference(place) for place in plan.places if place}
        self._preferences = [preferences[place] if place else None for place in plan.places]

    def measured(self, seed: int) -> dict[Label, Measured]:
        """What waiting was like in the run of that seed."""
        callers = list(self._callers(random.Random(seed)))  # noqa: S311  nothing is kept secret
        happened = simulate(self._agents, self._traffic(callers))
        ends = zip(callers, happened.waited_s, happened.answered_by, strict=True)
        return measure(
            (self._call(caller, waited_s, agent) for caller, waited_s, agent in ends),
            self._scene.threshold_s,
        )

    def _callers(self, chance: random.Random) -> Iterator["_Caller"]:
        """Who comes and waits, in order of time."""
        for arrived_s, contact in self.arrivals(chance):
            patience, handling, helped = chance.random(), chance.random(), chance.random()
            place = self._plan.places[contact]
            if place is None:
                continue
            if place.after_self_service and helped < self._scene.contained:
                continue
            yield _Caller(contact, place, arrived_s, patience, handling)

    def arrivals(self, chance: random.Random) -> Sequence[tuple[float, int]]:
        """When which contacts come, in order; where there are more of them, some come twice."""
        begins_s, contacts = self._scene.begins_s, self._scene.contacts
        if self._volume == 1:
            return [(contact.at_s - begins_s, n) for n, contact in enumerate(contacts)]
        found = []
        for number, contact in enumerate(contacts):
            copies = int(self._volume + chance.random())
            at_s = contact.at_s - begins_s
            found += [
                (at_s if copy == 0 else self._near(at_s, contact.queue, chance), number)
                for copy in range(copies)
            ]
        return sorted(found)

    def _near(self, at_s: float, queue: str, chance: random.Random) -> float:
        """A moment or two before or after, but not when nobody serves the queue any more."""
        apart_s = chance.uniform(-_NEAR_S, _NEAR_S)
        served, absolute_s = self._served.get(queue), self._scene.begins_s + at_s
        if served is None or not served.holds(absolute_s) or served.holds(absolute_s + apart_s):
            return at_s + apart_s
        return at_s - apart_s if served.holds(absolute_s - apart_s) else at_s

    def _traffic(self, callers: Sequence["_Caller"]) -> Traffic:
        habits = self._scene.habits
        return Traffic(
            [caller.arrived_s for caller in callers],
            [self._queues[caller.place.queue] for caller in callers],
            [caller.place.head_start for caller in callers],
            [habits.handling(caller.place.queue, caller.handling) for caller in callers],
            [habits.patience_s(caller.place.queue, caller.patience) for caller in callers],
            [self._preferences[caller.contact] for caller in callers],
        )

    def _call(self, caller: "_Caller", waited_s: float, agent: int) -> Call:
        preference = self._preferences[caller.contact]
        return Call(
            self._scene.labels(caller.contact, caller.place.queue),
            None if agent == NOBODY else waited_s,
            wanted_agent=bool(caller.place.agent),
            got_agent=preference is not None and preference.agent == agent,
        )

    def _agent(self, person: Person) -> Agent:
        begins_s = self._scene.begins_s
        return Agent(
            person.extension,
            frozenset(self._queues[queue] for queue in person.queues),
            tuple((start - begins_s, end - begins_s) for start, end in person.shifts),
        )

    def _preference(self, place: Place) -> Preference | None:
        """Nobody is preferred who is not on the staff."""
        number = self._numbers.get(place.agent)
        if number is None:
            return None
        return Preference(number, place.hold_s, place.most_waiting)


class _Caller(NamedTuple):
    contact: int
    place: Place
    arrived_s: float
    patience: float
    handling: float


def _nobody_serves(alone: tuple[str, ...], plan: Plan) -> str:
    going = dict.fromkeys(alone, 0)
    for place in plan.places:
        if place and place.queue in going:
            going[place.queue] += 1
    lines = [
        f"queue {name}: {count} contacts go there, and nobody serves it"
        for name, count in going.items()
    ]
    advice = (
        "Say with --staffing who answers there (docs/simulation.md); for a queue that only has "
        "a new name, list the old and the new one. Without it the staff is whoever answered in "
        "the recording, in the queues they answered"
    )
    return "\n".join([*lines, advice])
