"""Whether some caller is to hear more prompts than ECS gets: over all tables, for every caller."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from switchboard.domain.caller_search import Somebody
from switchboard.domain.condition_space import Caller, told
from switchboard.domain.numbered_rows import NumberedRows, collecting, earlier

MOST_PROMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class _Adding:
    """A row that adds prompts, and in a table where the first counts those that must not match."""

    number: int
    prompts: frozenset[str]
    before: int
    touching: int


@dataclass(frozen=True, slots=True)
class _TooMany:
    deciding: int
    adding: tuple[_Adding, ...]
    caller: Caller


def too_many_prompts(numbered: NumberedRows) -> Iterator[str]:
    """One line for each row that says too many, and one for some that together add too many."""
    for row in numbered.rows:
        said = len(set(row.then.prompts or ()))
        if said > MOST_PROMPTS:
            yield f"row {row.id}, prompts: {said}, and ECS gets {MOST_PROMPTS}; take some away"
    found = _too_many(numbered, (), _adding(numbered))
    if found:
        yield _line(numbered, found)


def _line(numbered: NumberedRows, found: _TooMany) -> str:
    names = ", ".join(numbered.rows[adding.number].id for adding in found.adding)
    who = told(numbered.everybody.space, _of_interest(numbered, found))
    return (
        f"row {numbered.rows[found.deciding].id}, prompts: ECS gets {MOST_PROMPTS}, "
        f"and {names} add more for {f'a caller whose {who}' if who else 'everybody'}; "
        "put those of which one is enough into a table with `hit: first`"
    )


def _adding(numbered: NumberedRows) -> list[_Adding]:
    return [
        _Adding(
            number,
            frozenset(numbered.rows[number].then.prompts or ()),
            earlier(span, number) if table.hit == "first" else 0,
            numbered.everybody.space.touching(number),
        )
        for table, span in numbered.tables[1:]
        for number in span
        if 0 < len(set(numbered.rows[number].then.prompts or ())) <= MOST_PROMPTS
    ]


def _too_many(
    numbered: NumberedRows, chosen: tuple[_Adding, ...], rest: Sequence[_Adding]
) -> _TooMany | None:
    """Another row, and another, while somebody meets them all and there may be too many."""
    prompts = frozenset[str]().union(*(adding.prompts for adding in chosen))
    if len(prompts) > MOST_PROMPTS:
        return _heard(numbered, chosen)
    if len(prompts.union(*(adding.prompts for adding in rest))) <= MOST_PROMPTS:
        return None
    for place, adding in enumerate(rest, start=1):
        if adding.prompts <= prompts or not _meets(numbered, (*chosen, adding)):
            continue
        later = [other for other in rest[place:] if adding.touching >> other.number & 1]
        if found := _too_many(numbered, (*chosen, adding), later):
            return found
    return None


def _meets(numbered: NumberedRows, chosen: Sequence[_Adding]) -> bool:
    return isinstance(numbered.everybody.find(**_question(chosen)), Somebody)


def _heard(numbered: NumberedRows, chosen: tuple[_Adding, ...]) -> _TooMany | None:
    """Prompts are collected only where the deciding row says none of its own."""
    question = _question(chosen)
    for deciding in collecting(numbered):
        if all(adding.touching >> deciding & 1 for adding in chosen):
            answer = numbered.everybody.find(
                meeting=question["meeting"] | 1 << deciding,
                avoiding=question["avoiding"] | earlier(numbered.route, deciding),
            )
            if isinstance(answer, Somebody):
                return _TooMany(deciding, chosen, answer.caller)
    return None


def _question(chosen: Sequence[_Adding]) -> dict[str, int]:
    meeting = avoiding = 0
    for adding in chosen:
        meeting |= 1 << adding.number
        avoiding |= adding.before
    return {"meeting": meeting, "avoiding": avoiding}


def _of_interest(numbered: NumberedRows, found: _TooMany) -> Caller:
    """The caller by what the rows look at that add the prompts."""
    rows = (numbered.rows[adding.number] for adding in found.adding)
    names = {cell.attribute for row in rows for cell in row.cells}
    return {name: value for name, value in found.caller.items() if name in names}
