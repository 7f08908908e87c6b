"""How patient callers are and how long calls take, queue by queue, as far as was recorded.

A queue with too few of its own to tell borrows those of all queues together.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cli.simulation.contacts import Contact, queued
from cli.simulation.patience import Patience, estimated
from cli.simulation.refusal import CannotSimulate

ENOUGH: Final = 30


@dataclass(frozen=True, slots=True)
class Habits:
    """Queues that are not in a mapping behave as all queues together."""

    handling_s: Mapping[str, Sequence[float]]
    all_handling_s: Sequence[float]
    patience: Mapping[str, Patience]
    all_patience: Patience
    hung_up: int = 0

    def handling(self, queue: str, chance: float) -> float:
        """One of the handling times seen, for a chance drawn evenly from 0 to 1.

        Times are in order: a caller whom another ruleset sends elsewhere is as long-winded there.
        """
        seen_s = self.handling_s.get(queue, self.all_handling_s)
        return seen_s[int(chance * len(seen_s))]

    def patience_s(self, queue: str, chance: float) -> float:
        return self.patience.get(queue, self.all_patience).drawn(chance)

    def borrows(self, queue: str) -> bool:
        """Whether too few calls were handled in this queue to know how long they take."""
        return queue not in self.handling_s

    def borrows_patience(self, queue: str) -> bool:
        """Whether too few callers hung up in this queue to know how patient they are."""
        return queue not in self.patience


def habits_of(contacts: Sequence[Contact]) -> Habits:
    """Raises: CannotSimulate where no call was ever handled."""
    handling_s: defaultdict[str, list[float]] = defaultdict(list)
    waits: defaultdict[str, list[tuple[float, bool]]] = defaultdict(list)
    for contact in queued(contacts):
        if contact.was_answered and contact.handled_s:
            handling_s[contact.queue].append(contact.handled_s)
        if contact.waited_s is not None and contact.abandoned is not None:
            waits[contact.queue].append((contact.waited_s, contact.abandoned))
    if not handling_s:
        raise CannotSimulate(
            "no contact was answered and has a `handled_s`: how long calls take is not known. "
            "Does ECS's trigger at the end of an interaction send the handling time?"
        )
    return Habits(
        {queue: sorted(seen) for queue, seen in handling_s.items() if len(seen) >= ENOUGH},
        sorted(seen for every in handling_s.values() for seen in every),
        {queue: estimated(seen) for queue, seen in waits.items() if _hung_up(seen) >= ENOUGH},
        estimated(seen for every in waits.values() for seen in every),
        sum(_hung_up(seen) for seen in waits.values()),
    )


def _hung_up(seen: Sequence[tuple[float, bool]]) -> int:
    return sum(abandoned for _, abandoned in seen)
