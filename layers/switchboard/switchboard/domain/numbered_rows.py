"""All rows of a ruleset in one space, numbered through its tables, so that they can be combined."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from switchboard.domain.caller_search import Callers
from switchboard.domain.condition_space import condition_space
from switchboard.domain.reachability import Reach, reach
from switchboard.domain.ruleset import Row, Ruleset, Table


@dataclass(frozen=True, slots=True)
class NumberedRows:
    """The rows by number, where each table has its own, and who reaches them.

    `reached` is by the id of the table, for those of which the first row counts.
    """

    rows: tuple[Row, ...]
    tables: tuple[tuple[Table, range], ...]
    everybody: Callers
    reached: Mapping[str, Reach]

    @property
    def route(self) -> range:
        return self.tables[0][1]

    @property
    def decided(self) -> Reach:
        return self.reached[self.tables[0][0].id]

    def span(self, table: Table) -> range:
        return next(span for other, span in self.tables if other is table)


def numbered_rows(ruleset: Ruleset) -> NumberedRows:
    """Raises: TooManyCombinations when rows tie too many values of a set together."""
    rows = tuple(row for table in ruleset.tables for row in table.rows)
    everybody = Callers(condition_space(ruleset.attributes, [row.cells for row in rows]))
    tables = []
    start = 0
    for table in ruleset.tables:
        tables.append((table, range(start, start + len(table.rows))))
        start += len(table.rows)
    reached = {table.id: reach(everybody, span) for table, span in tables if table.hit == "first"}
    return NumberedRows(rows, tuple(tables), everybody, reached)


def earlier(rows: range, row: int) -> int:
    """The rows of the table that stand before this one, as bits."""
    return (1 << row) - (1 << rows.start)


def collecting(numbered: NumberedRows) -> Iterator[int]:
    """Rows that decide for somebody and leave the prompts to the other tables."""
    for number in numbered.decided.callers:
        if numbered.rows[number].then.prompts is None:
            yield number
