"""Which of the records that wait for a person a command means."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from cli.rules.progress import watched
from switchboard.domain.posting import Posting
from switchboard.ports import InteractionLedger, LedgerRow
from switchboard.use_cases.parked_postings import parked_of

# Of the ledger's index; whoever has more decides about these first.
MOST_ROWS: Final = 100_000
_AT_ONCE: Final = 100
_DAYS: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M"]

Connector = Annotated[str | None, typer.Option(help="Only for this CRM.")]
Reason = Annotated[str | None, typer.Option(help="Only for this reason, or its beginning.")]
Process = Annotated[str | None, typer.Option("--business-process", help="Only of this one.")]
Since = Annotated[
    datetime | None,
    typer.Option(formats=_DAYS, help="Only what first came at this moment, UTC, or later."),
]
Until = Annotated[
    datetime | None, typer.Option(formats=_DAYS, help="Only what first came before it.")
]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One record that waits for a person."""

    row: LedgerRow
    posting: Posting

    @property
    def id(self) -> str:
        return self.row.interaction.id

    @property
    def since(self) -> datetime | None:
        """When it was tried last, or else first heard of."""
        tried = self.posting.tries[-1].at if self.posting.tries else self.posting.attempted_at
        return tried or self.row.first_at


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody asked for; what is left open is anything."""

    connector: str | None = None
    part: str | None = None
    reason: str | None = None
    business_process: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self == Choice()

    def means(self, row: LedgerRow, posting: Posting) -> bool:
        return (
            self.connector in {None, posting.connector}
            and self.part in {None, posting.part}
            and posting.reason.startswith(self.reason or "")
            and (
                self.business_process is None
                or self.business_process.strip().casefold() == _business_process(row).casefold()
            )
            and self._came_in_time(row)
        )

    def _came_in_time(self, row: LedgerRow) -> bool:
        at = row.first_at or row.started_at
        if at is None:
            return self.since is None and self.until is None
        return (self.since is None or at >= _utc(self.since)) and (
            self.until is None or at < _utc(self.until)
        )


def chosen(ledger: InteractionLedger, choice: Choice, ids: Sequence[str] = ()) -> Iterator[Waiting]:
    """What waits and is meant, of these interactions or of all, the longest first.

    Without ids, an interaction counts when nothing of it is left but what waits for a person.
    """
    every = list(dict.fromkeys(ids)) or ledger.parked(limit=MOST_ROWS)
    pages = [every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE)]
    for page in watched(pages, "rows", total=len(every), size=len):
        rows = ledger.read_many(page)
        for row in (rows[each] for each in page if each in rows):
            waiting = (each for each in parked_of(row) if choice.means(row, each))
            yield from (Waiting(row, each) for each in waiting)


def _business_process(row: LedgerRow) -> str:
    told = row.interaction.get("business_process")
    return told or (row.arrival.decision.get("business_process", "") if row.arrival else "")


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
