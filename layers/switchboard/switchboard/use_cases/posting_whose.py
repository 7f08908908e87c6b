"""Whose record it is in a CRM: as found on arrival, or looked up now. Never a guess."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from switchboard.domain.ambiguity import resolve
from switchboard.domain.customer import Customer, Known, Unknown, match_customers
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import (
    EmailAddress,
    PhoneNumber,
    Reachable,
    dialled_region,
    read_contact,
)
from switchboard.domain.interaction import Interaction
from switchboard.errors import UpstreamThrottled
from switchboard.ports import Crm, LedgerRow, LookupMemory, OnceStore
from switchboard.use_cases.memory_upkeep import forget_contact
from switchboard.use_cases.posting_run import PostingRun


@dataclass(frozen=True, slots=True)
class Nobody:
    """The CRM does not know them. `contact` is what they were reached by; None when that is
    withheld, or several have it: then nobody will be found later either."""

    contact: Reachable | None = None


Whose = Customer | Nobody


def contact_of(interaction: Interaction, run: PostingRun) -> Reachable | None:
    """Who it was with, read as on arrival: a number is dialled where its caller lives."""
    region = dialled_region(
        interaction.get("dialed_number"), run.regions, default_region=run.default_region
    )
    contact = read_contact(
        interaction.get("contact"), default_region=region, channel=interaction.get("channel")
    )
    return contact if isinstance(contact, PhoneNumber | EmailAddress) else None


def whose_record(row: LedgerRow, crm: Crm, run: PostingRun, deadline: Deadline) -> Whose:
    """Raises: UpstreamError, Misconfigured."""
    if known := _known(row, crm):
        return known
    contact = contact_of(row.interaction, run)
    if contact is None:
        return Nobody()
    rows = crm.find(contact, deadline=deadline)
    found = match_customers(rows, contact, default_region=crm.default_region)
    if isinstance(found, Unknown):
        return Nobody(contact)
    whose = resolve(
        found,
        contact,
        rules=run.ambiguity,
        business_process=row.interaction.get("business_process"),
        chosen=row.interaction.get("customer_id"),
        last_contacts={},
    )
    return whose.customer if isinstance(whose, Known) else Nobody()


def make_contact(
    contact: Reachable,
    row: LedgerRow,
    crm: Crm,
    *,
    once: OnceStore,
    memory: LookupMemory,
    run: PostingRun,
    deadline: Deadline,
) -> Customer:
    """A contact for somebody whom nobody had; only one worker makes it.

    Nobody makes another until the CRM's search must have seen it, whatever became of us.

    Raises: UpstreamError, Misconfigured, StateUnavailable.
    """
    # Whoever made it sends nothing after the lease, what was sent may be under way for a while, and
    # only then does the search begin to trail.
    keep_s = ceil(run.times.lease_s + run.times.in_flight_s + crm.contact_settle_s)
    claim = f"contact#{crm.connector}#{contact.canonical}"
    if not once.claim(claim, now=run.clock(), keep_s=keep_s):
        raise UpstreamThrottled(crm.connector, "the contact is being made", keep_s)
    try:
        return crm.create_contact(contact, reference=row.interaction.id, deadline=deadline)
    finally:
        # Also when the answer was lost: lookups must not go on saying that nobody has it.
        forget_contact(contact, crm=crm, memory=memory, now=run.clock())


def customer_keys(row: LedgerRow, found: Mapping[str, str]) -> tuple[str, list[str]]:
    """Whose interaction it is where nobody knew, and under which other keys they are known.

    `found` are the customers' keys of this run, by connector.
    """
    keys = list(dict.fromkeys(key for key in found.values() if key and key != row.customer_key))
    if row.customer_key or not keys:
        return "", keys
    return keys[0], keys[1:]


def _known(row: LedgerRow, crm: Crm) -> Customer | None:
    """The customer as found on arrival, if it was found in this CRM."""
    known = row.arrival.customer if row.arrival else None
    return known if known and known.connector == crm.connector else None
