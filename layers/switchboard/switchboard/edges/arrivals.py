"""The two questions that ECS asks on arrival share their question and most of their answer."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from switchboard.contracts.answers import PROMPTS
from switchboard.contracts.configuration import LookupConfiguration
from switchboard.contracts.ecs import Arrival as Asked
from switchboard.domain.customer import Ambiguous, Customer, CustomerMatch, Known, Scalar
from switchboard.domain.deadline import Deadline
from switchboard.domain.desk_link import DeskLink, sign
from switchboard.domain.identity import Contact, read_contact
from switchboard.ports import Arrival
from switchboard.use_cases.arrival_lookup import outcome_of, source_of
from switchboard.use_cases.routing_decision import Routed


@dataclass(frozen=True, slots=True)
class Reception:
    """One arrival while it is being answered: what was asked, by when, and under which id."""

    asked: Asked
    configuration: LookupConfiguration
    request_id: str
    now: datetime
    started_s: float
    deadline: Deadline

    @classmethod
    def of(
        cls, asked: Asked, configuration: LookupConfiguration, *, request_id: str, now: datetime
    ) -> "Reception":
        budget_s = configuration.budget_ms / 1000
        return cls(
            asked, configuration, request_id, now, time.monotonic(), Deadline.after(budget_s)
        )

    @property
    def contact(self) -> Contact:
        return read_contact(self.asked.contact, default_region=self.configuration.default_region)

    @property
    def elapsed_ms(self) -> int:
        return round((time.monotonic() - self.started_s) * 1000)

    def note(self, match: CustomerMatch, decision: Mapping[str, str] | None = None) -> Arrival:
        """What the ledger keeps of this arrival."""
        return Arrival(
            request_id=self.request_id,
            at=self.now,
            outcome=outcome_of(match),
            contact=self.asked.contact,
            customer=match.customer if isinstance(match, Known) else None,
            decision=decision or {},
        )

    def lookup_values(self, match: CustomerMatch, *, desk_url: str) -> dict[str, Scalar]:
        """What both answers say of the customer, attributes included, always the same keys."""
        customer = match.customer if isinstance(match, Known) else None
        return {
            "outcome": outcome_of(match),
            "source": source_of(match),
            "match_count": _count(match),
            "customer_id": customer.key if customer else "",
            "customer_name": customer.name if customer else "",
            "screen_pop_url": desk_url,
            "elapsed_ms": self.elapsed_ms,
            "request_id": self.request_id,
            **self._attributes(customer),
        }

    def desk_url(self, *, host: str, key: bytes) -> str:
        """A link to the agent's page; empty when ECS did not say which interaction it is."""
        if not self.asked.interaction_id:
            return ""
        valid_for = timedelta(seconds=self.configuration.desk_link_valid_s)
        link = DeskLink(self.asked.interaction_id, self.now + valid_for)
        base = self.configuration.desk_base_url or f"https://{host}"
        return f"{base.rstrip('/')}/desk/{sign(link, key=key)}"

    def _attributes(self, customer: Customer | None) -> Mapping[str, Scalar]:
        known: Mapping[str, Scalar] = customer.attributes if customer else {}
        return {
            name: _or_default(known.get(spec.source or name), spec.default)
            for name, spec in self.configuration.attributes.items()
        }


def _or_default(value: Scalar, default: Scalar) -> Scalar:
    return default if value is None or value == "" else value


def _count(match: CustomerMatch) -> int:
    match match:
        case Known():
            return 1
        case Ambiguous(customers):
            return len(customers)
    return 0


def routing_values(routed: Routed) -> dict[str, Scalar]:
    """The decision as ECS can act on it; prompts are numbered, because ECS reads no lists."""
    decision, then = routed.decision, routed.decision.then
    prompts = (*then.prompts, *[""] * PROMPTS)[:PROMPTS]
    return {
        "action": then.action,
        "business_process": then.business_process,
        "priority_class": then.priority_class,
        "priority_seconds": then.priority_seconds,
        "preferred_agent": routed.preferred_agent,
        **{f"prompt_{number}": prompt for number, prompt in enumerate(prompts, start=1)},
        "row": decision.row,
        "reason": decision.because,
        "ruleset": decision.ruleset,
        "remark": f"Routed by {decision.because}",
    }
