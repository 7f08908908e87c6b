"""One condition of a routing rule: a cell is data, has the type of its attribute, and runs no code.

    flag     true | false
    choice   value | [value, value] | {not: value}
    number   12 | ">= 5" | "< 200" | "15..59"
    any      missing | present

Nothing else exists. A missing value matches nothing but `missing`, not even `{not: x}`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, Literal

from switchboard.domain.customer import Scalar

_COMPARISON: Final = re.compile(r"^(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)$")
_RANGE: Final = re.compile(r"^(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)$")
_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": lambda value, limit: value >= limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    "<": lambda value, limit: value < limit,
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that rules may look at. `source` is where its value comes from, as ``crm.tier``."""

    name: str
    type: Literal["flag", "choice", "number"]
    source: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One condition on one attribute."""

    attribute: str
    text: str
    holds: Callable[[Scalar], bool] = field(repr=False, compare=False)


def unknown(value: object, allowed: Sequence[str]) -> str:
    """Says that a word is not one of ours, and which one was probably meant."""
    words = [str(word) for word in allowed]
    near = get_close_matches(str(value), words, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"use one of: {', '.join(words)}"
    return f"no {value!r}; {advice}"


def read_cell(attribute: Attribute, raw: object) -> Cell:
    """The condition that is written in a file's cell.

    Raises: ValueError that says how to write it instead.
    """
    return Cell(attribute.name, _as_text(raw), _condition(attribute, raw))


def _condition(attribute: Attribute, raw: object) -> Callable[[Scalar], bool]:
    if raw == "missing":
        return lambda value: value is None
    if raw == "present":
        return lambda value: value is not None
    match attribute.type:
        case "flag":
            return _flag(raw)
        case "choice":
            return _choice(attribute, raw)
        case "number":
            return _number(raw)


def _flag(raw: object) -> Callable[[Scalar], bool]:
    if not isinstance(raw, bool):
        raise ValueError(  # noqa: TRY004  what a person wrote, not what a program passed
            f"{raw!r} is not a flag; write true or false"
        )
    return lambda value: value is raw


def _choice(attribute: Attribute, raw: object) -> Callable[[Scalar], bool]:
    negated = isinstance(raw, dict) and set(raw) == {"not"}
    wanted = raw["not"] if isinstance(raw, dict) and negated else raw
    listed = wanted if isinstance(wanted, list) else [wanted]
    for word in listed:
        if not isinstance(word, str) or word not in attribute.values:
            raise ValueError(unknown(word, attribute.values))
    words = frozenset(listed)
    if negated:
        return lambda value: value in attribute.values and value not in words
    return lambda value: value in words


def _number(raw: object) -> Callable[[Scalar], bool]:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return _numeric(lambda value: value == raw)
    text = str(raw).strip()
    if comparison := _COMPARISON.match(text):
        compare, limit = _COMPARE[comparison.group(1)], float(comparison.group(2))
        return _numeric(lambda value: compare(value, limit))
    if span := _RANGE.match(text):
        low, high = float(span.group(1)), float(span.group(2))
        return _numeric(lambda value: low <= value <= high)
    raise ValueError(f'{raw!r} is not a number; write 7, ">= 5", "< 200" or "15..59"')


def _numeric(test: Callable[[float], bool]) -> Callable[[Scalar], bool]:
    return lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and test(value)
    )


def _as_text(raw: object) -> str:
    match raw:
        case bool():
            return "true" if raw else "false"
        case list():
            return " or ".join(str(word) for word in raw)
        case {"not": wanted}:
            return f"not {_as_text(wanted)}"
    return str(raw)
