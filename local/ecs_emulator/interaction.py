"""One contact with the centre, from its arrival to its end, as the centre remembers it.

An interaction changes while it lives; whoever touches one holds the floor's guard. Its `repr` is
its id alone, because numbers, names and remarks must not reach a log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

Direction = Literal["inbound", "outbound"]


class State(StrEnum):
    """Where an interaction stands. The last four are ends."""

    IN_FLOW = "In Flow"
    QUEUED = "Agent Selecting"
    OFFERED = "Offered"
    DIALING = "Dialing"
    HANDLING = "Handling"
    ON_HOLD = "On Hold"
    WRAP_UP = "Wrap Up"
    HANDLED = "Handled"
    COMPLETED = "Completed by Flow"
    ABANDONED = "Abandoned"
    DROPPED = "Dropped"


ENDED = frozenset({State.HANDLED, State.COMPLETED, State.ABANDONED, State.DROPPED})


@dataclass(frozen=True)
class Segment:
    """A stretch of an interaction: a state at the level of Channel, Business Process or Agent."""

    state: str
    level: str


@dataclass(frozen=True)
class Disposition:
    """How it ended: a code and the three levels above it."""

    set: str
    category: str
    subcategory: str
    code: str


@dataclass(frozen=True)
class AgentName:
    """Who handled it."""

    name: str
    extension: str


@dataclass(frozen=True)
class Step:
    """A line of the timeline."""

    at: datetime
    step: str
    detail: str
    elapsed_ms: int


@dataclass(frozen=True)
class ScreenPop:
    """What the agent's browser got; `status` is None when nothing answered."""

    url: str
    status: int | None
    title: str
    elapsed_ms: int


@dataclass(frozen=True)
class Finish:
    """The agent closes it, with what the agent chose and wrote."""

    disposition: Disposition | None
    remarks: str


@dataclass(frozen=True)
class HangUp:
    """The line is closed; the agent still owes the disposition."""


@dataclass(frozen=True)
class Transfer:
    """Onwards, to exactly one of a Business Process, an agent or a number outside."""

    business_process: str = ""
    agent_extension: str = ""
    outside: bool = False


Command = Finish | HangUp | Transfer


@dataclass(frozen=True)
class Preference:
    """The agent who should have it, and until when nobody else may."""

    extension: str
    until: datetime


@dataclass(frozen=True)
class Plan:
    """What the person who placed the contact wants to happen by itself."""

    manual: bool = False
    talk_s: float | None = None
    disposition: str = ""
    remarks: str = ""


@dataclass(repr=False, eq=False)
class Interaction:
    """Everything the centre knows of one contact."""

    id: str
    channel: str
    media_type: str
    direction: Direction
    contact: str
    dialed_number: str
    started_at: datetime
    plan: Plan = field(default_factory=Plan)
    contact_name: str = ""
    callback_reference: str = ""

    state: State = State.IN_FLOW
    segment: Segment | None = None
    previous_segment: Segment | None = None
    business_process: str = ""
    business_process_end_point: str = ""
    agent: AgentName | None = None
    preference: Preference | None = None
    priority_class: str = ""
    priority_seconds: str = ""
    extra_waiting_s: float = 0
    screen_pop_url: str = ""
    screen_pop: ScreenPop | None = None
    flow_variables: dict[str, str] = field(default_factory=dict)
    flow_remarks: list[str] = field(default_factory=list)
    agent_remarks: str = ""
    disposition: Disposition | None = None
    queued_at: datetime | None = None
    queued_before_s: float = 0
    queue_s: float = 0
    handling_at: datetime | None = None
    handle_s: float = 0
    ended_at: datetime | None = None
    timeline: list[Step] = field(default_factory=list)
    command: Command | None = None
    dropped_as: State | None = None

    def __repr__(self) -> str:
        return f"Interaction({self.id})"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    def note(self, at: datetime, step: str, detail: str = "") -> None:
        """Add a line to the timeline."""
        elapsed_ms = round((at - self.started_at).total_seconds() * 1000)
        self.timeline.append(Step(at, step, detail, elapsed_ms))

    def enter(self, state: State, segment: Segment) -> None:
        """Move on to another segment, remembering the one before."""
        self.previous_segment, self.segment, self.state = self.segment, segment, state


# The interaction's own properties that a Return Value may write.
WRITABLE: Mapping[str, str] = {
    "interaction.contact_name": "contact_name",
    "interaction.priority_class": "priority_class",
    "interaction.priority_seconds": "priority_seconds",
    "interaction.screen_pop_url": "screen_pop_url",
}
