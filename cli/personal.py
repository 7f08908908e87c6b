"""What kind of thing a value is, by its key and its look: somebody's number, a name, a code, an id.

Rule: what is not surely harmless counts as personal. CRMs name their fields in every language.
"""

import re
from enum import Enum
from itertools import pairwise
from typing import Final

from switchboard.domain.identity import read_phone


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set to look things up in."""
    return frozenset(text.split())


_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
EMAIL: Final = re.compile(r"[^\s@<>\"'(),;:/?&=]+@[^\s@<>\"'(),;:/?&=]+\.[A-Za-z]{2,}")
PHONE: Final = re.compile(r"(?<![\w.+-])(?:\+|00|\()?\d[\d\s()./-]{5,20}\d(?![\w-])")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,39}|[a-z][a-z0-9]*([_.-][a-z0-9]+)*|[a-z]{2}-[A-Z]{2}")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_SMALL_NUMBER: Final = re.compile(r"-?\d{1,6}([.,]\d{1,4})?")
_ID_LIKE: Final = re.compile(r"(?=.*\d)[A-Za-z0-9_:.\-]{1,80}")
_FEWEST_DIGITS: Final = 7

_PHONE_WORDS: Final = words(
    "phone phones mobile mobiles cell cellphone tel telephone telephones msisdn fax handy mobil "
    "mobiltelefon telefon telefono telefone telefoon telefonnummer rufnummer caller ani cli "
    "téléphone teléfono movil celular gsm landline whatsapp phonenumber dialed"
)
_EMAIL_WORDS: Final = words(
    "email emails mail mails emailaddress correo courriel epost mailadresse"
)
_REMARK_WORDS: Final = words(
    "remark remarks note notes notiz comment comments kommentar description beschreibung text "
    "content body message summary bemerkung opmerking observaciones nota details memo"
)
_NAME_WORDS: Final = words(
    "name names fullname displayname nombre nom naam nome vorname nachname apellido achternaam "
    "voornaam prenom prénom surname firstname lastname forename title label contactname"
)
_FIRST_WORDS: Final = words("first given forename firstname vorname prenom prénom")
_LAST_WORDS: Final = words("last family surname lastname nachname apellido achternaam familienname")
_BIRTH_WORDS: Final = words("birth birthday birthdate dob geburtstag geboren")
_ID_WORDS: Final = words(
    "id ids uuid guid key ref reference external number nr no href url uri link next prev self"
)
_CODE_WORDS: Final = words(
    "status state type kind tier level segment language lang locale currency code error direction "
    "channel priority country region zone timezone role stage category class source result "
    "outcome disposition enum scope rating revision version created updated modified object "
    "tariff plan"
)
_AREA_WORDS: Final = words(
    "zip postcode postal plz pin postleitzahl cp house street birth year age"
)
_ADDRESS_WORDS: Final = words("url uri href link next prev self location")


class Kind(Enum):
    """How a value is treated when it is shown or kept."""

    PHONE = "phone"
    EMAIL = "email"
    FIRST_NAME = "first name"
    LAST_NAME = "last name"
    NAME = "name"
    REMARK = "remark"
    BIRTH = "birth"
    MOMENT = "moment"
    ADDRESS = "address"
    ID = "id"
    CODE = "code"
    TEXT = "text"


PLAIN: Final = frozenset({Kind.MOMENT, Kind.ID, Kind.CODE, Kind.ADDRESS})


def words_of(name: str) -> list[str]:
    """The words of a field's name, in lower case: `mobilePhone_1` is mobile, phone, 1."""
    return [word.lower() for word in _WORD.findall(name)]


def is_phone_name(name: str) -> bool:
    return bool(_PHONE_WORDS.intersection(compounds_of(name))) and not is_email_name(name)


def is_email_name(name: str) -> bool:
    return bool(_EMAIL_WORDS.intersection(compounds_of(name)))


def is_name_name(name: str) -> bool:
    return bool(compounds_of(name) & (_NAME_WORDS | _FIRST_WORDS | _LAST_WORDS))


def is_first_name(name: str) -> bool:
    return bool(_FIRST_WORDS.intersection(compounds_of(name)))


def is_last_name(name: str) -> bool:
    return bool(_LAST_WORDS.intersection(compounds_of(name)))


def is_remark_name(name: str) -> bool:
    return bool(_REMARK_WORDS.intersection(compounds_of(name)))


def is_id_name(name: str) -> bool:
    return bool(_ID_WORDS.intersection(words_of(name)))


def looks_like_phone(text: str) -> bool:
    """Something a person would dial, from its look alone."""
    return bool(PHONE.fullmatch(text.strip())) and not _MOMENT.match(text.strip())


def looks_like_email(text: str) -> bool:
    return bool(EMAIL.fullmatch(text.strip()))


def kind_of(name: str, text: str) -> Kind:
    """What the text under this name is. When in doubt it is `TEXT`, which is not shown."""
    by_look = _kind_by_look(name, text)
    return by_look or _kind_by_name(name, text) or Kind.TEXT


def _kind_by_look(name: str, text: str) -> Kind | None:
    if EMAIL.search(text):
        return Kind.EMAIL if looks_like_email(text) else Kind.REMARK
    if _MOMENT.fullmatch(text):
        return Kind.BIRTH if _BIRTH_WORDS.intersection(compounds_of(name)) else Kind.MOMENT
    if is_phone_name(name) and any(character.isdigit() for character in text):
        return Kind.PHONE
    if _UUID.fullmatch(text):
        return Kind.ID
    if text.startswith(("http://", "https://")):
        return Kind.ADDRESS
    # An id of digits alone looks like a number to dial; the field's name tells them apart.
    if looks_like_phone(text) and not is_id_name(name) and _is_dialled(text):
        return Kind.PHONE
    return None


def _kind_by_name(name: str, text: str) -> Kind | None:
    said = compounds_of(name)
    if said & _ADDRESS_WORDS and text.startswith("/"):
        return Kind.ADDRESS
    is_code = bool(_CODE.fullmatch(text))
    if is_id_name(name) and (_ID_LIKE.fullmatch(text) or is_code):
        return Kind.ID
    if _SMALL_NUMBER.fullmatch(text) and not said & _AREA_WORDS:
        return Kind.CODE
    if said & _CODE_WORDS and (is_code or len(text.split()) <= 1):
        return Kind.CODE
    for kind, is_one in (
        (Kind.FIRST_NAME, is_first_name),
        (Kind.LAST_NAME, is_last_name),
        (Kind.NAME, is_name_name),
        (Kind.REMARK, is_remark_name),
    ):
        if is_one(name):
            return kind
    return None


def _is_dialled(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    has_form = text.startswith(("+", "00", "(", "0")) or any(mark in text for mark in " -/()")
    return digits >= _FEWEST_DIGITS and (has_form or bool(read_phone(text, default_region="US")))


def compounds_of(name: str) -> set[str]:
    """Words, and neighbours joined: `first_name` is also firstname."""
    single = words_of(name)
    return {*single, *(first + second for first, second in pairwise(single))}
