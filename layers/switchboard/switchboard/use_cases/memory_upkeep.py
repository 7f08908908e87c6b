"""What lookups remember is kept true: a change that we hear of, or make, is forgotten at once."""

import logging
from datetime import datetime

from switchboard.domain.identity import EmailAddress, Identity, PhoneNumber, read_contact
from switchboard.domain.signals import ChangeSignal
from switchboard.errors import StateUnavailable
from switchboard.ports import Crm, LookupMemory

_log = logging.getLogger(__name__)


def forget_change(
    change: ChangeSignal,
    *,
    connector: str,
    default_region: str,
    memory: LookupMemory,
    now: datetime,
) -> None:
    """Forget the customer under whatever it was found by, and who its contacts were before.

    An answer that is under way at this moment is not kept either. Safe to repeat.

    Raises: StateUnavailable.
    """
    if change.customer_id:
        memory.forget_customer(f"{connector}:{change.customer_id}", now=now)
    for written in change.contacts:
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


def outdate_contact(asked: Identity, *, crm: Crm, memory: LookupMemory, now: datetime) -> None:
    """A record was written: the next lookup renews what it knows. Not worth failing for."""
    try:
        memory.outdate(crm.connector, asked, now=now)
    except StateUnavailable as error:
        _log.warning("lookup not outdated: %s", error.code)
