"""YAML as people write it here. A key that stands twice is refused: YAML would keep the last one
and say nothing."""

from collections.abc import Iterator
from typing import Any, Final

import yaml

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TYPED: Final = ("null", "bool", "int", "float", "timestamp", "binary", "value")
_AS_WRITTEN: Final = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"})


class KeysTwice(ValueError):
    """One line for each key that stands more than once, with the lines of the file."""


class _AsWritten(_LOADER):  # type: ignore[misc]
    """Leaves every scalar the text that it is: `no`, `12:30` and `2026-12-25` stay as they are."""

    def as_written(self, node: yaml.ScalarNode) -> str | None:
        """A key with nothing after it has no value; an empty text in quotes is one."""
        return str(node.value) if node.value or node.style else None

    yaml_constructors: Final = {
        **_LOADER.yaml_constructors,
        **dict.fromkeys((f"tag:yaml.org,2002:{name}" for name in _TYPED), as_written),
    }


def read_yaml_text(text: str) -> Any:
    """Whatever stands in the text.

    Raises: KeysTwice, yaml.YAMLError, ValueError for a day that no calendar has, RecursionError.
    """
    return _read(_LOADER(text))


def read_yaml_as_written(text: str) -> Any:
    """The same with every scalar as text, for files whose own catalogue says the types.

    Raises: KeysTwice, yaml.YAMLError, RecursionError.
    """
    return _read(_AsWritten(text))


def _read(loader: Any) -> Any:
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        if twice := [line for mapping in _mappings(root) for line in _twice(loader, mapping)]:
            raise KeysTwice("\n".join(twice))
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _mappings(root: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Every mapping once, however often an alias names it."""
    seen: set[int] = set()
    waiting: list[yaml.Node] = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            waiting.extend(value for _, value in reversed(node.value))
        else:
            waiting.extend(reversed(node.value))


def _twice(loader: Any, mapping: yaml.MappingNode) -> Iterator[str]:
    lines: dict[Any, list[int]] = {}
    written: dict[Any, str] = {}
    for key, _ in mapping.value:
        if isinstance(key, yaml.ScalarNode):
            # `yes` and `on` are two spellings of one key, `1` and "1" are two keys.
            read = key.value if key.tag in _AS_WRITTEN else loader.construct_object(key)
            lines.setdefault(read, []).append(key.start_mark.line + 1)
            written.setdefault(read, key.value)
    for read, places in lines.items():
        if len(places) > 1:
            yield f"{written[read]} stands {_times(len(places))}, {_told(places)}"


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


def _told(lines: list[int]) -> str:
    *first, last = map(str, lines)
    return f"lines {', '.join(first)} and {last}"
