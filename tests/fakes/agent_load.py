"""Who waits for which agent, in memory."""

from collections import Counter
from datetime import datetime

from switchboard.domain.last_agent import MOST_WAITING, Reservation
from tests.fakes.outage import InMemoryStore


class InMemoryAgentLoad(InMemoryStore):
    """Keeps the promises of `AgentLoad`."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: dict[str, dict[str, datetime]] = {}
        self._counted: Counter[tuple[str, str]] = Counter()

    def reserve(
        self,
        agent: str,
        *,
        holder: str,
        until: datetime,
        most_waiting: int,
        most_per_day: int,
        local_day: str,
        now: datetime,
    ) -> Reservation:
        with self._reached():
            there = self._waiting.setdefault(agent, {})
            waiting = {name: ends for name, ends in there.items() if ends > now}
            if holder in waiting:
                return Reservation.MADE
            if len(waiting) >= min(most_waiting, MOST_WAITING):
                return Reservation.SOMEBODY_WAITS
            if 0 < most_per_day <= self._counted[agent, local_day]:
                return Reservation.DAY_IS_FULL
            self._counted[agent, local_day] += 1
            self._waiting[agent] = {**waiting, holder: until}
            return Reservation.MADE
