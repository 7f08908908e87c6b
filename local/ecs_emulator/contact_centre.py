"""The contact centre as one thing: contacts come in, commands are given, questions are answered."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from local.ecs_emulator.catalogue import Catalogue
from local.ecs_emulator.centre import Centre, Stack
from local.ecs_emulator.floor import AgentState, Floor
from local.ecs_emulator.interaction import (
    Command,
    Disposition,
    Finish,
    HangUp,
    Interaction,
    Plan,
    Preference,
    State,
    Transfer,
)
from local.ecs_emulator.lifecycle import Lifecycle
from local.ecs_emulator.triggers import Delivery, Triggers

_KEPT = 2000
_BEFORE_AN_AGENT = frozenset({State.IN_FLOW, State.QUEUED, State.OFFERED})
_TALKING = frozenset({State.HANDLING, State.ON_HOLD})


@dataclass(frozen=True)
class NotAllowed:
    """The interaction is in a state where this cannot be done."""

    state: State


@dataclass(frozen=True)
class NotKnown:
    """Something named does not exist here; the text says what would."""

    what: str
    explanation: str


Answer = None | NotAllowed | NotKnown


class ContactCentre:
    """Holds every interaction and whoever works on it."""

    def __init__(
        self, centre: Centre, *, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self.centre = centre
        self._now = now
        self._new_id = new_id
        self._stack = centre.stack
        self.floor = Floor(centre, now)
        self.triggers = Triggers(
            centre,
            Catalogue(centre.knobs, centre.zone),
            now=now,
            stack=lambda: self._stack,
            random=Random(centre.knobs.seed),  # noqa: S311  # faults, not secrets
        )
        self._lifecycle = Lifecycle(
            centre, self.floor, self.triggers, now=now, stack=lambda: self._stack
        )
        self._interactions: OrderedDict[str, Interaction] = OrderedDict()
        self._back_at = 0.0

    def open(self) -> None:
        """Begin to work."""
        self.triggers.start()

    def close(self) -> None:
        """Drop what lives and send nothing more."""
        self.triggers.stop()
        self._drop_everything()

    @property
    def guard(self) -> threading.Condition:
        """Hold this while reading an interaction."""
        return self.floor.guard

    @property
    def stack(self) -> Stack | None:
        """Where Switchboard is served, once somebody said so."""
        return self._stack

    def use_stack(self, stack: Stack) -> None:
        """Send every container's requests there from now on."""
        self._stack = stack

    # Contacts

    def contact(self, channel: str, contact: str, to: str, plan: Plan) -> Interaction:
        """A new inbound interaction, on its way through the channel's flow."""
        settings = self.centre.channels[channel]
        interaction = Interaction(
            id=self._new_id(),
            channel=channel,
            media_type=settings.media_type,
            direction="inbound",
            contact=contact,
            dialed_number=to or settings.entry,
            started_at=self._now(),
            plan=plan,
        )
        return self._begin(interaction)

    def call(
        self,
        contact: str,
        business_process: str,
        *,
        contact_name: str,
        reference: str,
        preferred_agent: str,
        remarks: str,
    ) -> Interaction:
        """A new outbound call, queued for the best agent."""
        interaction = Interaction(
            id=self._new_id(),
            channel=self._voice_channel(),
            media_type="Telephony",
            direction="outbound",
            contact=contact,
            contact_name=contact_name,
            dialed_number=contact,
            callback_reference=reference,
            business_process=business_process,
            started_at=self._now(),
            flow_remarks=[remarks] if remarks else [],
            preference=self._preference(preferred_agent),
        )
        return self._begin(interaction)

    def interaction(self, interaction_id: str) -> Interaction | None:
        """One of the kept interactions."""
        return self._interactions.get(interaction_id)

    def interactions(self) -> list[Interaction]:
        """The kept interactions, newest first."""
        with self.guard:
            return list(reversed(self._interactions.values()))

    def sent(self, interaction_id: str | None = None) -> list[Delivery]:
        """Triggers, oldest first."""
        return self.triggers.sent(interaction_id)

    def _preference(self, extension: str) -> Preference | None:
        if self.centre.agent(extension) is None:
            return None
        hold = timedelta(seconds=self.centre.timeouts.preferred_agent_hold_s)
        return Preference(extension, self._now() + hold)

    def _voice_channel(self) -> str:
        channels = self.centre.channels.items()
        return next((name for name, c in channels if c.media_type == "Telephony"), "voice")

    def _begin(self, interaction: Interaction) -> Interaction:
        with self.guard:
            self._interactions[interaction.id] = interaction
            self._forget_the_oldest()
        self._lifecycle.start(interaction)
        return interaction

    def _forget_the_oldest(self) -> None:
        surplus = len(self._interactions) - _KEPT
        ended = (i.id for i in list(self._interactions.values()) if i.has_ended)
        for _, interaction_id in zip(range(surplus), ended, strict=False):
            del self._interactions[interaction_id]

    # Commands

    def finish(self, interaction: Interaction, code: str, remarks: str) -> Answer:
        """The agent closes it."""
        with self.guard:
            process = interaction.business_process
            if interaction.state not in {*_TALKING, State.WRAP_UP}:
                return NotAllowed(interaction.state)
            disposition = self.centre.disposition(process, code) if code else None
            is_mandatory = self.centre.business_processes[process].disposition_mandatory
            if disposition is None and (code or is_mandatory):
                return NotKnown("disposition", f"one of: {', '.join(self._codes(process))}")
            return self._command(interaction, Finish(disposition, remarks))

    def hold(self, interaction: Interaction) -> Answer:
        """Put the contact on hold."""
        return self._move(interaction, State.HANDLING, State.ON_HOLD, "hold")

    def retrieve(self, interaction: Interaction) -> Answer:
        """Take the contact back from hold."""
        return self._move(interaction, State.ON_HOLD, State.HANDLING, "retrieve")

    def hang_up(self, interaction: Interaction) -> Answer:
        """The agent's side ends the call."""
        with self.guard:
            if interaction.state not in _TALKING:
                return NotAllowed(interaction.state)
            return self._command(interaction, HangUp())

    def abandon(self, interaction: Interaction) -> Answer:
        """The person on the line gives up, or says goodbye when already talking."""
        with self.guard:
            if interaction.state in _BEFORE_AN_AGENT:
                self.floor.drop(interaction, State.ABANDONED)
                return None
            return self.hang_up(interaction)

    def transfer(self, interaction: Interaction, target: str) -> Answer:
        """To a Business Process (name or end point), an agent's extension or a number outside."""
        command = self._transfer_to(target)
        if command is None:
            told = "a Business Process, its end point, an agent's extension or a phone number"
            return NotKnown("target", told)
        with self.guard:
            if interaction.state not in _TALKING:
                return NotAllowed(interaction.state)
            return self._command(interaction, command)

    def _transfer_to(self, target: str) -> Transfer | None:
        business_process = self.centre.business_process_at(target)
        if business_process:
            return Transfer(business_process=business_process)
        if self.centre.agent(target):
            return Transfer(agent_extension=target)
        digits = sum(character.isdigit() for character in target)
        looks_like_a_number = set(target) <= set("+0123456789 ()-.") and digits >= 7
        return Transfer(outside=True) if looks_like_a_number else None

    def _command(self, interaction: Interaction, command: Command) -> Answer:
        if interaction.command is not None:
            return NotAllowed(interaction.state)
        interaction.command = command
        interaction.note(self._now(), "command", type(command).__name__)
        self.guard.notify_all()
        return None

    def _move(self, interaction: Interaction, source: State, target: State, step: str) -> Answer:
        with self.guard:
            if interaction.state is not source or interaction.command is not None:
                return NotAllowed(interaction.state)
            interaction.state = target
            interaction.note(self._now(), step)
            self.guard.notify_all()
            return None

    def _codes(self, business_process: str) -> list[str]:
        chosen: list[Disposition] = list(
            self.centre.dispositions(
                self.centre.business_processes[business_process].disposition_set
            )
        )
        return [disposition.code for disposition in chosen]

    def set_agent_state(self, extension: str, state: AgentState) -> NotAllowed | None:
        """What an agent chooses on the console; not while something is being handled."""
        with self.guard:
            agent = next(a for a in self.floor.agents() if a.settings.extension == extension)
            if agent.interaction_id:
                return NotAllowed(self._interactions[agent.interaction_id].state)
            self.floor.set_state(extension, state)
            return None

    # Outage

    @property
    def is_down(self) -> bool:
        """Whether a restart is under way."""
        return time.monotonic() < self._back_at

    def restart(self, seconds: float) -> None:
        """Drop every live interaction and answer nobody for a while."""
        self._back_at = time.monotonic() + seconds
        if self.centre.knobs.restart_loses_triggers:
            self.triggers.forget_waiting()
        self._drop_everything()

    def _drop_everything(self) -> None:
        with self.guard:
            for interaction in self._interactions.values():
                if not interaction.has_ended:
                    self.floor.drop(interaction, State.DROPPED)
