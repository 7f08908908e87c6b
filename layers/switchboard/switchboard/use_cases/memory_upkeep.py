"""What lookups remember is kept true: a change that we hear of, or make, is forgotten at once."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime

from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import EmailAddress, Identity, PhoneNumber, read_contact
from switchboard.domain.signals import ChangeSignal
from switchboard.errors import StateUnavailable
from switchboard.ports import Crm, LookupMemory

_log = logging.getLogger(__name__)


def forget_changes(
    changes: Sequence[ChangeSignal],
    *,
    connector: str,
    default_region: str,
    memory: LookupMemory,
    now: datetime,
    deadline: Deadline,
) -> None:
    """Forget the customers under whatever they were found by, and who had their contacts before.

    An answer that is under way at this moment is not kept either. What many changes say is
    forgotten once. Safe to repeat.

    Raises: StateUnavailable at the first outage, or when the time is up: it is to be told again.
    """
    for customer_id in dict.fromkeys(change.customer_id for change in changes):
        _require_time(deadline)
        if customer_id:
            memory.forget_customer(f"{connector}:{customer_id}", now=now)
    for written in dict.fromkeys(written for change in changes for written in change.contacts):
        _require_time(deadline)
        contact = read_contact(written, default_region=default_region)
        if isinstance(contact, PhoneNumber | EmailAddress):
            memory.forget(connector, contact, now=now)


def forget_contact(asked: Identity, *, crm: Crm, memory: LookupMemory, now: datetime) -> None:
    """A contact was made: nobody may hear any more that there is none.

    Our tables' outage leaves "nobody" believed for as briefly as it always is.
    """
    try:
        memory.forget(crm.connector, asked, now=now)
    except StateUnavailable as error:
        _log.warning("lookup not forgotten: %s", error.code)


def outdate_contacts(
    asked: Collection[tuple[str, Identity]], *, memory: LookupMemory, now: datetime
) -> None:
    """Records were written in these connectors: the next lookups renew what they know.

    Not worth failing for.
    """
    if not asked:
        return
    try:
        memory.outdate(asked, now=now)
    except StateUnavailable as error:
        _log.warning("lookups not outdated: %s", error.code)


def _require_time(deadline: Deadline) -> None:
    if deadline.has_passed:
        raise StateUnavailable("no time was left to forget what changed")
