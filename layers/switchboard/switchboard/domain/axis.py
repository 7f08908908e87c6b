"""One direction in which rows tell callers apart: values that stand for all of their kind."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from switchboard.domain.cells import Attribute, Value


@dataclass(frozen=True, slots=True)
class Axis:
    """An attribute, or a part of a set; for each value the rows that admit it, as bits.

    `indifferent` are the rows that do not look at it, `possible` those that admit some value.
    """

    attribute: Attribute
    values: tuple[Value, ...]
    admitting: tuple[int, ...]
    indifferent: int
    possible: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "possible", union(self.admitting))

    def touching(self, row: int) -> int:
        """The rows that admit a value which this row admits, too."""
        if self.indifferent >> row & 1:
            return self.possible
        return union(admitting for admitting in self.admitting if admitting >> row & 1)


def union(several: Iterable[int]) -> int:
    """The rows that are in any of these."""
    result = 0
    for rows in several:
        result |= rows
    return result
