"""The agent a contact goes back to, if the row wants one: found, asked for, and reserved.

A caller waits. So nothing is asked that the row does not need, everything together has a fraction
of a second, and what does not answer costs the preference and nothing else.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from switchboard.beside import run_beside
from switchboard.domain.agent_candidates import last_agent, shortlist
from switchboard.domain.cells import Value
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.last_agent import (
    AgentChoice,
    AgentState,
    Candidate,
    Picked,
    Reservation,
    Shortlist,
    avoidance,
    needs_states,
    pick,
    preference,
)
from switchboard.domain.routing_controls import Pair
from switchboard.domain.ruleset import LastAgentProfile, Outcome, Ruleset
from switchboard.errors import StateUnavailable, SwitchboardError
from switchboard.ports import AgentLoad, AgentStates, LedgerRow
from switchboard.use_cases.past_contacts import past_contacts

_log = logging.getLogger(__name__)

# For everything that is asked, and the part of it that the contact centre may take.
MOST_S: Final = 0.3
_STATES_PART: Final = 2 / 3
# The question ends a little before who waits for it leaves, so that it can tell that it failed.
_QUESTION_PART: Final = 0.9
# Prompts and the flow come before the queue, where the hold begins.
_UNTIL_QUEUED: Final = timedelta(seconds=5)
_LOAD_UNKNOWN: Final = "who else waits for them is not known"


@dataclass(frozen=True, slots=True)
class Asked:
    """The contact that asks: whose it is, over which channel, and what its place is kept under.

    `holder` is the same when ECS asks again for the same contact.
    """

    customer: Customer | None
    past: Sequence[LedgerRow]
    channel: str
    holder: str


def prefer_agent(
    then: Outcome,
    asked: Asked,
    *,
    ruleset: Ruleset,
    facts: Mapping[str, Value],
    do_not_pair: Collection[Pair],
    states: Callable[[], AgentStates],
    load: Callable[[], AgentLoad],
    now: datetime,
    deadline: Deadline,
) -> AgentChoice:
    """Whom the row prefers or avoids; an empty choice when it wants neither.

    `states` and `load` are called only when they are needed. Never raises for their failing, and
    takes at most `MOST_S`.
    """
    if then.avoids_last_agent:
        return avoidance(last_agent(past_contacts(asked.past), ruleset.agent_form))
    profile = ruleset.last_agents.get(then.last_agent)
    if profile is None:
        return AgentChoice()
    thought_of = shortlist(
        profile,
        past=past_contacts(asked.past),
        owned=asked.customer.attributes if asked.customer else {},
        facts=facts,
        not_paired=_not_paired(do_not_pair, asked.customer),
        form=ruleset.agent_form,
        now=now,
    )
    budget = deadline.at_most(MOST_S)
    choose = partial(
        pick,
        profile,
        thought_of,
        queue=ruleset.queues.get(then.queue),
        channel=asked.channel,
        states=_states(
            profile, thought_of, states, budget.at_most(budget.remaining_s * _STATES_PART)
        ),
    )
    reserve = _Reserving(profile, asked.holder, ruleset.time_zone, load, now, budget)
    return preference(profile, thought_of, *_with_room(choose, reserve))


def _with_room(choose: Callable[..., Picked], reserve: Callable[[Candidate], str]) -> Picked:
    """The first candidate who is there and whose line has room."""
    refused: dict[str, str] = {}
    while True:
        chosen, tried = choose(refused=refused)
        why_not = reserve(chosen) if chosen else ""
        if chosen is None or not why_not:
            return chosen, tried
        refused[chosen.agent] = why_not


def _states(
    profile: LastAgentProfile,
    thought_of: Shortlist,
    states: Callable[[], AgentStates],
    deadline: Deadline,
) -> dict[str, AgentState | None]:
    """What the contact centre says of each candidate, all asked at once."""
    if not needs_states(profile):
        return {}
    question = deadline.at_most(deadline.remaining_s * _QUESTION_PART)
    asking = {
        candidate.agent: run_beside(partial(_state, candidate, states, question), name="agent")
        for candidate in thought_of.candidates
    }
    told: dict[str, AgentState | None] = {}
    for agent, answer in asking.items():
        try:
            told[agent] = answer.result(timeout=deadline.remaining_s)
        except SwitchboardError as error:
            _log.warning("agent state not known: %s", error.reason)
        except TimeoutError:
            _log.warning("agent state not known in time")
    return told


def _state(
    candidate: Candidate, states: Callable[[], AgentStates], deadline: Deadline
) -> AgentState | None:
    return states().agent_state(
        extension=candidate.extension, name=candidate.name, deadline=deadline
    )


@dataclass(frozen=True, slots=True)
class _Reserving:
    """Has the contact wait for an agent, where fairness allows it."""

    profile: LastAgentProfile
    holder: str
    time_zone: str
    load: Callable[[], AgentLoad]
    now: datetime
    deadline: Deadline

    def __call__(self, candidate: Candidate) -> str:
        """Why not; empty when the place is theirs."""
        reserving = run_beside(partial(self._reserve, candidate.agent), name="agent load")
        try:
            made = reserving.result(timeout=self.deadline.remaining_s)
        except StateUnavailable as error:
            _log.warning("agent load not known: %s", error.code)
            return _LOAD_UNKNOWN
        except TimeoutError:
            _log.warning("agent load not known in time")
            return _LOAD_UNKNOWN
        return "" if made is Reservation.MADE else made.value

    def _reserve(self, agent: str) -> Reservation:
        return self.load().reserve(
            agent,
            holder=self.holder,
            until=self.now + timedelta(seconds=self.profile.hold_s) + _UNTIL_QUEUED,
            most_waiting=self.profile.max_waiting,
            most_per_day=self.profile.max_per_day,
            local_day=self.now.astimezone(ZoneInfo(self.time_zone)).date().isoformat(),
            now=self.now,
        )


def _not_paired(pairs: Collection[Pair], customer: Customer | None) -> list[str]:
    return [pair.agent for pair in pairs if customer and pair.customer == customer.key]
