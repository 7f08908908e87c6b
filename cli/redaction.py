"""Makes a live exchange tellable: the same shapes and the same matches, and nobody in it.

Rule: what is not surely harmless is replaced. The same value gets the same replacement everywhere,
and a number keeps the way it is written, so that what matched before matches after.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import phonenumbers

from cli.personal import EMAIL, Kind, compounds_of, kind_of, words
from switchboard.domain.identity import EmailAddress, Identity, PhoneNumber, read_phone

_PEOPLE: Final = (
    ("Ada", "Byron", "ada"), ("Grace", "Example", "grace"), ("Alan", "Sample", "alan"),
    ("Edith", "Fiction", "edith"), ("Hugo", "Invented", "hugo"),
)  # fmt: skip
_REMARK: Final = 'A remark with "quotes".'
_TEXT: Final = "text"
_BIRTH: Final = "1990-01-01"
_ORGANISATION: Final = "Example Ltd"
_ORGANISATION_WORDS: Final = words("company organization organisation employer firma business")
_EXTENSION: Final = re.compile(r"(?i)\s*(?:ext\.?|x|#|;ext=)\s*\d+\s*$")
_BESIDE: Final = re.compile(r"[^\W\d_]+|[,;:|*\n]")
_SHORTEST_TOLD: Final = 4
_NANP: Final = "1"
_US, _GB = "US", "GB"


@dataclass
class Redactor:
    """Replaces, and remembers what it replaced.

    `kept` are texts that the connector file itself names; `replaced_texts` are known texts with
    their replacement, such as secrets and the live system's address.
    """

    identity: Identity | None
    region: str
    kept: frozenset[str] = frozenset()
    replaced_texts: dict[str, str] = field(default_factory=dict)
    originals: set[str] = field(default_factory=set, repr=False)
    _numbers: dict[str, PhoneNumber] = field(default_factory=dict, repr=False)
    _emails: dict[str, str] = field(default_factory=dict, repr=False)
    _names: dict[tuple[Kind, str], str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.identity, PhoneNumber):
            self._learn_forms(self.identity, self._fiction(self.identity))
        elif isinstance(self.identity, EmailAddress):
            self._email(self.identity.address)

    @property
    def sample_region(self) -> str:
        """The country in which the replaced numbers are read."""
        if self.region in {_US, _GB}:
            return self.region
        return _US if _is_nanp(self.region) else _GB

    def identity_text(self) -> str:
        """Who is looked for in the sample."""
        match self.identity:
            case PhoneNumber():
                return self._fiction(self.identity).international
            case EmailAddress(address):
                return self._email(address)
        return ""

    def tree(self, value: Any, name: str = "") -> Any:
        """The same tree with every value that could tell of somebody replaced."""
        match value:
            case str():
                return self.text(value, name)
            case Mapping():
                return {key: self.tree(inner, str(key)) for key, inner in value.items()}
            case list():
                return [self.tree(item, name) for item in value]
            case bool() | None:
                return value
            case int() if kind_of(name, str(value)) is Kind.PHONE:
                digits = re.sub(r"\D", "", self._phone(str(value)))
                return int(digits) if digits else value
        return value

    def text(self, text: str, name: str = "") -> str:
        """One value. The replaced one is remembered, so that nothing of it is left by mistake."""
        if text in self.kept or not text:
            return text
        kind = kind_of(name, text)
        if kind in {Kind.ID, Kind.CODE, Kind.MOMENT, Kind.ADDRESS}:
            return self._known_replaced(text)
        replacement = self._of_kind(kind, text, name)
        if replacement != text and len(text) >= _SHORTEST_TOLD:
            self.originals.add(text)
        return replacement

    def leaks(self, text: str) -> bool:
        """Whether something that was replaced stands in the text all the same."""
        fiction = {word for person in _PEOPLE for word in person}
        for original in {*self.originals, *self.replaced_texts}:
            is_told = len(original) >= _SHORTEST_TOLD and original.lower() not in fiction
            if is_told and original not in {_TEXT, _REMARK, *self.replaced_texts.values()}:
                pattern = rf"(?<!\w){re.escape(original)}(?!\w)"
                if re.search(pattern, text) and original not in self._fictional_texts():
                    return True
        return False

    def _of_kind(self, kind: Kind, text: str, name: str) -> str:
        kinds: Mapping[Kind, Callable[[str], str]] = {
            Kind.PHONE: self._phone,
            Kind.EMAIL: self._with_emails,
            Kind.FIRST_NAME: lambda said: self._name(kind, said),
            Kind.LAST_NAME: lambda said: self._name(kind, said),
            Kind.NAME: lambda said: self._name(kind, said),
            Kind.REMARK: lambda _: _REMARK,
            Kind.BIRTH: lambda _: _BIRTH,
        }
        if _ORGANISATION_WORDS.intersection(compounds_of(name)):
            return _ORGANISATION
        replace = kinds.get(kind)
        return replace(text) if replace else _TEXT

    def _known_replaced(self, text: str) -> str:
        """An id, a code or an address may hold the number, a secret or the host we know."""
        for known, replacement in sorted(
            self.replaced_texts.items(), key=lambda pair: -len(pair[0])
        ):
            text = text.replace(known, replacement)
        return self._with_emails(text)

    def _with_emails(self, text: str) -> str:
        return EMAIL.sub(lambda found: self._email(found[0]), text)

    def _phone(self, text: str) -> str:
        number = read_phone(text, default_region=self.region)
        if number is None:
            return _without_digits(_without_letters(text), self.replaced_texts)
        return rewritten(text, number, self._fiction(number))

    def _fiction(self, number: PhoneNumber) -> PhoneNumber:
        known = self._numbers.get(number.e164)
        if known is None:
            used = sum(
                (one.country_code == _NANP) == (number.country_code == _NANP)
                for one in self._numbers.values()
            )
            known = fictional_number(used, is_nanp=number.country_code == _NANP)
            self._numbers[number.e164] = known
        return known

    def _email(self, address: str) -> str:
        key = address.lower()
        if key not in self._emails:
            count = len(self._emails)
            name = _PEOPLE[count][2] if count < len(_PEOPLE) else f"person{count}"
            self._emails[key] = f"{name}@example.com"
            self.originals.add(address)
            for form in {address, key, quote(address, safe=""), quote(key, safe="")}:
                is_quoted = "%" in form
                fiction = self._emails[key]
                self.replaced_texts[form] = quote(fiction, safe="") if is_quoted else fiction
        return self._emails[key]

    def _name(self, kind: Kind, text: str) -> str:
        key = (kind, text)
        if key not in self._names:
            count = sum(known is kind for known, _ in self._names) % len(_PEOPLE)
            first, last, _ = _PEOPLE[count]
            parts = {Kind.FIRST_NAME: first, Kind.LAST_NAME: last}
            self._names[key] = parts.get(kind, f"{first} {last}")
        return self._names[key]

    def _learn_forms(self, number: PhoneNumber, fiction: PhoneNumber) -> None:
        for form in ("e164", "digits", "national", "international", "national_digits"):
            old, new = getattr(number, form), getattr(fiction, form)
            self.replaced_texts[old] = new
            self.replaced_texts[quote(old, safe="")] = quote(new, safe="")

    def _fictional_texts(self) -> set[str]:
        numbers = [
            getattr(one, form)
            for one in self._numbers.values()
            for form in ("e164", "digits", "national", "international", "national_digits")
        ]
        return {*numbers, *self._emails.values(), *self._names.values()}


def fictional_number(count: int, *, is_nanp: bool) -> PhoneNumber:
    """The next number that belongs to nobody: 555-01xx in America, Ofcom's range elsewhere."""
    if is_nanp:
        return PhoneNumber(f"+141555501{(42 + count) % 100:02}")
    return PhoneNumber(f"+441632960{(142 + count) % 1000:03}")


def rewritten(text: str, number: PhoneNumber, fiction: PhoneNumber) -> str:
    """The fictional number, written as this text writes the real one."""
    old, new = number.national_digits, fiction.national_digits
    said = _alone(_EXTENSION.sub("", text), old)
    if number.country_code == fiction.country_code and len(old) == len(new):
        found = _replaced_digits(said, old, new)
        if found:
            return found
    digits = re.sub(r"\D", "", said)
    if said.strip().startswith("+"):
        return fiction.e164 if said.strip() == f"+{digits}" else fiction.international
    if digits.startswith("00"):
        return f"00{fiction.digits}"
    if digits == number.digits:
        return fiction.digits
    if digits != said:
        return fiction.national
    return f"0{new}" if digits.startswith("0") and fiction.country_code != _NANP else new


def _replaced_digits(text: str, old: str, new: str, *, others: str = "") -> str:
    """The text with the run of digits `old` made `new`, whatever stands between the digits.

    Every other digit becomes `others`, if that is given. Empty when the run is not there.
    """
    places = [place for place, character in enumerate(text) if character.isdigit()]
    start = "".join(text[place] for place in places).find(old)
    if start < 0:
        return ""
    result = [others if others and one.isdigit() else one for one in text]
    for place, digit in zip(places[start : start + len(new)], new, strict=True):
        result[place] = digit
    return "".join(result)


def _alone(text: str, digits: str) -> str:
    """The part of a text that holds these digits, without words, and without more digits after
    them: "Margaret 212 555 2671, 212 555 9999" tells of somebody and of a second number.
    """
    for part in _BESIDE.split(text):
        places = [place for place, character in enumerate(part) if character.isdigit()]
        start = "".join(part[place] for place in places).find(digits)
        if start >= 0:
            following = places[start + len(digits) :]
            return part[: following[0] if following else None].strip(" /-.")
    return _without_letters(text)


def _without_letters(text: str) -> str:
    """What is said beside a number may be a name."""
    return "".join(one for one in text if not one.isalpha()).strip()


def _without_digits(text: str, known: Mapping[str, str]) -> str:
    """No number, but digits that may hold one: the one we know is replaced, the rest is 1.

    So a row that only contains the caller's number goes on containing it.
    """
    for old in sorted((form for form in known if form.isdigit()), key=len, reverse=True):
        found = _replaced_digits(text, old, known[old], others="1")
        if found:
            return found
    return re.sub(r"\d", "1", text)


def _is_nanp(region: str) -> bool:
    return bool(phonenumbers.country_code_for_region(region) == int(_NANP))


def texts_of(tree: Any) -> Iterable[str]:
    """Every text in a tree, for example those that a connector file names itself."""
    match tree:
        case str():
            yield tree
        case Mapping():
            for value in tree.values():
                yield from texts_of(value)
        case list():
            for value in tree:
                yield from texts_of(value)
