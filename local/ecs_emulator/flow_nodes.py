"""The nodes a flow is made of, as the centre file writes them.

A node is left by its legs; a leg is the name of the next node. Names and operators are ECS's.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from local.ecs_emulator.catalogue import is_source
from local.ecs_emulator.knobs import Seconds, Strict


def _known_source(name: str) -> str:
    if not is_source(name):
        raise ValueError("no such value; see the list in the emulator's README")
    return name


Source = Annotated[str, AfterValidator(_known_source)]
Operator = Literal[
    "Contains",
    "Greater Than",
    "Greater Than or Equal",
    "Is",
    "Is Not",
    "Less Than",
    "Less Than or Equal",
]


class Condition(Strict):
    """One comparison. `name` is a property, a flow variable or an attribute of the BP."""

    context: Literal["Property", "Flow Variable", "Business Process"]
    name: str
    operator: Operator
    value: str = ""

    @model_validator(mode="after")
    def _names_something(self) -> "Condition":
        _known_source(self.source)
        return self

    @property
    def source(self) -> str:
        """Where the left-hand side comes from."""
        prefix = {"Property": "", "Flow Variable": "flow.", "Business Process": "business_process."}
        return prefix[self.context] + self.name


class Filter(Strict):
    """A leg of a Branch and when it is taken."""

    leg: str
    matching: Literal["Match", "Mismatch"] = "Match"
    of: Literal["Any", "All"] = "All"
    conditions: tuple[Condition, ...] = Field(min_length=1)


class Rest(Strict):
    """Get External Data via REST API."""

    kind: Literal["rest"]
    container: str
    done: str
    fault: str


class Branch(Strict):
    """The first filter that holds gives the leg."""

    kind: Literal["branch"]
    filters: tuple[Filter, ...] = Field(min_length=1)
    otherwise: str


class AddRemark(Strict):
    """A note the agent sees: a Constant Expression (`text`) or a Property Expression (`value`)."""

    kind: Literal["add_remark"]
    text: str = ""
    value: Source | None = None
    next: str

    @model_validator(mode="after")
    def _says_something(self) -> "AddRemark":
        if bool(self.text) == bool(self.value):
            raise ValueError("an add_remark node takes either text or value")
        return self


class AssignAgent(Strict):
    """Prefer one agent; nobody else may have it for `hold_s`, then anybody in its old place.

    `hold_value` may name a value with other whole seconds. How long ECS holds, and whether a
    variable can say so, is not public; both are the emulator's.
    """

    kind: Literal["assign_agent"]
    by: Literal["extension", "name"]
    value: Source
    hold_s: Seconds = 15
    hold_value: Source | None = None
    done: str
    no_agent_found: str


class EnterBusinessProcess(Strict):
    """Move the interaction into a Business Process."""

    kind: Literal["business_process"]
    name: str
    next: str


class PlayPrompt(Strict):
    """Say something; other media types than the listed pass through in silence."""

    kind: Literal["play_prompt"]
    prompt: str = ""
    value: Source | None = None
    duration_s: Seconds = 0
    media_types: tuple[str, ...] = ("Telephony",)
    next: str


class Queue(Strict):
    """Wait for an agent of the Business Process. The flow ends here."""

    kind: Literal["queue"]


class Complete(Strict):
    """Complete Handling: the interaction ends at once."""

    kind: Literal["complete"]


Node = Annotated[
    Rest | Branch | AddRemark | AssignAgent | EnterBusinessProcess | PlayPrompt | Queue | Complete,
    Field(discriminator="kind"),
]


class Flow(Strict):
    """An Interaction Handling Flow."""

    start: str
    nodes: dict[str, Node]

    @model_validator(mode="after")
    def _every_leg_leads_somewhere(self) -> "Flow":
        legs = [self.start, *(leg for node in self.nodes.values() for leg in legs_of(node))]
        lost = sorted(set(legs) - set(self.nodes))
        if lost:
            raise ValueError(f"no node called {', '.join(lost)}")
        return self


def legs_of(node: Node) -> Iterator[str]:
    """The names of the nodes this one can lead to."""
    match node:
        case Rest():
            yield from (node.done, node.fault)
        case Branch():
            yield from (*(choice.leg for choice in node.filters), node.otherwise)
        case AssignAgent():
            yield from (node.done, node.no_agent_found)
        case AddRemark() | EnterBusinessProcess() | PlayPrompt():
            yield node.next
        case Queue() | Complete():
            return
