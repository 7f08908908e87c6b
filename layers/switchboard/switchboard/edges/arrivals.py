"""The two questions that ECS asks on arrival share their question and most of their answer."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar
from zoneinfo import ZoneInfo

from switchboard.beside import run_beside
from switchboard.domain.choices import MOST_CHOICES, choices
from switchboard.domain.customer import (
    Ambiguous,
    Customer,
    CustomerMatch,
    Degraded,
    Known,
    NotAsked,
    Scalar,
)
from switchboard.domain.deadline import Deadline
from switchboard.domain.desk_link import DeskLink, sign
from switchboard.domain.identity import (
    AccountNumber,
    Contact,
    EmailAddress,
    Identity,
    Internal,
    PhoneNumber,
    Unreadable,
    Withheld,
    dialled_region,
    read_account,
    read_contact,
)
from switchboard.edges.arrival_request import NAMES, ArrivalRequest, read_arrival_request
from switchboard.edges.ecs_request import readable_parameters
from switchboard.edges.flat import LONGEST_VALUE
from switchboard.edges.http_api import Api, host, request_id
from switchboard.errors import Misconfigured, StateUnavailable
from switchboard.observability import join, logger
from switchboard.ports import Arrival, Crm, InteractionLedger, LedgerRow
from switchboard.use_cases.arrival_lookup import (
    LookingUp,
    MatchedBy,
    Question,
    Recognition,
    Stores,
    begin_lookup,
    outcome_of,
    source_of,
)
from switchboard.use_cases.customer_history import history_facts, read_history
from switchboard.use_cases.lookup_settings import LookupSettings

if TYPE_CHECKING:
    from switchboard.domain.routing_record import RoutingRecord

T = TypeVar("T")

# What is left for noting the arrival and answering when the CRMs took all the time they had.
_ANSWERING_S: Final = 0.1
_ANSWERING_SHARE: Final = 0.25  # of a budget so small that this is less
# A first read of the key; it is kept for a while after that.
_DESK_KEY_BEARABLE_S: Final = 0.25
# Of what was never read, and without which there is no answer at all.
_A_FIRST_COPY_COMES_IN_S: Final = 0.1


def receive(api: Api, read_settings: Callable[[], LookupSettings]) -> "Reception":
    """Start the clock, then read what ECS asks.

    A caller waits, so whatever cannot be read is left out, and said in the answer's `problem`.
    """
    started_s = time.monotonic()
    settings = read_settings()
    asked, problem = _asked(api)
    join(request_id=request_id(api), interaction_id=asked.interaction_id or "")
    if problem:
        logger.warning("part of the request could not be read", problem=problem)
    return Reception(
        asked,
        problem,
        settings,
        request_id(api),
        host(api),
        datetime.now(UTC),
        started_s,
        Deadline(started_s + settings.budget_s(asked.budget_ms)),
    )


def _asked(api: Api) -> tuple[ArrivalRequest, str]:
    parameters, unreadable = readable_parameters(api, NAMES)
    asked, wrong = read_arrival_request(parameters)
    return asked, " ".join(problem for problem in (unreadable, wrong) if problem)


@dataclass(frozen=True, slots=True)
class Reception:
    """One arrival while it is being answered: what was asked, by when, and under which id."""

    asked: ArrivalRequest
    problem: str
    settings: LookupSettings
    request_id: str
    host: str
    now: datetime
    started_s: float
    deadline: Deadline

    @property
    def question(self) -> Question:
        """What identifies this arrival, in the configured order."""
        contact = self._contact()
        account = read_account(
            self.asked.account_number, pattern=self.settings.account_number_pattern
        )
        given: Mapping[MatchedBy, AccountNumber | Contact | None] = {
            "account_number": account,
            "contact": contact,
        }
        identities: list[tuple[MatchedBy, Identity]] = []
        for name in self.settings.identify_by:
            value = given[name]
            if isinstance(value, PhoneNumber | EmailAddress | AccountNumber):
                identities.append((name, value))
        return Question(
            tuple(identities),
            _why_not_asked(contact),
            business_process=self.asked.business_process,
            chosen=self.asked.customer_id,
        )

    @property
    def elapsed_ms(self) -> int:
        return round((time.monotonic() - self.started_s) * 1000)

    def begin_lookup(self, *, crms: Callable[[], Sequence[Crm]], stores: Stores) -> LookingUp:
        """Start finding out who it is; never later than the deadline."""
        return begin_lookup(
            self.question,
            crms=crms,
            stores=stores,
            rules=self.settings.rules,
            deadline=self.until_answering,
            now=self.now,
            chance=random.random(),  # noqa: S311 - spreads renewals, keeps no secret
        )

    def begin_reading(
        self, read: Callable[[], T], *, at_hand: Callable[[], T | None], name: str
    ) -> Callable[[], T]:
        """Start reading something beside the lookup, without which there is no answer.

        Who calls what this gives gets what was read, or what the reading raised; at the deadline
        what is `at_hand`, and StateUnavailable when that is nothing.
        """
        reading = run_beside(read, name=name)

        def result() -> T:
            known, remaining_s = at_hand(), self.until_answering.remaining_s
            at_least_s = _A_FIRST_COPY_COMES_IN_S if known is None else 0.0
            try:
                return reading.result(max(remaining_s, at_least_s))
            except TimeoutError:
                logger.warning("not read in time", what=name)
                if known is None:
                    raise StateUnavailable(f"the {name} was not read in time") from None
                return known

        return result

    def begin_reading_if_any(
        self, read: Callable[[], T], *, at_hand: Callable[[], T], name: str
    ) -> Callable[[], T]:
        """The same of something that is good to have: at the deadline `at_hand` has to do."""
        reading = run_beside(read, name=name)

        def result() -> T:
            try:
                return reading.result(self.until_answering.remaining_s)
            except TimeoutError:
                logger.warning("not read in time", what=name)
                return at_hand()

        return result

    def history(
        self, match: CustomerMatch, *, ledger: InteractionLedger
    ) -> Sequence[LedgerRow] | None:
        """The known customer's interactions, newest first; None when they could not be read."""
        if isinstance(match, Degraded):  # it may well be somebody we know
            return None
        customer = match.customer if isinstance(match, Known) else None
        return read_history(customer, ledger=ledger, deadline=self.until_answering)

    def history_facts(
        self, match: CustomerMatch, *, ledger: InteractionLedger
    ) -> Mapping[str, Scalar]:
        """What our ledger tells of the customer, where an attribute is made of it."""
        if not self.settings.shown.needs_history:
            return {}
        return history_facts(self.history(match, ledger=ledger), self.now)

    def note(
        self,
        match: CustomerMatch,
        decision: Mapping[str, str] | None = None,
        routing: "RoutingRecord | None" = None,
    ) -> Arrival:
        """What the ledger keeps of this arrival."""
        return Arrival(
            request_id=self.request_id,
            at=self.now,
            outcome=outcome_of(match),
            contact=self.asked.contact,
            customer=match.customer if isinstance(match, Known) else None,
            decision=decision or {},
            routing=routing,
        )

    def lookup_values(
        self,
        recognition: Recognition,
        history: Mapping[str, Scalar],
        *,
        desk_url: str,
        decided: Mapping[str, Scalar] | None = None,
    ) -> dict[str, Scalar]:
        """What both answers say of the customer, then what was `decided`, then the attributes;
        always the same keys."""
        match = recognition.match
        customer = match.customer if isinstance(match, Known) else None
        return {
            "outcome": outcome_of(match),
            "source": source_of(match),
            "matched_by": recognition.matched_by,
            "match_count": _count(match),
            "resolved_by": match.resolved_by if isinstance(match, Known) else "",
            "customer_id": customer.key if customer else "",
            "customer_name": self._name_of(customer),
            **self._choices(match),
            "screen_pop_url": desk_url,
            "problem": self.problem,
            "elapsed_ms": self.elapsed_ms,
            "request_id": self.request_id,
            **(decided or {}),
            **self._attributes(customer, history),
        }

    def desk_url(self, *, read_key: Callable[[], bytes]) -> str:
        """A link to the agent's page; empty when ECS did not say which interaction it is.

        Without the key there is no link either, and the caller is answered all the same.
        """
        if not self.asked.interaction_id:
            return ""
        reading = run_beside(read_key, name="desk key")
        try:
            key = reading.result(min(_DESK_KEY_BEARABLE_S, self.until_answering.remaining_s))
        except (Misconfigured, StateUnavailable) as error:
            logger.warning("no desk link", error=error.code)
            return ""
        except TimeoutError:
            logger.warning("no desk link", error="too_late")
            return ""
        valid_for = timedelta(seconds=self.settings.desk_link_valid_s)
        link = DeskLink(self.asked.interaction_id, self.now + valid_for)
        base = self.settings.desk_base_url or f"https://{self.host}"
        url = f"{base.rstrip('/')}/desk/{sign(link, key=key)}"
        return url if len(url) <= LONGEST_VALUE else ""  # half a link opens nothing

    @property
    def until_answering(self) -> Deadline:
        """The time there is for everything but noting the arrival and answering."""
        budget_s = self.deadline.expires_at_s - self.started_s
        reserve_s = min(_ANSWERING_S, budget_s * _ANSWERING_SHARE)
        return Deadline(self.deadline.expires_at_s - reserve_s, self.deadline.clock)

    def _contact(self) -> Contact:
        """A request that could not be read says nothing of its sender, withheld or not."""
        if self.problem and not self.asked.contact:
            return Unreadable()
        region = dialled_region(
            self.asked.dialed_number,
            self.settings.regions_by_dialed_number,
            default_region=self.settings.default_region,
        )
        return read_contact(self.asked.contact, default_region=region, channel=self.asked.channel)

    def _name_of(self, customer: Customer | None) -> str:
        return customer.name if customer and self.settings.tell_customer_name else ""

    def _choices(self, match: CustomerMatch) -> dict[str, Scalar]:
        rules = self.settings.rules.ambiguity
        offered = choices(match, rules, business_process=self.asked.business_process)
        values: dict[str, Scalar] = {}
        for number in range(1, MOST_CHOICES + 1):
            choice = offered[number - 1] if number <= len(offered) else None
            values[f"choice_{number}_id"] = choice.id if choice else ""
            values[f"choice_{number}_label"] = choice.label if choice else ""
        return values

    def _attributes(
        self, customer: Customer | None, history: Mapping[str, Scalar]
    ) -> Mapping[str, Scalar]:
        today = self.now.astimezone(ZoneInfo(self.settings.time_zone)).date()
        read = self.settings.shown.read(customer, history, today=today)
        if read.misfits:
            logger.warning("attributes did not fit their types", attributes=list(read.misfits))
        return read.values


def _why_not_asked(contact: Contact) -> NotAsked:
    match contact:
        case Withheld():
            return NotAsked("withheld")
        case Internal():
            return NotAsked("internal")
        case _:
            return NotAsked("unreadable")


def _count(match: CustomerMatch) -> int:
    match match:
        case Known(among=among):
            return among
        case Ambiguous(customers):
            return len(customers)
    return 0
