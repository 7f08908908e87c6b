"""A customer's interactions, newest first, from the index by_customer of the ledger's table.

Beside the interactions themselves the index holds two kinds of small items. Their ids begin with
a word and a space, which no interaction's id can.

    also <hash>    of: the id of an interaction that has another customer_key of its own
    merged <hash>  merged_key: the key of a record that was merged into this customer's;
                   started_at is such that these come first
"""

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.items import Item, epoch_s, utc_text
from switchboard.adapters.ledger_items import row_of
from switchboard.adapters.trigger_notes import without_notes
from switchboard.ports import HistoryPage, HistoryPlace, LedgerRow

_INDEX: Final = "by_customer"
# Sorts after every moment, so that the newest first come after these.
_FIRST_OF_ALL: Final = "~"
# Someone is merged a few times in a life; more than this is a mistake in the CRM.
_MOST_RECORDS: Final = 10
# What is looked at beyond what was asked for: expired rows that DynamoDB has not deleted yet.
_LOOKED_AT_MORE: Final = 200


class DynamoDbHistory:
    """Reads and links histories. Each page costs one query for each record of the customer."""

    def __init__(self, table: DynamoDbTable, *, keep: timedelta) -> None:
        self._table = table
        self._keep = keep

    def latest(self, customer_key: str, *, limit: int) -> tuple[LedgerRow, ...]:
        rows, _ = self._rows(_Reading(self._table, customer_key, limit), limit, now_s=0)
        return tuple(rows)

    def page(
        self, customer_key: str, *, limit: int, now: datetime, after: Sequence[HistoryPlace]
    ) -> HistoryPage:
        reading = _Reading(self._table, customer_key, limit, after)
        rows, items = self._rows(reading, limit, now_s=epoch_s(now))
        is_more = next(items, None) is not None
        return HistoryPage(tuple(rows), reading.places if is_more else ())

    def also_customer(
        self, interaction_id: str, customer_key: str, *, started_at: datetime, now: datetime
    ) -> None:
        link: Item = {"started_at": utc_text(started_at), "of": interaction_id}
        self._keep_link("also", customer_key, interaction_id, link, now)

    def note_merged(self, old_key: str, survivor_key: str, *, now: datetime) -> None:
        link: Item = {"started_at": _FIRST_OF_ALL, "merged_key": old_key}
        self._keep_link("merged", survivor_key, old_key, link, now)

    def _keep_link(
        self, word: str, customer_key: str, whose: str, link: Item, now: datetime
    ) -> None:
        expires_at = epoch_s(now + self._keep)
        change = Update().set({**link, "customer_key": customer_key, "expires_at": expires_at})
        self._table.update(_link_id(word, customer_key, whose), change)

    def _rows(
        self, reading: "_Reading", limit: int, *, now_s: int
    ) -> tuple[list[LedgerRow], Iterator[Item]]:
        """The next rows that are to be shown, and the items that come after them."""
        items = reading.items()
        rows: dict[str, LedgerRow] = {}
        looked_at = 0
        while len(rows) < limit and looked_at < limit + _LOOKED_AT_MORE:
            some = list(islice(items, limit - len(rows)))
            if not some:
                break
            looked_at += len(some)
            for item in some:
                reading.has_passed(item)
            for item in self._in_place_of_links(some, reading.keys):
                if int(item.get("expires_at", now_s + 1)) > now_s:
                    rows.setdefault(str(item["id"]), _row_of(item))
        return list(rows.values()), items

    def _in_place_of_links(self, items: Sequence[Item], keys: Sequence[str]) -> Iterator[Item]:
        """Each link's interaction instead of it; none where the index has that itself."""
        linked = [str(item["of"]) for item in items if "of" in item]
        found = {str(item["id"]): item for item in self._table.get_many(linked)} if linked else {}
        for item in items:
            if "of" not in item:
                yield item
            elif (meant := found.get(str(item["of"]))) and meant.get("customer_key") not in keys:
                yield meant


class _Reading:
    """One customer's records as they are read: whose they are, and how far each has come."""

    def __init__(
        self,
        table: DynamoDbTable,
        customer_key: str,
        limit: int,
        after: Sequence[HistoryPlace] = (),
    ) -> None:
        self._table = table
        self._page = limit + 1
        self._goes_on = bool(after)
        self.keys = [customer_key]
        self._after = {place.record: place for place in after}
        self._places: dict[str, HistoryPlace] = {}

    @property
    def places(self) -> tuple[HistoryPlace, ...]:
        """How far each record has come, of those that were begun."""
        places = (self._places.get(key) or self._after.get(_record(key)) for key in self.keys)
        return tuple(place for place in places if place)

    def items(self) -> Iterator[Item]:
        """Interactions and links of all records, newest first; read as they are needed."""
        # The keys grow meanwhile, where one record tells of others.
        streams = [self._of_record(key) for key in self.keys]
        if len(streams) == 1:
            return streams[0]
        return heapq.merge(*streams, key=lambda item: str(item["started_at"]), reverse=True)

    def has_passed(self, item: Item) -> None:
        self._places[str(item["customer_key"])] = _place_of(item)

    def _of_record(self, key: str) -> Iterator[Item]:
        if self._goes_on:
            told, _ = self._table.query_page(
                _INDEX,
                "customer_key = :customer AND started_at >= :first",
                {":customer": key, ":first": _FIRST_OF_ALL},
                limit=_MOST_RECORDS,
            )
            self._take_merged(told)
        read, is_more = self._query(key, self._after.get(_record(key)))
        while not (shown := self._take_merged(read)) and is_more:
            read, is_more = self._query(key, _place_of(read[-1]))
        return self._from(key, shown, is_more)

    def _from(self, key: str, read: list[Item], is_more: bool) -> Iterator[Item]:
        yield from read
        while is_more:
            read, is_more = self._query(key, _place_of(read[-1]))
            yield from read

    def _query(self, key: str, place: HistoryPlace | None) -> tuple[list[Item], bool]:
        start: Item = {}
        if place:
            start = {"id": place.item_id, "customer_key": key, "started_at": place.started_at}
        items, is_more = self._table.query_page(
            _INDEX,
            "customer_key = :customer",
            {":customer": key},
            limit=self._page,
            start=start,
            newest_first=True,
        )
        return items, is_more and bool(items)

    def _take_merged(self, items: list[Item]) -> list[Item]:
        """Note the records that were merged into this one; what is left."""
        for item in items:
            key = str(item.get("merged_key", ""))
            if key and key not in self.keys and len(self.keys) < _MOST_RECORDS:
                self.keys.append(key)
        return [item for item in items if "merged_key" not in item]


def _place_of(item: Item) -> HistoryPlace:
    record = _record(str(item["customer_key"]))
    return HistoryPlace(record, str(item["started_at"]), str(item["id"]))


def _record(customer_key: str) -> str:
    """Stands for the key where others see it."""
    return hashlib.sha256(customer_key.encode()).hexdigest()[:16]


def _row_of(item: Item) -> LedgerRow:
    """Without what nobody asks a history for, and which takes a while to read."""
    return row_of(without_notes(item), with_routing=False)


def _link_id(word: str, customer_key: str, whose: str) -> str:
    joined = f"{len(customer_key)} {customer_key}{whose}"
    return f"{word} {hashlib.sha256(joined.encode()).hexdigest()}"
