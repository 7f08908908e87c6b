"""A decision in lines of text."""

from switchboard.domain.routing import Decision
from switchboard.domain.ruleset import Ruleset


def told(ruleset: Ruleset, decision: Decision) -> list[str]:
    """What was decided, a line for each part of it."""
    then = decision.then
    queue = ruleset.queues.get(then.queue)
    lines = [f"decided by {decision.because}", f"  {then.action} {then.queue}".rstrip()]
    if queue:
        demand = f", demand {queue.demand}" if queue.demand else ""
        lines.append(f"  Business Process {queue.business_process}{demand}")
    if then.priority:
        lines.append(f"  head start {then.priority.seconds:g} s, class {then.priority.class_name}")
        if then.priority.gain_per_min_s:
            lines.append("  the priority does not grow while they wait: ECS knows no such thing")
    for name, words in (
        ("prompts", decision.prompts),
        ("views", decision.views),
        ("flags", decision.flags),
    ):
        lines.append(f"  {name} {', '.join(words) or 'none'}")
    if then.last_agent:
        lines.append(f"  last agent preferred by {then.last_agent}")
    if then.avoids_last_agent:
        lines.append("  not the agent of last time")
    return lines
