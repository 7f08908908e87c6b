"""What was published of attributes, as the domain wants it. What may be written there is checked
before, by `contracts.attributes`."""

from collections.abc import Mapping
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

from switchboard.domain.attribute_conditions import (
    WrittenCondition,
    compares_numbers,
    condition_of,
)
from switchboard.domain.attribute_tables import Bands, Table, Words, folded
from switchboard.domain.attribute_values import ValueType
from switchboard.domain.attributes import AttributeMap, AttributeRule, Derived, Origin
from switchboard.use_cases.published_values import scalar_of, texts_of, value_of, word_of

_ORIGINS: Final[tuple[Origin, ...]] = get_args(Origin)
_TYPES: Final[tuple[ValueType, ...]] = get_args(ValueType)
_DERIVED: Final[tuple[Derived, ...]] = get_args(Derived)

Document = Mapping[str, Any]


def attribute_map(document: Document) -> AttributeMap:
    """How every attribute is made, times without a zone being the deployment's.

    Raises: ValueError, LookupError, OSError when something is missing or not as published.
    """
    tables = value_of(document, "tables", dict)
    attributes = value_of(document, "attributes", dict)
    rules = (_rule(name, spec, tables) for name, spec in attributes.items())
    return AttributeMap(tuple(rules), ZoneInfo(value_of(document, "time_zone", str)))


def place_of(name: str, source: str) -> tuple[Origin, str]:
    """Where the attribute called `name` is from; a bare word is a CRM attribute."""
    for origin in _ORIGINS:
        if source.startswith(f"{origin}."):
            return origin, source[len(origin) + 1 :]
    return "crm", source or name


def _rule(name: str, spec: Document, tables: Mapping[str, Document]) -> AttributeRule:
    origin, field = place_of(name, value_of(spec, "from", str))
    table = tables.get(value_of(spec, "table", str))
    return AttributeRule(
        name=name,
        origin=origin,
        field=field,
        default=scalar_of(spec, "default"),
        type=_read_as(spec, table),
        derived=_derived(spec),
        table=None if table is None else _table(table),
        yes_if=condition_of(_yes_if(spec)),
        longest=value_of(spec, "longest", int),
    )


def _derived(spec: Document) -> Derived | None:
    return None if scalar_of(spec, "as") is None else word_of(spec, "as", _DERIVED)


def _yes_if(spec: Document) -> WrittenCondition:
    """A list of words, or one value."""
    if isinstance(value_of(spec, "yes_if", object), list):
        return texts_of(spec, "yes_if")
    return scalar_of(spec, "yes_if")


def _read_as(spec: Document, table: Document | None) -> ValueType:
    """What the source is read as, where the file leaves that to be seen from the rest."""
    said = word_of(spec, "type", _TYPES)
    if said != "any":
        return said
    if _derived(spec):
        return "date"
    is_number = (table and value_of(table, "bands", list)) or compares_numbers(_yes_if(spec))
    return "number" if is_number else "any"


def _table(table: Document) -> Table:
    otherwise = scalar_of(table, "otherwise")
    if words := value_of(table, "words", dict):
        return Words({folded(word): value for word, value in words.items()}, otherwise)
    bands = value_of(table, "bands", list)
    return Bands(
        tuple(value_of(band, "from", float, int) for band in bands),
        tuple(scalar_of(band, "is") for band in bands),
        otherwise,
    )
