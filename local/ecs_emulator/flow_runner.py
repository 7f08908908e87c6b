"""Walks an interaction through its flow, node by node."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from local.ecs_emulator import branching, http_call, rest_data
from local.ecs_emulator.catalogue import Catalogue, flow_variable
from local.ecs_emulator.centre import Centre, Container, Stack
from local.ecs_emulator.flow_nodes import (
    AddRemark,
    AssignAgent,
    Branch,
    Complete,
    EnterBusinessProcess,
    Flow,
    Node,
    PlayPrompt,
    Queue,
    Rest,
)
from local.ecs_emulator.interaction import WRITABLE, Interaction, Preference
from local.ecs_emulator.knobs import Knobs

Ending = Literal["queue", "complete"]
logger = logging.getLogger(__name__)

# A flow may loop by mistake; nobody waits through this many nodes.
MOST_NODES = 200


@dataclass(frozen=True)
class FlowRunner:
    """Runs flows. HTTP happens outside the guard, every change to an interaction inside."""

    centre: Centre
    catalogue: Catalogue
    guard: threading.Condition
    now: Callable[[], datetime]
    stack: Callable[[], Stack | None]
    pause: Callable[[Interaction, float], None]
    enter_business_process: Callable[[Interaction, str], None]
    signed_in: Callable[[str], bool]

    @property
    def knobs(self) -> Knobs:
        """The centre's knobs."""
        return self.centre.knobs

    def run(self, flow: Flow, interaction: Interaction) -> Ending:
        """Follow the legs to a Queue or a Complete Handling.

        Raises: InteractionDroppedError, from `pause`, when nobody is on the line any more.
        """
        name = flow.start
        for _ in range(MOST_NODES):
            self.pause(interaction, 0)
            node = flow.nodes[name]
            if isinstance(node, Queue):
                return "queue"
            if isinstance(node, Complete):
                return "complete"
            name = self._leg(node, interaction)
        self._note(interaction, "flow", "stopped: the flow goes round in a circle")
        return "complete"

    def _leg(self, node: Node, interaction: Interaction) -> str:
        match node:
            case Rest():
                return self._ask(node, interaction)
            case Branch():
                return self._branch(node, interaction)
            case AssignAgent():
                return self._assign(node, interaction)
            case AddRemark():
                self._remark(node, interaction)
            case PlayPrompt():
                self._play(node, interaction)
            case EnterBusinessProcess():
                self.enter_business_process(interaction, node.name)
            case _:
                raise AssertionError(node)
        return node.next

    def _ask(self, node: Rest, interaction: Interaction) -> str:
        container = self.centre.containers[node.container]
        outcome = self._fetched(container, interaction)
        if isinstance(outcome, rest_data.Faulted):
            logger.info("interaction=%s rest=fault reason=%s", interaction.id, outcome.reason)
            self._note(interaction, "rest", f"FAULT: {outcome.explanation}")
            return node.fault
        self._store(outcome, interaction)
        return node.done

    def _fetched(
        self, container: Container, interaction: Interaction
    ) -> rest_data.Returned | rest_data.Faulted:
        try:
            with self.guard:
                request = rest_data.request_for(
                    container,
                    interaction,
                    occurred_at=self.now(),
                    stack=self.stack(),
                    catalogue=self.catalogue,
                )
        except rest_data.StackUnknownError:
            return rest_data.Faulted("no_stack", "Nobody has said where Switchboard is served.")
        answer = http_call.send(
            request,
            timeout_s=container.request_timeout_s,
            max_bytes=self.knobs.answer_max_bytes,
        )
        logger.info("interaction=%s rest=answered elapsed_ms=%d", interaction.id, answer.elapsed_ms)
        self._note(interaction, "rest", f"the answer took {answer.elapsed_ms} ms")
        return rest_data.read(answer, container, self.knobs)

    def _store(self, returned: rest_data.Returned, interaction: Interaction) -> None:
        with self.guard:
            for target, value in returned.values.items():
                variable = flow_variable(target)
                if variable is None:
                    setattr(interaction, WRITABLE[target], value or "")
                elif value is None:
                    interaction.flow_variables.pop(variable, None)
                else:
                    interaction.flow_variables[variable] = value
        self._note(interaction, "rest", f"Done: {len(returned.values)} Return Values")

    def _branch(self, node: Branch, interaction: Interaction) -> str:
        with self.guard:
            leg = branching.leg(
                node, lambda source: self.catalogue.text(source, interaction), self.knobs
            )
        self._note(interaction, "branch", f"leg {leg}")
        return leg

    def _assign(self, node: AssignAgent, interaction: Interaction) -> str:
        with self.guard:
            wanted = self.catalogue.text(node.value, interaction)
            extension = self._extension(node, wanted)
            if not wanted or extension is None or not self._can_be_found(extension):
                self._note(interaction, "assign agent", "No Agent Found")
                return node.no_agent_found
            until = self.now() + timedelta(seconds=self._hold_s(node, interaction))
            interaction.preference = Preference(extension, until)
        self._note(interaction, "assign agent", f"Done: extension {extension}")
        return node.done

    def _hold_s(self, node: AssignAgent, interaction: Interaction) -> float:
        said = self.catalogue.text(node.hold_value, interaction) if node.hold_value else ""
        return float(said) if said.isdecimal() else node.hold_s

    def _extension(self, node: AssignAgent, wanted: str) -> str | None:
        if node.by == "extension":
            known = self.centre.agent(wanted)
            return known.extension if known else None
        named = (a for a in self.centre.agents if self.knobs.agent_name(a.name) == wanted)
        return next((agent.extension for agent in named), None)

    def _can_be_found(self, extension: str) -> bool:
        return self.knobs.assign_agent_finds == "known" or self.signed_in(extension)

    def _remark(self, node: AddRemark, interaction: Interaction) -> None:
        with self.guard:
            remark = node.text or self.catalogue.text(node.value or "", interaction)
            if remark:
                interaction.flow_remarks.append(remark)
        self._note(interaction, "add remark", "added" if remark else "nothing to add")

    def _play(self, node: PlayPrompt, interaction: Interaction) -> None:
        if interaction.media_type not in node.media_types:
            return
        with self.guard:
            prompt = self.catalogue.text(node.value, interaction) if node.value else node.prompt
        if prompt:
            self._note(interaction, "play prompt", prompt)
            self.pause(interaction, node.duration_s)

    def _note(self, interaction: Interaction, step: str, detail: str) -> None:
        with self.guard:
            interaction.note(self.now(), step, detail)
