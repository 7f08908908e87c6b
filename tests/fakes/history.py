"""The part of the ledger in memory that tells whose interactions there were."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from switchboard.adapters.items import utc_text
from switchboard.ports import HistoryPage, HistoryPlace, LedgerRow
from tests.fakes.outage import InMemoryStore


class Entry(NamedTuple):
    """One interaction in one customer's history."""

    started_at: datetime
    id: str
    row: LedgerRow

    @property
    def is_placed_as(self) -> tuple[str, str]:
        return utc_text(self.started_at), self.id


class InMemoryHistory(InMemoryStore, ABC):
    """Keeps the promises of `InteractionLedger` about histories. Nothing in it expires."""

    def __init__(self) -> None:
        super().__init__()
        self._links: dict[tuple[str, str], datetime] = {}
        self._merged: dict[str, list[str]] = {}

    @abstractmethod
    def owned(self) -> Iterator[tuple[str, Entry]]:
        """Every row that has a customer, with its key."""

    def history(self, customer_key: str, *, limit: int) -> tuple[LedgerRow, ...]:
        with self._reached():
            return tuple(each.row for each in self._entries(customer_key)[:limit])

    def history_page(
        self,
        customer_key: str,
        *,
        limit: int,
        now: datetime,
        after: Sequence[HistoryPlace] = (),
    ) -> HistoryPage:
        del now
        with self._reached():
            entries = self._entries(customer_key)
            if after:
                place = (after[0].started_at, after[0].item_id)
                entries = [each for each in entries if each.is_placed_as < place]
            rows = tuple(each.row for each in entries[:limit])
            if len(entries) <= limit:
                return HistoryPage(rows)
            return HistoryPage(rows, (HistoryPlace("record", *entries[limit - 1].is_placed_as),))

    def also_customer(
        self, interaction_id: str, customer_key: str, *, started_at: datetime, now: datetime
    ) -> None:
        del now
        with self._reached():
            self._links[customer_key, interaction_id] = started_at

    def note_merged(self, old_key: str, survivor_key: str, *, now: datetime) -> None:
        del now
        with self._reached():
            self._merged.setdefault(survivor_key, []).append(old_key)

    def _entries(self, customer_key: str) -> list[Entry]:
        keys = self._records_of(customer_key)
        every = list(self.owned())
        rows = {entry.id: entry.row for _, entry in every}
        theirs = {entry.id: entry for key, entry in every if key in keys}
        for (key, linked), started_at in self._links.items():
            if key in keys and linked in rows:
                theirs.setdefault(linked, Entry(started_at, linked, rows[linked]))
        newest_first = sorted(theirs.values(), key=lambda each: each.is_placed_as, reverse=True)
        return [each._replace(row=_without_routing(each.row)) for each in newest_first]

    def _records_of(self, customer_key: str) -> list[str]:
        keys = [customer_key]
        for key in keys:
            keys.extend(old for old in self._merged.get(key, ()) if old not in keys)
        return keys


def _without_routing(row: LedgerRow) -> LedgerRow:
    row = replace(row, triggers=())
    return replace(row, arrival=replace(row.arrival, routing=None)) if row.arrival else row
