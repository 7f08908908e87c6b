"""Telephone numbers, read the way people and PBXs write them.

Source: ITU-T E.164 and E.123, by way of libphonenumber's own rules. What those leave open is
decided here: letters, prefixes of other countries, several numbers in one field.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

import phonenumbers
from phonenumbers import PhoneNumberFormat, ValidationResult

from switchboard.domain.contact_text import LONGEST_TEXT, ContactText, cleaned, parts_of, unwrapped

_BEGINNING: Final = re.compile(r"[+\d(]")
# Where a number ends: at a word, at another number, at what is dialled after it. libphonenumber
# knows more marks for an extension (#12, -12#), and where a dialling tone is waited for (0~00).
_END: Final = re.compile(r"[^\W\d_]|[,;:|*\n]")
_MARK: Final = re.compile(r"[#~]")
_IN_LETTERS: Final = re.compile(r"[+\d\s().-]*[A-Za-z][A-Za-z\d\s().-]*")
_ABROAD: Final = re.compile(r"\(?(?:00|011)[\s).-]*(?=[1-9])")
_SHOWN_AGAIN: Final = re.compile(r"\*82[\s.-]*")  # lifts the block of *67 for one call
_EXTENSION: Final = re.compile(r"(?:(?:ext|extension|x)[\s.:]*)?[*#]*\d{1,6}[*#]*", re.IGNORECASE)
_NOT_A_DIGIT: Final = re.compile(r"\D")
# Whatever else such a text is read as, its last digits stand in it.
_PLAIN: Final = re.compile(r"[0-9 ().+/-]*")
_ENDING: Final = 4
_SHORTEST_UNLISTED: Final = 7
_LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number in E.164, for example ``+441632960123``. Build it with `read_phone`."""

    kind: ClassVar[Literal["phone"]] = "phone"

    e164: str = field(repr=False)

    @property
    def canonical(self) -> str:
        return self.e164

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


def read_phone(raw: str, *, default_region: str) -> PhoneNumber | None:
    """The number in a field that should hold one; None when it does not.

    A number without country code is one of `default_region` (ISO 3166, for example ``US``).
    Extensions are dropped; of several numbers the first counts.
    """
    if len(raw) > LONGEST_TEXT:
        return None
    for text in unwrapped(cleaned(raw)):
        contact = parts_of(text)
        if contact.host and not contact.is_call:
            return None  # an e-mail address
        if number := number_in(contact, default_region=default_region):
            return number
    return None


def is_written_as(number: PhoneNumber, written: str, *, default_region: str) -> bool:
    """Whether the text is that number; quick to say no, because a CRM may send thousands."""
    if written == number.e164:
        return True
    if _PLAIN.fullmatch(written) and number.e164[-_ENDING:] not in _NOT_A_DIGIT.sub("", written):
        return False
    return read_phone(written, default_region=default_region) == number


def number_in(contact: ContactText, *, default_region: str) -> PhoneNumber | None:
    """The number that a contact's user part is; None when it is none."""
    user = contact.user.partition(";")[0]
    if contact.host and any(character.isalpha() for character in user):
        return None  # ada4155550142@example.com is somebody's address, not a number on a PBX
    text = contact.context + _SHOWN_AGAIN.sub("", user, count=1)
    if len(text) > _LONGEST:
        return None
    for reading, must_be_listed in _readings(text, default_region):
        if number := _read(reading, default_region, must_be_listed=must_be_listed):
            return number
    return None


def is_extension(contact: ContactText) -> bool:
    """Whether a contact's user part is dialled inside a PBX only, or asks a network for a service.

    Ask `number_in` first: in some countries a subscriber has as few digits as an extension.
    """
    return _EXTENSION.fullmatch(contact.user.partition(";")[0].strip()) is not None


def _readings(text: str, default_region: str) -> Iterator[tuple[str, bool]]:
    """What the number in a text may be, the likeliest first; and whether only if it is listed.

    Numbering plans change faster than libraries, so a number that no plan lists counts as well;
    but not before everything that is listed was tried.
    """
    beginning = _BEGINNING.search(text)
    if beginning is None or text[: beginning.start()][-1:].isalpha():
        return
    text = text[beginning.start() :]
    end = _END.search(text)
    marked = text[: end.start()] if end else text
    number = _MARK.split(marked, maxsplit=1)[0]
    without_trunk_zero = number.replace("(0)", "")
    from_abroad = _ABROAD.sub("+", number, count=1)
    digits = _NOT_A_DIGIT.sub("", number)
    own_code = phonenumbers.country_code_for_region(default_region)

    if marked != number:
        yield marked, False
    yield number, True
    yield without_trunk_zero, True
    yield from_abroad, True
    if digits.startswith(str(own_code)):
        yield f"+{digits}", True
    yield number, False
    yield number.partition("/")[0], False  # between two numbers; inside of one it was read above
    if _IN_LETTERS.fullmatch(text):
        yield text, False
    yield from_abroad, False
    if not digits.startswith("0"):
        yield f"+{digits}", True


def _read(text: str, default_region: str, *, must_be_listed: bool) -> PhoneNumber | None:
    """A number in E.164. One that no plan lists must be complete, and longer than an extension."""
    number = _parsed(text, default_region)
    if number is None:
        return None
    if not phonenumbers.is_valid_number(number):
        is_long = text.startswith("+") or len(_NOT_A_DIGIT.sub("", text)) >= _SHORTEST_UNLISTED
        possible = phonenumbers.is_possible_number_with_reason(number)
        if must_be_listed or not is_long or possible is not ValidationResult.IS_POSSIBLE:
            return None
    number.extension = None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    # Zeros too many leave another number behind each time that they are read.
    return PhoneNumber(e164) if _parsed(e164, default_region) == number else None


def _parsed(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
