"""Where each contact goes: as it was decided then, or as another ruleset decides."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cli.simulation.centre import HeadStart
from cli.simulation.contacts import Contact
from cli.simulation.known_agents import KnownAgents
from cli.simulation.measures import Label
from cli.simulation.ranking import AS_WRITTEN, Ranking
from switchboard.domain.cells import OTHER, Value, unknown
from switchboard.domain.facts import recalled
from switchboard.domain.routing import decide
from switchboard.domain.ruleset import Outcome, Priority, Ruleset

NO_VALUE: Final = "not known"
_MOST_GROUPS: Final = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a queue. `after_self_service`: only for callers whom self-service did not help."""

    queue: str
    head_start: HeadStart
    agent: str = ""
    hold_s: float = 0.0
    most_waiting: int = 1
    after_self_service: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """For each contact its place, or None where it does not wait; and why those do not.

    `without_agent` counts contacts whose row prefers the agent of last time, and nobody knows who
    that was.
    """

    places: Sequence[Place | None]
    elsewhere: Mapping[str, int]
    without_agent: int = 0

    @property
    def queues(self) -> frozenset[str]:
        return frozenset(place.queue for place in self.places if place)


def recorded_plan(contacts: Sequence[Contact], ranking: Ranking = AS_WRITTEN) -> Plan:
    """As it was."""
    known: dict[Place, Place] = {}
    places = [_recorded(contact, ranking) for contact in contacts]
    elsewhere = Counter(contact.action for contact in contacts if contact.action != "queue")
    return Plan([place and known.setdefault(place, place) for place in places], elsewhere)


def _recorded(contact: Contact, ranking: Ranking) -> Place | None:
    if contact.action != "queue":
        return None
    head_start = HeadStart(
        contact.priority_s, contact.gain_per_min_s / 60, contact.max_s or float("inf")
    )
    return Place(contact.queue, ranking.ranked(head_start), contact.preferred_agent, contact.hold_s)


def decided_plan(
    contacts: Sequence[Contact], ruleset: Ruleset, ranking: Ranking = AS_WRITTEN
) -> Plan:
    """As `ruleset` decides, from the facts that were recorded."""
    return _Planner(ruleset, ranking).plan(contacts)


class _Planner:
    def __init__(self, ruleset: Ruleset, ranking: Ranking) -> None:
        self._ruleset, self._ranking = ruleset, ranking
        self._agents = KnownAgents(ruleset)
        self._rows = {row.id: row.then for row in ruleset.route.rows}
        self._plain: dict[str, Place | None] = {}
        self._known: dict[Place, Place] = {}

    def plan(self, contacts: Sequence[Contact]) -> Plan:
        elsewhere: Counter[str] = Counter()
        places = []
        for contact in contacts:
            facts = recalled(self._ruleset.attributes, contact.facts)
            row = decide(self._ruleset, facts).row
            place = self._place(contact, row, facts)
            if place is None:
                elsewhere[self._rows[row].action] += 1
            places.append(place)
            self._agents.note(contact)
        return Plan(places, elsewhere, self._agents.unknown)

    def _place(self, contact: Contact, row: str, facts: Mapping[str, Value]) -> Place | None:
        then = self._rows[row]
        if row not in self._plain:
            self._plain[row] = self._plain_place(then)
        place = self._plain[row]
        if place is None or (place.after_self_service and contact.action == then.action):
            # Whoever was helped by self-service then is helped by it again.
            return None
        profile = self._ruleset.last_agents.get(self._waiting(then).last_agent)
        if profile is None:
            return place
        agent = self._agents.for_contact(contact, profile, facts)
        if not agent:
            return place
        preferring = replace(
            place, agent=agent, hold_s=profile.hold_s, most_waiting=profile.max_waiting
        )
        return self._known.setdefault(preferring, preferring)

    def _waiting(self, then: Outcome) -> Outcome:
        """What is decided for a caller who waits: self-service that fails leads to another row."""
        return self._rows.get(then.on_fail, then) if then.action == "self_service" else then

    def _plain_place(self, then: Outcome) -> Place | None:
        waiting = self._waiting(then)
        if waiting.action != "queue":
            return None
        return Place(
            waiting.queue,
            self._ranking.ranked(_head_start(waiting.priority)),
            after_self_service=then.action == "self_service",
        )


def _head_start(priority: Priority | None) -> HeadStart:
    if priority is None:
        return HeadStart()
    most_s = priority.max_seconds or float("inf")
    return HeadStart(priority.seconds, priority.gain_per_min_s / 60, most_s)


def groups(contacts: Sequence[Contact], ruleset: Ruleset, by: str) -> list[Label]:
    """The label of each contact by the value of an attribute.

    Raises: ValueError for what is no attribute, and for one with no few values.
    """
    attribute = ruleset.attributes.get(by)
    if attribute is None:
        raise ValueError(f"--by: attribute {unknown(by, tuple(ruleset.attributes))}")
    values = [recalled({by: attribute}, contact.facts)[by] for contact in contacts]
    if len(set(values)) > _MOST_GROUPS:
        raise ValueError(f"--by {by}: {len(set(values))} values; choose a flag or a choice")
    return [(by, _word(value)) for value in values]


def _word(value: Value) -> str:
    match value:
        case None:
            return NO_VALUE
        case bool():
            return "true" if value else "false"
        case frozenset():
            return ", ".join(sorted(value)) or "none"
        case float() | int():
            return f"{value:g}"
    return "none of the listed" if value == OTHER else value
