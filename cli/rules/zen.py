"""Conditions and values in the expression language of GoRules zen.

zen passes over a row when a cell of it cannot be read or compared, and says nothing. So every
condition asks first whether there is a value, and nothing is written that zen reads otherwise.
"""

import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from switchboard.domain.cells import (
    Condition,
    Missing,
    NotOneOf,
    OneOf,
    Present,
    SetTest,
    Span,
)

_IDENTIFIER: Final = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
_RESERVED: Final = ("and", "or", "not", "in", "true", "false", "null")
# zen keeps numbers that come from JSON to so many digits.
_DIGITS: Final = 15


def field_of(name: str) -> str:
    """How an expression names a value of the caller's."""
    is_plain = _IDENTIFIER.fullmatch(name) and name not in _RESERVED
    return name if is_plain else f'$root["{name}"]'


def condition_text(condition: Condition) -> str:
    """The condition as a cell of an input column, where `$` is the value.

    Raises: ValueError for a number with more digits than zen compares.
    """
    match condition:
        case Missing():
            return "$ == null"
        case Present():
            return "$ != null"
        case OneOf(values) if True in values or False in values:
            return " or ".join(f"$ == {literal(value)}" for value in sorted(values, key=str))
        case OneOf(values) | NotOneOf(_, values):
            return f"$ in {literal(sorted(map(str, values)))}"
        case SetTest(how, words):
            return f"$ != null and {_set_test(how, sorted(words))}"
        case Span():
            return " and ".join(["$ != null", *_ends(condition)])


def literal(value: Any) -> str:
    """The value as an expression."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number(value)
        case str():
            return _string(value)
    return f"[{', '.join(map(literal, value))}]"


def number(value: float) -> str:
    """Raises: ValueError when it has more digits than zen compares."""
    if float(f"{value:.{_DIGITS}g}") != value:
        raise ValueError(f"{value!r} has more than {_DIGITS} digits, which zen does not compare")
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def once_each(expression: str) -> str:
    """The members of a list in their order, each once; zen has no function for it."""
    before = f"{expression}[0:# - 1]"
    new = f"filter([0..len({expression}) - 1], # == 0 or not ({expression}[#] in {before}))"
    return f"len({expression}) == 0 ? [] : map({new}, {expression}[#])"


def _set_test(how: str, words: Sequence[str]) -> str:
    if how == "any":
        return f"some($, # in {literal(words)})"
    has = "" if how == "all" else "not "
    return " and ".join(f"{has}contains($, {literal(word)})" for word in words)


def _ends(span: Span) -> Iterable[str]:
    if span.low == span.high:
        yield f"$ == {number(span.low)}"
        return
    if math.isfinite(span.low):
        yield f"$ {'>=' if span.has_low else '>'} {number(span.low)}"
    if math.isfinite(span.high):
        yield f"$ {'<=' if span.has_high else '<'} {number(span.high)}"


def _string(text: str) -> str:
    """zen's texts know no escapes: one that has both quotation marks is put together of parts."""
    if '"' not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    return "(" + " + '\"' + ".join(f'"{part}"' for part in text.split('"')) + ")"
