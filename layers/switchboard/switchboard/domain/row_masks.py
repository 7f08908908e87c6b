"""Which rows of a table match, all at once: each row is a bit, each attribute's value a mask.

The rows that match are those in every attribute's mask; the lowest bit is the first of them. So a
decision costs one step for each attribute, however many rows there are.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from switchboard.domain.cells import Cell, Missing, NotOneOf, OneOf, Present, SetTest, Span, Value

MaskOf = Callable[[Value], int]
_Tested = tuple[int, Cell]
# Customers have few combinations of products; a bound, because they come from outside.
_MOST_SETS_SEEN: Final = 1000


class _Words:
    """The masks of an attribute whose values are words or flags, and of any other value."""

    __slots__ = ("any_other", "masks")

    def __init__(self, masks: dict[Value, int], any_other: int) -> None:
        self.masks = masks
        self.any_other = any_other


def row_masks(rows: Sequence[Sequence[Cell]]) -> "RowMasks":
    """The masks of rows of cells; a row without cells matches everybody."""
    by_attribute: dict[str, list[_Tested]] = {}
    for number, cells in enumerate(rows):
        for cell in cells:
            by_attribute.setdefault(cell.attribute, []).append((1 << number, cell))
    everything = (1 << len(rows)) - 1
    read = {name: _read(tested, everything) for name, tested in by_attribute.items()}
    return RowMasks(
        everything,
        tuple((n, r.masks, r.any_other) for n, r in read.items() if isinstance(r, _Words)),
        tuple((name, mask) for name, mask in read.items() if not isinstance(mask, _Words)),
    )


class RowMasks:
    """Compiled rows; see `row_masks`. Facts must be of their attributes' types."""

    __slots__ = ("_everything", "_others", "_words")

    def __init__(
        self,
        everything: int,
        words: tuple[tuple[str, dict[Value, int], int], ...],
        others: tuple[tuple[str, MaskOf], ...],
    ) -> None:
        self._everything = everything
        self._words = words
        self._others = others

    def matching(self, facts: Mapping[str, Value]) -> int:
        """The rows that match, as bits; bit 0 is the first row."""
        rows = self._everything
        value_of = facts.get
        for name, masks, any_other in self._words:
            rows &= masks.get(value_of(name), any_other)
        for name, mask_of in self._others:
            rows &= mask_of(value_of(name))
        return rows

    def first(self, facts: Mapping[str, Value]) -> int | None:
        """The number of the first row that matches."""
        rows = self.matching(facts)
        return (rows & -rows).bit_length() - 1 if rows else None

    def every(self, facts: Mapping[str, Value]) -> list[int]:
        """The numbers of all rows that match, in order."""
        rows, numbers = self.matching(facts), []
        while rows:
            numbers.append((rows & -rows).bit_length() - 1)
            rows &= rows - 1
        return numbers


def _read(tested: Sequence[_Tested], everything: int) -> _Words | MaskOf:
    """What the rows say of one attribute; a row that does not look at it admits every value."""
    free = everything
    for bit, _ in tested:
        free &= ~bit
    missing = free | _bits(tested, Missing)
    some = free | _bits(tested, Present)
    if any(isinstance(cell.condition, Span) for _, cell in tested):
        return _mask_of_numbers(tested, missing, some)
    if any(isinstance(cell.condition, SetTest) for _, cell in tested):
        return _mask_of_sets(tested, missing, some)
    return _words(tested, missing, some)


def _bits(tested: Sequence[_Tested], kind: type) -> int:
    return sum(bit for bit, cell in tested if isinstance(cell.condition, kind))


def _words(tested: Sequence[_Tested], missing: int, some: int) -> _Words:
    masks: dict[Value, int] = {None: missing}
    for bit, cell in tested:
        if isinstance(cell.condition, OneOf | NotOneOf):
            for value in cell.condition.values:
                masks[value] = masks.get(value, some) | bit
    return _Words(masks, some)


def _mask_of_sets(tested: Sequence[_Tested], missing: int, some: int) -> MaskOf:
    tests = [(bit, cell.condition) for bit, cell in tested if isinstance(cell.condition, SetTest)]
    seen: dict[frozenset[str], int] = {}

    def mask_of(value: Value) -> int:
        if not isinstance(value, frozenset):
            return missing if value is None else some
        mask = seen.get(value)
        if mask is None:
            mask = some | sum(bit for bit, test in tests if test.admits(value))
            if len(seen) < _MOST_SETS_SEEN:
                seen[value] = mask
        return mask

    return mask_of


def _mask_of_numbers(tested: Sequence[_Tested], missing: int, some: int) -> MaskOf:
    """Between two neighbouring ends of spans nothing changes: each such piece has its mask."""
    spans = [(bit, cell.condition) for bit, cell in tested if isinstance(cell.condition, Span)]
    ends = sorted({end for _, s in spans for end in (s.low, s.high) if math.isfinite(end)})
    # Pieces alternate: below the first end, that end itself, between it and the next, …
    changes = [0] * (2 * len(ends) + 2)
    for bit, span in spans:
        first, last = _pieces(span, ends)
        if first <= last:
            changes[first] ^= bit
            changes[last + 1] ^= bit
    masks, current = [], some
    for change in changes:
        current ^= change
        masks.append(current)

    def mask_of(value: Value) -> int:
        if value is None:
            return missing
        if isinstance(value, bool) or not isinstance(value, int | float):
            return some
        place = bisect_left(ends, value)
        is_end = place < len(ends) and ends[place] == value
        return masks[2 * place + is_end]

    return mask_of


def _pieces(span: Span, ends: Sequence[float]) -> tuple[int, int]:
    """The first and the last piece that a span covers; the first is behind the last if none."""
    first, last = 0, 2 * len(ends)
    if math.isfinite(span.low):
        first = 2 * bisect_left(ends, span.low) + (1 if span.has_low else 2)
    if math.isfinite(span.high):
        last = 2 * bisect_left(ends, span.high) + (1 if span.has_high else 0)
    return first, last
