"""Several customers carry one number: what may decide between them, and what never does.

A rule that cannot decide leaves them ambiguous, and only a customer that was verified to carry
the number can be chosen. By a shared number, such as a company's switchboard, no person is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from switchboard.domain.customer import Ambiguous, Customer, CustomerMatch, Known, Scalar, Unknown
from switchboard.domain.identity import Identity, PhoneNumber
from switchboard.domain.merged_records import surviving_key, survivors
from switchboard.domain.recency import newest_by_attribute, newest_by_ledger

Policy = Literal["ask", "latest", "owner", "account_first", "unknown"]

ACCOUNT_KINDS: Final = frozenset({"account", "accounts", "company", "organisation", "organization"})
# The last contact of each is a query of its own, while a caller waits.
MOST_COMPARED: Final = 10


@dataclass(frozen=True, slots=True)
class AmbiguityRules:
    """What an operator wants done when several customers carry one number or address."""

    policy: Policy = "ask"
    by_business_process: Mapping[str, Policy] = field(default_factory=dict)
    account_kinds: frozenset[str] = ACCOUNT_KINDS
    owner_attribute: str = ""
    latest_attribute: str = ""
    choice_label: str = "kind"
    shared_numbers: frozenset[str] = field(default=frozenset(), repr=False)
    suggest_shared_from: int = 3

    def policy_for(self, business_process: str) -> Policy:
        """The policy of a Business Process, however its name is capitalised."""
        wanted = business_process.strip().casefold()
        for name, policy in self.by_business_process.items():
            if name.strip().casefold() == wanted:
                return policy
        return self.policy

    def is_account(self, customer: Customer) -> bool:
        """Whether the record is a company's and not a person's."""
        return customer.kind.strip().casefold() in self.account_kinds

    def is_shared(self, asked: Identity) -> bool:
        """Whether many people are behind this number."""
        return isinstance(asked, PhoneNumber) and asked.e164 in self.shared_numbers

    def needs_last_contacts(self, match: CustomerMatch, business_process: str) -> bool:
        """Whether `resolve` wants to know when each customer of the match was last in contact."""
        return (
            isinstance(match, Ambiguous)
            and self.policy_for(business_process) == "latest"
            and not self.latest_attribute
            and 1 < len(survivors(match.customers)) <= MOST_COMPARED
        )


def resolve(
    match: CustomerMatch,
    asked: Identity,
    *,
    rules: AmbiguityRules,
    business_process: str,
    chosen: str,
    last_contacts: Mapping[str, datetime],
) -> CustomerMatch:
    """Which of the customers it is, or still all of them where nothing decides.

    Give every match, a known one too: it may be a merged record, or a person behind a shared
    number. `chosen` is the `customer_id` that a flow sent back, and counts only if that customer
    carries the number. `last_contacts` is by customer key, of all of the match or of none: where
    one could not be read, the others say nothing about who was last.
    """
    if not isinstance(match, Known | Ambiguous):
        return match
    found = match.customers if isinstance(match, Ambiguous) else (match.customer,)
    customers = survivors(found)
    is_shared = rules.is_shared(asked)
    eligible = tuple(c for c in customers if not is_shared or rules.is_account(c))
    policy = rules.policy_for(business_process)
    contacts = _of_survivors(last_contacts, found)
    picked = _only(eligible) or _picked(policy, eligible, rules, contacts)
    wanted = _wanted(chosen, found, eligible)
    if wanted and wanted != picked:
        return Known(wanted, match.source, len(customers), "choice")
    if picked:
        return Known(picked, match.source, len(customers), _how(policy, eligible, customers))
    if policy == "unknown":
        return Unknown(match.source)
    return Ambiguous(customers, match.source, by_shared_number=is_shared)


def _picked(
    policy: Policy,
    customers: Sequence[Customer],
    rules: AmbiguityRules,
    last_contacts: Mapping[str, datetime],
) -> Customer | None:
    match policy:
        case "latest" if rules.latest_attribute:
            return newest_by_attribute(customers, rules.latest_attribute)
        case "latest":
            return newest_by_ledger(customers, last_contacts)
        case "owner":
            return _only([c for c in customers if _is_owned(c, rules.owner_attribute)])
        case "account_first":
            return _only([c for c in customers if rules.is_account(c)])
        case "ask" | "unknown":
            return None


def _of_survivors(
    last_contacts: Mapping[str, datetime], found: Sequence[Customer]
) -> dict[str, datetime]:
    """Who spoke with a merged record spoke with its survivor."""
    records = {customer.key: customer for customer in found}
    latest: dict[str, datetime] = {}
    for key, at in last_contacts.items():
        survivor = surviving_key(key, records)
        latest[survivor] = max(at, latest.get(survivor, at))
    return latest


def _wanted(
    chosen: str, found: Sequence[Customer], eligible: Sequence[Customer]
) -> Customer | None:
    """The customer that was chosen; a flow may send the id of a record that was merged since."""
    key = surviving_key(chosen.strip(), {customer.key: customer for customer in found})
    return next((customer for customer in eligible if customer.key == key), None)


def _how(policy: Policy, eligible: Sequence[Customer], customers: Sequence[Customer]) -> str:
    """What decided. Nothing had to where there is one customer only."""
    if len(eligible) > 1:
        return policy
    return "account_first" if len(customers) > 1 else ""


def _is_owned(customer: Customer, attribute: str) -> bool:
    owner: Scalar = customer.attributes.get(attribute)
    return bool(owner.strip() if isinstance(owner, str) else owner)


def _only(customers: Sequence[Customer]) -> Customer | None:
    return customers[0] if len(customers) == 1 else None
