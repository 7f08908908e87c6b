"""Translating a value: exact words, or bands of numbers."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from switchboard.domain.attribute_values import Typed, as_text
from switchboard.domain.customer import Scalar


class Table(Protocol):
    """Gives the value for a value; None when no row is for it."""

    def find(self, value: Typed) -> Scalar: ...


@dataclass(frozen=True, slots=True)
class Words:
    """Exact words, whatever their case. The keys of `rows` are as `folded` makes them."""

    rows: Mapping[str, Scalar]
    otherwise: Scalar = None

    def find(self, value: Typed) -> Scalar:
        return self.rows.get(folded(as_text(value) or ""), self.otherwise)


@dataclass(frozen=True, slots=True)
class Bands:
    """Each band begins at its number and ends where the next begins; they are in order."""

    begins: tuple[float, ...]
    values: tuple[Scalar, ...]
    otherwise: Scalar = None

    def find(self, value: Typed) -> Scalar:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        place = bisect_right(self.begins, value)
        return self.values[place - 1] if place else self.otherwise


def folded(word: str) -> str:
    """As words are compared: case and spaces around them do not count."""
    return " ".join(word.split()).casefold()
