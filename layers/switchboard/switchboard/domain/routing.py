"""Where a contact goes, and why. Facts are gathered first; deciding does no I/O."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from switchboard.domain.cells import Attribute, Cell, Value
from switchboard.domain.facts import fact_text
from switchboard.domain.ruleset import Outcome, Row, Ruleset, Table

Read = tuple[Attribute, Value]


@dataclass(frozen=True, slots=True)
class Decision:
    """The first row that matched, and the values it read.

    `prompts`, `views` and `flags` are those of the row and of the `collected` rows together.
    """

    ruleset: str
    row: str
    then: Outcome
    values_read: tuple[Read, ...] = field(default=(), repr=False)
    prompts: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    collected: tuple[str, ...] = ()

    @property
    def because(self) -> str:
        """The row and its reasons, in one sentence."""
        reasons = " and ".join(_said(read) for read in self.values_read)
        return f"{self.row}: {reasons or 'no other rule applied'}"


class Passed(NamedTuple):
    """A row that did not decide, the first of its cells that failed, and the value that it read."""

    row: str
    cell: Cell
    of: Attribute
    value: Value

    @property
    def attribute(self) -> str:
        return self.cell.attribute

    @property
    def why(self) -> str:
        """In one sentence."""
        return f"{_said((self.of, self.value))}, needs {self.cell.text}"


def decide(ruleset: Ruleset, facts: Mapping[str, Value], *, digest: str = "") -> Decision:
    """The first row whose cells all hold.

    A checked ruleset always has one. In any other the last row decides: a caller must go somewhere.
    """
    rows = ruleset.route.rows
    number = ruleset.route.masks.first(facts)
    row = rows[-1] if number is None else rows[number]
    then = row.then
    asks = then.prompts is None
    added = [
        row
        for table in ruleset.tables[1:]
        for row in _matching(table, facts)
        if row.then.views or row.then.flags or (asks and row.then.prompts)
    ]
    prompts = then.prompts
    if prompts is None:
        prompts = _together([row.then.prompts or () for row in added])
    return Decision(
        ruleset=digest,
        row=row.id,
        then=then,
        values_read=() if number is None else _values_read(ruleset, row, facts),
        prompts=prompts,
        views=_together([then.views, *[row.then.views for row in added]]),
        flags=_together([then.flags, *[row.then.flags for row in added]]),
        collected=tuple([row.id for row in added]),
    )


def explain(ruleset: Ruleset, facts: Mapping[str, Value]) -> tuple[Passed, ...]:
    """Why each row before the deciding one did not match."""
    return tuple(_passed(ruleset, facts))


def _matching(table: Table, facts: Mapping[str, Value]) -> list[Row]:
    if table.hit == "all":
        return [table.rows[number] for number in table.masks.every(facts)]
    number = table.masks.first(facts)
    return [] if number is None else [table.rows[number]]


def _together(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """All of them in order, each once."""
    named = [words for words in lists if words]
    if len(named) < 2:
        return named[0] if named else ()
    return tuple(dict.fromkeys([word for words in named for word in words]))


def _passed(ruleset: Ruleset, facts: Mapping[str, Value]) -> Iterator[Passed]:
    for row in ruleset.route.rows:
        for cell in row.cells:
            value = facts.get(cell.attribute)
            if not cell.condition.admits(value):
                yield Passed(row.id, cell, ruleset.attributes[cell.attribute], value)
                break
        else:
            return


def _values_read(ruleset: Ruleset, row: Row, facts: Mapping[str, Value]) -> tuple[Read, ...]:
    attributes = ruleset.attributes
    return tuple([(attributes[cell.attribute], facts.get(cell.attribute)) for cell in row.cells])


def _said(read: Read) -> str:
    attribute, value = read
    return f"{attribute.name.replace('_', ' ')} {fact_text(attribute, value)}"
