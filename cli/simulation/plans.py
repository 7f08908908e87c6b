"""Where each contact goes: as it was decided then, or as another ruleset decides."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from cli.simulation.centre import HeadStart
from cli.simulation.contacts import Contact
from cli.simulation.known_agents import KnownAgents
from cli.simulation.measures import Label
from cli.simulation.past import Past, past_of
from cli.simulation.places import Place, Plan
from cli.simulation.ranking import AS_WRITTEN, Ranking
from switchboard.domain.cells import OTHER, Value, unknown
from switchboard.domain.facts import recalled
from switchboard.domain.hours import calendar_facts
from switchboard.domain.routing import decide
from switchboard.domain.ruleset import Outcome, Priority, Ruleset

NO_VALUE: Final = "not known"
_MOST_GROUPS: Final = 20


def recorded_plan(contacts: Sequence[Contact], past: Past | None = None) -> Plan:
    """As it was."""
    read = past or Past()
    known: dict[Place, Place] = {}
    places = [read.place(contact) for contact in contacts]
    elsewhere = Counter(contact.action for contact in contacts if contact.action != "queue")
    return Plan([place and known.setdefault(place, place) for place in places], elsewhere)


def decided_plan(
    contacts: Sequence[Contact],
    ruleset: Ruleset,
    ranking: Ranking = AS_WRITTEN,
    past: Past | None = None,
) -> Plan:
    """As `ruleset` decides, from the facts that were recorded."""
    return _Planner(ruleset, ranking, past or past_of(contacts, ruleset, ranking)).plan(contacts)


class _Planner:
    def __init__(self, ruleset: Ruleset, ranking: Ranking, past: Past) -> None:
        self._ruleset, self._ranking, self._past = ruleset, ranking, past
        self._agents = KnownAgents(ruleset, past)
        self._rows = {row.id: row.then for row in ruleset.route.rows}
        self._plain: dict[str, Place | None] = {}
        self._known: dict[Place, Place] = {}

    def plan(self, contacts: Sequence[Contact]) -> Plan:
        elsewhere: Counter[str] = Counter()
        places = []
        for contact in contacts:
            place, action = self._decided(contact)
            if place is None:
                elsewhere[action] += 1
            places.append(place)
            self._agents.note(contact)
        return Plan(places, elsewhere, self._agents.unknown)

    def _decided(self, contact: Contact) -> tuple[Place | None, str]:
        """The place and the action; as recorded where the same rules, ranked alike, decided it."""
        if self._past.is_of_new(contact) and self._ranking == self._past.ranking:
            place = self._past.place(contact)
            return place and self._known.setdefault(place, place), contact.action
        facts = recalled(self._ruleset.attributes, {**contact.facts, **self._hours(contact)})
        row = decide(self._ruleset, facts).row
        return self._place(contact, row, facts), self._rows[row].action

    def _hours(self, contact: Contact) -> dict[str, bool]:
        """The hours of the new rules: what was recorded is those of the old."""
        at = datetime.fromtimestamp(contact.at_s, UTC)
        told = calendar_facts(self._ruleset.calendars, at)
        return {f"calendar.{name}": is_so for name, is_so in told.items()}

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
