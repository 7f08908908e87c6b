"""Who a contact is: a telephone number, an e-mail address or an account number; or why not."""

from collections.abc import Mapping
from dataclasses import dataclass

from switchboard.domain.account import AccountNumber, account_pattern_problem, read_account
from switchboard.domain.contact_text import (
    LONGEST_TEXT,
    cleaned,
    parts_of,
    unwrapped,
)
from switchboard.domain.email import EmailAddress, address_in, read_email
from switchboard.domain.phone import (
    PhoneNumber,
    is_extension,
    is_written_as,
    number_in,
    read_phone,
)
from switchboard.domain.withheld import is_withheld

__all__ = [
    "AccountNumber",
    "Contact",
    "EmailAddress",
    "Identity",
    "Internal",
    "PhoneNumber",
    "Reachable",
    "Unreadable",
    "Withheld",
    "account_pattern_problem",
    "dialled_region",
    "read_account",
    "read_contact",
    "read_email",
    "read_phone",
    "same_identity",
]


@dataclass(frozen=True, slots=True)
class Internal:
    """A short extension or a service code: a colleague or the network, not a customer's number."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """The contact chose not to say, or the network did not pass it on."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something was sent that is neither a number nor an address."""


Reachable = PhoneNumber | EmailAddress
Identity = Reachable | AccountNumber
Contact = Reachable | Internal | Withheld | Unreadable


def read_contact(raw: str | None, *, default_region: str, channel: str = "") -> Contact:
    """Read a number or an address the way people and PBXs write it. Never raises.

    `default_region` (ISO 3166, for example ``US``) is where a number without country code is
    dialled. Where `channel` is ``email``, digits before an @ are a mailbox and no telephone.
    """
    if raw and len(raw) > LONGEST_TEXT:
        return Unreadable()
    texts = unwrapped(cleaned(raw or ""))
    found = (_contact(text, default_region, channel) for text in texts)
    return next((one for one in found if not isinstance(one, Unreadable)), Unreadable())


def same_identity(asked: Identity, stored: str, *, default_region: str) -> bool:
    """Whether a value from a CRM record is the number or address that was asked for."""
    match asked:
        case PhoneNumber():
            return is_written_as(asked, stored, default_region=default_region)
        case EmailAddress():
            return read_email(stored) == asked
        case AccountNumber():
            return read_account(stored) == asked


def dialled_region(dialled: str | None, regions: Mapping[str, str], *, default_region: str) -> str:
    """Where those who call this number live: the longest of `regions`' prefixes wins.

    Prefixes are those of E.164 with their plus: ``{"+44": "GB", "+1415": "US"}``.
    """
    number = read_contact(dialled, default_region=default_region)
    if not isinstance(number, PhoneNumber):
        return default_region
    fitting = [prefix for prefix in regions if number.e164.startswith(prefix)]
    return regions[max(fitting, key=len)] if fitting else default_region


def _contact(text: str, default_region: str, channel: str) -> Contact:
    contact = parts_of(text)
    if is_withheld(contact):
        return Withheld()
    may_be_called = contact.is_call or not contact.host or channel != "email"
    if may_be_called and (number := number_in(contact, default_region=default_region)):
        return number
    if is_extension(contact) and (contact.is_call or not contact.host):
        return Internal()
    if address := address_in(text):
        return address
    return Internal() if is_extension(contact) else Unreadable()
