"""A ruleset in words: every part of it by its place, and every aspect of a part as text."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from switchboard.domain.cells import Attribute
from switchboard.domain.durations import duration_text
from switchboard.domain.hours import DAY_NAMES, Calendar, Hours
from switchboard.domain.ruleset import (
    LastAgentProfile,
    Outcome,
    Priority,
    Queue,
    Row,
    Ruleset,
    Story,
)

Aspects = Mapping[str, str]
NONE: Final = "none"


def settings_in_words(ruleset: Ruleset) -> dict[str, Aspects]:
    """Everything but the rows, by place."""
    return {
        "ruleset": {
            "name": ruleset.name,
            "timezone": ruleset.time_zone,
            "priority_point": duration_text(ruleset.priority_point_s),
            "service_level": duration_text(ruleset.service_level_s),
            "agent_form": ruleset.agent_form,
        },
        **{f"attribute {a.name}": _attribute(a) for a in ruleset.attributes.values()},
        **{f"queue {q.id}": _queue(q) for q in ruleset.queues.values()},
        **{f"prompt {name}": {} for name in ruleset.prompts},
        **{f"view {name}": {} for name in ruleset.views},
        **{f"flag {name}": {} for name in ruleset.flags},
        **{
            f"priority class {name}": {"worth": duration_text(seconds)}
            for name, seconds in ruleset.priority_classes.items()
        },
        **{f"last agent {p.id}": _profile(p) for p in ruleset.last_agents.values()},
        **{f"calendar {c.id}": dict(_calendar(c)) for c in ruleset.calendars.values()},
        **{f"table {table.id}": {"hit": table.hit} for table in ruleset.tables},
    }


def stories_in_words(ruleset: Ruleset) -> dict[str, Aspects]:
    return {f"test {story.name}": _story(story) for story in ruleset.stories}


def row_in_words(row: Row, *, decides: bool) -> Aspects:
    """Its conditions, its outcome and its note. Only a row that `decides` has an action."""
    outcome = dict(_outcome(row.then))
    if not decides:
        del outcome["do"]
    return {
        **{f"when {cell.attribute}": cell.text for cell in row.cells},
        **{f"then {key}": text for key, text in outcome.items()},
        **({"note": row.note} if row.note else {}),
    }


def _attribute(attribute: Attribute) -> Aspects:
    values = {"values": ", ".join(attribute.values)} if attribute.values else {}
    unit = {"unit": attribute.unit} if attribute.unit else {}
    return {"type": attribute.type, **values, **unit, "from": attribute.source}


def _queue(queue: Queue) -> Aspects:
    demand = {"demand": queue.demand} if queue.demand else {}
    return {"business_process": queue.business_process, **demand}


def _outcome(then: Outcome) -> Iterator[tuple[str, str]]:
    yield "do", then.action
    if then.queue:
        yield "queue", then.queue
    if then.priority:
        yield "priority", _priority(then.priority)
    if then.prompts is not None:
        yield "prompts", _listed(then.prompts)
    if then.last_agent:
        yield "last_agent", then.last_agent
    if then.avoids_last_agent:
        yield "not_agent", "last"
    for name in ("flow", "on_fail", "remark"):
        if text := getattr(then, name):
            yield name, text
    for name in ("views", "flags"):
        if words := getattr(then, name):
            yield name, _listed(words)


def _priority(priority: Priority) -> str:
    start = f"{duration_text(priority.seconds)} head start"
    named = f"{start} ({priority.class_name})" if priority.class_name else start
    if not priority.gain_per_min_s:
        return named
    gain, most = duration_text(priority.gain_per_min_s), duration_text(priority.max_seconds)
    return f"{named}, and {gain} more each minute up to {most}"


def _profile(profile: LastAgentProfile) -> Aspects:
    return {
        "from": _listed(profile.sources),
        "seen_within": duration_text(profile.seen_within_s),
        "min_talk": duration_text(profile.min_talk_s),
        "hold": duration_text(profile.hold_s),
        "must": _listed(profile.must),
        "never_if": _listed(profile.never_if),
        "not_after": _listed(profile.not_after),
        "outbound": _flag(profile.outbound),
        "max_waiting_per_agent": str(profile.max_waiting),
        "max_per_day": str(profile.max_per_day),
        "if_unknown": profile.if_unknown,
        "confirm_long_hold": _flag(profile.confirms_long_hold),
    }


def _calendar(calendar: Calendar) -> Iterator[tuple[str, str]]:
    yield "timezone", calendar.zone.key
    for name, hours in zip(DAY_NAMES, calendar.weekly, strict=True):
        yield name, _hours(hours)
    for day, holiday in sorted(calendar.holidays.items()):
        yield f"holiday {day}", f"{holiday.name or 'no name'}, {_hours(holiday.hours)}"


def _hours(hours: Hours) -> str:
    return ", ".join(f"{_clock(s.start_min)}-{_clock(s.end_min)}" for s in hours) or "closed"


def _clock(minute: int) -> str:
    """What the file says; an end in the next day is its time there, and midnight 24:00."""
    if minute > 24 * 60:
        minute -= 24 * 60
    return f"{minute // 60:02}:{minute % 60:02}"


def _story(story: Story) -> Aspects:
    at = {"at": story.at} if story.at else {}
    return {"given": _pairs(story.given), "expect": _pairs(story.expect), **at}


def _pairs(said: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_said(value)}" for name, value in sorted(said.items()))


def _said(value: object) -> str:
    match value:
        case bool():
            return _flag(value)
        case list() | tuple() | set() | frozenset():
            return f"[{', '.join(str(one) for one in value)}]"
    return str(value)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words) or NONE


def _flag(value: bool) -> str:
    return "true" if value else "false"
