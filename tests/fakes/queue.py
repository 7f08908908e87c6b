"""A work queue in memory."""

from dataclasses import dataclass

from tests.fakes.outage import InMemoryStore


@dataclass(frozen=True)
class Pointer:
    """One message: which piece of work waits, and which request asked for it."""

    work_id: str
    request_id: str
    delay_s: int = 0


class InMemoryWorkQueue(InMemoryStore):
    """Keeps the promises of `WorkQueue`; what was sent stands in `sent`."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Pointer] = []

    def send(self, work_id: str, *, request_id: str, delay_s: int = 0) -> None:
        with self._reached():
            self.sent.append(Pointer(work_id, request_id, min(max(delay_s, 0), 900)))
