"""Every way in which the faulty CRM fails, and how often; drawn by the seed, not by the clock."""

import random
from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """What happens to one request. Those with `applied` in them did it, and hide that."""

    NONE = ""
    REFUSED = "connections refused"
    RESET = "reset, nothing done"
    BROKEN = "5xx, nothing done"
    APPLIED_RESET = "applied, then reset"
    APPLIED_HANG = "applied, then no answer"
    LATE = "applied late, nobody waits any more"
    APPLIED_BROKEN = "applied, then 502"
    DRIP = "applied, the answer drips"
    TRUNCATED = "applied, the answer breaks off"
    WRONG_TYPES = "applied, the answer says nonsense"
    WAIT_SECONDS = "429, seconds"
    WAIT_DATE = "429, a date"
    WAIT_BODY = "429, in the body"
    WAIT_ABSURD = "429, absurd"
    EXPIRED = "401, the token expired"
    REVOKED = "401, every token refused for a while"
    UNKNOWN_FIELD = "422, unknown field"

    @property
    def is_done_first(self) -> bool:
        """Whether the deed comes before what the client sees."""
        return self in _DONE_FIRST


_DONE_FIRST: Final = frozenset(
    {
        Fault.APPLIED_RESET,
        Fault.APPLIED_HANG,
        Fault.APPLIED_BROKEN,
        Fault.DRIP,
        Fault.TRUNCATED,
        Fault.WRONG_TYPES,
    }
)
_WEIGHTS: Final[Mapping[Fault, float]] = {
    Fault.REFUSED: 2,
    Fault.RESET: 10,
    Fault.BROKEN: 14,
    Fault.APPLIED_RESET: 12,
    Fault.APPLIED_HANG: 8,
    Fault.LATE: 8,
    Fault.APPLIED_BROKEN: 10,
    Fault.DRIP: 5,
    Fault.TRUNCATED: 7,
    Fault.WRONG_TYPES: 7,
    Fault.WAIT_SECONDS: 5,
    Fault.WAIT_DATE: 4,
    Fault.WAIT_BODY: 4,
    Fault.WAIT_ABSURD: 2,
    # These strike all workers at once.
    Fault.EXPIRED: 0.8,
    Fault.REVOKED: 0.15,
    Fault.UNKNOWN_FIELD: 2,
}
_READS_CANNOT: Final = frozenset({Fault.UNKNOWN_FIELD, Fault.LATE})
# After so many in a row on one record the next is served: the proof is about what faults leave
# behind, and each further one only multiplies the waiting.
_MOST_IN_A_ROW: Final = 6


class Draw:
    """The faults of a run. What strikes a record depends on how often it was asked for before."""

    def __init__(self, seed: int, share: float) -> None:
        self._seed = seed
        self.share = share
        self._asked: dict[str, int] = {}
        self._in_a_row: dict[str, int] = {}

    def next(self, crm: str, method: str, reference: str) -> tuple[Fault, random.Random]:
        """The fault of this request, and chance for its details."""
        key = f"{crm} {method} {reference}"
        number = self._asked[key] = self._asked.get(key, 0) + 1
        chance = random.Random(f"{self._seed} {key} {number}")  # noqa: S311  to be repeated
        row = f"{crm} {reference}"
        if chance.random() >= self.share or self._in_a_row.get(row, 0) >= _MOST_IN_A_ROW:
            self._in_a_row[row] = 0
            return Fault.NONE, chance
        self._in_a_row[row] = self._in_a_row.get(row, 0) + 1
        return _chosen(chance, is_read=method == "GET"), chance


def _chosen(chance: random.Random, *, is_read: bool) -> Fault:
    while True:
        (fault,) = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
        if not (is_read and fault in _READS_CANNOT):
            return fault
