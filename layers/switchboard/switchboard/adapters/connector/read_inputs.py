"""Which fields of a record a connector's logging method reads.

For publishing and the command line: read from the compiled file's expressions.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from switchboard.adapters.connector.expressions import Hole, parts_of
from switchboard.adapters.connector.lint_expressions import looked_up

_RECORD: Final = frozenset({"input", "item"})
# A list of the one record, for CRMs that take only lists: what is read of it stands in `item`.
_ITSELF: Final = "[input]"
_PLAIN: Final = ("when", "expects", "map", "stop_when")


def inputs_read(definition: Mapping[str, Any], method: str) -> frozenset[str] | None:
    """The names under `input` or `item`; None where the record is used as a whole.

    `definition` is what `compile_connector` made of the file.
    """
    names: set[str] = set()
    for expression in _expressions(definition, definition["methods"][method]):
        for chain in looked_up(expression):
            if chain[0] in _RECORD:
                if len(chain) == 1:
                    return None
                names.add(chain[1])
    return frozenset(names)


def _expressions(definition: Mapping[str, Any], method: Mapping[str, Any]) -> Iterator[str]:
    yield from _in_tree(definition["headers"])
    if method["map"]:
        yield method["map"]
    for step in method["steps"]:
        # A connector that was published by an earlier version has no `expects`.
        yield from (step[key] for key in _PLAIN if step.get(key))
        yield from _in_tree(step["request"])


def _in_tree(tree: Any) -> Iterator[str]:
    match tree:
        case str():
            yield from (part.expression for part in parts_of(tree) if isinstance(part, Hole))
        case {"for_each": str() as expression, "make": made}:
            if "".join(expression.split()) != _ITSELF:
                yield expression
            yield from _in_tree(made)
        case Mapping():
            for value in tree.values():
                yield from _in_tree(value)
        case list():
            for value in tree:
                yield from _in_tree(value)
