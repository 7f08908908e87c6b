"""Whether what a row does is all there: a message is heard, and no key stands there for nothing."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final

from switchboard.domain.axis import union
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
    for silent in product(*_silences(numbered)):
        meeting = union(meets for meets, _ in silent)
        avoiding = union(avoids for _, avoids in silent)
        answer = numbered.everybody.find(
            meeting=meeting | 1 << number, avoiding=avoiding | earlier(numbered.route, number)
        )
        if isinstance(answer, Somebody):
            who = told(numbered.everybody.space, _of_interest(numbered, answer, meeting, avoiding))
            yield (
                f"row {numbered.rows[number].id}, prompts: a message without a prompt for "
                f"{f'a caller whose {who}' if who else 'everybody'}; name its prompts here"
            )
            return


def _silences(numbered: NumberedRows) -> Iterator[Sequence[_Silent]]:
    """For each table that has prompts, the ways in which it gives none."""
    for table, span in numbered.tables[1:]:
        speaking = sum(1 << n for n in span if numbered.rows[n].then.prompts)
        if speaking:
            yield [(0, speaking), *_before_speaking(table, span, speaking)]


def _before_speaking(table: Table, span: range, speaking: int) -> Iterator[_Silent]:
    """Rows without a prompt that keep a later row from counting."""
    for number in span if table.hit == "first" else ():
        before = speaking & earlier(span, number)
        if not speaking >> number & 1 and speaking != before:
            yield 1 << number, before


def _of_interest(numbered: NumberedRows, found: Somebody, meeting: int, avoiding: int) -> Caller:
    """The caller by what keeps the other tables silent."""
    needed = least_said(numbered.everybody.space, found.caller, avoiding)
    looked_at = {cell.attribute for row in bits(meeting) for cell in numbered.rows[row].cells}
    return {n: value for n, value in found.caller.items() if n in needed or n in looked_at}
