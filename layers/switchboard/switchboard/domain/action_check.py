"""Whether what a row does is all there: a message is heard, and no key stands there for nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from switchboard.domain.caller_search import Somebody
from switchboard.domain.condition_space import Caller, bits, told
from switchboard.domain.numbered_rows import NumberedRows, collecting, earlier
from switchboard.domain.reachability import least_said
from switchboard.domain.ruleset import Action, Outcome, Ruleset, Table

_FLOWING: Final = ("flow", "on_fail")
_UNUSED: Final[Mapping[Action, tuple[str, ...]]] = {
    "message": ("queue", "priority", "last_agent", "not_agent", *_FLOWING),
    "queue": _FLOWING,
    "callback": _FLOWING,
}
_Silent = tuple[int, int]  # rows to meet and rows to avoid, so that a table gives no prompt


def idle_keys(ruleset: Ruleset) -> Iterator[str]:
    """Keys that the row's action does not look at: somebody thought that they do something."""
    for row in ruleset.route.rows:
        for key in _UNUSED.get(row.then.action, ()):
            if _says(row.then, key):
                yield f"row {row.id}, {key}: `do: {row.then.action}` has no use for it; delete it"


def silent_messages(numbered: NumberedRows) -> Iterator[str]:
    """Rows whose message would be silence, for everybody or for some caller."""
    for number in numbered.route:
        then = numbered.rows[number].then
        if then.action == "message" and then.prompts == ():
            yield f"row {numbered.rows[number].id}, prompts: a message needs one; name it"
    for number in collecting(numbered):
        if numbered.rows[number].then.action == "message":
            yield from _unheard(numbered, number)


def _says(then: Outcome, key: str) -> bool:
    if key == "priority":
        return then.priority is not None and then.priority.seconds > 0
    said: Any = then.avoids_last_agent if key == "not_agent" else getattr(then, key)
    return bool(said)


def _unheard(numbered: NumberedRows, number: int) -> Iterator[str]:
    found = _for_whom_all_are_silent(numbered, number, (0, 0), _silences(numbered, number))
    if found is not None:
        who = told(numbered.everybody.space, found)
        yield (
            f"row {numbered.rows[number].id}, prompts: a message without a prompt for "
            f"{f'a caller whose {who}' if who else 'everybody'}; name its prompts here"
        )


def _silences(numbered: NumberedRows, number: int) -> Sequence[Sequence[_Silent]]:
    """For each table that has prompts, the ways in which this row's callers may get none of it.

    The table with the fewest comes first.
    """
    touching = numbered.everybody.space.touching(number)
    ways = []
    for table, span in numbered.tables[1:]:
        speaking = sum(1 << n for n in span if numbered.rows[n].then.prompts)
        if speaking:
            before = _before_speaking(table, span, speaking)
            ways.append([(0, speaking), *(way for way in before if way[0] & touching)])
    return sorted(ways, key=len)


def _before_speaking(table: Table, span: range, speaking: int) -> Iterator[_Silent]:
    """Rows without a prompt that keep a later row from counting."""
    for number in span if table.hit == "first" else ():
        before = speaking & earlier(span, number)
        if not speaking >> number & 1 and speaking != before:
            yield 1 << number, before


def _for_whom_all_are_silent(
    numbered: NumberedRows, number: int, so_far: _Silent, rest: Sequence[Sequence[_Silent]]
) -> Caller | None:
    """A caller for whom the row decides and no table speaks, by what keeps the tables silent."""
    meeting, avoiding = so_far
    answer = numbered.everybody.find(
        meeting=meeting | 1 << number, avoiding=avoiding | earlier(numbered.route, number)
    )
    if not isinstance(answer, Somebody):
        return None
    if not rest:
        return _of_interest(numbered, answer.caller, meeting, avoiding)
    for meets, avoids in rest[0]:
        longer = meeting | meets, avoiding | avoids
        found = _for_whom_all_are_silent(numbered, number, longer, rest[1:])
        if found is not None:
            return found
    return None


def _of_interest(numbered: NumberedRows, caller: Caller, meeting: int, avoiding: int) -> Caller:
    needed = least_said(numbered.everybody.space, caller, avoiding)
    looked_at = {cell.attribute for row in bits(meeting) for cell in numbered.rows[row].cells}
    return {name: value for name, value in caller.items() if name in needed or name in looked_at}
