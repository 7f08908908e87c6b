"""Where does this interaction go? The ruleset decides, from what the lookup and the ledger know."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.deadline import Deadline
from switchboard.domain.routing import Decision, decide, gather_facts
from switchboard.domain.ruleset import Ruleset
from switchboard.errors import StateUnavailable
from switchboard.ports import InteractionLedger, LedgerRow

_log = logging.getLogger(__name__)

_RECENT: Final = timedelta(days=7)
_LAST_AGENT_WITHIN: Final = timedelta(days=14)
_HISTORY_READ: Final = 20


@dataclass(frozen=True, slots=True)
class Routed:
    """The decision, and the agent to prefer; empty when the row prefers none or none is known."""

    decision: Decision
    preferred_agent: str


def route_interaction(
    *,
    outcome: str,
    customer: Customer | None,
    ecs: Mapping[str, Scalar],
    ruleset: Ruleset,
    digest: str,
    ledger: InteractionLedger,
    deadline: Deadline,
    now: datetime,
) -> Routed:
    """Decide from what is known now; a ledger that is down costs the history, not the call."""
    past = () if deadline.has_passed else _history(customer, ledger)
    facts = gather_facts(
        ruleset.attributes,
        ecs=ecs,
        lookup=_lookup_facts(outcome),
        customer=customer,
        history=_history_facts(past, now),
    )
    decision = decide(ruleset, facts, digest=digest)
    agent = _last_agent(past, now) if decision.then.last_agent else ""
    return Routed(decision, agent)


def _lookup_facts(outcome: str) -> dict[str, Scalar]:
    return {
        "known": outcome == "known",
        "ambiguous": outcome == "ambiguous",
        "withheld": outcome in {"withheld", "unreadable"},
        "ok": outcome != "degraded",
    }


def _history(customer: Customer | None, ledger: InteractionLedger) -> Sequence[LedgerRow]:
    if customer is None:
        return ()
    try:
        return ledger.history(customer.key, limit=_HISTORY_READ)
    except StateUnavailable as error:
        _log.warning("history not read: %s", error.code)
        return ()


def _history_facts(past: Sequence[LedgerRow], now: datetime) -> dict[str, Scalar]:
    recent = [row for row in past if row.ended_at and now - row.ended_at <= _RECENT]
    return {"contacts_7d": len(recent), "last_agent": _last_agent(past, now) or None}


def _last_agent(past: Sequence[LedgerRow], now: datetime) -> str:
    """The extension of the agent who last handled the customer, in ECS's Assign Agent form."""
    for row in past:
        agent = row.interaction.get("agent_extension")
        if agent and row.ended_at and now - row.ended_at <= _LAST_AGENT_WITHIN:
            return agent
    return ""
