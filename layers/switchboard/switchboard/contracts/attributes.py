"""The attributes' part of `lookup.yaml`: what ECS gets to see of a customer, and how it is made."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, Self
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, field_validator, model_validator

from switchboard.contracts.answers import RouteAnswer
from switchboard.contracts.attribute_conditions import YesIf
from switchboard.contracts.attribute_stories import FIELDS, StorySpec
from switchboard.contracts.attribute_tables import Plain, TableSpec, kind_of
from switchboard.contracts.configuration import Configuration, Zone
from switchboard.domain.attribute_conditions import PRESENT, compares_numbers
from switchboard.domain.attribute_values import ValueType, read_value
from switchboard.domain.attributes import (
    LONGEST,
    AttributeMap,
    Derived,
    Origin,
)
from switchboard.domain.cells import unknown
from switchboard.use_cases.attribute_settings import attribute_map, place_of

MOST_ATTRIBUTES: Final = 60
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_ORIGINS: Final[tuple[Origin, ...]] = ("crm", "history", "customer")
_FLAG: Final = "flag_"
_DAYS: Final = frozenset({"any", "date", "moment"})
_NUMBERS: Final = frozenset({"any", "number"})


class AttributeSpec(Configuration):
    """One attribute in answers to ECS: where it is from, what it becomes, what stands for none."""

    source: str = Field("", alias="from")
    type: ValueType = "any"
    derived: Derived | None = Field(None, alias="as")
    table: str = ""
    yes_if: YesIf = None
    longest: int = Field(LONGEST, ge=1, le=LONGEST)
    default: Plain = ""

    @field_validator("source")
    @classmethod
    def _is_somewhere(cls, source: str) -> str:
        origin, dot, name = source.partition(".")
        if not dot:
            return source
        if origin not in _ORIGINS:
            raise ValueError(unknown(origin, _ORIGINS))
        if not name:
            raise ValueError(f"say which value, for example {origin}.name")
        if origin in FIELDS and name not in FIELDS[origin]:
            raise ValueError(unknown(name, FIELDS[origin]))
        return source

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if problem := next(self._contradictions(), None):
            raise ValueError(problem)
        return self

    def place(self, name: str) -> tuple[Origin, str]:
        """Where the attribute called `name` is from; a bare word is a CRM attribute."""
        return place_of(name, self.source)

    def problem_with(self, tables: Mapping[str, TableSpec]) -> str:
        """What is wrong between the attribute, its table and its default; empty for nothing."""
        if self.table and self.table not in tables:
            if not tables:
                return f"no table {self.table!r}; write it under `tables:`"
            return f"table: {unknown(self.table, sorted(tables))}"
        table = tables.get(self.table)
        if table and table.bands and not (self.derived or self.type in _NUMBERS):
            return f"table: {self.table} has bands of numbers; write `type: number`"
        if table and table.words and (self.derived or self.type in {"date", "moment"}):
            return f"table: {self.table} has words; write `bands` for numbers"
        return self._problem_with_default(table.kind if table else self._becomes())

    def _contradictions(self) -> Iterator[str]:
        if self.table and self.yes_if is not None:
            yield "give either `table` or `yes_if`"
        if self.derived and self.type not in _DAYS:
            yield f"as: {self.derived} counts from a day; write `type: date`"
        if self.yes_if not in {None, PRESENT}:
            yield from self._unlike_its_condition()
        if self.longest != LONGEST and self._becomes() not in {"any", "text"}:
            yield "longest: there is no text to cut; leave it out"
        if len(str(self.default)) > self.longest:
            yield f"default: longer than {self.longest} characters"

    def _unlike_its_condition(self) -> Iterator[str]:
        is_number = self.derived or self.type in _NUMBERS
        if compares_numbers(self.yes_if):
            if not is_number:
                yield "yes_if: this compares numbers; write `type: number`"
        elif self.derived or self.type not in {"any", "text", "flag"}:
            yield "yes_if: write a comparison of numbers, such as '>= 5', or `present`"

    def _problem_with_default(self, kind: str) -> str:
        if self.default == "" or kind == "any":
            return ""
        if kind in {"date", "moment"}:
            fits = read_value(self.type, self.default, ZoneInfo("UTC")) is not None
            return "" if fits else "default: write a day such as '2026-01-31' in quotes, or ''"
        if kind_of(self.default) != kind:
            return f"default: {self.default!r} is no {kind}, and the attribute is one"
        return ""

    def _becomes(self) -> str:
        """What comes out, where no table is in between: text, number, flag, date, moment, any."""
        if self.yes_if is not None:
            return "flag"
        return "number" if self.derived else self.type


class AttributesSpec(Configuration):
    """What `lookup.yaml` says of attributes. `LookupConfiguration` is one of these, and more."""

    time_zone: Zone = "UTC"
    tables: Mapping[str, TableSpec] = Field(default_factory=dict)
    attributes: Mapping[str, AttributeSpec] = Field(
        default_factory=dict, max_length=MOST_ATTRIBUTES, validate_default=True
    )
    tests: tuple[StorySpec, ...] = ()

    @field_validator("attributes")
    @classmethod
    def _fit_into_answers(
        cls, attributes: Mapping[str, AttributeSpec], info: ValidationInfo
    ) -> Mapping[str, AttributeSpec]:
        tables: Mapping[str, TableSpec] = info.data.get("tables", {})
        problems = [*_bad_names(attributes), *_unused_tables(attributes, tables)]
        for name, spec in attributes.items():
            if "tables" in info.data and (problem := spec.problem_with(tables)):
                problems.append(f"{name}.{problem}")
        if problems:
            raise ValueError("; ".join(problems))
        return attributes

    @field_validator("tests")
    @classmethod
    def _ask_for_attributes(
        cls, tests: tuple[StorySpec, ...], info: ValidationInfo
    ) -> tuple[StorySpec, ...]:
        names = tuple(info.data.get("attributes", ()))
        for story in tests if names else ():
            for name in story.expect:
                if name not in names:
                    raise ValueError(f"{story.name}: {unknown(name, names)}")
        return tests

    def attribute_map(self) -> AttributeMap:
        """How every attribute is made, times without a zone being the deployment's."""
        return attribute_map(self.model_dump(mode="json", by_alias=True))


def _bad_names(attributes: Mapping[str, AttributeSpec]) -> Iterator[str]:
    reserved = {name.lower() for name in RouteAnswer.model_fields}
    seen: dict[str, str] = {}
    for name in attributes:
        if not _NAME.fullmatch(name):
            yield f"{name}: use a letter, then letters, digits and underscores, 64 at most"
        if name.lower() in reserved:
            yield f"{name}: answers use this name already; take another"
        if name.lower().startswith(_FLAG):
            yield f"{name}: {_FLAG}… are the flags of routing rules in answers; take another name"
        if (earlier := seen.setdefault(name.lower(), name)) != name:
            yield f"{name}: ECS may take it for {earlier}; take another name"


def _unused_tables(
    attributes: Mapping[str, AttributeSpec], tables: Mapping[str, TableSpec]
) -> Iterator[str]:
    used = {spec.table for spec in attributes.values()}
    for name in tables:
        if name not in used:
            yield f"no attribute uses the table {name}; write `table: {name}` at one, or remove it"
