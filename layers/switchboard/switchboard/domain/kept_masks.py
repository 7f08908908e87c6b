"""Which rows match recorded facts: `row_masks` for many contacts, straight from what was kept.

What a word means is worked out once, and a number only for each stretch between two thresholds.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from switchboard.domain.cells import Attribute, Cell, Span
from switchboard.domain.facts import recalled
from switchboard.domain.row_masks import row_masks

# A damaged file may hold as many words as it has lines.
_MOST_REMEMBERED: Final = 4096


def kept_masks(
    attributes: Mapping[str, Attribute], rows: Sequence[Sequence[Cell]]
) -> Callable[[Mapping[str, Any]], int]:
    """Tells the rows that match, as bits, from facts by their source; see `RowMasks.matching`.

    Attributes go by the names that the cells use.
    """
    used = {cell.attribute for cells in rows for cell in cells}
    every_mask = [_Masks(name, attributes[name], rows) for name in attributes if name in used]
    places = tuple((masks.source, masks.ends, masks) for masks in every_mask)
    everything = (1 << len(rows)) - 1
    endless = math.inf

    def matching(kept: Mapping[str, Any]) -> int:
        found = everything
        for source, ends, masks in places:
            value: Any = kept.get(source)
            kind = value.__class__
            key: Any
            if kind is float and ends and -endless < value < endless:
                place = bisect_left(ends, value)
                key = 2 * place + (place < len(ends) and ends[place] == value)
            else:
                # 1 and True are equal, and only one of them is a flag.
                key = kind, tuple(value) if isinstance(value, list) else value
            mask = masks.get(key)
            found &= masks.learn(key, value) if mask is None else mask
        return found

    return matching


class _Masks(dict[Any, int]):
    """The rows that admit a value of one attribute, by value or by stretch between `ends`."""

    def __init__(self, name: str, attribute: Attribute, rows: Sequence[Sequence[Cell]]) -> None:
        super().__init__()
        self.source = attribute.source
        own = [[cell for cell in cells if cell.attribute == name] for cells in rows]
        self.ends = _ends(cell for cells in own for cell in cells)
        self._attribute = attribute
        self._matching = row_masks(own).matching
        self._name = name

    def learn(self, key: object, value: object) -> int:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        fact = recalled({"": self._attribute}, {self.source: value})[self._attribute.name]
        self[key] = mask = self._matching({self._name: fact})
        return mask


def _ends(cells: Iterable[Cell]) -> Sequence[float]:
    """Between two neighbouring ends of spans, all numbers are alike."""
    spans = [cell.condition for cell in cells if isinstance(cell.condition, Span)]
    ends = {end for span in spans for end in (span.low, span.high)}
    return sorted(end for end in ends if math.isfinite(end))
