"""Tables in `lookup.yaml` that translate attributes: exact words, or bands of numbers."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from switchboard.contracts.configuration import Configuration
from switchboard.domain.attribute_tables import folded
from switchboard.domain.attribute_values import LARGEST_NUMBER
from switchboard.domain.attributes import LONGEST
from switchboard.domain.customer import Scalar

Kind = Literal["text", "number", "flag"]

_MOST_ROWS: Final = 1000


def one_value(raw: object) -> object:
    """Text, a number, true or false.

    Raises: ValueError for anything that cannot stand in an answer.
    """
    match raw:
        case list() | tuple() | Mapping():
            raise ValueError("a list or an object cannot stand in an answer; write one value")
        case None:
            raise ValueError("nothing is written here; write a value, '' for none")
        case float() if not math.isfinite(raw):
            raise ValueError("this is no number; write digits")
        case int() if not isinstance(raw, bool) and abs(raw) >= LARGEST_NUMBER:
            raise ValueError("this is too large for a number; write it in quotes")
        case str() if len(raw) > LONGEST:
            raise ValueError(f"longer than {LONGEST} characters")
        case str() | int() | float():
            return raw
    raise ValueError("write it in quotes, so that it is read as text")


Plain = Annotated[str | int | float | bool, BeforeValidator(one_value)]


def kind_of(value: Scalar) -> Kind:
    if isinstance(value, bool):
        return "flag"
    return "number" if isinstance(value, int | float) else "text"


class BandSpec(Configuration):
    """One band: from this number on, until the next band begins."""

    begins: float = Field(alias="from", allow_inf_nan=False)
    value: Plain = Field(alias="is")


class TableSpec(Configuration):
    """What each value becomes, and what becomes of the others; without that, the default."""

    words: Mapping[str, Plain] = Field(default_factory=dict, max_length=_MOST_ROWS)
    bands: tuple[BandSpec, ...] = Field((), max_length=_MOST_ROWS)
    otherwise: Plain | None = None

    @field_validator("words", mode="before")
    @classmethod
    def _are_words(cls, words: object) -> object:
        """YAML reads a bare NO as false, and 007 as seven: neither is what somebody meant."""
        if isinstance(words, Mapping):
            for word in words:
                if not isinstance(word, str):
                    raise ValueError(f"{word}: write the word in quotes")  # noqa: TRY004
        return words

    @field_validator("words")
    @classmethod
    def _are_each_there_once(cls, words: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
        seen: dict[str, str] = {}
        for word in words:
            if (earlier := seen.setdefault(folded(word), word)) != word:
                raise ValueError(f"{earlier!r} and {word!r} are the same word; keep one")
        return words

    @field_validator("bands")
    @classmethod
    def _are_in_order(cls, bands: tuple[BandSpec, ...]) -> tuple[BandSpec, ...]:
        for one, other in pairwise(bands):
            if one.begins >= other.begins:
                raise ValueError(f"{other.begins:g} must come before {one.begins:g}, and only once")
        return bands

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        if bool(self.words) == bool(self.bands):
            raise ValueError("write either `words: {gold: high}` or `bands: [{from: 0, is: low}]`")
        kinds = {kind_of(value) for value in self.outcomes}
        if len(kinds) > 1:
            raise ValueError(f"makes both {' and '.join(sorted(kinds))}; write values of one kind")
        return self

    @property
    def outcomes(self) -> tuple[Scalar, ...]:
        """Every value that can come out."""
        rows = self.words.values() if self.words else [band.value for band in self.bands]
        return (*rows, *([] if self.otherwise is None else [self.otherwise]))

    @property
    def kind(self) -> Kind:
        return kind_of(self.outcomes[0])
