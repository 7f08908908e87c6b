"""The two questions that ECS asks on arrival share their question and most of their answer."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from switchboard.contracts.answers import PROMPTS
from switchboard.contracts.applications import read_contract
from switchboard.contracts.configuration import LookupConfiguration
from switchboard.contracts.ecs import Arrival as Asked
from switchboard.domain.customer import Ambiguous, Customer, CustomerMatch, Known, Scalar
from switchboard.domain.deadline import Deadline
from switchboard.domain.desk_link import DeskLink, sign
from switchboard.domain.identity import Contact, read_contact
from switchboard.edges.ecs_request import ecs_parameters
from switchboard.edges.flat import LONGEST_VALUE
from switchboard.edges.http_api import host, request_id
from switchboard.errors import Misconfigured, StateUnavailable
from switchboard.observability import join, logger
from switchboard.ports import Arrival, Crm, LookupMemory
from switchboard.use_cases.arrival_lookup import look_up_customer, outcome_of, source_of
from switchboard.use_cases.routing_decision import Routed


def receive(
    api: APIGatewayHttpResolver, read_configuration: Callable[[], LookupConfiguration]
) -> "Reception":
    """Start the clock, then read what ECS asks.

    Raises: MalformedRequest, RequestTooLarge, InvalidRequest.
    """
    started_s = time.monotonic()
    configuration = read_configuration()
    asked = read_contract(Asked, dict(ecs_parameters(api)))
    join(request_id=request_id(api), interaction_id=asked.interaction_id or "")
    return Reception(
        asked,
        configuration,
        request_id(api),
        host(api),
        datetime.now(UTC),
        started_s,
        Deadline(started_s + configuration.budget_ms / 1000),
    )


@dataclass(frozen=True, slots=True)
class Reception:
    """One arrival while it is being answered: what was asked, by when, and under which id."""

    asked: Asked
    configuration: LookupConfiguration
    request_id: str
    host: str
    now: datetime
    started_s: float
    deadline: Deadline

    @property
    def contact(self) -> Contact:
        return read_contact(self.asked.contact, default_region=self.configuration.default_region)

    @property
    def elapsed_ms(self) -> int:
        return round((time.monotonic() - self.started_s) * 1000)

    def look_up(self, *, crms: Sequence[Crm], memory: LookupMemory) -> CustomerMatch:
        """Who it is; never later than the deadline."""
        return look_up_customer(
            self.contact,
            crms=crms,
            memory=memory,
            rules=self.configuration.rules(),
            deadline=self.deadline,
            now=self.now,
        )

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

    def desk_url(self, *, read_key: Callable[[], bytes]) -> str:
        """A link to the agent's page; empty when ECS did not say which interaction it is.

        Without the key there is no link either, and the caller is answered all the same.
        """
        if not self.asked.interaction_id:
            return ""
        try:
            key = read_key()
        except (Misconfigured, StateUnavailable) as error:
            logger.warning("no desk link", error=error.code)
            return ""
        valid_for = timedelta(seconds=self.configuration.desk_link_valid_s)
        link = DeskLink(self.asked.interaction_id, self.now + valid_for)
        base = self.configuration.desk_base_url or f"https://{self.host}"
        url = f"{base.rstrip('/')}/desk/{sign(link, key=key)}"
        return url if len(url) <= LONGEST_VALUE else ""  # half a link opens nothing

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
