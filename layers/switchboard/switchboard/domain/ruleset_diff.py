"""What differs between two rulesets, in the words of their files."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from switchboard.domain.ruleset import Row, Ruleset, Table
from switchboard.domain.ruleset_words import (
    Aspects,
    row_in_words,
    settings_in_words,
    stories_in_words,
)

Kind = Literal["added", "removed", "moved", "changed"]
_SIGNS: Final[Mapping[Kind, str]] = {"added": "+", "removed": "-", "moved": ">", "changed": "~"}
_ANYBODY: Final = "(anybody)"
_NOT_SAID: Final = "(not said)"


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs, and how: a line for each aspect."""

    kind: Kind
    place: str
    details: tuple[str, ...] = ()

    @property
    def is_of_a_row(self) -> bool:
        return self.place.startswith("row ")

    @property
    def lines(self) -> tuple[str, ...]:
        head = f"{_SIGNS[self.kind]} {self.place}"
        return (f"{head} {self.kind}", *(f"    {detail}" for detail in self.details))


def ruleset_changes(old: Ruleset, new: Ruleset) -> tuple[Change, ...]:
    """Every difference; nothing when the two decide, and are tested, alike."""
    return (
        *_parts(settings_in_words(old), settings_in_words(new)),
        *_tables(old, new),
        *_parts(stories_in_words(old), stories_in_words(new)),
    )


def summary_of(changes: Sequence[Change]) -> str:
    """How much changes, in a line: `2 rows changed, 1 row added, 3 other changes`."""
    rows = [change.kind for change in changes if change.is_of_a_row]
    kinds: tuple[Kind, ...] = ("changed", "added", "removed", "moved")
    parts = [f"{_counted(n, 'row')} {kind}" for kind in kinds if (n := rows.count(kind))]
    if others := len(changes) - len(rows):
        parts.append(_counted(others, "other change"))
    return ", ".join(parts) or "nothing changes"


def _tables(old: Ruleset, new: Ruleset) -> Iterator[Change]:
    # Prompts are added up in the order of the tables.
    for table_id, how in _moved(_ids(old.tables), _ids(new.tables)):
        yield Change("moved", f"table {table_id}", (how,))
    before = {table.id: table for table in old.tables}
    after = {table.id: table for table in new.tables}
    for table_id in dict.fromkeys((*after, *before)):
        one, other = before.get(table_id), after.get(table_id)
        yield from _parts(_rows(old, one), _rows(new, other))
        if one and other:
            for row_id, how in _moved(_ids(one.rows), _ids(other.rows)):
                yield Change("moved", _row_place(old, one, row_id), (how,))


def _rows(ruleset: Ruleset, table: Table | None) -> dict[str, Aspects]:
    if table is None:
        return {}
    decides = table is ruleset.route
    return {
        _row_place(ruleset, table, row.id): row_in_words(row, decides=decides) for row in table.rows
    }


def _row_place(ruleset: Ruleset, table: Table, row_id: str) -> str:
    return f"row {row_id}" if table is ruleset.route else f"row {row_id} of {table.id}"


def _parts(old: Mapping[str, Aspects], new: Mapping[str, Aspects]) -> Iterator[Change]:
    for place, aspects in new.items():
        if place not in old:
            yield Change("added", place, tuple(f"{n}: {text}" for n, text in aspects.items()))
        elif details := tuple(_differing(old[place], aspects)):
            yield Change("changed", place, details)
    for place, aspects in old.items():
        if place not in new:
            yield Change("removed", place, tuple(f"{n}: {text}" for n, text in aspects.items()))


def _differing(old: Aspects, new: Aspects) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        nothing = _ANYBODY if name.startswith("when ") else _NOT_SAID
        before, after = old.get(name, nothing), new.get(name, nothing)
        if before != after:
            yield f"{name}: {before} -> {after}"


def _moved(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The fewest that make the rest stand in the same order, and how each moved."""
    was = {one: place for place, one in enumerate(before)}
    now = [one for one in after if one in was]
    stays = {now[index] for index in _longest_rising([was[one] for one in now])}
    for one in now:
        if one not in stays:
            yield one, f"was {_stands(before, one)}, now {_stands(after, one)}"


def _ids(listed: Sequence[Row] | Sequence[Table]) -> list[str]:
    return [one.id for one in listed]


def _stands(ids: Sequence[str], one: str) -> str:
    place = ids.index(one)
    return f"after {ids[place - 1]}" if place else "first"


def _longest_rising(numbers: Sequence[int]) -> list[int]:
    """The indexes of a longest rising part of the numbers, which are all different."""
    ends: list[int] = []  # the smallest number that ends a rising part of each length
    last: list[int] = []  # its index
    before: list[int] = []  # for each number, the index that comes before it in its part
    for index, number in enumerate(numbers):
        length = bisect_left(ends, number)
        ends[length : length + 1] = [number]
        last[length : length + 1] = [index]
        before.append(last[length - 1] if length else -1)
    indexes = []
    index = last[-1] if last else -1
    while index >= 0:
        indexes.append(index)
        index = before[index]
    return indexes[::-1]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
