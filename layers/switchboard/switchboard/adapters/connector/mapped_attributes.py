"""Which attributes a connector's lookups give a customer, and which of them are no single value.

For publishing and the command line: read from the file's expressions, and from what its samples
really come to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from switchboard.adapters.connector.expressions import compiled
from switchboard.adapters.connector.sample_format import Sample
from switchboard.adapters.connector.samples import mapped_rows

_KEY: Final = "attributes"
_LISTS: Final = frozenset(
    {"projection", "filter_projection", "value_projection", "flatten", "multi_select_list"}
)
_OBJECTS: Final = frozenset({"multi_select_dict"})


@dataclass(frozen=True, slots=True)
class NoSingleValue:
    """An attribute that is a list or an object, and how that is known."""

    connector: str
    shape: str
    shown_by: str


@dataclass(frozen=True, slots=True)
class MappedAttributes:
    """What one connector maps. When it `is_open`, its CRM may send others, too."""

    names: frozenset[str]
    is_open: bool
    no_single_values: Mapping[str, NoSingleValue]


def mapped_attributes(
    definition: Mapping[str, Any], samples: Sequence[Mapping[str, Any]]
) -> MappedAttributes:
    """`definition` is what `compile_connector` made of the file; `samples` are the file's."""
    names: set[str] = set()
    wrong: dict[str, NoSingleValue] = {}
    is_open = False
    connector = str(definition["id"])
    for method, tree in _attribute_trees(definition):
        written = _written(tree)
        is_open = is_open or written is None
        for name, expression in (written or {}).items():
            names.add(name)
            if shape := _shape_of_expression(expression):
                wrong[name] = NoSingleValue(connector, shape, f"its map in {method}")
    for sample, name, value in _sampled(definition, samples):
        names.add(name)
        if shape := _shape(value):
            wrong[name] = NoSingleValue(connector, shape, f"its sample {sample!r}")
    return MappedAttributes(frozenset(names), is_open, wrong)


def _attribute_trees(definition: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every expression that a lookup's map gives for the record's attributes."""
    for name in sorted({name for names in definition["lookups"].values() for name in names}):
        method = definition["methods"][name]
        for expression in (method["map"], *(step["map"] for step in method["steps"])):
            if expression:
                for tree in _values_of_key(compiled(expression).parsed):
                    yield name, tree


def _values_of_key(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if tree["type"] == "key_val_pair" and tree["value"] == _KEY:
        yield tree["children"][0]
        return
    for child in tree["children"]:
        yield from _values_of_key(child)


def _written(tree: Mapping[str, Any]) -> dict[str, Mapping[str, Any]] | None:
    """The attributes that an expression names; None when only the CRM knows them."""
    if tree["type"] == "multi_select_dict":
        return {pair["value"]: pair["children"][0] for pair in tree["children"]}
    if tree["type"] == "literal" and isinstance(tree["value"], Mapping):
        return {name: {"type": "literal", "value": v} for name, v in tree["value"].items()}
    return None


def _shape_of_expression(tree: Mapping[str, Any]) -> str:
    """What an expression always makes: a list, an object, or ("") nobody can say."""
    if tree["type"] == "literal":
        return _shape(tree["value"])
    if tree["type"] == "pipe":
        return _shape_of_expression(tree["children"][-1])
    return "list" if tree["type"] in _LISTS else "object" if tree["type"] in _OBJECTS else ""


def _sampled(
    definition: Mapping[str, Any], samples: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str, object]]:
    for told in samples:
        sample = Sample.model_validate(dict(told))
        for row in mapped_rows(definition, sample) if sample.find else ():
            if isinstance(row[_KEY], Mapping):
                for name, value in row[_KEY].items():
                    yield sample.name, str(name), value


def _shape(value: object) -> str:
    return "list" if isinstance(value, list) else "object" if isinstance(value, Mapping) else ""
