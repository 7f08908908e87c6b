"""Which interactions a day had, out of a ledger in memory; and how far a comparison is."""

from datetime import UTC, date, datetime

from switchboard.domain.reconciliation_progress import Progress
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.fakes.outage import InMemoryStore


class InMemoryDaysOfLedger:
    """Keeps the promises of `DaysOfLedger`."""

    def __init__(self, ledger: InMemoryInteractionLedger) -> None:
        self._ledger = ledger

    def ids_of(self, day: date, *, after: str = "", limit: int) -> tuple[str, ...]:
        theirs = sorted(
            row.interaction.id
            for row, _ in self._ledger.every_row()
            if row.first_at and row.first_at.astimezone(UTC).date() == day
        )
        return tuple(each for each in theirs if each > after)[:limit]


class InMemoryReconciliationProgress(InMemoryStore):
    """Keeps the promises of `ReconciliationProgress`."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: Progress | None = None

    def read(self) -> Progress | None:
        with self._reached():
            return self._kept

    def keep(self, progress: Progress, *, now: datetime) -> None:
        with self._reached():
            self._kept = progress
