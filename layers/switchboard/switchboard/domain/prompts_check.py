"""Whether some caller is to hear more prompts than ECS gets: over all tables, for every caller."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from switchboard.domain.caller_search import Somebody
from switchboard.domain.condition_space import Caller, told
from switchboard.domain.numbered_rows import NumberedRows, collecting, earlier

MOST_PROMPTS: Final = 3

_Adding = tuple[int, int]  # a row, and those before it of which only the first is hit


@dataclass(frozen=True, slots=True)
class _TooMany:
    rows: tuple[int, ...]
    caller: Caller


def too_many_prompts(numbered: NumberedRows) -> Iterator[str]:
    """One line for each row that says too many, and for each group that does so together."""
    for row in numbered.rows:
        said = len(set(row.then.prompts or ()))
        if said > MOST_PROMPTS:
            yield f"row {row.id}, prompts: {said}, and ECS gets {MOST_PROMPTS}; take some away"
    known = set()
    for number in collecting(numbered):
        found = _Collection(numbered, number).too_many()
        if found and found.rows not in known:
            known.add(found.rows)
            yield _line(numbered, number, found)


def _line(numbered: NumberedRows, number: int, found: _TooMany) -> str:
    names = ", ".join(numbered.rows[row].id for row in found.rows)
    return (
        f"row {numbered.rows[number].id}, prompts: ECS gets {MOST_PROMPTS}, and {names} add more "
        f"for a caller whose {told(numbered.everybody.space, found.caller)}; put those of which "
        "one is enough into a table with `hit: first`"
    )


class _Collection:
    """The rows that may add prompts to what one row of the route table decides."""

    def __init__(self, numbered: NumberedRows, number: int) -> None:
        self._numbered = numbered
        self._meeting = 1 << number
        self._avoiding = earlier(numbered.route, number)
        self._adding: list[_Adding] = [
            (row, earlier(span, row) if table.hit == "first" else 0)
            for table, span in numbered.tables[1:]
            for row in span
            if 0 < len(set(numbered.rows[row].then.prompts or ())) <= MOST_PROMPTS
        ]

    def too_many(self) -> _TooMany | None:
        return self._more((), frozenset(), self._adding)

    def _more(
        self, rows: tuple[_Adding, ...], prompts: frozenset[str], rest: Sequence[_Adding]
    ) -> _TooMany | None:
        """Another row, and another, as long as somebody meets them all and it is not too many."""
        answer = self._find(rows)
        if not isinstance(answer, Somebody):
            return None
        if len(prompts) > MOST_PROMPTS:
            return _TooMany(tuple(row for row, _ in rows), self._of_interest(rows, answer.caller))
        for place, adding in enumerate(rest, start=1):
            more = prompts | set(self._numbered.rows[adding[0]].then.prompts or ())
            found = self._more((*rows, adding), more, rest[place:]) if more > prompts else None
            if found:
                return found
        return None

    def _find(self, rows: Sequence[_Adding]) -> object:
        meeting, avoiding = self._meeting, self._avoiding
        for row, before in rows:
            meeting |= 1 << row
            avoiding |= before
        return self._numbered.everybody.find(meeting=meeting, avoiding=avoiding)

    def _of_interest(self, rows: Sequence[_Adding], caller: Caller) -> Caller:
        """The caller by what the rows look at that add the prompts."""
        cells = (cell for row, _ in rows for cell in self._numbered.rows[row].cells)
        names = {cell.attribute for cell in cells}
        return {name: value for name, value in caller.items() if name in names}
