"""Whom a caller would be sent back to, as far as the recording tells.

The real choice reads the whole history of a customer and the CRM. A recording holds the agent who
was chosen then, and for customers who come twice in it, who answered them before.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from cli.simulation.contacts import Contact
from cli.simulation.past import Past
from switchboard.domain.cells import Value
from switchboard.domain.ruleset import LastAgentProfile, Ruleset


@dataclass(frozen=True, slots=True)
class _Met:
    agent: str
    ended_s: float
    talked_s: float | None
    disposition: str


class KnownAgents:
    """Remembers who answered whom, while contacts go by in order of time.

    `unknown` counts the contacts that should have been sent back to somebody who is not known.
    """

    def __init__(self, ruleset: Ruleset, past: Past) -> None:
        self.unknown = 0
        self._past = past
        self._zone = ZoneInfo(ruleset.time_zone)
        self._met: dict[str, _Met] = {}
        self._sent: Counter[tuple[str, str, date]] = Counter()

    def note(self, contact: Contact) -> None:
        """This contact has happened."""
        if contact.customer and contact.agent and contact.was_answered:
            ended_s = contact.at_s + (contact.waited_s or 0) + (contact.handled_s or 0)
            met = _Met(contact.agent, ended_s, contact.handled_s, contact.disposition)
            self._met[contact.customer] = met

    def for_contact(
        self, contact: Contact, profile: LastAgentProfile, facts: Mapping[str, Value]
    ) -> str:
        """The agent's extension; empty for anybody.

        Where this profile was tried then, whoever was not found, not there or not free stays so.
        """
        if any(facts.get(flag) is True for flag in profile.never_if):
            return ""
        agent = contact.preferred_agent
        if not agent and not self._past.has_looked(contact, profile):
            agent = self._from_recording(contact, profile)
            self.unknown += not agent
        return agent if agent and self._has_room(agent, profile, contact.at_s) else ""

    def _from_recording(self, contact: Contact, profile: LastAgentProfile) -> str:
        met = self._met.get(contact.customer) if contact.customer else None
        if met is None or "history" not in profile.sources:
            return ""
        is_recent = 0 <= contact.at_s - met.ended_s <= profile.seen_within_s
        has_talked = met.talked_s is None or met.talked_s >= profile.min_talk_s
        parted = met.disposition.strip().casefold()
        is_well_parted = parted not in {word.strip().casefold() for word in profile.not_after}
        return met.agent if is_recent and has_talked and is_well_parted else ""

    def _has_room(self, agent: str, profile: LastAgentProfile, at_s: float) -> bool:
        """One more of these contacts today, where the profile counts them."""
        if not profile.max_per_day:
            return True
        today = datetime.fromtimestamp(at_s, tz=UTC).astimezone(self._zone).date()
        key = (profile.id, agent, today)
        self._sent[key] += 1
        return self._sent[key] <= profile.max_per_day
