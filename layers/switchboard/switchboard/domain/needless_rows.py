"""Rows without which all their callers would get the same: looked for among every caller."""

from collections.abc import Iterator
from typing import Final

from switchboard.domain.caller_search import Nobody
from switchboard.domain.condition_space import bits
from switchboard.domain.numbered_rows import NumberedRows, collecting, earlier
from switchboard.domain.ruleset import Outcome, Row, Table

_Gets = tuple[object, ...]
_NOTHING: Final[_Gets] = ((), (), ())  # what a table adds of which no row is hit


def needless_rows(numbered: NumberedRows) -> Iterator[str]:
    """One line for each. A row that another's `on_fail` names is needed for that."""
    named = {row.then.on_fail for row in numbered.rows}
    for table, span in numbered.tables:
        is_needless = _falls_to_the_same if table.hit == "first" else _adds_nothing
        for number in span:
            row = numbered.rows[number]
            if row.id not in named and is_needless(numbered, table, number):
                yield (
                    f"row {row.id} changes nothing: without it all its callers get the same; "
                    "delete it, or say what is different for them"
                )


def _falls_to_the_same(numbered: NumberedRows, table: Table, number: int) -> bool:
    """Whether nobody for whom the row decides would meet another outcome further down."""
    span, reached = numbered.span(table), numbered.reached[table.id]
    space = numbered.everybody.space
    if number not in reached.callers:
        return False
    ours = _gets(table, numbered.rows[number])
    others = earlier(span, span.stop) & ~(1 << number)
    one = space.matching(reached.callers[number]) & others
    after = next(bits(one), None)
    if ours != (_gets(table, numbered.rows[after]) if after is not None else _left_alone(table)):
        return False  # for this caller it does; most rows end here
    differing = [
        (1 << later, earlier(span, later) & others)
        for later in bits(space.touching(number) & -(2 << number))
        if later in span and _gets(table, numbered.rows[later]) != ours
    ]
    if ours != _left_alone(table):
        differing.append((0, others))
    return all(
        isinstance(numbered.everybody.find(meeting=row | 1 << number, avoiding=before), Nobody)
        for row, before in differing
    )


def _gets(table: Table, row: Row) -> _Gets:
    return (row.then,) if table.id == "route" else _added(row.then)


def _left_alone(table: Table) -> _Gets:
    """What callers get of whom no row is hit: in the route table that is no outcome at all."""
    return () if table.id == "route" else _NOTHING


def _added(then: Outcome) -> _Gets:
    return (then.prompts or (), then.views, then.flags)


def _adds_nothing(numbered: NumberedRows, table: Table, number: int) -> bool:
    """Whether rows before it in the tables that collect give everything that it gives."""
    then = numbered.rows[number].then
    return not (
        any(_is_heard_by_it(numbered, number, prompt) for prompt in then.prompts or ())
        or any(_is_seen_by_it(numbered, number, "views", view) for view in then.views)
        or any(_is_seen_by_it(numbered, number, "flags", flag) for flag in then.flags)
    )


def _is_seen_by_it(numbered: NumberedRows, number: int, kind: str, word: str) -> bool:
    givers = _givers(numbered, number, kind, word)
    answer = numbered.everybody.find(meeting=1 << number, avoiding=givers)
    return not isinstance(answer, Nobody)


def _is_heard_by_it(numbered: NumberedRows, number: int, prompt: str) -> bool:
    """Prompts are collected only where the deciding row says none of its own."""
    givers = _givers(numbered, number, "prompts", prompt)
    return any(
        not isinstance(
            numbered.everybody.find(
                meeting=1 << number | 1 << deciding,
                avoiding=givers | earlier(numbered.route, deciding),
            ),
            Nobody,
        )
        for deciding in collecting(numbered)
    )


def _givers(numbered: NumberedRows, number: int, kind: str, word: str) -> int:
    """Rows before this one that give the word to whomever they admit."""
    givers = 0
    for table, span in numbered.tables[1:]:
        for other in span if table.hit == "all" else ():
            if other < number and word in (getattr(numbered.rows[other].then, kind) or ()):
                givers |= 1 << other
    return givers
