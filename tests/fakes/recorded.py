"""Decided interactions of a ledger in memory."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from switchboard.domain.recorded_contact import recorded_contact
from switchboard.ports import RecordedPage
from tests.fakes.ledger import InMemoryInteractionLedger

_KEPT = timedelta(days=400)


class InMemoryRecordedContacts:
    """Keeps the promises of `RecordedContacts`; everything is one page."""

    def __init__(self, ledger: InMemoryInteractionLedger) -> None:
        self._ledger = ledger

    def pages(self, start: datetime, end: datetime, *, now: datetime) -> Iterator[RecordedPage]:
        rows = self._ledger.every_row()
        yield RecordedPage(
            tuple(
                recorded_contact(row.interaction, routing, customer_key=customer_key)
                for row, customer_key in rows
                if row.arrival and (routing := row.arrival.routing)
                if start <= routing.at < end and now < row.arrival.at + _KEPT
            ),
            looked_at=len(rows),
        )
