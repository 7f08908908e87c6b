"""An interaction arrives: who is it? Answered from memory or one CRM call, always in time."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeGuard, assert_never

from switchboard.domain.customer import (
    Ambiguous,
    CustomerMatch,
    Degraded,
    Known,
    NotAsked,
    Source,
    Unknown,
    match_customers,
)
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import Contact, EmailAddress, Identity, PhoneNumber, Withheld
from switchboard.errors import Misconfigured, StateUnavailable, UpstreamError
from switchboard.ports import Arrival, Crm, InteractionLedger, LookupMemory, RememberedCustomers

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LookupRules:
    """How long a CRM's answer is believed, in seconds.

    A known customer is fresh for `fresh_s`, "nobody" only for `negative_s`. While the CRM is
    down, an answer up to `stale_s` old beats none.
    """

    default_region: str
    fresh_s: int = 60
    negative_s: int = 10
    stale_s: int = 86_400


def look_up_customer(
    contact: Contact,
    *,
    crms: Sequence[Crm],
    memory: LookupMemory,
    rules: LookupRules,
    deadline: Deadline,
    now: datetime,
) -> CustomerMatch:
    """Who has this number or address: the first CRM that knows anybody decides.

    Never raises for a CRM or a table that is down: that is `Degraded`, unless another CRM or an
    earlier answer helps.
    """
    match contact:
        case PhoneNumber() | EmailAddress():
            return _ask_in_order(contact, crms, memory, rules, deadline, now)
        case Withheld():
            return NotAsked("withheld")
        case _:
            return NotAsked("unreadable")


def note_arrival(
    interaction_id: str | None,
    arrival: Arrival,
    *,
    ledger: InteractionLedger,
    deadline: Deadline,
) -> None:
    """Keep what was found for the desk and the posting.

    A ledger that is down, or a deadline that has passed, costs the note and never the answer.
    """
    if not interaction_id:
        return
    if deadline.has_passed:
        _log.warning("arrival not noted: no time left")
        return
    try:
        ledger.note_arrival(interaction_id, arrival)
    except StateUnavailable as error:
        _log.warning("arrival not noted: %s", error.code)


def outcome_of(match: CustomerMatch) -> str:
    """The word for it in answers to ECS, in logs and in the ledger."""
    match match:
        case Known():
            return "known"
        case Unknown():
            return "unknown"
        case Ambiguous():
            return "ambiguous"
        case NotAsked(reason):
            return reason
        case Degraded():
            return "degraded"
    assert_never(match)


def source_of(match: CustomerMatch) -> Source:
    match match:
        case Known() | Unknown() | Ambiguous():
            return match.source
        case NotAsked() | Degraded():
            return "default"
    assert_never(match)


def _ask_in_order(
    identity: Identity,
    crms: Sequence[Crm],
    memory: LookupMemory,
    rules: LookupRules,
    deadline: Deadline,
    now: datetime,
) -> CustomerMatch:
    answer: CustomerMatch = Unknown()
    for crm in crms:
        match = _ask(crm, identity, memory, rules, deadline, now)
        if isinstance(match, Known | Ambiguous):
            return match
        if not isinstance(answer, Degraded):
            answer = match  # "nobody" is only said when every CRM said it
    return answer


def _ask(
    crm: Crm,
    identity: Identity,
    memory: LookupMemory,
    rules: LookupRules,
    deadline: Deadline,
    now: datetime,
) -> CustomerMatch:
    remembered = _recall(crm, identity, memory)
    if remembered and _age(remembered, now) < _believed_for(remembered, rules):
        return _matched(remembered, identity, rules, "cache")
    try:
        customers = crm.find(identity, deadline=deadline)
    except (UpstreamError, Misconfigured, StateUnavailable) as error:
        _log.warning("crm lookup failed: %s %s", crm.connector, error.code)
        if _bridges(remembered, now, rules):
            return _matched(remembered, identity, rules, "stale")
        return Degraded(error.code)
    if not deadline.has_passed:
        _remember(crm, identity, RememberedCustomers(customers, now), memory, rules)
    return match_customers(customers, identity, default_region=rules.default_region)


def _matched(
    remembered: RememberedCustomers, identity: Identity, rules: LookupRules, source: Source
) -> CustomerMatch:
    match = match_customers(remembered.customers, identity, default_region=rules.default_region)
    return replace(match, source=source)


def _age(remembered: RememberedCustomers, now: datetime) -> timedelta:
    return now - remembered.looked_up_at


def _believed_for(remembered: RememberedCustomers, rules: LookupRules) -> timedelta:
    return timedelta(seconds=rules.fresh_s if remembered.customers else rules.negative_s)


def _bridges(
    remembered: RememberedCustomers | None, now: datetime, rules: LookupRules
) -> TypeGuard[RememberedCustomers]:
    """Whether an old answer may stand in for a CRM that gives none. An old "nobody" may not."""
    return (
        remembered is not None
        and bool(remembered.customers)
        and _age(remembered, now) < timedelta(seconds=rules.stale_s)
    )


def _recall(crm: Crm, identity: Identity, memory: LookupMemory) -> RememberedCustomers | None:
    try:
        return memory.recall(crm.connector, identity)
    except StateUnavailable as error:
        _log.warning("lookup memory not read: %s", error.code)
        return None


def _remember(
    crm: Crm,
    identity: Identity,
    answer: RememberedCustomers,
    memory: LookupMemory,
    rules: LookupRules,
) -> None:
    try:
        memory.remember(
            crm.connector, identity, answer.customers, now=answer.looked_up_at, keep_s=rules.stale_s
        )
    except StateUnavailable as error:
        _log.warning("lookup not remembered: %s", error.code)
