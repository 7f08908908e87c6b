"""Which rows of a first-match table can ever decide, what covers the others, and who falls through.

Exact: a row decides for somebody exactly when a caller is found who meets it and no earlier row.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from switchboard.domain.caller_search import Answer, Callers, Nobody, Somebody, Unproved
from switchboard.domain.condition_space import Caller, ConditionSpace, bits


@dataclass(frozen=True, slots=True)
class Reach:
    """By the numbers of the rows. Callers stand for all for whom the row decides.

    `gap` is somebody who falls through, by what is needed for it.
    """

    callers: Mapping[int, Caller]
    never_true: frozenset[int]
    covered: Mapping[int, int]
    unproved: frozenset[int]
    gap: Caller | None
    gap_unproved: bool


def reach(everybody: Callers, rows: range) -> Reach:
    """Of these rows of the space, which follow each other in one table."""
    decided: dict[int, Caller] = {}
    covered: dict[int, int] = {}
    unproved: set[int] = set()
    deciding = 0  # rows that never decide add nothing to those that cover
    for row in rows:
        match _decided_by(everybody, row, deciding):
            case Nobody(because_of):
                covered[row] = because_of
                continue
            case Somebody(caller):
                decided[row] = caller
            case Unproved():
                unproved.add(row)
        deciding |= 1 << row
    gap = everybody.find(avoiding=deciding)
    return Reach(
        decided,
        frozenset(row for row, by in covered.items() if not by),
        {row: by for row, by in covered.items() if by},
        frozenset(unproved),
        least_said(everybody.space, gap.caller, deciding) if isinstance(gap, Somebody) else None,
        isinstance(gap, Unproved),
    )


def _decided_by(everybody: Callers, row: int, before: int) -> Answer:
    if (alone := _one_cover(everybody.space, row, before)) is not None:
        return Nobody(1 << alone)
    answer = everybody.find(meeting=1 << row, avoiding=before)
    if isinstance(answer, Nobody):
        return Nobody(_none_too_many(everybody, row, answer.because_of))
    return answer


def _one_cover(space: ConditionSpace, row: int, among: int) -> int | None:
    """The first row that alone admits everybody whom this row admits; None if it admits nobody."""
    for axis in space.axes:
        admitting = [rows for rows in axis.admitting if rows >> row & 1]
        if not admitting or not among:
            return None
        for rows in admitting:
            among &= rows
    return next(bits(among), None)


def _none_too_many(everybody: Callers, row: int, covering: int) -> int:
    """Of rows that together cover the row, some that do so too, and each of them is needed."""
    for number in bits(covering):
        if covering >> number & 1:
            fewer = everybody.find(meeting=1 << row, avoiding=covering & ~(1 << number))
            if isinstance(fewer, Nobody):
                covering = fewer.because_of
    return covering


def least_said(space: ConditionSpace, caller: Caller, rows: int) -> Caller:
    """The caller without the values that exclude no row which no other value excludes.

    Missing values go first, because they say the least.
    """
    excluded = {name: rows & ~space.admitting(name, value) for name, value in caller.items()}
    needed = dict(caller)
    for name in sorted(caller, key=lambda name: (caller[name] is not None, name)):
        others = 0
        for other in needed:
            others |= excluded[other] if other != name else 0
        if others == rows:
            del needed[name]
    return needed
