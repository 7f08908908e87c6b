"""Every kind of caller that rows of cells can tell apart, as finitely many values and bits.

Between two neighbouring thresholds no cell changes its mind, so one value stands for all that lie
there. Each attribute gets such values, as far as its source can give them, and for each of them the
rows that admit it, as bits. A row that does not look at the attribute admits every value.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from switchboard.domain.axis import Axis, union
from switchboard.domain.cells import OTHER, Attribute, Cell, Condition, Span, Value
from switchboard.domain.facts import fact_text
from switchboard.domain.set_axes import set_axes
from switchboard.domain.sources import is_a_count, is_always_told

_DAY_S: Final = 86_400.0
_AGE_STEPS: Final = (_DAY_S, 3600.0, 60.0, 1.0)
_NUMBER_STEPS: Final = (1.0, 0.5, 0.1, 0.01)
_FROM_NONE_ON: Final = Span(0, math.inf)

Caller = Mapping[str, Value]
_Tested = Mapping[str, Mapping[Condition, int]]  # by attribute, the rows of each of its conditions


@dataclass(frozen=True, slots=True)
class ConditionSpace:
    """Rows over attributes; bit n of every number of bits is row n."""

    axes: tuple[Axis, ...]
    everything: int
    _tested: _Tested = field(repr=False)
    _known: dict[tuple[str, Value], int] = field(default_factory=dict, repr=False, compare=False)

    def admitting(self, attribute: str, value: Value) -> int:
        """The rows that this value of the attribute does not exclude."""
        rows = self._known.get((attribute, value))
        if rows is None:
            rows = self.everything & ~_excluded(self._tested[attribute], value)
            self._known[attribute, value] = rows
        return rows

    def matching(self, caller: Caller) -> int:
        """The rows that admit this caller."""
        rows = self.everything
        for name, value in caller.items():
            rows &= self.admitting(name, value)
        return rows

    def touching(self, row: int) -> int:
        """The rows that admit somebody whom this row admits, too."""
        rows = self.everything
        for axis in self.axes:
            rows &= axis.touching(row)
        return rows

    def admitting_nobody(self) -> Mapping[str, int]:
        """By attribute, the rows of which no value of it meets the cell."""
        nobody: dict[str, int] = {}
        for axis in self.axes:
            name = axis.attribute.name
            nobody[name] = nobody.get(name, 0) | self.everything & ~axis.possible
        return nobody

    def sources(self) -> Mapping[str, str]:
        """Where the value of each attribute is from."""
        return {axis.attribute.name: axis.attribute.source for axis in self.axes}

    def caller(self, places: Mapping[int, int]) -> Caller:
        """Who has this value on each axis; the parts of a set together."""
        caller: dict[str, Value] = {}
        for number, axis in enumerate(self.axes):
            name, value = axis.attribute.name, axis.values[places[number]]
            before = caller.setdefault(name, value)
            if isinstance(before, frozenset) and isinstance(value, frozenset):
                caller[name] = before | value
        return caller


def condition_space(
    attributes: Mapping[str, Attribute], rows: Sequence[Sequence[Cell]]
) -> ConditionSpace:
    """The space of these rows; only attributes that some row looks at are part of it.

    Raises: TooManyCombinations, saying of which attribute.
    """
    tested: dict[str, dict[Condition, int]] = {}
    for number, cells in enumerate(rows):
        for cell in cells:
            conditions = tested.setdefault(cell.attribute, {})
            conditions[cell.condition] = conditions.get(cell.condition, 0) | 1 << number
    everything = (1 << len(rows)) - 1
    axes = [
        axis
        for name, conditions in tested.items()
        for axis in _axes(attributes[name], conditions, everything)
    ]
    return ConditionSpace(tuple(axes), everything, tested)


def told(space: ConditionSpace, caller: Caller) -> str:
    """The caller in words, such as ``channel is email, tier and intent are missing``."""
    attributes = {axis.attribute.name: axis.attribute for axis in space.axes}
    said = [attribute for name, attribute in attributes.items() if name in caller]
    parts = [
        f"{_spoken(attribute)} {fact_text(attribute, caller[attribute.name])}"
        for attribute in said
        if caller[attribute.name] is not None
    ]
    missing = [_spoken(attribute) for attribute in said if caller[attribute.name] is None]
    if len(missing) > 1:
        parts.append(f"{', '.join(missing[:-1])} and {missing[-1]} are missing")
    elif missing:
        parts.append(f"{missing[0]} is missing")
    return ", ".join(parts)


def bits(rows: int) -> Iterator[int]:
    """The numbers of the rows, the first row first."""
    while rows:
        yield (rows & -rows).bit_length() - 1
        rows &= rows - 1


def _axes(attribute: Attribute, tested: Mapping[Condition, int], everything: int) -> Iterator[Axis]:
    if attribute.type == "set":
        yield from set_axes(attribute, tested, everything)
        return
    kinds: dict[int, Value] = {}
    for value in _values(attribute, tuple(tested)):
        kinds.setdefault(everything & ~_excluded(tested, value), value)
    indifferent = everything & ~union(tested.values())
    yield Axis(attribute, tuple(kinds.values()), tuple(kinds), indifferent)


def _excluded(tested: Mapping[Condition, int], value: Value) -> int:
    excluded = 0
    for condition, rows in tested.items():
        if not condition.admits(value):
            excluded |= rows
    return excluded


def _values(attribute: Attribute, conditions: Sequence[Condition]) -> Iterator[Value]:
    """Values of the attribute, at least one of every kind that the conditions tell apart."""
    if not is_always_told(attribute):
        yield None
    match attribute.type:
        case "flag":
            yield from (False, True)
        case "choice":
            yield from attribute.values
            yield OTHER
        case "number" if is_a_count(attribute):
            numbers = _numbers([*conditions, _FROM_NONE_ON], _NUMBER_STEPS)
            yield from sorted(n for n in numbers if n >= 0 and float(n).is_integer())
        case "number":
            yield from _plainest_first(_numbers(conditions, _NUMBER_STEPS), _NUMBER_STEPS)
        case "instant":
            yield from _plainest_first(_numbers(conditions, _AGE_STEPS), _AGE_STEPS)


def _plainest_first(numbers: Iterable[float], steps: Sequence[float]) -> list[float]:
    """Of several that no row tells apart, the first stands for all: 15 rather than 14.5 or -1."""
    return sorted(numbers, key=lambda number: (number % steps[0] != 0, number < 0, abs(number)))


def _numbers(conditions: Sequence[Condition], steps: Sequence[float]) -> Iterator[float]:
    """Each end of a span, and one number in each stretch between, below and above them."""
    spans = [condition for condition in conditions if isinstance(condition, Span)]
    ends = {end for span in spans for end in (span.low, span.high) if math.isfinite(end)}
    low = -math.inf
    for high in (*sorted(ends), math.inf):
        between = _between(low, high, steps)
        if low < between < high:
            yield between
        if high < math.inf:
            yield high
        low = high


def _between(low: float, high: float, steps: Sequence[float]) -> float:
    """A number between the two that is easy to say, if there is one."""
    for step in steps:
        above = max(low, 0.0) if high > 0 else low
        number = (math.floor(above / step) + 1) * step if above > -math.inf else high - step
        if low < number < high:
            return number
    if low == -math.inf or high == math.inf:
        return math.nextafter(high, low) if high < math.inf else math.nextafter(low, high)
    return low + (high - low) / 2


def _spoken(attribute: Attribute) -> str:
    return attribute.name.replace("_", " ")
