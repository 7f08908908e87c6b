"""What the emulator shows of itself, as plain JSON values."""

from datetime import datetime
from typing import Any

from local.ecs_emulator.contact_centre import ContactCentre
from local.ecs_emulator.floor import Agent
from local.ecs_emulator.interaction import Disposition, Interaction, ScreenPop, Step
from local.ecs_emulator.triggers import Delivery

View = dict[str, Any]


def brief(interaction: Interaction) -> View:
    """A line in a list."""
    return {
        "id": interaction.id,
        "channel": interaction.channel,
        "direction": interaction.direction,
        "contact": interaction.contact,
        "state": interaction.state.value,
        "has_ended": interaction.has_ended,
        "business_process": interaction.business_process,
        "agent_name": interaction.agent.name if interaction.agent else "",
        "agent_extension": interaction.agent.extension if interaction.agent else "",
        "customer_name": interaction.flow_variables.get("customer_name", "")
        or interaction.contact_name,
        "disposition": interaction.disposition.code if interaction.disposition else "",
        "started_at": _moment(interaction.started_at),
        "ended_at": _moment(interaction.ended_at),
    }


def full(interaction: Interaction, deliveries: list[Delivery]) -> View:
    """Everything known of one interaction."""
    return brief(interaction) | {
        "media_type": interaction.media_type,
        "contact_name": interaction.contact_name,
        "dialed_number": interaction.dialed_number,
        "callback_reference": interaction.callback_reference,
        "manual": interaction.plan.manual,
        "segment_state": interaction.segment.state if interaction.segment else "",
        "segment_level": interaction.segment.level if interaction.segment else "",
        "preferred_agent": interaction.preference.extension if interaction.preference else "",
        "priority_class": interaction.priority_class,
        "extra_waiting_s": interaction.extra_waiting_s,
        "flow_variables": dict(interaction.flow_variables),
        "remarks": list(interaction.flow_remarks),
        "agent_remarks": interaction.agent_remarks,
        "disposition_path": _path(interaction.disposition),
        "queue_s": round(interaction.queue_s, 3),
        "handle_s": round(interaction.handle_s, 3),
        "screen_pop": _popped(interaction.screen_pop),
        "timeline": [_step(step) for step in interaction.timeline],
        "triggers": [delivery(sent) for sent in deliveries],
    }


def delivery(sent: Delivery) -> View:
    """One trigger and what became of it."""
    return {
        "number": sent.number,
        "event": sent.event,
        "interaction_id": sent.interaction_id,
        "fired_at": _moment(sent.fired_at),
        "copy": sent.copy,
        "outcome": sent.outcome,
        "status_codes": [attempt.status for attempt in sent.attempts],
        "attempts": [
            {
                "at": _moment(attempt.at),
                "status": attempt.status,
                "reason": attempt.reason,
                "elapsed_ms": attempt.elapsed_ms,
            }
            for attempt in sent.attempts
        ],
        "body": (sent.request.body or b"").decode() if sent.request else "",
    }


def agent(one: Agent) -> View:
    """An agent on the floor."""
    return {
        "name": one.settings.name,
        "extension": one.settings.extension,
        "state": one.state.value,
        "since": _moment(one.since),
        "interaction_id": one.interaction_id,
        "business_processes": list(one.settings.business_processes),
        "media_types": list(one.settings.media_types),
    }


def agent_state(one: Agent) -> View:
    """An agent as the ECS-side API tells it."""
    return {
        "extension": one.settings.extension,
        "name": one.settings.name,
        "state": one.state.value,
        "business_processes": list(one.settings.business_processes),
        "media_types": list(one.settings.media_types),
    }


def call(interaction: Interaction) -> View:
    """An outbound call as the ECS-side API tells it."""
    return {
        "call_id": interaction.id,
        "reference": interaction.callback_reference,
        "state": interaction.state.value,
        "business_process": interaction.business_process,
        "agent_extension": interaction.agent.extension if interaction.agent else "",
        "created_at": _moment(interaction.started_at),
        "ended_at": _moment(interaction.ended_at),
    }


def control(interaction: Interaction) -> View:
    """An interaction as the ECS-side API tells it."""
    return {
        "interaction_id": interaction.id,
        "state": interaction.state.value,
        "channel": interaction.channel,
        "direction": interaction.direction,
        "business_process": interaction.business_process,
        "agent_extension": interaction.agent.extension if interaction.agent else "",
    }


def floor(contact_centre: ContactCentre) -> View:
    """What the front page shows."""
    with contact_centre.guard:
        everything = [brief(interaction) for interaction in contact_centre.interactions()]
        return {
            "agents": [agent(one) for one in contact_centre.floor.agents()],
            "queue": [brief(waiting) for waiting in contact_centre.floor.queue()],
            "live": [one for one in everything if not one["has_ended"]],
            "past": [one for one in everything if one["has_ended"]][:50],
            "is_down": contact_centre.is_down,
            "stack_known": contact_centre.stack is not None,
        }


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="milliseconds") if moment else ""


def _path(disposition: Disposition | None) -> str:
    if disposition is None:
        return ""
    levels = (disposition.set, disposition.category, disposition.subcategory, disposition.code)
    return " > ".join(levels)


def _popped(popped: ScreenPop | None) -> View | None:
    if popped is None:
        return None
    return {
        "url": popped.url,
        "status": popped.status,
        "title": popped.title,
        "elapsed_ms": popped.elapsed_ms,
    }


def _step(step: Step) -> View:
    return {
        "at": _moment(step.at),
        "step": step.step,
        "detail": step.detail,
        "elapsed_ms": step.elapsed_ms,
    }
