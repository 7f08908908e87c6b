"""What a decision does, told as text: equal text is the same for caller, agent and report.

Names that only the ruleset uses (of rows, queues and profiles) are not told, so rules that were
renamed do the same as before.
"""

from dataclasses import fields

from switchboard.domain.durations import duration_text
from switchboard.domain.replayed import Differing
from switchboard.domain.routing import Decision
from switchboard.domain.ruleset import LastAgentProfile, Outcome, Priority, Ruleset

NONE = "none"


def effects(ruleset: Ruleset, decision: Decision) -> dict[str, str]:
    then = decision.then
    return {
        "action": then.action,
        "queue": _queue(ruleset, then.queue),
        "priority": _priority(then.priority),
        "prompts": listed(decision.prompts),
        "last agent": _last_agent(ruleset, then),
        "flow": then.flow or NONE,
        "views": listed(decision.views),
        "flags": listed(decision.flags),
        "remark": then.remark or NONE,
    }


def differing(old: dict[str, str], new: dict[str, str]) -> tuple[Differing, ...]:
    return tuple(
        Differing(what, before, new[what]) for what, before in old.items() if before != new[what]
    )


def goes_to(decision: Decision) -> str:
    """Where the contact goes, in the ruleset's own words: ``vip``, or ``callback sales``."""
    then = decision.then
    return then.queue if then.action == "queue" else f"{then.action} {then.queue}".rstrip()


def listed(words: tuple[str, ...]) -> str:
    return ", ".join(words) or NONE


def _queue(ruleset: Ruleset, name: str) -> str:
    queue = ruleset.queues.get(name)
    if queue is None:
        return NONE
    return f"{queue.business_process}, demand {queue.demand or NONE}"


def _priority(priority: Priority | None) -> str:
    if priority is None:
        return NONE
    said = f"{priority.class_name}, {priority.seconds:g} s"
    if not priority.gain_per_min_s:
        return said
    return f"{said}, {priority.gain_per_min_s:g} s more a minute up to {priority.max_seconds:g} s"


def _last_agent(ruleset: Ruleset, then: Outcome) -> str:
    if then.avoids_last_agent:
        return "avoided"
    profile = ruleset.last_agents.get(then.last_agent)
    return _profile(profile) if profile else NONE


def _profile(profile: LastAgentProfile) -> str:
    """How long back, how long held, and whatever else is not as usual."""
    usual = LastAgentProfile("")
    unusual = (
        f"{name} {_term(value)}"
        for field in fields(profile)
        if (name := field.name) not in {"id", "seen_within_s", "hold_s"}
        if (value := getattr(profile, name)) != getattr(usual, name)
    )
    seen, held = duration_text(profile.seen_within_s), duration_text(profile.hold_s)
    return "; ".join((f"preferred if seen within {seen}, held {held}", *unusual))


def _term(value: object) -> str:
    return listed(value) if isinstance(value, tuple) else str(value)
