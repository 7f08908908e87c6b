"""Whether some caller meets these rows and none of those: a proof either way, with an example.

Depth first, one attribute after the other. Of an attribute's values only those are tried that
leave the fewest rows to avoid: whoever escapes with another value escapes with one of them too. A
row that only one attribute can still exclude forbids the values it admits. Where nobody escapes,
the rows that stood in the way are told, and a value that leaves those same rows standing is not
tried again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from itertools import accumulate
from operator import and_, or_
from typing import Final

from switchboard.domain.axis import Axis
from switchboard.domain.condition_space import Caller, ConditionSpace

MOST_STEPS: Final = 30_000  # 500 random rows take about 2,000

_Chosen = dict[int, int]  # the number of an axis, and which of its values
_Option = tuple[int, int]  # the rows that are left, and the value that leaves them


@dataclass(frozen=True, slots=True)
class Somebody:
    """A caller who meets what was asked. What does not matter is missing, or as plain as can be."""

    caller: Caller


@dataclass(frozen=True, slots=True)
class Nobody:
    """There is none; `because_of` are rows, of those to avoid, that together hold everybody."""

    because_of: int


@dataclass(frozen=True, slots=True)
class Unproved:
    """The search was given up, because it took more steps than there are for all questions."""


Answer = Somebody | Nobody | Unproved


class Callers:
    """Everybody in a space. All questions share the steps, so that every check comes to an end."""

    def __init__(self, space: ConditionSpace, most_steps: int = MOST_STEPS) -> None:
        self.space = space
        self._steps_left = most_steps

    @property
    def are_exhausted(self) -> bool:
        """Whether some question may have been given up."""
        return not self._steps_left

    def find(self, *, meeting: int = 0, avoiding: int = 0) -> Answer:
        """Somebody who meets all the one rows and none of the others; rows are bits."""
        search = _Search(self.space, meeting, avoiding, self._steps_left)
        if not search.is_possible:
            return Nobody(0)
        try:
            found = search.run(avoiding, range(len(self.space.axes)))
        except _OutOfStepsError:
            return Unproved()
        finally:
            self._steps_left = max(0, search.steps_left)
        if isinstance(found, int):
            return Nobody(found)
        return Somebody(self.space.caller(search.first | found))


class _OutOfStepsError(Exception):
    pass


@dataclass(slots=True)
class _Node:
    """Where a search stands: the rows nothing excludes yet, and the attributes without a value."""

    alive: int
    open: dict[int, list[_Option]]
    chosen: _Chosen = field(default_factory=dict)
    because_of: int = 0
    is_closed: bool = False


class _Search:
    """One question; see `Callers.find`."""

    def __init__(self, space: ConditionSpace, meeting: int, avoiding: int, most_steps: int) -> None:
        self._indifferent = [axis.indifferent for axis in space.axes]
        self._options = [_options(axis, meeting, avoiding) for axis in space.axes]
        self._known: dict[tuple[int, tuple[int, ...]], int] = {}
        self.steps_left = most_steps
        self.is_possible = all(self._options)
        self.first = {n: options[0][1] for n, options in enumerate(self._options) if options}

    def run(self, alive: int, rest: Iterable[int]) -> _Chosen | int:
        """A value for each attribute that matters, or the rows that hold everybody who is left."""
        self.steps_left -= 1
        if self.steps_left < 0:
            raise _OutOfStepsError
        node = _Node(alive, {number: [] for number in rest})
        while node.alive and not node.is_closed and self._settle(node):
            pass
        if not node.alive:
            return node.chosen
        if node.is_closed:
            return node.because_of
        found = self._branch(node)
        return found | node.because_of if isinstance(found, int) else node.chosen | found

    def _settle(self, node: _Node) -> bool:
        """Choose where a value is the best or the only one. Whether that changed anything."""
        before = node.alive, len(node.open)
        stuck, lasts = self._lasts(node)
        if stuck:
            node.because_of |= stuck & -stuck
            node.is_closed = True
            return False
        for number, last in lasts:
            options = _least(self._options[number], node.alive, self._indifferent[number])
            held = [rows & last for rows, _ in options]
            node.because_of |= reduce(or_, (rows & -rows for rows in held))
            free = [option for option, rows in zip(options, held, strict=True) if not rows]
            node.open[number] = free
            if not free:
                node.is_closed = True
                return False
            if len(free) == 1:
                node.alive, node.chosen[number] = free[0]
                del node.open[number]
        return (node.alive, len(node.open)) != before

    def _lasts(self, node: _Node) -> tuple[int, list[tuple[int, int]]]:
        """The rows that no open attribute can exclude; and for each, those that only it can."""
        numbers = list(node.open)
        masks = [self._indifferent[number] for number in numbers]
        before = list(accumulate(masks, and_, initial=node.alive))
        after = list(accumulate(reversed(masks), and_, initial=node.alive))[-2::-1]
        return before[-1], [
            (number, one & other)
            for number, one, other in zip(numbers, before[:-1], after, strict=True)
        ]

    def _branch(self, node: _Node) -> _Chosen | int:
        key = node.alive, tuple(node.open)
        if key in self._known:
            return self._known[key]
        number = min(node.open, key=lambda number: self._urgency(number, node))
        others = [other for other in node.open if other != number]
        holding: list[int] = []
        for rows, place in node.open[number]:
            if any(held & ~rows == 0 for held in holding):
                continue  # the same rows hold everybody here as well
            found = self.run(rows, others)
            if not isinstance(found, int):
                return {number: place} | found
            holding.append(found)
        self._known[key] = reduce(or_, holding)
        return self._known[key]

    def _urgency(self, number: int, node: _Node) -> tuple[int, int]:
        """Few options first; among them, the attribute that most rows look at."""
        looking = node.alive & ~self._indifferent[number]
        return len(node.open[number]), -looking.bit_count()


def _options(axis: Axis, meeting: int, avoiding: int) -> list[_Option]:
    permitted = ((r, place) for place, r in enumerate(axis.admitting) if r & meeting == meeting)
    return _least(permitted, avoiding, axis.indifferent)


def _least(options: Iterable[_Option], alive: int, indifferent: int) -> list[_Option]:
    """The options that leave few of the rows: none leaves all the rows of another and more."""
    floor = alive & indifferent
    left: dict[int, int] = {}
    for admitting, place in options:
        rows = admitting & alive
        if rows == floor:
            return [(rows, place)]
        left.setdefault(rows, place)
    least: list[_Option] = []
    for rows in sorted(left, key=int.bit_count):
        for fewer, _ in least:
            if fewer & rows == fewer:
                break
        else:
            least.append((rows, left[rows]))
    return least
