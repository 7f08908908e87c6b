"""Decided interactions of a period, read from the ledger by scanning it.

There is no index by time: one would cost a write with every call, for a command that is run a few
times a month. A scan pays for every row that the table holds, whatever the period is.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from datetime import datetime
from typing import Final

from switchboard.adapters.documents import read_routing
from switchboard.adapters.dynamodb_table import DynamoDbTable, ScannedPage
from switchboard.adapters.items import Item, epoch_s, utc_text
from switchboard.adapters.ledger_items import interaction_of
from switchboard.domain.recorded_contact import RecordedContact, recorded_contact
from switchboard.ports import RecordedPage

# The arrival note stays out: it holds the number and the customer's record.
WITH_OUTCOME: Final = ("id", "revision", "document", "customer_key", "routing")
# Without the events of the interaction and the customer's key.
DECISION_ALONE: Final = ("id", "routing")
_SEGMENTS: Final = 4
_CONDITION: Final = (
    "attribute_exists(routing) AND routed_at >= :start AND routed_at < :end AND expires_at > :now"
)


class DynamoDbRecordedContacts:
    """Keeps the promises of `RecordedContacts`, at most so many read units a second.

    One partition of a table gives 3,000 units a second to everybody, arrivals included. Source:
    DynamoDB, "Best practices for designing and using partition keys".
    """

    def __init__(
        self,
        table: DynamoDbTable,
        *,
        reads: Sequence[str] = WITH_OUTCOME,
        units_per_s: float = 1000,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = table
        self._reads = reads
        self._units_per_s = units_per_s
        self._clock = clock
        self._sleep = sleep

    def pages(self, start: datetime, end: datetime, *, now: datetime) -> Iterator[RecordedPage]:
        values: Item = {
            ":start": utc_text(start),
            ":end": utc_text(end),
            # DynamoDB deletes expired items late.
            ":now": epoch_s(now),
        }
        began_s, spent = self._clock(), 0.0
        with closing(self._scanned(values)) as scanned:
            for page in scanned:
                spent += page.units
                yield RecordedPage(tuple(_contact(item) for item in page.items), page.read)
                ahead_s = spent / self._units_per_s - (self._clock() - began_s)
                if ahead_s > 0:
                    self._sleep(ahead_s)

    def _scanned(self, values: Item) -> Generator[ScannedPage]:
        """Every page of every segment, as they come; of each segment one is asked for at a time."""

        def page_of(segment: int, page: ScannedPage | None = None) -> ScannedPage:
            return self._table.scan_page(
                _CONDITION,
                values,
                only=self._reads,
                segment=(segment, _SEGMENTS),
                start=page.next_start if page else None,
            )

        with ThreadPoolExecutor(_SEGMENTS) as pool:
            asked: dict[Future[ScannedPage], int] = {
                pool.submit(page_of, segment): segment for segment in range(_SEGMENTS)
            }
            while asked:
                answered, _ = wait(asked, return_when=FIRST_COMPLETED)
                for future in answered:
                    segment, page = asked.pop(future), future.result()
                    yield page
                    if page.next_start:
                        asked[pool.submit(page_of, segment, page)] = segment


def _contact(item: Item) -> RecordedContact:
    return recorded_contact(
        interaction_of(str(item["id"]), item),
        read_routing(str(item["routing"])),
        customer_key=str(item.get("customer_key", "")),
    )
