"""What happens to one interaction: arrive, be routed, wait, be handled, be written up, end.

Each interaction runs in a thread of its own and waits on the floor's guard.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from local.ecs_emulator import screen_pop
from local.ecs_emulator.catalogue import Catalogue
from local.ecs_emulator.centre import AgentSettings, Centre, Event, Stack
from local.ecs_emulator.floor import AgentState, Floor, InteractionDroppedError
from local.ecs_emulator.flow_runner import FlowRunner
from local.ecs_emulator.interaction import (
    AgentName,
    Command,
    Disposition,
    Finish,
    HangUp,
    Interaction,
    Preference,
    Segment,
    State,
    Transfer,
)
from local.ecs_emulator.triggers import Triggers

logger = logging.getLogger(__name__)


class Lifecycle:
    """Lives interactions through."""

    def __init__(
        self,
        centre: Centre,
        floor: Floor,
        triggers: Triggers,
        *,
        now: Callable[[], datetime],
        stack: Callable[[], Stack | None],
    ) -> None:
        self._centre = centre
        self._floor = floor
        self._triggers = triggers
        self._now = now
        self._catalogue = Catalogue(centre.knobs, centre.zone)
        self._flows = FlowRunner(
            centre=centre,
            catalogue=self._catalogue,
            guard=floor.guard,
            now=now,
            stack=stack,
            pause=self._pause,
            enter_business_process=self._enter_business_process,
            signed_in=floor.signed_in,
        )

    def start(self, interaction: Interaction) -> None:
        """Let it live, in a thread that ends with it."""
        name = f"interaction-{interaction.id}"
        threading.Thread(target=self._live, args=(interaction,), name=name, daemon=True).start()

    def _live(self, interaction: Interaction) -> None:
        try:
            self._arrive(interaction)
            if self._route(interaction) == "complete":
                self._end(interaction, State.COMPLETED)
            else:
                self._be_served(interaction)
        except InteractionDroppedError:
            self._end_early(interaction)

    # Arrival and routing

    def _arrive(self, interaction: Interaction) -> None:
        self._enter(interaction, State.IN_FLOW, Segment("Interaction Starts", "Channel"))
        self._fire("interaction_starts", interaction)

    def _route(self, interaction: Interaction) -> str:
        if interaction.direction == "outbound":
            self._enter_business_process(interaction, interaction.business_process)
            return "queue"
        flow = self._centre.flows[self._centre.channels[interaction.channel].flow]
        return self._flows.run(flow, interaction)

    def _enter_business_process(self, interaction: Interaction, name: str) -> None:
        with self._floor.guard:
            interaction.business_process = name
            process = self._centre.business_processes[name]
            interaction.business_process_end_point = process.end_point
            segment = Segment("Interaction Starts", "Business Process")
            self._enter(interaction, interaction.state, segment, detail=name)

    # With agents

    def _be_served(self, interaction: Interaction) -> None:
        self._queue(interaction)
        while True:
            agent = self._floor.wait_for_agent(interaction)
            try:
                if not self._offer(interaction, agent):
                    continue
                command = self._handle(interaction)
                if isinstance(command, Transfer) and not command.outside:
                    self._transfer(interaction, command)
                    continue
                self._wrap_up(interaction, agent, command)
                self._end(interaction, State.HANDLED)
                return
            finally:
                # A missed offer has already put the agent into No Answer.
                self._floor.release(agent.extension, interaction)

    def _queue(self, interaction: Interaction) -> None:
        if not interaction.business_process:
            # A flow that queues without choosing: the first Business Process of the file.
            self._enter_business_process(interaction, next(iter(self._centre.business_processes)))
        with self._floor.guard:
            interaction.queued_at = self._now()
            interaction.queued_before_s = interaction.queue_s
            interaction.extra_waiting_s = self._extra_waiting_s(interaction)
            detail = f"priority {interaction.extra_waiting_s:g} s"
            segment = Segment("Agent Selecting", "In Queue")
            self._enter(interaction, State.QUEUED, segment, detail=detail)

    def _extra_waiting_s(self, interaction: Interaction) -> float:
        seconds = interaction.priority_seconds
        if self._centre.knobs.priority_from == "seconds" and seconds.isdecimal():
            return float(seconds)
        classes = self._centre.priority_classes
        process = self._centre.business_processes[interaction.business_process]
        if interaction.priority_class and interaction.priority_class not in classes:
            interaction.note(self._now(), "queue", "no such priority class; the BP's is used")
        return classes.get(interaction.priority_class, classes[process.priority_class])

    def _offer(self, interaction: Interaction, agent: AgentSettings) -> bool:
        with self._floor.guard:
            interaction.agent = AgentName(agent.name, agent.extension)
            queued_s = (self._now() - (interaction.queued_at or self._now())).total_seconds()
            interaction.queue_s = interaction.queued_before_s + queued_s
            segment = Segment("Offered", "Agent")
            self._enter(interaction, State.OFFERED, segment, detail=agent.extension)
        self._pop(interaction, at="offered")
        patience_s = self._centre.timeouts.agent_console_no_answer_s
        ring_s = 0 if agent.auto_answer else agent.ring_s
        self._pause(interaction, min(ring_s, patience_s))
        if ring_s > patience_s:
            self._miss(interaction, agent)
            return False
        return True

    def _miss(self, interaction: Interaction, agent: AgentSettings) -> None:
        with self._floor.guard:
            self._enter(interaction, State.QUEUED, Segment("Missed", "Agent"))
            interaction.agent = interaction.preference = None
            self._floor.set_state(agent.extension, AgentState.NO_ANSWER)
            self._enter(interaction, State.QUEUED, Segment("Agent Selecting", "In Queue"))

    def _pop(self, interaction: Interaction, *, at: str) -> None:
        if self._centre.knobs.screen_pop_at != at:
            return
        process = self._centre.business_processes[interaction.business_process]
        with self._floor.guard:
            source = process.automatic_popup_link
            url = self._catalogue.text(source, interaction) if source else ""
        if url:
            opening = threading.Thread(target=self._open, args=(interaction, url), daemon=True)
            opening.start()

    def _open(self, interaction: Interaction, url: str) -> None:
        popped = screen_pop.open_page(url)
        logger.info("interaction=%s screen_pop_status=%s", interaction.id, popped.status)
        with self._floor.guard:
            interaction.screen_pop = popped
            interaction.note(self._now(), "screen pop", f"status {popped.status}")
            self._floor.guard.notify_all()

    def _handle(self, interaction: Interaction) -> Command:
        if interaction.direction == "outbound":
            self._enter(interaction, State.DIALING, Segment("Dialing", "Agent"))
            self._pause(interaction, self._centre.timeouts.dialing_s)
        with self._floor.guard:
            interaction.handling_at = self._now()
            self._enter(interaction, State.HANDLING, Segment("Handling", "Agent"))
        self._pop(interaction, at="handling")
        command = self._talk(interaction)
        with self._floor.guard:
            interaction.handle_s += (self._now() - interaction.handling_at).total_seconds()
        return command

    def _talk(self, interaction: Interaction) -> Command:
        ends_at = time.monotonic() + self._talk_s(interaction)

        def is_over() -> bool:
            talked_out = not interaction.plan.manual and time.monotonic() >= ends_at
            is_talking = interaction.state is State.HANDLING
            return interaction.command is not None or (talked_out and is_talking)

        # A held call outlasts its talking time; the guard is notified when it is retrieved.
        timeout_s = None if interaction.plan.manual else max(0, ends_at - time.monotonic())
        if not self._floor.wait(interaction, is_over, timeout_s):
            self._floor.wait(interaction, is_over, None)
        with self._floor.guard:
            command, interaction.command = interaction.command, None
        return command or HangUp()

    def _talk_s(self, interaction: Interaction) -> float:
        if interaction.plan.talk_s is not None:
            return interaction.plan.talk_s
        agent = self._centre.agent(interaction.agent.extension) if interaction.agent else None
        return agent.talk_s if agent else 0

    def _transfer(self, interaction: Interaction, command: Transfer) -> None:
        with self._floor.guard:
            if command.business_process:
                self._enter_business_process(interaction, command.business_process)
            interaction.preference = self._preference(command.agent_extension)
            interaction.note(self._now(), "internal transfer", interaction.business_process)
            self._fire("internal_transfer", interaction)
            interaction.agent = None
            self._queue(interaction)

    def _preference(self, extension: str) -> Preference | None:
        hold = timedelta(seconds=self._centre.timeouts.preferred_agent_hold_s)
        return Preference(extension, self._now() + hold) if extension else None

    # Wrap-up and end

    def _wrap_up(self, interaction: Interaction, agent: AgentSettings, command: Command) -> None:
        with self._floor.guard:
            self._floor.set_state(agent.extension, AgentState.WRAP_UP, interaction.id)
            self._enter(interaction, State.WRAP_UP, Segment("Wrap Up", "Agent"))
            if self._centre.knobs.ends_before_wrap_up:
                self._close(interaction)
        finish = self._finish(interaction, agent, command)
        with self._floor.guard:
            interaction.disposition = finish.disposition
            interaction.agent_remarks = finish.remarks

    def _finish(self, interaction: Interaction, agent: AgentSettings, command: Command) -> Finish:
        if isinstance(command, Finish):
            self._pause(interaction, agent.wrap_up_s)
            return command
        waiting_s = agent.wrap_up_s
        if interaction.plan.manual and not isinstance(command, Transfer):
            waiting_s = self._centre.timeouts.enforce_disposition_s
        self._floor.wait(interaction, lambda: interaction.command is not None, waiting_s)
        with self._floor.guard:
            late, interaction.command = interaction.command, None
        if isinstance(late, Finish):
            return late
        return Finish(self._planned_disposition(interaction), interaction.plan.remarks)

    def _planned_disposition(self, interaction: Interaction) -> Disposition | None:
        if interaction.plan.manual:
            return None
        name = interaction.business_process
        default = self._centre.business_processes[name].default_disposition
        planned = interaction.plan.disposition
        return self._centre.disposition(name, planned) or self._centre.disposition(name, default)

    def _close(self, interaction: Interaction) -> None:
        interaction.ended_at = interaction.ended_at or self._now()
        self._fire("interaction_ends", interaction)

    def _end(self, interaction: Interaction, state: State) -> None:
        level = "Channel" if interaction.agent is None else "Agent"
        with self._floor.guard:
            already_closed = interaction.ended_at is not None
            interaction.ended_at = interaction.ended_at or self._now()
            self._enter(interaction, state, Segment("Interaction Ends", level))
            if not already_closed:
                self._close(interaction)
            self._floor.guard.notify_all()

    def _end_early(self, interaction: Interaction) -> None:
        with self._floor.guard:
            state = interaction.dropped_as or State.DROPPED
            if state is State.DROPPED and self._centre.knobs.restart_loses_triggers:
                interaction.state, interaction.ended_at = state, self._now()
                interaction.note(self._now(), "dropped", "the centre restarted")
                return
            self._enter(interaction, interaction.state, Segment(state.value, "Channel"))
            self._end(interaction, state)

    # Small steps

    def _enter(
        self, interaction: Interaction, state: State, segment: Segment, *, detail: str = ""
    ) -> None:
        with self._floor.guard:
            interaction.enter(state, segment)
            interaction.note(self._now(), f"{segment.state} ({segment.level})", detail)
            logger.info(
                "interaction=%s segment=%r level=%r", interaction.id, segment.state, segment.level
            )
            self._fire("segment_change", interaction)
            self._floor.guard.notify_all()

    def _fire(self, event: Event, interaction: Interaction) -> None:
        with self._floor.guard:
            self._triggers.fire(event, interaction)

    def _pause(self, interaction: Interaction, seconds: float) -> None:
        self._floor.wait(interaction, lambda: False, seconds)
