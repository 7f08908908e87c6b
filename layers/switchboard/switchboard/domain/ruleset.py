"""A routing ruleset as values: what may be looked at, what may be decided, and the tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from switchboard.domain.cells import Attribute, Cell
from switchboard.domain.hours import Calendar
from switchboard.domain.row_masks import RowMasks, row_masks

FORMAT: Final = "routing/1"
Action = Literal["queue", "self_service", "message", "callback"]
ACTIONS: Final = ("queue", "self_service", "message", "callback")
Hit = Literal["first", "all"]
AgentForm = Literal["extension", "name"]
MOST_ROWS: Final = 500
MOST_ATTRIBUTES: Final = 64
MOST_BYTES: Final = 262_144


@dataclass(frozen=True, slots=True)
class Queue:
    """Where contacts wait: a Business Process of ECS, and the Demand to ask for there."""

    id: str
    business_process: str
    demand: str = ""


@dataclass(frozen=True, slots=True)
class Priority:
    """A head start in the queue, in seconds of waiting; and ECS's Priority Class that is nearest.

    `gain_per_min_s` and `max_seconds` say how it would grow. ECS knows no such thing, so only
    `simulate --as-written` applies them.
    """

    seconds: float
    class_name: str
    gain_per_min_s: float = 0
    max_seconds: float = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a row decides. `prompts` is None where the other tables tell them."""

    action: Action
    queue: str = ""
    priority: Priority | None = None
    prompts: tuple[str, ...] | None = None
    last_agent: str = ""
    avoids_last_agent: bool = False
    flow: str = ""
    on_fail: str = ""
    views: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """All cells must hold for the row to match."""

    id: str
    cells: tuple[Cell, ...]
    then: Outcome
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of which the first that matches counts, or all of them."""

    id: str
    hit: Hit
    rows: tuple[Row, ...]
    masks: RowMasks = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "masks", row_masks([row.cells for row in self.rows]))


@dataclass(frozen=True, slots=True)
class LastAgentProfile:
    """When the agent of last time is preferred, and for how long the contact waits for them."""

    id: str
    sources: tuple[str, ...] = ("history",)
    seen_within_s: float = 1_209_600
    min_talk_s: float = 60
    hold_s: float = 15
    must: tuple[str, ...] = ()
    never_if: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    outbound: bool = True
    max_waiting: int = 1
    max_per_day: int = 0
    if_unknown: Literal["try", "skip"] = "try"
    confirms_long_hold: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """A test inside the file: with these facts, at that moment, this must be decided."""

    name: str
    given: Mapping[str, Any]
    expect: Mapping[str, Any]
    at: str = ""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A ruleset that was read without a problem. `time_zone` is its IANA name."""

    name: str
    time_zone: str
    attributes: Mapping[str, Attribute]
    queues: Mapping[str, Queue]
    prompts: tuple[str, ...]
    views: tuple[str, ...]
    flags: tuple[str, ...]
    priority_classes: Mapping[str, float]
    priority_point_s: float
    last_agents: Mapping[str, LastAgentProfile]
    calendars: Mapping[str, Calendar]
    tables: tuple[Table, ...]
    stories: tuple[Story, ...]
    service_level_s: float = 20
    agent_form: AgentForm = "extension"

    @property
    def route(self) -> Table:
        """The table that decides; the others add prompts, views and flags."""
        return self.tables[0]

    @property
    def business_processes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(queue.business_process for queue in self.queues.values()))
