"""Rows that never count and callers without a row: who or what is in the way."""

from collections.abc import Iterator

from switchboard.domain.caller_search import MOST_STEPS
from switchboard.domain.cells import Cell, Missing, Span
from switchboard.domain.condition_space import bits, told
from switchboard.domain.numbered_rows import NumberedRows

_GAVE_UP = f"could not be proved in {MOST_STEPS} steps; use fewer `missing` and `present` cells"


def dead_rows(numbered: NumberedRows) -> Iterator[str]:
    """Cells that hold for nobody, in any table; and where the first row counts, rows after it."""
    space = numbered.everybody.space
    nobody, sources = space.admitting_nobody(), space.sources()
    for number, row in enumerate(numbered.rows):
        yield from (
            f"row {row.id}, {cell.attribute}: {cell.text or 'this'} can never be true; "
            f"{_instead(cell, sources[cell.attribute])}"
            for cell in row.cells
            if nobody[cell.attribute] >> number & 1
        )
    for reached in numbered.reached.values():
        for number, by in reached.covered.items():
            names = [numbered.rows[other].id for other in bits(by)]
            yield f"row {numbered.rows[number].id} can never be reached: {_cover_it(names)}"


def gaps(numbered: NumberedRows) -> Iterator[str]:
    """Somebody for whom no row of the route table decides."""
    gap = numbered.decided.gap
    if gap is not None:
        who = f"a caller whose {told(numbered.everybody.space, gap)}" if gap else "anybody"
        yield f"table route: no row decides for {who}; add one, or `when: {{}}` as the last row"


def unproved(numbered: NumberedRows) -> Iterator[str]:
    """What the search gave up on."""
    for reached in numbered.reached.values():
        for number in sorted(reached.unproved):
            yield f"row {numbered.rows[number].id}: that it can be reached {_GAVE_UP}"
    if numbered.decided.gap_unproved:
        yield f"table route: that nobody falls through {_GAVE_UP}"
    if numbered.everybody.are_exhausted:
        yield f"tables: that no row is needless, and who hears too many prompts or none, {_GAVE_UP}"


def _instead(cell: Cell, source: str) -> str:
    match cell.condition:
        case Missing():
            return f"{source} is always true or false; write one of them"
        case Span(low, high) if low <= high:
            return f"{source} counts, from 0 on; write another number"
        case Span():
            return "write the smaller number first"
    return "it excludes every value; name fewer"


def _cover_it(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} covers it; move it up or delete it"
    return f"{', '.join(names[:-1])} and {names[-1]} together cover it; move it up or delete it"
