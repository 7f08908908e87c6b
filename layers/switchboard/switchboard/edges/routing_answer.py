"""An arrival as rules look at it, and their decision as ECS can act on it: flat, and nothing that a
Branch could confuse."""

from collections.abc import Sequence
from typing import Final

from switchboard.domain.customer import CustomerMatch, Known, Scalar
from switchboard.domain.facts import fact_text
from switchboard.domain.ruleset import Priority
from switchboard.edges.arrivals import Reception
from switchboard.edges.flat import LONGEST_VALUE
from switchboard.observability import count, count_by, logger
from switchboard.ports import LedgerRow
from switchboard.use_cases.arrival_lookup import outcome_of
from switchboard.use_cases.routing_decision import Arriving, Routed

PROMPTS: Final = 3
_CUT: Final = " [...]"
FLAG: Final = "flag_"


def arriving(
    reception: Reception, match: CustomerMatch, past: Sequence[LedgerRow] | None
) -> Arriving:
    """What routing rules may look at."""
    return Arriving(
        outcome=outcome_of(match),
        customer=match.customer if isinstance(match, Known) else None,
        ecs=reception.asked.values,
        past=past,
        contact="" if isinstance(match, Known) else _same_however_written(reception),
        holder=reception.asked.interaction_id or reception.request_id,
    )


def _same_however_written(reception: Reception) -> str:
    """What tells callers apart whom nobody knows; empty for who does not say."""
    told = (one for name, one in reception.question.identities if name == "contact")
    return next((one.canonical for one in told), "")


def routing_values(routed: Routed, flags: tuple[str, ...]) -> dict[str, Scalar]:
    """Always the same keys: prompts are numbered, because ECS reads no lists, and each of the
    `flags` is a key of its own, true or false."""
    decision, then, agent = routed.decision, routed.decision.then, routed.agent
    queue = routed.ruleset.queues.get(then.queue)
    priority = then.priority or Priority(0, "")
    prompts = (*decision.prompts, *[""] * PROMPTS)[:PROMPTS]
    return {
        "action": then.action,
        "queue": then.queue,
        "business_process": queue.business_process if queue else "",
        "demand": queue.demand if queue else "",
        "priority_class": priority.class_name,
        "priority_seconds": round(priority.seconds),
        "preferred_agent": agent.prefers,
        "preferred_agent_hold_s": round(agent.hold_s) if agent.prefers else 0,
        "avoid_agent": agent.avoids,
        "agent_reason": agent.sentence,
        **{f"prompt_{number}": prompt for number, prompt in enumerate(prompts, start=1)},
        "self_service_flow": then.flow,
        "views": _views(routed),
        "row": decision.row,
        "reason": _shortened(decision.because, LONGEST_VALUE),
        "ruleset": decision.ruleset,
        "arm": routed.arm,
        "remark": _remark(routed),
        **{f"{FLAG}{name}": name in decision.flags for name in flags},
    }


def report_routing(routed: Routed) -> None:
    """What operators should see of it: no value of anybody, only names of ours."""
    count_by("Routing", row=routed.decision.row)
    if routed.unlisted:
        count("UnlistedValues")
        logger.warning("values that the ruleset does not list", attributes=list(routed.unlisted))
    if routed.differs:
        differs = routed.differs
        count_by("Challenger", differs="noticed" if differs.is_noticed else "row")
        logger.info(
            "challenger differs",
            rows=list(differs.rows),
            queues=list(differs.queues),
            what=list(differs.what),
        )


def _views(routed: Routed) -> str:
    """What the agent should look at first, with its value where it is an attribute."""
    attributes = routed.ruleset.attributes
    return "; ".join(
        f"{view.replace('_', ' ')} {fact_text(attributes[view], routed.facts.get(view))}"
        if view in attributes
        else view
        for view in routed.decision.views
    )


def _remark(routed: Routed) -> str:
    """What the agent must know first and who was preferred stay whole; the reason gives way."""
    decision = routed.decision
    remark, sentence = decision.then.remark.rstrip("."), routed.agent.sentence.rstrip(".")
    taken = sum(len(part) + len(". ") for part in (remark, sentence) if part)
    at_least = f"Routed by {decision.row}:"
    room = max(LONGEST_VALUE - taken, len(at_least) + len(_CUT))
    reason = _shortened(f"Routed by {decision.because}".rstrip("."), room)
    whole = ". ".join(part for part in (remark, reason, sentence) if part)
    return _shortened(whole, LONGEST_VALUE)


def _shortened(text: str, longest: int) -> str:
    """Ends after a whole word: half a number would be another one. That it is cut is seen."""
    if len(text) <= longest:
        return text
    words = text[: longest - len(_CUT) + 1]
    return f"{words.rpartition(' ')[0] or words[:-1]}{_CUT}"
