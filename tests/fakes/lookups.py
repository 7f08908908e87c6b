"""CRM answers kept in memory."""

import time
from collections.abc import Callable
from datetime import datetime

from switchboard.domain.customer import Customer
from switchboard.domain.identity import Identity
from switchboard.ports import RememberedCustomers
from tests.fakes.outage import InMemoryStore


class InMemoryLookupMemory(InMemoryStore):
    """Keeps the promises of `LookupMemory`. `clock` tells the epoch in seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self._answers: dict[tuple[str, Identity], tuple[RememberedCustomers, float]] = {}

    def recall(self, connector: str, identity: Identity) -> RememberedCustomers | None:
        with self._reached():
            answer, expires_at = self._answers.get((connector, identity), (None, 0.0))
            return answer if expires_at > self._clock() else None

    def remember(
        self,
        connector: str,
        identity: Identity,
        customers: tuple[Customer, ...],
        *,
        now: datetime,
        keep_s: int,
    ) -> None:
        with self._reached():
            answer = RememberedCustomers(customers, looked_up_at=now)
            self._answers[connector, identity] = (answer, now.timestamp() + keep_s)
