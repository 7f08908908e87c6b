"""Which cell or story a line of the check is about, so that the editing page can lead there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Document = Mapping[str, Any]

# `row late-payer, tier: …` and `row late-payer can never be reached: …`
_PLACE: Final = re.compile(r"row ([\w.-]+)(?:, (?:then, )?([\w-]+))?")


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check says, and the cell or the story it is about where it is about one.

    What `follows` from it is not told beside it: it goes away with it.
    """

    text: str
    table: str = ""
    row: str = ""
    column: str = ""
    story: str = ""
    follows: tuple["Finding", ...] = ()


class Places:
    """The rows, attributes and stories of a document that may have any shape."""

    def __init__(self, document: Document) -> None:
        self._table_of = dict(_rows_of(document))
        named = document.get("attributes")
        self._attributes = frozenset(named if isinstance(named, Mapping) else ())
        self._stories = tuple(str(one.get("name")) for one in _mappings(document.get("tests")))

    def finding(self, text: str) -> Finding:
        if text.startswith("test "):
            return Finding(text, story=self._story(text))
        place = _PLACE.match(text)
        if place is None or place[1] not in self._table_of:
            return Finding(text)
        return Finding(text, self._table_of[place[1]], place[1], self._column(place[2]))

    def _story(self, text: str) -> str:
        """`test 'high goes first': …` and `test 'high goes first', given, tier: …`"""
        told = (name for name in self._stories if text.startswith(f"test {name!r}"))
        return next(told, "")

    def _column(self, named: str | None) -> str:
        if named in self._attributes:
            return f"when.{named}"
        return "id" if named in (None, "id") else "note" if named == "note" else f"then.{named}"


def _rows_of(document: Document) -> Iterator[tuple[str, str]]:
    """Each row's id and its table's."""
    for table in _mappings(document.get("tables")):
        for row in _mappings(table.get("rows")):
            yield str(row.get("id")), str(table.get("id"))


def _mappings(listed: object) -> Iterator[Mapping[str, Any]]:
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, Mapping):
            yield one
