"""What a flow may ask a caller when several customers carry one number."""

from dataclasses import dataclass, field
from typing import Final

from switchboard.domain.ambiguity import AmbiguityRules
from switchboard.domain.customer import Ambiguous, Customer, CustomerMatch

MOST_CHOICES: Final = 3
# Every other word for a label is the name of a CRM attribute.
PLAIN_LABELS: Final = frozenset({"kind", "name"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One customer to choose: its key, and the words for it in a prompt."""

    id: str
    label: str = field(repr=False)


def choices(
    match: CustomerMatch, rules: AmbiguityRules, *, business_process: str
) -> tuple[Choice, ...]:
    """At most three, accounts first; none unless the policy is to ask.

    Give what `resolve` left. By a shared number nobody hears who else works there: only accounts
    are choices. Choices that sound alike are no choices, so there are none of them then.
    """
    if not isinstance(match, Ambiguous) or rules.policy_for(business_process) != "ask":
        return ()
    accounts = [c for c in match.customers if rules.is_account(c)]
    people = [c for c in match.customers if not rules.is_account(c)]
    offered = accounts if match.by_shared_number else [*accounts, *people]
    listed = tuple(Choice(c.key, _label(c, rules.choice_label)) for c in offered[:MOST_CHOICES])
    return listed if _can_be_told_apart(listed) else ()


def _label(customer: Customer, wanted: str) -> str:
    match wanted:
        case "kind":
            return customer.kind
        case "name":
            return customer.name
    value = customer.attributes.get(wanted)
    return "" if value is None else str(value)


def _can_be_told_apart(listed: tuple[Choice, ...]) -> bool:
    labels = {" ".join(choice.label.split()).casefold() for choice in listed}
    return len(listed) > 1 and len(labels) == len(listed) and "" not in labels
