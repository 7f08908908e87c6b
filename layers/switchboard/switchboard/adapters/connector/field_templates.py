"""The templates of a posting profile: texts with `${…}` holes over what ECS told of an interaction.

The language is the connectors'. A text over a field that ECS did not send cannot be made, and that
is no reason to hold a record back: its field stays as ECS told it if the text reads that field,
and is left out otherwise. So nothing is lost, and nothing is shown that a template was to replace.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from switchboard.adapters.connector.expressions import (
    ExpressionError,
    Hole,
    compiled,
    parts_of,
    value_of,
)
from switchboard.adapters.crm_records import as_quantity
from switchboard.contracts.posting import Tables, Templates
from switchboard.domain.posting_profile import FieldValue
from switchboard.errors import Misconfigured

TABLES: Final = "tables"


@dataclass(frozen=True, slots=True)
class FieldTemplates:
    """What the templates make of a record's fields; fields without one stay as they are."""

    templates: Templates
    tables: Tables
    reads_itself: frozenset[str]

    def __call__(self, told: Mapping[str, str]) -> dict[str, FieldValue]:
        result: dict[str, FieldValue] = {k: v for k, v in told.items() if k not in self.templates}
        for name, value in self._made(told):
            if isinstance(value, ExpressionError):
                value = told.get(name) if name in self.reads_itself else None
            if value is not None:
                result[name] = value
        return result

    def failed(self, told: Mapping[str, str]) -> list[tuple[str, str]]:
        """Each field whose template cannot be made of this, with the reason."""
        made_ones = self._made(told)
        return [
            (name, str(value)) for name, value in made_ones if isinstance(value, ExpressionError)
        ]

    def _made(
        self, told: Mapping[str, str]
    ) -> Iterator[tuple[str, FieldValue | ExpressionError | None]]:
        scope = scope_of(told, self.tables)
        for name, template in self.templates.items():
            try:
                yield name, made(template, scope)
            except ExpressionError as error:
                yield name, error


def field_templates(templates: Templates, tables: Tables) -> FieldTemplates:
    """Raises: Misconfigured naming the field whose template cannot be read."""
    reads_itself = (
        name for name, template in templates.items() if name in _read_by(name, template)
    )
    return FieldTemplates(templates, tables, frozenset(reads_itself))


def scope_of(told: Mapping[str, str], tables: Tables) -> dict[str, Any]:
    """What a template sees: the fields that ECS sent, quantities as numbers, and the tables."""
    fields = {name: as_quantity(name, text) for name, text in told.items() if text != ""}
    return {**fields, TABLES: tables}


def made(template: object, scope: Mapping[str, Any]) -> FieldValue | None:
    """The template's value; None leaves the field out.

    Raises: ExpressionError when it cannot be made, or is no single value.
    """
    value = value_of(template, scope) if isinstance(template, str) else template
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionError(f"`{template}` is no number that JSON can write")
    if value is None or isinstance(value, str | int | float):
        return value
    raise ExpressionError(f"`{template}` is no single value")


def expressions_in(template: object) -> tuple[str, ...]:
    """The expressions in its holes.

    Raises: ExpressionError when a hole is not closed.
    """
    parts = parts_of(template) if isinstance(template, str) else ()
    return tuple(part.expression for part in parts if isinstance(part, Hole))


def _read_by(name: str, template: object) -> set[str]:
    try:
        trees = [compiled(expression).parsed for expression in expressions_in(template)]
    except ExpressionError as error:
        raise Misconfigured(f"posting: fields.{name}: {error}") from error
    return {field for tree in trees for field in _fields(tree)}


def _fields(node: Mapping[str, Any]) -> Iterator[str]:
    if node["type"] == "field":
        yield node["value"]
    for child in node["children"]:
        if isinstance(child, Mapping):
            yield from _fields(child)
