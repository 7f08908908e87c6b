"""Who a contact is: a telephone number or an e-mail address, normalised, or a reason why not."""

import re
from dataclasses import dataclass, field
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat

_WITHHELD: Final = frozenset(
    {"anonymous", "private", "restricted", "unavailable", "unknown", "withheld", "blocked"}
)
_URI_PREFIX: Final = re.compile(r"^(tel|sips?|mailto):", re.IGNORECASE)
_EMAIL: Final = re.compile(r"^[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+$")
_IN_BRACKETS: Final = re.compile(r"<([^<>]*)>\s*$")
_SHORTEST_NUMBER: Final = 4
_LONGEST_TEXT: Final = 320  # RFC 5321: 64 octets, "@", 255 octets


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number in E.164, for example ``+441632960123``. Build it with `read_contact`."""

    e164: str = field(repr=False)

    @property
    def digits(self) -> str:
        """Country code and number, without the plus."""
        return self.e164[1:]

    @property
    def country_code(self) -> str:
        return str(self._parsed.country_code)

    @property
    def region(self) -> str | None:
        """The ISO 3166 region of the numbering plan, for example ``US``; None when it has none."""
        return phonenumbers.region_code_for_number(self._parsed)

    @property
    def national_digits(self) -> str:
        """The national significant number, digits only."""
        return phonenumbers.national_significant_number(self._parsed)

    @property
    def national(self) -> str:
        """As it is written inside its country: ``(415) 555-0142``."""
        return phonenumbers.format_number(self._parsed, PhoneNumberFormat.NATIONAL)

    @property
    def international(self) -> str:
        """As it is written abroad: ``+1 415-555-0142``."""
        return phonenumbers.format_number(self._parsed, PhoneNumberFormat.INTERNATIONAL)

    @property
    def _parsed(self) -> phonenumbers.PhoneNumber:
        return phonenumbers.parse(self.e164)

    def __str__(self) -> str:
        """Masked, so that a number in a log line or an error never identifies a person."""
        return f"+…{self.e164[-2:]}"


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An e-mail address, lower case. Build it with `read_contact`."""

    address: str = field(repr=False)

    def __str__(self) -> str:
        """Masked, like a number."""
        return "…@…"


@dataclass(frozen=True, slots=True)
class Withheld:
    """The contact chose not to say, or the network did not pass it on."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something was sent that is neither a number nor an address."""


Identity = PhoneNumber | EmailAddress
Contact = PhoneNumber | EmailAddress | Withheld | Unreadable


def read_contact(raw: str | None, *, default_region: str) -> Contact:
    """Read a number or an address the way people and PBXs write it.

    `default_region` (ISO 3166, for example ``US``) is where a number without country code is
    dialled. SIP and tel URIs, extensions and display names are understood.

    Source: ITU-T E.164 and E.123, by way of libphonenumber's own rules.
    """
    text = _without_display_name((raw or "").strip())
    scheme = _URI_PREFIX.match(text)
    text = _URI_PREFIX.sub("", text)
    if not text or _is_withheld(
        text.lower(), is_call=bool(scheme and scheme[1].lower() != "mailto")
    ):
        return Withheld()
    if len(text) > _LONGEST_TEXT:
        return Unreadable()
    number = _dialled(text, default_region)
    if number is not None:
        return number
    if _EMAIL.match(text):
        return EmailAddress(text.lower())
    return Unreadable()


def read_phone(raw: str, *, default_region: str) -> PhoneNumber | None:
    """The number in a field that should hold one; None when it does not. Extensions are dropped."""
    if sum(character.isdigit() for character in raw) < _SHORTEST_NUMBER:
        return None
    try:
        parsed = phonenumbers.parse(raw, default_region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    parsed.extension = None
    return PhoneNumber(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


def same_identity(asked: Identity, stored: str, *, default_region: str) -> bool:
    """Whether a value from a CRM record is the number or address that was asked for."""
    match asked:
        case PhoneNumber():
            return read_phone(stored, default_region=default_region) == asked
        case EmailAddress(address):
            return stored.strip().lower() == address


def _dialled(text: str, default_region: str) -> PhoneNumber | None:
    """The number that a text is, or that stands before the @ of a SIP URI."""
    user, at, _ = text.partition("@")
    user = user.split(";")[0]
    # "ada4155550142@example.com" is somebody's address, not a number on a PBX.
    if at and any(character.isalpha() for character in user):
        return None
    return read_phone(user, default_region=default_region)


def _is_withheld(text: str, *, is_call: bool) -> bool:
    """Anonymous at a SIP host is nobody; private@example.com may be somebody's mailbox."""
    user, _, domain = text.partition("@")
    return user in _WITHHELD and (is_call or not domain or domain.endswith(".invalid"))


def _without_display_name(text: str) -> str:
    bracketed = _IN_BRACKETS.search(text)
    return bracketed.group(1).strip() if bracketed else text
