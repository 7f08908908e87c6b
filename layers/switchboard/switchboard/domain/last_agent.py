"""Whether a contact goes back to the agent they know: who that may be, and what speaks against it.

A preference never costs the contact their place: it holds for a while, then anybody takes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, get_args

from switchboard.domain.ruleset import AgentForm, LastAgentProfile, Queue

Presence = Literal["ready", "soon", "away", "offline", "nobody"]
"""`soon`: handles something or wraps up. `away`: a break, or did not answer. `nobody`: no agent."""

PRESENCES: Final[tuple[Presence, ...]] = get_args(Presence)
MOST_WAITING: Final = 20
"""More contacts at once than this do not wait for one agent, whatever a profile says."""

_MOST_TOLD: Final = 4
_LONGEST_EXTENSION: Final = 20
_LONGEST_NAME: Final = 80
_UNKNOWN: Final = "state not known"


class Reservation(StrEnum):
    """What became of the wish to have a contact wait for an agent."""

    MADE = "made"
    SOMEBODY_WAITS = "somebody waits for them already"
    DAY_IS_FULL = "has had enough of these contacts today"


@dataclass(frozen=True, slots=True)
class AgentState:
    """What the contact centre says of an agent; None where it does not say.

    `queues` are Business Processes, `channels` are our words.
    """

    presence: Presence
    queues: frozenset[str] | None = None
    channels: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent who may be preferred. `agent` is what Assign Agent takes, and may be a name."""

    agent: str = field(repr=False)
    sources: tuple[str, ...]
    extension: str = ""
    name: str = field(default="", repr=False)

    def is_called(self, other: str) -> bool:
        """Whether this is the agent's name or extension."""
        called = {self.agent.casefold(), self.extension.casefold(), self.name.casefold()} - {""}
        return other.strip().casefold() in called


@dataclass(frozen=True, slots=True)
class Tried:
    """An agent who was thought of, and why it is not them."""

    agent: str = field(repr=False)
    why: str


Picked = tuple[Candidate | None, tuple[Tried, ...]]
"""Who it is, and who it is not."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The agents whose state is worth asking for, best first, and who fell out before.

    `guard` says why nobody may be preferred at all.
    """

    candidates: tuple[Candidate, ...] = ()
    tried: tuple[Tried, ...] = ()
    guard: str = ""


@dataclass(frozen=True, slots=True)
class AgentChoice:
    """Who is preferred and for how long alone, or who is to be avoided; and a sentence of it all.

    `prefers` and `avoids` are in the form that Assign Agent takes. The sentence names agents, so
    it is for the answer and the ledger and never for a log.
    """

    prefers: str = field(default="", repr=False)
    avoids: str = field(default="", repr=False)
    hold_s: float = 0
    tried: tuple[Tried, ...] = ()
    sentence: str = field(default="", repr=False)


def needs_states(profile: LastAgentProfile) -> bool:
    return bool(profile.must)


def pick(
    profile: LastAgentProfile,
    shortlist: Shortlist,
    *,
    queue: Queue | None,
    channel: str,
    states: Mapping[str, AgentState | None],
    refused: Mapping[str, str],
) -> Picked:
    """The first candidate that nothing speaks against, and why not those before.

    `states` and `refused` go by a candidate's `agent`; a state that is None or missing is not
    known. `refused` is what fairness says.
    """
    tried = list(shortlist.tried)
    for candidate in shortlist.candidates:
        why = _absence(profile, states.get(candidate.agent), queue=queue, channel=channel)
        why = why or refused.get(candidate.agent, "")
        if not why:
            return candidate, tuple(tried)
        tried.append(Tried(candidate.agent, why))
    return None, tuple(tried)


def preference(
    profile: LastAgentProfile,
    shortlist: Shortlist,
    chosen: Candidate | None,
    tried: tuple[Tried, ...],
) -> AgentChoice:
    """The choice as it is told: `2001: not logged in; 2003 preferred, from crm.owner`."""
    told = [f"{one.agent}: {one.why}" for one in tried[:_MOST_TOLD]]
    if chosen is None:
        nobody = shortlist.guard or ("" if told else "no agent of an earlier contact is known")
        told.append(f"nobody preferred{f', {nobody}' if nobody else ''}")
        return AgentChoice(tried=tried, sentence="; ".join(told))
    told.append(f"{chosen.agent} preferred, from {' and '.join(chosen.sources)}")
    return AgentChoice(chosen.agent, "", profile.hold_s, tried, "; ".join(told))


def avoidance(agent: str) -> AgentChoice:
    """Nobody is preferred, and one should not have it."""
    if not agent:
        return AgentChoice(sentence="nobody to avoid: no agent of an earlier contact is known")
    return AgentChoice(avoids=agent, sentence=f"not {agent}, who had the last contact")


def in_form(form: AgentForm, *, extension: str, name: str) -> str:
    """What Assign Agent takes of an agent; empty when that is not known."""
    return extension if form == "extension" else name


def is_in_form(form: AgentForm, agent: str) -> bool:
    """Whether it can be what Assign Agent takes; a CRM's field may hold anything."""
    if form == "extension":
        return agent.isascii() and agent.isdecimal() and len(agent) <= _LONGEST_EXTENSION
    return agent.isprintable() and not agent.isdecimal() and len(agent) <= _LONGEST_NAME


def _absence(
    profile: LastAgentProfile, state: AgentState | None, *, queue: Queue | None, channel: str
) -> str:
    """What their state says against them; empty when nothing does."""
    if not needs_states(profile):
        return ""
    if state is None:
        return _unknown(profile)
    if state.presence == "nobody":
        return "no agent of the contact centre"
    return _not_there(profile, state) or _elsewhere(profile, state, queue, channel)


def _not_there(profile: LastAgentProfile, state: AgentState) -> str:
    wanted = {"logged_in", "ready"} & set(profile.must)
    if wanted and state.presence == "offline":
        return "not logged in"
    if wanted and state.presence == "away":
        # No hold outlasts a break.
        return "on a break or not answering"
    return "busy" if "ready" in wanted and state.presence != "ready" else ""


def _elsewhere(
    profile: LastAgentProfile, state: AgentState, queue: Queue | None, channel: str
) -> str:
    if "has_queue" not in profile.must or queue is None:
        return ""
    if state.queues is None:
        return _unknown(profile)
    if queue.business_process not in state.queues:
        return f"not in {queue.business_process}"
    medium = "voice" if channel == "callback" else channel
    if medium and state.channels is not None and medium not in state.channels:
        return f"takes no {medium}"
    return ""


def _unknown(profile: LastAgentProfile) -> str:
    return "" if profile.if_unknown == "try" else _UNKNOWN
