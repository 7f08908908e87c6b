"""A work queue in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.fakes.outage import InMemoryStore


@dataclass(frozen=True)
class Pointer:
    """One message: which piece of work waits, and which request asked for it."""

    work_id: str
    request_id: str
    delay_s: int = 0


class InMemoryWorkQueue(InMemoryStore):
    """Keeps the promises of `WorkQueue`; what was sent stands in `sent`.

    Nobody takes anything out. `refuses` are ids that it does not take.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Pointer] = []
        self.refuses: frozenset[str] = frozenset()

    def send(self, work_id: str, *, request_id: str, delay_s: int = 0) -> None:
        with self._reached():
            self.sent.append(Pointer(work_id, request_id, min(max(delay_s, 0), 900)))

    def send_many(self, work_ids: Sequence[str], *, request_id: str) -> tuple[str, ...]:
        with self._reached():
            taken = [work_id for work_id in work_ids if work_id not in self.refuses]
            self.sent.extend(Pointer(work_id, request_id) for work_id in taken)
            return tuple(work_id for work_id in work_ids if work_id in self.refuses)

    def waiting(self) -> int:
        with self._reached():
            return sum(not pointer.delay_s for pointer in self.sent)
