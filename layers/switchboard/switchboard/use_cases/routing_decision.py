"""Where does this interaction go? The ruleset decides, from what the lookup and the ledger know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.routing import Decision, decide, gather_facts
from switchboard.domain.ruleset import Ruleset
from switchboard.ports import LedgerRow
from switchboard.use_cases.customer_history import history_facts, last_agent


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
    past: Sequence[LedgerRow],
    now: datetime,
) -> Routed:
    """Decide from what is known now; `past` are the customer's interactions, newest first."""
    facts = gather_facts(
        ruleset.attributes,
        ecs=ecs,
        lookup=lookup_facts(outcome),
        customer=customer,
        history=history_facts(past, now),
    )
    decision = decide(ruleset, facts, digest=digest)
    agent = last_agent(past, now) if decision.then.last_agent else ""
    return Routed(decision, agent)


def lookup_facts(outcome: str) -> dict[str, Scalar]:
    """What rules may ask of the lookup itself, as ``lookup.known``."""
    return {
        "known": outcome == "known",
        "ambiguous": outcome == "ambiguous",
        "withheld": outcome in {"withheld", "unreadable"},
        "internal": outcome == "internal",
        "ok": outcome != "degraded",
    }
