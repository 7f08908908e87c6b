"""The values ECS can pass on, by name, and the form in which they travel.

ECS's own list of names is not public; these are the emulator's, one for each value the documents
say exists. A value that does not exist yet is None here, whatever the wire makes of it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from local.ecs_emulator.interaction import Interaction
from local.ecs_emulator.knobs import Knobs

Value = str | float | datetime | None
Scalar = str | int | None

_FLOW = "flow."


def _at_the_end(interaction: Interaction, seconds: float) -> float | None:
    return seconds if interaction.ended_at else None


def _duration_s(interaction: Interaction) -> float | None:
    if interaction.ended_at is None:
        return None
    return (interaction.ended_at - interaction.started_at).total_seconds()


_SOURCES: Mapping[str, Callable[[Interaction], Value]] = {
    "interaction.id": lambda i: i.id,
    "interaction.channel": lambda i: i.channel,
    "interaction.media_type": lambda i: i.media_type,
    "interaction.direction": lambda i: i.direction,
    "interaction.contact": lambda i: i.contact,
    "interaction.contact_name": lambda i: i.contact_name,
    "interaction.dialed_number": lambda i: i.dialed_number,
    "interaction.started_at": lambda i: i.started_at,
    "interaction.ended_at": lambda i: i.ended_at,
    "interaction.duration": _duration_s,
    "interaction.queue_time": lambda i: _at_the_end(i, i.queue_s),
    "interaction.handle_time": lambda i: _at_the_end(i, i.handle_s),
    "interaction.priority_class": lambda i: i.priority_class,
    "interaction.priority_seconds": lambda i: i.priority_seconds,
    "interaction.screen_pop_url": lambda i: i.screen_pop_url,
    "interaction.callback_reference": lambda i: i.callback_reference,
    "interaction.agent_remarks": lambda i: i.agent_remarks,
    "business_process.name": lambda i: i.business_process,
    "business_process.end_point": lambda i: i.business_process_end_point,
    "agent.name": lambda i: i.agent.name if i.agent else None,
    "agent.extension": lambda i: i.agent.extension if i.agent else None,
    "segment.level": lambda i: i.segment.level if i.segment else None,
    "disposition.set": lambda i: i.disposition.set if i.disposition else None,
    "disposition.category": lambda i: i.disposition.category if i.disposition else None,
    "disposition.subcategory": lambda i: i.disposition.subcategory if i.disposition else None,
    "disposition.code": lambda i: i.disposition.code if i.disposition else None,
}

# These need more than the interaction: the moment, or a knob.
_SPECIAL = frozenset({"event.occurred_at", "segment.state", "interaction.remarks"})

SOURCE_NAMES = frozenset(_SOURCES) | _SPECIAL


def is_source(name: str) -> bool:
    """Whether a value can be taken from there."""
    return name in SOURCE_NAMES or (name.startswith(_FLOW) and len(name) > len(_FLOW))


def flow_variable(source: str) -> str | None:
    """The variable's name when the source is a flow variable."""
    return source.removeprefix(_FLOW) if source.startswith(_FLOW) else None


@dataclass(frozen=True)
class Catalogue:
    """Looks values up and words them for the wire."""

    knobs: Knobs
    zone: ZoneInfo

    def text(self, source: str, interaction: Interaction) -> str:
        """The value as a flow sees it: text, empty when there is none."""
        return self._worded(self._value(source, interaction, interaction.started_at)) or ""

    def wire(self, source: str, interaction: Interaction, occurred_at: datetime) -> Scalar:
        """The value as it is sent; None when there is none."""
        value = self._value(source, interaction, occurred_at)
        if isinstance(value, float | int) and not self.knobs.values_as_text:
            return round(value)
        return self._worded(value)

    def _value(self, source: str, interaction: Interaction, occurred_at: datetime) -> Value:
        variable = flow_variable(source)
        if variable is not None:
            return interaction.flow_variables.get(variable)
        if source == "event.occurred_at":
            return occurred_at
        if source == "segment.state":
            return self._segment(interaction)
        if source == "interaction.remarks":
            return self._remarks(interaction)
        if source == "interaction.id" and not self.knobs.interaction_id_sent:
            return None
        value = _SOURCES[source](interaction)
        if source == "interaction.contact" and interaction.media_type == "Telephony":
            return self._phone(interaction.contact)
        return value

    def _segment(self, interaction: Interaction) -> str | None:
        segment, before = interaction.segment, interaction.previous_segment
        if segment is None:
            return None
        if self.knobs.segment_notation == "state_level":
            return f"{segment.state} ({segment.level})"
        if self.knobs.segment_notation == "transition" and before is not None:
            return f"{before.state} -> {segment.state}"
        return segment.state

    def _remarks(self, interaction: Interaction) -> str:
        said = [interaction.agent_remarks] if interaction.agent_remarks else []
        if self.knobs.remarks_sent == "all":
            said = [*interaction.flow_remarks, *said]
        return "\n".join(said)

    def _phone(self, number: str) -> str:
        return re.sub(r"\D", "", number) if self.knobs.phone_form == "digits" else number

    def _worded(self, value: Value) -> str | None:
        if isinstance(value, datetime):
            zone = self.zone if self.knobs.dates_in == "centre" else UTC
            return value.astimezone(zone).strftime(self.knobs.date_format)
        if isinstance(value, float | int):
            return self._duration(round(value))
        return value or None

    def _duration(self, seconds: int) -> str:
        if self.knobs.duration_form == "seconds":
            return str(seconds)
        minutes, rest = divmod(seconds, 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"
