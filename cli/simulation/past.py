"""The recorded decisions, read beside the ruleset that is tried.

A recording holds what was decided, not the ruleset that did: neither its classes nor its last-agent
profiles. What of it is the same as in the new ruleset is told by the digest, and by the hold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cli.simulation.centre import HeadStart
from cli.simulation.contacts import Contact, queued
from cli.simulation.places import Place
from cli.simulation.ranking import TO_THE_SECOND, Ranking
from switchboard.domain.ruleset import LastAgentProfile, Ruleset


class _Looked(NamedTuple):
    """A row that looked for the last agent; where no row is recorded, what it decided tells it."""

    ruleset: str
    row: str
    queue: str
    priority_s: float
    hold_s: float


@dataclass(frozen=True, slots=True)
class Past:
    """How the recorded decisions are read.

    `digest` and `ranking` are those of the new ruleset, `most_waiting` those of its profiles, by
    how long they hold.
    """

    digest: str = ""
    ranking: Ranking = TO_THE_SECOND
    most_waiting: Mapping[float, int] = field(default_factory=dict)
    looked: frozenset[_Looked] = frozenset()

    def place(self, contact: Contact) -> Place | None:
        """Where the contact waited, ranked by what was recorded: in ECS no priority grows.

        Only where the new ruleset decided then as well are its classes known to be those of then.
        """
        if contact.action != "queue":
            return None
        ranking = self.ranking if self.is_of_new(contact) else TO_THE_SECOND
        return Place(
            contact.queue,
            ranking.ranked(HeadStart(contact.priority_s)),
            contact.preferred_agent,
            contact.hold_s,
            self.most_waiting.get(contact.hold_s, 1),
        )

    def is_of_new(self, contact: Contact) -> bool:
        """Whether the new ruleset is the one that decided."""
        return bool(self.digest) and contact.ruleset == self.digest

    def has_looked(self, contact: Contact, profile: LastAgentProfile) -> bool:
        """Whether this profile was tried then: the same row held somebody just as long."""
        return _looked(contact, profile.hold_s) in self.looked


def past_of(
    contacts: Iterable[Contact], ruleset: Ruleset, ranking: Ranking, digest: str = ""
) -> Past:
    """What the recording tells of the decisions of then."""
    profiles = sorted(ruleset.last_agents.values(), key=lambda profile: profile.max_waiting)
    return Past(
        digest,
        ranking,
        {profile.hold_s: profile.max_waiting for profile in profiles},
        frozenset(
            _looked(contact, contact.hold_s)
            for contact in queued(contacts)
            if contact.preferred_agent
        ),
    )


def _looked(contact: Contact, hold_s: float) -> _Looked:
    return _Looked(contact.ruleset, contact.row, contact.queue, contact.priority_s, hold_s)
