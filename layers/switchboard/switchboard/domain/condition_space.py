"""Every kind of caller that rows of cells can tell apart, as finitely many values and bits.

Between two neighbouring thresholds no cell changes its mind, so one value stands for all that lie
there. Each attribute gets such values, and for each of them the rows that admit it, as bits. A row
that does not look at the attribute admits every value.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from switchboard.domain.cells import OTHER, Attribute, Cell, Condition, SetTest, Span, Value
from switchboard.domain.facts import fact_text

MOST_COMBINATIONS: Final = 4096  # of the values of one set: twelve that rows tell apart
_DAY_S: Final = 86_400.0
_AGE_STEPS: Final = (_DAY_S, 3600.0, 60.0, 1.0)
_NUMBER_STEPS: Final = (1.0, 0.5, 0.1, 0.01)

Caller = Mapping[str, Value]


class TooManyCombinations(ValueError):
    """Rows tell too many groups of a set's values apart to look at every combination."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One attribute: values that stand for all, the first being None; and who admits them."""

    attribute: Attribute
    values: tuple[Value, ...]
    admitting: tuple[int, ...]
    indifferent: int


@dataclass(frozen=True, slots=True)
class ConditionSpace:
    """Rows over attributes; bit n of every number of bits is row n."""

    axes: tuple[Axis, ...]
    everything: int

    def matching(self, caller: Caller) -> int:
        """The rows that admit this caller, who was found here."""
        rows = self.everything
        for axis in self.axes:
            rows &= axis.admitting[axis.values.index(caller[axis.attribute.name])]
        return rows

    def touching(self, row: int) -> int:
        """The rows that admit somebody whom this row admits, too."""
        rows = self.everything
        for axis in self.axes:
            rows &= _union(admitting for admitting in axis.admitting if admitting >> row & 1)
        return rows


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
    return ConditionSpace(
        tuple(_axis(attributes[name], rows, everything) for name, rows in tested.items()),
        everything,
    )


def told(space: ConditionSpace, caller: Caller) -> str:
    """The caller in words, such as ``channel is email, tier and intent are missing``."""
    said = [axis.attribute for axis in space.axes if axis.attribute.name in caller]
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


def _axis(attribute: Attribute, tested: Mapping[Condition, int], everything: int) -> Axis:
    indifferent = everything & ~_union(tested.values())
    kinds: dict[int, Value] = {}
    for value in _values(attribute, tuple(tested)):
        admitting = _union(rows for condition, rows in tested.items() if condition.admits(value))
        kinds.setdefault(indifferent | admitting, value)
    return Axis(attribute, tuple(kinds.values()), tuple(kinds), indifferent)


def _union(several: Iterable[int]) -> int:
    result = 0
    for rows in several:
        result |= rows
    return result


def _values(attribute: Attribute, conditions: Sequence[Condition]) -> Iterator[Value]:
    """Values of the attribute, at least one of every kind that the conditions tell apart."""
    yield None
    match attribute.type:
        case "flag":
            yield from (False, True)
        case "choice":
            yield from attribute.values
            yield OTHER
        case "set":
            yield from _sets(attribute, [c for c in conditions if isinstance(c, SetTest)])
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


def _sets(attribute: Attribute, tests: Sequence[SetTest]) -> Iterator[frozenset[str]]:
    """The combinations of the values that the tests mention; values mentioned alike are one."""
    groups: dict[tuple[bool, ...], list[str]] = {}
    for word in attribute.values:
        mentioned = tuple(word in test.words for test in tests)
        if any(mentioned):
            groups.setdefault(mentioned, []).append(word)
    states = [_states(mentioned, words, tests) for mentioned, words in groups.items()]
    if math.prod(len(choices) for choices in states) > MOST_COMBINATIONS:
        raise TooManyCombinations(
            f"attributes.{attribute.name}: rows tell {len(groups)} groups of its values apart, and "
            "at most 12 can be checked; test fewer values, or split the attribute"
        )
    for combination in product(*states):
        yield frozenset(word for words in combination for word in words)


def _states(
    mentioned: Sequence[bool], words: Sequence[str], tests: Sequence[SetTest]
) -> list[Sequence[str]]:
    """None of the words, one, or all of them, as far as the tests tell that apart."""
    hows = {test.how for test, here in zip(tests, mentioned, strict=True) if here}
    if "all" not in hows:
        return [(), words[:1]]
    if len(words) > 1 and len(hows) > 1:
        return [(), words[:1], words]
    return [(), words]


def _spoken(attribute: Attribute) -> str:
    return attribute.name.replace("_", " ")
