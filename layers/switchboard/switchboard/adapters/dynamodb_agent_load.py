"""Who waits for which agent, in the coordination table: one item for each agent.

s0, s1 …         until when each place is taken (epoch milliseconds)
h0, h1 …         by which contact, hashed
reserved_on      the day, where the contact centre is, that is counted
reserved_count   how many contacts were given a place on that day
"""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.items import Item, epoch_ms, epoch_s, hidden_key
from switchboard.domain.last_agent import MOST_WAITING, Reservation

_TRIES: Final = 3
_KEPT: Final = timedelta(days=2)


class DynamoDbAgentLoad:
    """Keeps the promises of `AgentLoad`, with one conditional write in the usual case.

    The first contact of a day costs two. `choose` picks one of several free places.
    """

    def __init__(
        self, table: DynamoDbTable, *, choose: Callable[[Sequence[int]], int] = random.choice
    ) -> None:
        self._table = table
        self._choose = choose

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
        places = range(min(most_waiting, MOST_WAITING))
        wish = _Wish(hidden_key("waits", holder), until, places, most_per_day, local_day, now)
        # Unseen, it is taken for another contact of a day that is counted: most are.
        change = wish.another(self._choose(places))
        for _ in range(_TRIES):
            made, seen = self._table.try_update(hidden_key("agent", agent), change)
            if made or wish.has_place(seen):
                return Reservation.MADE
            refusal = wish.refusal(seen)
            if refusal:
                return refusal
            place = self._choose(wish.free(seen))
            change = wish.another(place) if wish.is_counted(seen) else wish.first(place)
        return Reservation.SOMEBODY_WAITS


class _Wish:
    """One contact that would wait for one agent."""

    def __init__(
        self,
        holder: str,
        until: datetime,
        places: range,
        most_per_day: int,
        local_day: str,
        now: datetime,
    ) -> None:
        self._holder = holder
        self._until = until
        self._places = places
        self._most_per_day = most_per_day
        self._local_day = local_day
        self._now = now

    def another(self, place: int) -> Update:
        """One more on a day that is counted already."""
        change = self._taking(place).count_one_more("reserved_count")
        change.only_if("reserved_on = :local_day", local_day=self._local_day)
        if self._most_per_day:
            change.only_if("reserved_count < :most", most=self._most_per_day)
        return change

    def first(self, place: int) -> Update:
        """The first of a day; another day's count is over."""
        change = self._taking(place).set({"reserved_on": self._local_day, "reserved_count": 1})
        return change.only_if(
            "attribute_not_exists(reserved_on) OR reserved_on <> :local_day",
            local_day=self._local_day,
        )

    def refusal(self, seen: Item) -> Reservation | None:
        """Why it cannot be, as far as was seen."""
        if not self.free(seen):
            return Reservation.SOMEBODY_WAITS
        is_full = 0 < self._most_per_day <= int(seen.get("reserved_count", 0))
        return Reservation.DAY_IS_FULL if is_full and self.is_counted(seen) else None

    def free(self, seen: Item) -> list[int]:
        return [place for place in self._places if not self._is_taken(seen, place)]

    def has_place(self, seen: Item) -> bool:
        """Whether the contact waits already: ECS may ask twice."""
        return any(
            seen.get(f"h{place}") == self._holder and self._is_taken(seen, place)
            for place in self._places
        )

    def is_counted(self, seen: Item) -> bool:
        return seen.get("reserved_on") == self._local_day

    def _is_taken(self, seen: Item, place: int) -> bool:
        return int(seen.get(f"s{place}", 0)) > epoch_ms(self._now)

    def _taking(self, place: int) -> Update:
        """Take the place if it is free and the contact has no other."""
        change = Update().set(
            {
                f"s{place}": epoch_ms(self._until),
                f"h{place}": self._holder,
                "expires_at": epoch_s(self._until + _KEPT),
            }
        )
        change.only_if(
            f"attribute_not_exists(s{place}) OR s{place} <= :now", now=epoch_ms(self._now)
        )
        for other in self._places:
            change.only_if(
                f"attribute_not_exists(h{other}) OR h{other} <> :holder OR s{other} <= :now",
                holder=self._holder,
            )
        return change
