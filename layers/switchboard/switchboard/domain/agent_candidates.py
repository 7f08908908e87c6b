"""Which agents a contact may go back to: who dealt with the customer, and whom the CRM names."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from switchboard.domain.cells import Value
from switchboard.domain.customer import Scalar
from switchboard.domain.durations import spoken_duration
from switchboard.domain.last_agent import Candidate, Shortlist, Tried, in_form, is_in_form
from switchboard.domain.ruleset import AgentForm, LastAgentProfile

MOST_CANDIDATES: Final = 2
HISTORY: Final = "history"


@dataclass(frozen=True, slots=True)
class PastContact:
    """An earlier contact that has ended, and the agent it ended with: the one who resolved it.

    `talked_s` is None where ECS sent no times. Such a contact counts as long enough: an agent
    is named, and a deployment that sends no times would else never prefer anybody.
    """

    ended_at: datetime
    extension: str = ""
    name: str = field(default="", repr=False)
    talked_s: float | None = None
    is_outbound: bool = False
    disposition: str = ""

    @property
    def has_agent(self) -> bool:
        return bool(self.extension or self.name)


def shortlist(
    profile: LastAgentProfile,
    *,
    past: Sequence[PastContact],
    owned: Mapping[str, Scalar],
    facts: Mapping[str, Value],
    not_paired: Collection[str],
    form: AgentForm,
    now: datetime,
) -> Shortlist:
    """Who is left before anybody is asked how they are.

    `past` is newest first, `owned` are the customer's attributes in the CRM, `not_paired` are the
    agents that this customer must not get, by name or extension.
    """
    raised = next((name for name in profile.never_if if facts.get(name) is True), "")
    if raised:
        return Shortlist(guard=f"because {raised.replace('_', ' ')} is true")
    search = _Search(profile, past, not_paired, form, now)
    candidates = search.candidates(owned)
    return Shortlist(candidates[:MOST_CANDIDATES], tuple(search.passed_over))


def last_agent(past: Sequence[PastContact], form: AgentForm) -> str:
    """Who had the newest contact that any agent had, however short it was.

    In the other form where the wanted one is not known: it is said to people, too.
    """
    newest = next((contact for contact in past if contact.has_agent), None)
    return _label(newest, form) if newest else ""


class _Search:
    """Goes through the sources of a profile, and notes who is passed over and why."""

    def __init__(
        self,
        profile: LastAgentProfile,
        past: Sequence[PastContact],
        not_paired: Collection[str],
        form: AgentForm,
        now: datetime,
    ) -> None:
        self.passed_over: list[Tried] = []
        self._profile = profile
        self._past = [contact for contact in past if contact.has_agent]
        self._not_paired = not_paired
        self._form = form
        self._now = now

    def candidates(self, owned: Mapping[str, Scalar]) -> tuple[Candidate, ...]:
        """Each once, with every source that names them."""
        found: dict[str, Candidate] = {}
        for candidate in self._named(owned):
            key = candidate.agent.casefold()
            known = found.get(key)
            sources = (*known.sources, *candidate.sources) if known else candidate.sources
            found[key] = replace(known or candidate, sources=sources)
        return tuple(found.values())

    def _named(self, owned: Mapping[str, Scalar]) -> Iterator[Candidate]:
        for source in self._profile.sources:
            if source == HISTORY:
                yield from self._from_history()
            else:
                yield from self._from_crm(source, owned.get(source.partition(".")[2]))

    def _from_history(self) -> Iterator[Candidate]:
        """The agent of the newest contact that counts."""
        for contact in self._past:
            agent = _agent(contact, self._form)
            candidate = Candidate(agent, (HISTORY,), contact.extension, contact.name)
            why = self._why_not(contact) or self._objection(candidate)
            if not why:
                yield candidate
                return
            self._pass_over(_label(contact, self._form), why)

    def _why_not(self, contact: PastContact) -> str:
        agent = _agent(contact, self._form)
        if not agent or not is_in_form(self._form, agent):
            return f"no {self._form} known"
        ago = self._now - contact.ended_at
        if ago > timedelta(seconds=self._profile.seen_within_s):
            return f"last contact {spoken_duration(ago.total_seconds())} ago"
        if contact.is_outbound and not self._profile.outbound:
            return "the contact was outbound"
        return self._too_short(contact.talked_s)

    def _too_short(self, talked_s: float | None) -> str:
        if talked_s is None:
            return ""
        if talked_s <= 0:
            return "did not talk"
        is_short = talked_s < self._profile.min_talk_s
        return f"talked {spoken_duration(talked_s)} only" if is_short else ""

    def _from_crm(self, source: str, value: Scalar) -> Iterator[Candidate]:
        agent = _written(value)
        if not agent:
            return
        if not is_in_form(self._form, agent):
            self._pass_over(source, f"holds no {self._form}")
            return
        candidate = self._owner(agent, source)
        why = self._objection(candidate)
        if why:
            self._pass_over(agent, why)
        else:
            yield candidate

    def _owner(self, agent: str, source: str) -> Candidate:
        """With name and extension where an earlier contact tells what the CRM does not."""
        known = next((one for one in self._past if _is(one, agent, self._form)), None)
        if known:
            return Candidate(agent, (source,), known.extension, known.name)
        if self._form == "extension":
            return Candidate(agent, (source,), extension=agent)
        return Candidate(agent, (source,), name=agent)

    def _objection(self, candidate: Candidate) -> str:
        if any(candidate.is_called(agent) for agent in self._not_paired):
            return "not to be paired with this customer"
        # Their newest contact tells how they parted, whether or not it is the one that counts.
        met = (one for one in self._past if _is(one, candidate.agent, self._form))
        parted = next(met, None)
        if parted and _is_among(parted.disposition, self._profile.not_after):
            return f"last contact ended as {parted.disposition}"
        return ""

    def _pass_over(self, agent: str, why: str) -> None:
        # One reason for each agent is enough; a busy history would else fill the sentence.
        if not any(tried.agent == agent for tried in self.passed_over):
            self.passed_over.append(Tried(agent, why))


def _written(value: Scalar) -> str:
    """What a CRM says of an agent; a whole number may come as 2001.0."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else ""
    return str(value).strip()


def _is_among(disposition: str, listed: Collection[str]) -> bool:
    said = disposition.strip().casefold()
    return bool(said) and any(said == one.strip().casefold() for one in listed)


def _is(contact: PastContact, agent: str, form: AgentForm) -> bool:
    return _agent(contact, form).casefold() == agent.casefold()


def _agent(contact: PastContact, form: AgentForm) -> str:
    return in_form(form, extension=contact.extension, name=contact.name)


def _label(contact: PastContact, form: AgentForm) -> str:
    return _agent(contact, form) or contact.extension or contact.name
