"""The contact centre as configured: what the Setup client of ECS would hold.

Checked when read, so that a typo is found before the first call and not during it.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator, model_validator

from local.ecs_emulator.catalogue import flow_variable
from local.ecs_emulator.flow_nodes import (
    EnterBusinessProcess,
    Flow,
    Node,
    Rest,
    Source,
)
from local.ecs_emulator.interaction import WRITABLE, Disposition
from local.ecs_emulator.knobs import Knobs, Seconds, Strict

MediaType = Literal["Telephony", "Email", "Chat", "SMS"]
Event = Literal["interaction_starts", "interaction_ends", "internal_transfer", "segment_change"]


def _writable(target: str) -> str:
    if target not in WRITABLE and not flow_variable(target):
        raise ValueError(f"store_in is flow.<name> or one of {', '.join(WRITABLE)}")
    return target


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address begins with http:// or https:// and names a host")
    return url.rstrip("/")


class Stack(Strict):
    """Where Switchboard is served and the key its containers send."""

    base_url: Annotated[str, AfterValidator(_web_address)]
    key: str = Field(repr=False)


class Parameter(Strict):
    """A value sent along; the name is ours, the value is ECS's."""

    name: str
    value: Source
    type: Literal["Body", "URL"] = "Body"


class ReturnValue(Strict):
    """A key of the answer and where it is kept."""

    parameter: str
    store_in: Annotated[str, AfterValidator(_writable)]


class Container(Strict):
    """A "REST API Data" container. `{base_url}` and `{key}` are the stack's."""

    url: str
    verb: Literal["GET", "POST"]
    request_timeout_s: float = Field(gt=0, le=60)
    content_type: Literal["JSON"] = "JSON"
    headers: dict[str, str] = Field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    return_values: tuple[ReturnValue, ...] = ()

    @model_validator(mode="after")
    def _a_get_has_no_body(self) -> "Container":
        if self.verb == "GET" and any(p.type == "Body" for p in self.parameters):
            raise ValueError("what a GET with Body parameters does is unknown; use type URL")
        return self


class Channel(Strict):
    """Where interactions come in."""

    media_type: MediaType
    entry: str
    flow: str


class BusinessProcess(Strict):
    """A service with its queue."""

    end_point: str
    disposition_set: str
    default_disposition: str
    disposition_mandatory: bool = True
    priority_class: str
    automatic_popup_link: Source | None = None


class AgentSettings(Strict):
    """A person who answers, and how quickly."""

    name: str
    extension: str
    business_processes: tuple[str, ...]
    media_types: tuple[MediaType, ...]
    availability: Literal["Regular", "Office"] = "Regular"
    auto_answer: bool = False
    ring_s: Seconds = 1
    talk_s: Seconds = 3
    wrap_up_s: Seconds = 1


class Timeouts(Strict):
    """Handling Timeouts; the values are per tenant in ECS, these are for watching."""

    agent_console_no_answer_s: Seconds = 20
    no_answer_suspend_s: Seconds = 10
    enforce_disposition_s: Seconds = 600
    dialing_s: Seconds = 1
    preferred_agent_hold_s: Seconds = 15


class Centre(Strict):
    """The whole file."""

    time_zone: str
    stack: Stack | None = None
    channels: dict[str, Channel]
    business_processes: dict[str, BusinessProcess]
    priority_classes: dict[str, Seconds]
    disposition_sets: dict[str, dict[str, dict[str, tuple[str, ...]]]]
    agents: tuple[AgentSettings, ...]
    timeouts: Timeouts = Timeouts()
    containers: dict[str, Container]
    flows: dict[str, Flow]
    triggers: dict[Event, tuple[str, ...]] = Field(default_factory=dict)
    knobs: Knobs = Knobs()

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("no such time zone") from error
        return name

    @model_validator(mode="after")
    def _every_name_is_known(self) -> "Centre":
        lost = [f"{kind} {name}" for kind, name, known in _references(self) if name not in known]
        if lost:
            raise ValueError(f"not defined in this file: {', '.join(lost)}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The centre's time zone."""
        return ZoneInfo(self.time_zone)

    def disposition(self, business_process: str, code: str) -> Disposition | None:
        """The code with its levels, if the Business Process offers it."""
        chosen = self.business_processes[business_process].disposition_set
        return next((d for d in self.dispositions(chosen) if _same(d.code, code)), None)

    def dispositions(self, set_name: str) -> Iterator[Disposition]:
        """Every code of a set."""
        for category, subcategories in self.disposition_sets[set_name].items():
            for subcategory, codes in subcategories.items():
                yield from (Disposition(set_name, category, subcategory, code) for code in codes)

    def business_process_at(self, target: str) -> str | None:
        """The Business Process with that name or end point."""
        found = (n for n, bp in self.business_processes.items() if target in (n, bp.end_point))
        return next(found, None)

    def agent(self, extension: str) -> AgentSettings | None:
        """The agent with that extension."""
        return next((a for a in self.agents if a.extension == extension), None)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.strip().casefold()


def _references(centre: Centre) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    for channel in centre.channels.values():
        yield "flow", channel.flow, centre.flows
    for agent in centre.agents:
        for name in agent.business_processes:
            yield "business process", name, centre.business_processes
    for containers in centre.triggers.values():
        for name in containers:
            yield "container", name, centre.containers
    for flow in centre.flows.values():
        for node in flow.nodes.values():
            yield from _node_references(centre, node)
    for process in centre.business_processes.values():
        yield from _process_references(centre, process)


def _process_references(
    centre: Centre, process: BusinessProcess
) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    yield "priority class", process.priority_class, centre.priority_classes
    yield "disposition set", process.disposition_set, centre.disposition_sets
    if process.disposition_set in centre.disposition_sets:
        codes = {d.code: d for d in centre.dispositions(process.disposition_set)}
        yield "disposition code", process.default_disposition, codes


def _node_references(centre: Centre, node: Node) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    match node:
        case Rest():
            yield "container", node.container, centre.containers
        case EnterBusinessProcess():
            yield "business process", node.name, centre.business_processes
        case _:
            return
