"""The agents, and the interactions that wait for one.

A queue is ordered by waiting time: the real one plus the seconds of the priority class. Of several
Ready agents the one idle longest gets the next interaction.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from local.ecs_emulator.centre import AgentSettings, Centre
from local.ecs_emulator.interaction import Interaction, State

# How often a waiting interaction looks up although nothing was announced, while a hold or a
# suspension may end by the clock alone.
_LOOK_UP_S = 0.1


class InteractionDroppedError(Exception):
    """The interaction is over although nobody finished it."""


class AgentState(StrEnum):
    """What an agent's console shows."""

    READY = "Ready"
    BUSY = "Busy"
    WRAP_UP = "Wrap-Up"
    NO_ANSWER = "No Answer"
    BREAK = "Break"
    OFFLINE = "Offline"


SIGNED_IN = frozenset(AgentState) - {AgentState.OFFLINE}


@dataclass(frozen=True)
class Agent:
    """An agent as of a moment."""

    settings: AgentSettings
    state: AgentState
    since: datetime
    interaction_id: str = ""


class Floor:
    """Brings interactions and agents together. `guard` protects every interaction as well."""

    def __init__(self, centre: Centre, now: Callable[[], datetime]) -> None:
        self.guard = threading.Condition(threading.RLock())
        self._centre = centre
        self._now = now
        self._waiting: list[Interaction] = []
        self._agents = {
            settings.extension: Agent(settings, AgentState.READY, now())
            for settings in centre.agents
        }

    def agents(self) -> list[Agent]:
        """Everybody, in the order of the centre file."""
        with self.guard:
            self._end_suspensions()
            return list(self._agents.values())

    def queue(self) -> list[Interaction]:
        """Who waits, the next one first."""
        with self.guard:
            return sorted(self._waiting, key=self._began_waiting)

    def signed_in(self, extension: str) -> bool:
        """Whether Assign Agent finds that agent."""
        ready_only = self._centre.knobs.assign_agent_finds == "ready"
        acceptable = {AgentState.READY} if ready_only else SIGNED_IN
        with self.guard:
            agent = self._agents.get(extension)
            return agent is not None and agent.state in acceptable

    def set_state(self, extension: str, state: AgentState, interaction_id: str = "") -> None:
        """Put an agent into a state and let the queue know."""
        with self.guard:
            agent = self._agents[extension]
            self._agents[extension] = replace(
                agent, state=state, since=self._now(), interaction_id=interaction_id
            )
            self.guard.notify_all()

    def release(self, extension: str, interaction: Interaction) -> None:
        """Make the agent Ready, unless the agent already does something else."""
        with self.guard:
            if self._agents[extension].interaction_id == interaction.id:
                self.set_state(extension, AgentState.READY)

    def wait_for_agent(self, interaction: Interaction) -> AgentSettings:
        """The agent who is now Busy with it.

        Raises: InteractionDroppedError when it ends while waiting.
        """
        with self.guard:
            self._waiting.append(interaction)
            try:
                return self._wait_for_agent(interaction)
            finally:
                self._waiting.remove(interaction)
                self.guard.notify_all()

    def wait(
        self, interaction: Interaction, until: Callable[[], bool], timeout_s: float | None
    ) -> bool:
        """Whether `until` came true in time.

        Raises: InteractionDroppedError when the interaction ends meanwhile.
        """
        ends_at = None if timeout_s is None else time.monotonic() + timeout_s
        with self.guard:
            while True:
                _check_alive(interaction)
                if until():
                    return True
                left_s = None if ends_at is None else ends_at - time.monotonic()
                if left_s is not None and left_s <= 0:
                    return False
                self.guard.wait(left_s)

    def drop(self, interaction: Interaction, as_state: State) -> None:
        """End an interaction from outside; its own thread notices at once."""
        with self.guard:
            interaction.dropped_as = as_state
            self.guard.notify_all()

    def _wait_for_agent(self, interaction: Interaction) -> AgentSettings:
        while True:
            _check_alive(interaction)
            agent = self._match(interaction)
            if agent is not None:
                self.set_state(agent.extension, AgentState.BUSY, interaction.id)
                return agent
            self.guard.wait(_LOOK_UP_S if self._something_expires() else None)

    def _match(self, interaction: Interaction) -> AgentSettings | None:
        """The agent for this one, once everybody ahead in the queue has been served."""
        self._end_suspensions()
        taken: set[str] = set()
        for waiting in sorted(self._waiting, key=self._began_waiting):
            agent = self._longest_idle(waiting, taken)
            if waiting is interaction:
                return agent
            if agent is not None:
                taken.add(agent.extension)
        return None

    def _longest_idle(self, interaction: Interaction, taken: set[str]) -> AgentSettings | None:
        candidates = [
            agent
            for agent in self._agents.values()
            if agent.state is AgentState.READY
            and agent.settings.extension not in taken
            and self._may_take(agent.settings, interaction)
        ]
        if not candidates:
            return None
        return min(candidates, key=lambda agent: agent.since).settings

    def _may_take(self, agent: AgentSettings, interaction: Interaction) -> bool:
        preference = interaction.preference
        if preference and self._now() < preference.until:
            return agent.extension == preference.extension
        return (
            interaction.business_process in agent.business_processes
            and interaction.media_type in agent.media_types
        )

    def _began_waiting(self, interaction: Interaction) -> datetime:
        began = interaction.queued_at or interaction.started_at
        return began - timedelta(seconds=interaction.extra_waiting_s)

    def _something_expires(self) -> bool:
        return any(waiting.preference for waiting in self._waiting) or any(
            agent.state is AgentState.NO_ANSWER for agent in self._agents.values()
        )

    def _end_suspensions(self) -> None:
        suspended_for = timedelta(seconds=self._centre.timeouts.no_answer_suspend_s)
        for agent in list(self._agents.values()):
            # Only Office agents come back by themselves; Regular ones must choose Ready.
            is_suspended = (
                agent.state is AgentState.NO_ANSWER and agent.settings.availability == "Office"
            )
            if is_suspended and self._now() - agent.since >= suspended_for:
                self.set_state(agent.settings.extension, AgentState.READY)


def _check_alive(interaction: Interaction) -> None:
    if interaction.dropped_as is not None:
        raise InteractionDroppedError
