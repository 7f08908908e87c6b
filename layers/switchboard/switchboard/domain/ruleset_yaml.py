"""A ruleset's document as YAML text that people read: known keys in their order, a row to a line.

Written without a YAML library, which functions do without. A scalar stands without quotes where no
reader could take it for something else.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from switchboard.domain.outcome_reader import ROUTE_KEYS
from switchboard.domain.ruleset_reader import FILE_KEYS, ROW_KEYS, STORY_KEYS, TABLE_KEYS

_ORDER: Final = {
    key: number
    for number, key in enumerate(
        dict.fromkeys((*FILE_KEYS, *TABLE_KEYS, *ROW_KEYS, *STORY_KEYS, *ROUTE_KEYS))
    )
}
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*", re.ASCII)
# Words that YAML 1.1 takes for a flag or for nothing. `true` and `false` are meant as flags.
_NOT_PLAIN: Final = frozenset({"y", "n", "yes", "no", "on", "off", "null"})
# What stands below these has a line for each entry.
_BLOCKS: Final = frozenset(
    {"attributes", "names", "queues", "priority_classes", "last_agent", "calendars", "weekly",
     "holidays", "tables", "rows", "tests"}
)  # fmt: skip


def yaml_of(document: Mapping[str, Any]) -> str:
    """The text. Read with every scalar as text, it is the same document."""
    return "\n".join(_pairs(document, "")) + "\n"


def _pairs(mapping: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in _ordered(mapping):
        opens = key in _BLOCKS or _holds_block(value)
        if opens and isinstance(value, Mapping) and value:
            yield f"{indent}{_scalar(key)}:"
            yield from _pairs(value, indent + "  ")
        elif opens and isinstance(value, list) and value:
            yield f"{indent}{_scalar(key)}:"
            yield from _items(value, indent)
        else:
            yield f"{indent}{_scalar(key)}: {_flow(value)}".rstrip()


def _items(items: Sequence[Any], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, Mapping) and "rows" in item:
            first, *rest = _pairs(item, indent + "  ")
            yield f"{indent}- {first.strip()}"
            yield from rest
        else:
            yield f"{indent}- {_flow(item)}"


def _holds_block(value: object) -> bool:
    return isinstance(value, Mapping) and not _BLOCKS.isdisjoint(value)


def _flow(value: object) -> str:
    match value:
        case Mapping():
            pairs = (f"{_scalar(key)}: {_flow(item)}".rstrip() for key, item in _ordered(value))
            return "{" + ", ".join(pairs) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case None:
            return ""
    return _scalar(value)


def _scalar(value: object) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    is_plain = _PLAIN.fullmatch(value) and value.lower() not in _NOT_PLAIN
    return value if is_plain else f'"{"".join(map(_letter, value))}"'


def _letter(letter: str) -> str:
    """As it stands between quotes."""
    if letter in '"\\':
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


def _ordered(mapping: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(mapping.items(), key=lambda pair: _ORDER.get(pair[0], len(_ORDER)))
