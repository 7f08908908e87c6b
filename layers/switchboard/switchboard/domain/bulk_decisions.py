"""Many contacts decided by one ruleset: a decision depends only on which rows match.

So it is made once for every combination of matching rows that comes up, and there are few.
"""

from collections.abc import Mapping
from typing import Any

from switchboard.domain.facts import recalled
from switchboard.domain.routing import Decision, decide
from switchboard.domain.ruleset import Ruleset


class BulkDecisions:
    """Decides as `decide` does, without the sentence and the values read.

    The ruleset's rows, table by table, are bits from `first_bit` on of what `number` is given.
    `distinct` are the decisions that came up; the sentence of each is the first contact's.
    """

    def __init__(self, ruleset: Ruleset, *, first_bit: int) -> None:
        self.distinct: list[Decision] = []
        self._ruleset = ruleset
        self._numbers: dict[tuple[int, ...], int] = {}
        self._collecting = 0
        self._deciding: list[int] = []
        for table in ruleset.tables:
            bits = ((1 << len(table.rows)) - 1) << first_bit
            first_bit += len(table.rows)
            if table.hit == "all":
                self._collecting |= bits
            else:
                self._deciding.append(bits)

    def number(self, matching: int, kept: Mapping[str, Any]) -> int:
        """Which of the `distinct` decisions it is when these rows match."""
        key = [matching & self._collecting]
        for bits in self._deciding:
            rows = matching & bits
            key.append(rows & -rows)
        number = self._numbers.get(tuple(key))
        return self._new(tuple(key), kept) if number is None else number

    def _new(self, key: tuple[int, ...], kept: Mapping[str, Any]) -> int:
        self._numbers[key] = len(self.distinct)
        self.distinct.append(decide(self._ruleset, recalled(self._ruleset.attributes, kept)))
        return self._numbers[key]
