"""Requests to call, attempt counters and the do-not-call list, in memory."""

from collections import defaultdict
from datetime import datetime

from switchboard.domain.identity import PhoneNumber
from switchboard.domain.outbound import OutboundRequest
from tests.fakes.outage import InMemoryStore


class InMemoryOutboundStore(InMemoryStore):
    """Keeps the promises of `OutboundStore`."""

    def __init__(self) -> None:
        super().__init__()
        self._requests: dict[str, OutboundRequest] = {}
        self._due: dict[str, datetime] = {}
        self._attempts: defaultdict[tuple[PhoneNumber, str], set[str]] = defaultdict(set)
        self._not_to_be_called: set[PhoneNumber] = set()

    def add(self, request: OutboundRequest, *, due_at: datetime | None) -> OutboundRequest | None:
        with self._reached():
            if request.id in self._requests:
                return self._requests[request.id]
            self._keep(request, due_at)
            return None

    def read(self, request_id: str) -> OutboundRequest | None:
        with self._reached():
            return self._requests.get(request_id)

    def move(self, request: OutboundRequest, *, expected: str, due_at: datetime | None) -> bool:
        with self._reached():
            stored = self._requests.get(request.id)
            if stored is None or stored.state != expected:
                return False
            self._keep(request, due_at)
            return True

    def due(self, *, now: datetime, limit: int) -> tuple[str, ...]:
        with self._reached():
            waiting = sorted((due_at, name) for name, due_at in self._due.items())
            return tuple(name for due_at, name in waiting if due_at <= now)[:limit]

    def reserve_attempt(self, request: OutboundRequest, *, local_day: str, limit: int) -> bool:
        with self._reached():
            counted = self._attempts[request.number, local_day]
            if len(counted) < limit:
                counted.add(request.id)
            return request.id in counted

    def is_do_not_call(self, number: PhoneNumber) -> bool:
        with self._reached():
            return number in self._not_to_be_called

    def mark_do_not_call(self, number: PhoneNumber, *, source: str, at: datetime) -> None:
        with self._reached():
            self._not_to_be_called.add(number)

    def _keep(self, request: OutboundRequest, due_at: datetime | None) -> None:
        self._requests[request.id] = request
        self._due.pop(request.id, None)
        if due_at:
            self._due[request.id] = due_at
