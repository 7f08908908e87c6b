"""From files to everything a forecast needs, and what must be said of how it was got."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.simulation.habits import ENOUGH, Habits, habits_of
from cli.simulation.past import past_of
from cli.simulation.places import Plan
from cli.simulation.plans import decided_plan, groups, recorded_plan
from cli.simulation.ranking import AS_WRITTEN, as_ecs
from cli.simulation.recording import Recording
from cli.simulation.runs import Scene
from cli.simulation.skills import Stray, skills_of
from cli.simulation.staffing import derived_staffing, read_staffing
from switchboard.domain.ruleset import Ruleset

# Callers of the last minutes are still answered after the last contact.
_AFTER_S: Final = 86_400
_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What the forecast is to be of. Without `staffing` the staff is whoever answered.

    `digest` is the new ruleset's, by which its own decisions are known in the recording.
    """

    staffing: Path | None = None
    by: str = ""
    contained: float = 0.0
    is_as_written: bool = False
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The scene, the decisions of then and the new ones, and `notes` for whoever reads on."""

    scene: Scene
    then: Plan
    new: Plan
    notes: tuple[str, ...]


def prepared(recording: Recording, ruleset: Ruleset, asked: Asked) -> Prepared:
    """Raises: CannotSimulate, and ValueError for an attribute that makes no groups."""
    contacts = recording.contacts
    ecs = as_ecs(ruleset.priority_classes)
    past = past_of(contacts, ruleset, ecs, asked.digest)
    then = recorded_plan(contacts, past)
    new = decided_plan(contacts, ruleset, AS_WRITTEN if asked.is_as_written else ecs, past)
    first_s, last_s = contacts[0].at_s, contacts[-1].at_s + _AFTER_S
    people = (
        read_staffing(asked.staffing, first_s=first_s, last_s=last_s)
        if asked.staffing
        else derived_staffing(contacts)
    )
    scene = Scene(
        contacts,
        people,
        habits_of(contacts),
        ruleset.service_level_s,
        groups(contacts, ruleset, asked.by) if asked.by else (),
        asked.contained,
        is_staff_derived=asked.staffing is None,
    )
    notes = (
        *recording.notes,
        *_of_staff(scene, then, new, ruleset, asked),
        *_of_decisions(then, new, ruleset, asked),
        *_of_habits(scene, new),
    )
    return Prepared(scene, then, new, notes)


def _of_staff(scene: Scene, then: Plan, new: Plan, ruleset: Ruleset, asked: Asked) -> Iterator[str]:
    if asked.staffing is None:
        yield (
            f"no --staffing: {len(scene.people)} agents who answered in the recording, in the "
            "queues they answered, from their first call to their last; breaks cannot be seen"
        )
        yield from _of_strays(skills_of(scene.contacts).strays)
    if ruleset.agent_form == "name":
        yield (
            "agents are preferred by name and recorded by extension, so no last-agent hit is seen, "
            "in the past or in the forecast"
        )
        return
    wanted = {place.agent for plan in (then, new) for place in plan.places if place} - {""}
    if strangers := len(wanted - {person.extension for person in scene.people}):
        yield f"{strangers} agents whom contacts should go back to are not on the staff"


def _of_strays(strays: Sequence[Stray]) -> Iterator[str]:
    if not strays:
        return
    told = [f"{one.agent} in {one.queue} ({one.calls} of {one.of} calls)" for one in strays]
    more = len(told) - _MOST_NAMED
    shown = [*told[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])]
    yield f"taken for strays, not for staff of the queue: {', '.join(shown)}"


def _of_decisions(then: Plan, new: Plan, ruleset: Ruleset, asked: Asked) -> Iterator[str]:
    if asked.is_as_written:
        yield "--as-written: exact and growing priorities, which ECS does not have"
    elif _grows(ruleset):
        yield (
            "priorities do not grow here, because ECS knows no such thing; "
            "--as-written shows what they would do"
        )
    actions = sorted({*then.elsewhere, *new.elsewhere})
    if actions:
        told = (
            f"{action} {then.elsewhere.get(action, 0)}, new {new.elsewhere.get(action, 0)}"
            for action in actions
        )
        yield f"contacts that wait in no line: {'; '.join(told)}"
    if new.without_agent:
        yield (
            f"{new.without_agent} contacts should go back to an agent whom the recording does not "
            "tell; they are taken to go to anybody, so there are more last-agent hits than shown"
        )


def _grows(ruleset: Ruleset) -> bool:
    given = (row.then.priority for row in ruleset.route.rows)
    return any(priority is not None and priority.gain_per_min_s > 0 for priority in given)


def _of_habits(scene: Scene, new: Plan) -> Iterator[str]:
    for queue in sorted(queue for queue in new.queues if scene.habits.borrows(queue)):
        yield (
            f"queue {queue}: fewer than {ENOUGH} calls handled, so they are taken to last as "
            "those of all queues do"
        )
    yield from _of_patience(scene.habits, new)


def _of_patience(habits: Habits, new: Plan) -> Iterator[str]:
    if not habits.hung_up:
        yield "nobody hung up in the recording, so nobody does in the simulation"
        return
    if habits.hung_up < ENOUGH:
        yield (
            f"only {habits.hung_up} callers hung up in the recording, so how patient they are is "
            "a guess; do not trust the share who hang up, nor waits where they grow"
        )
    elif borrowing := sorted(queue for queue in new.queues if habits.borrows_patience(queue)):
        yield (
            f"fewer than {ENOUGH} callers hung up in {', '.join(borrowing)}: taken to be as "
            "patient as those of all queues are"
        )
