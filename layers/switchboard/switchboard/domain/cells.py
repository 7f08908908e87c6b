"""One condition of a routing rule: a cell is data, has the type of its attribute, and runs no code.

    flag      true | false
    choice    x | x, y | not x | not x, y
    number    7 | >= 5 | < 200 | 15..59
    set       has x | has any x, y | has all x, y | has none x, y
    instant   within 14d | older than 90d
    any       missing | present

Files may write `[x, y]`, `{not: x}` and `{has_any: [x, y]}` as well. Nothing else exists. A missing
value matches nothing but `missing`, not even `not x`. A value that is not listed matches nothing
but `present`.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from switchboard.domain.durations import duration_text, plain, read_duration

AttributeType = Literal["flag", "choice", "number", "set", "instant"]
Value = bool | str | float | frozenset[str] | None
"""A fact in its attribute's type. An instant is its age in seconds; None is missing."""

OTHER: Final = "(other)"  # a choice that came and is not one of the listed
TYPES: Final = ("flag", "choice", "number", "set", "instant")

_LONGEST_GUESSED: Final = 100
_MOST_COMPARED: Final = 500
_MOST_TOLD: Final = 40

_NUMBER: Final = r"-?\d{1,15}(?:\.\d{1,9})?"
_PLAIN: Final = re.compile(_NUMBER, re.ASCII)
_COMPARISON: Final = re.compile(rf"(>=|<=|>|<)\s*({_NUMBER})", re.ASCII)
_RANGE: Final = re.compile(rf"({_NUMBER})\s*\.\.\s*({_NUMBER})", re.ASCII)
_SET_FORMS: Final[Mapping[str, "SetForm"]] = {
    "has any ": "any",
    "has all ": "all",
    "has none ": "none",
    "has ": "all",
}
SetForm = Literal["any", "all", "none"]
_SET_KEYS: Final[Mapping[str, SetForm]] = {
    "has": "all",
    "has_any": "any",
    "has_all": "all",
    "has_none": "none",
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that rules may look at. `source` is where its value comes from, as ``crm.tier``."""

    name: str
    type: AttributeType
    source: str
    values: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no value."""

    def admits(self, value: Value) -> bool:
        return value is None


@dataclass(frozen=True, slots=True)
class Present:
    """There is some value, a listed one or not."""

    def admits(self, value: Value) -> bool:
        return value is not None


@dataclass(frozen=True, slots=True)
class OneOf:
    """It is one of these: words of a choice, or a flag's truth."""

    values: frozenset[str | bool]

    def admits(self, value: Value) -> bool:
        # 1 and True are equal in Python, and a number is no flag.
        return isinstance(value, str | bool) and value in self.values


@dataclass(frozen=True, slots=True)
class NotOneOf:
    """It is a listed word, and none of these; `values` are the others."""

    excluded: frozenset[str]
    values: frozenset[str]

    def admits(self, value: Value) -> bool:
        return isinstance(value, str) and value in self.values


@dataclass(frozen=True, slots=True)
class Span:
    """A number, or an age in seconds, between two ends; each end may belong to it or not."""

    low: float
    high: float
    has_low: bool = True
    has_high: bool = True

    def admits(self, value: Value) -> bool:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        above = value >= self.low if self.has_low else value > self.low
        below = value <= self.high if self.has_high else value < self.high
        return above and below


@dataclass(frozen=True, slots=True)
class SetTest:
    """Any, all or none of these words are in the set."""

    how: SetForm
    words: frozenset[str]

    def admits(self, value: Value) -> bool:
        if not isinstance(value, frozenset):
            return False
        match self.how:
            case "any":
                return not self.words.isdisjoint(value)
            case "all":
                return self.words <= value
            case "none":
                return self.words.isdisjoint(value)


Condition = Missing | Present | OneOf | NotOneOf | Span | SetTest


@dataclass(frozen=True, slots=True)
class Cell:
    """One condition on one attribute. `text` is how it is written in a table."""

    attribute: str
    text: str
    condition: Condition

    def holds(self, value: Value) -> bool:
        return self.condition.admits(value)


def unknown(value: object, allowed: Sequence[str]) -> str:
    """Says that a word is not one of ours, and which one was probably meant."""
    words = [str(word) for word in allowed]
    # Both are bounded: looking takes time by the product of their lengths.
    near = get_close_matches(str(value)[:_LONGEST_GUESSED], words[:_MOST_COMPARED], n=1)
    if near:
        return f"no {value!r}; did you mean {near[0]!r}?"
    told = ", ".join(words[:_MOST_TOLD]) + (" …" if len(words) > _MOST_TOLD else "")
    return f"no {value!r}; use one of: {told}" if words else f"no {value!r}"


def read_cell(attribute: Attribute, raw: object) -> Cell:
    """The condition that is written in a file's cell, in either form.

    Raises: ValueError that says how to write it instead.
    """
    if isinstance(raw, str):
        raw = raw.strip()
    if raw in ("missing", "present"):
        return Cell(attribute.name, str(raw), Missing() if raw == "missing" else Present())
    match attribute.type:
        case "flag":
            condition: Condition = _flag(raw)
        case "choice":
            condition = _choice(attribute, raw)
        case "number":
            condition = _number(raw)
        case "set":
            condition = _set(attribute, raw)
        case "instant":
            condition = _instant(raw)
    return Cell(attribute.name, cell_text(attribute, condition), condition)


def cell_text(attribute: Attribute, condition: Condition) -> str:
    """How the condition stands in a table; reading it gives the same condition."""
    match condition:
        case Missing():
            return "missing"
        case Present():
            return "present"
        case OneOf(values):
            if attribute.type == "flag":
                return "true" if True in values else "false"
            return _listed(attribute, values)
        case NotOneOf(excluded):
            return f"not {_listed(attribute, excluded)}"
        case SetTest(how, words):
            form = "has" if how == "all" and len(words) == 1 else f"has {how}"
            return f"{form} {_listed(attribute, words)}"
        case Span() if attribute.type == "instant":
            return _age_text(condition)
        case Span():
            return _span_text(condition)


def _flag(raw: object) -> Condition:
    word = raw.lower() if isinstance(raw, str) else raw
    if word is True or word == "true":
        return OneOf(frozenset({True}))
    if word is False or word == "false":
        return OneOf(frozenset({False}))
    raise ValueError(f"{raw!r} is not a flag; write true or false")


def _choice(attribute: Attribute, raw: object) -> Condition:
    if isinstance(raw, str) and raw in attribute.values:
        return OneOf(frozenset({raw}))
    if isinstance(raw, Mapping):
        _only_key(raw, ("not",), "{not: x}")
        excluded = _words(attribute, raw["not"])
    elif isinstance(raw, str) and raw.startswith("not "):
        excluded = _words(attribute, raw.removeprefix("not "))
    else:
        return OneOf(_words(attribute, raw))
    return NotOneOf(excluded, frozenset(attribute.values) - excluded)


def _set(attribute: Attribute, raw: object) -> Condition:
    if isinstance(raw, Mapping):
        key = _only_key(raw, tuple(_SET_KEYS), "{has: x} or {has_any: [x, y]}")
        return SetTest(_SET_KEYS[key], _words(attribute, raw[key]))
    text = str(raw)
    for beginning, how in _SET_FORMS.items():
        if text.startswith(beginning):
            return SetTest(how, _words(attribute, text.removeprefix(beginning)))
    raise ValueError(f"{raw!r} does not test a set; write `has x`, `has any x, y` or `has none x`")


def _number(raw: object) -> Condition:
    text = str(raw).strip()
    if _PLAIN.fullmatch(text) and not isinstance(raw, bool):
        return Span(float(text), float(text))
    if isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw):
        return Span(float(raw), float(raw))
    if comparison := _COMPARISON.fullmatch(text):
        sign, limit = comparison.group(1), float(comparison.group(2))
        if sign.startswith(">"):
            return Span(limit, math.inf, has_low=sign == ">=")
        return Span(-math.inf, limit, has_high=sign == "<=")
    if span := _RANGE.fullmatch(text):
        return Span(float(span.group(1)), float(span.group(2)))
    raise ValueError(f'{raw!r} is not a number; write 7, ">= 5", "< 200" or "15..59"')


def _instant(raw: object) -> Condition:
    text = str(raw)
    if text.startswith("within "):
        return Span(-math.inf, read_duration(text.removeprefix("within ")))
    if text.startswith("older than "):
        return Span(read_duration(text.removeprefix("older than ")), math.inf, has_low=False)
    raise ValueError(f"{raw!r} does not test a moment; write `within 14d` or `older than 90d`")


def _only_key(raw: Mapping[object, object], allowed: tuple[str, ...], form: str) -> str:
    keys = [str(key) for key in raw]
    if len(keys) != 1 or keys[0] not in allowed:
        raise ValueError(f"{dict(raw)!r} cannot be read; write {form}")
    return keys[0]


def _words(attribute: Attribute, raw: object) -> frozenset[str]:
    if isinstance(raw, str) and raw in attribute.values:
        return frozenset({raw})
    listed = raw.split(",") if isinstance(raw, str) else raw if isinstance(raw, list) else [raw]
    if not listed:
        raise ValueError("an empty list matches nobody; name at least one value")
    words = set()
    for item in listed:
        word = item.strip() if isinstance(item, str) else item
        if not isinstance(word, str) or word not in attribute.values:
            raise ValueError(unknown(word, attribute.values))
        words.add(word)
    return frozenset(words)


def _listed(attribute: Attribute, words: frozenset[str] | frozenset[str | bool]) -> str:
    """In the order of the catalogue, so that equal conditions read the same."""
    return ", ".join(value for value in attribute.values if value in words)


def _span_text(span: Span) -> str:
    if span.low == span.high:
        return f"{plain(span.low)}"
    if math.isinf(span.high):
        return f"{'>=' if span.has_low else '>'} {plain(span.low)}"
    if math.isinf(span.low):
        return f"{'<=' if span.has_high else '<'} {plain(span.high)}"
    return f"{plain(span.low)}..{plain(span.high)}"


def _age_text(span: Span) -> str:
    if math.isinf(span.high):
        return f"older than {duration_text(span.low)}"
    return f"within {duration_text(span.high)}"
