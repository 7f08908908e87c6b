"""What kept a connector's records is mended: have those that wait written soon.

Safe while workers run, to repeat, and to interrupt: each row is one write, on condition that it
is as it was read and that nobody holds it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from switchboard.domain.posting import Posting, PostingState
from switchboard.domain.posting_reasons import is_asked_to_wait
from switchboard.domain.tried_sooner import tried_sooner
from switchboard.ports import InteractionLedger, LedgerRow, Next
from switchboard.use_cases.posting_run import Together

# By then every worker knows that the connector goes on, also one whose clock is a little ahead.
_FIRST_AFTER: Final = timedelta(seconds=10)
# Rows are forgotten after so long; none is due later.
_AT_LAST: Final = timedelta(days=400)
# A worker whose lease just ran out may still give the row back, and knows nothing of this.
_STILL_BUSY: Final = timedelta(minutes=1)
# So that a backlog neither fills the queue nor meets a CRM, just mended, at one moment.
ROWS_A_SECOND: Final = 50
_READ_AT_ONCE: Final = 100
_WRITTEN_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class Resumed:
    """How many records are due soon, wait because the CRM asked for it, and are left for the next
    time because a worker has them; `last_at` is when the last of the first is due."""

    soon: int = 0
    asked_to_wait: int = 0
    busy: int = 0
    last_at: datetime | None = None

    def __add__(self, other: "Resumed") -> "Resumed":
        return Resumed(
            self.soon + other.soon,
            self.asked_to_wait + other.asked_to_wait,
            self.busy + other.busy,
            max(filter(None, (self.last_at, other.last_at)), default=None),
        )


def rows_that_wait(ledger: InteractionLedger, *, now: datetime, most: int) -> list[tuple[str, ...]]:
    """Ids of all rows that are to be looked at again, for any connector, in pages.

    Raises: StateUnavailable.
    """
    ids = ledger.due(now=now + _AT_LAST, limit=most)
    return [ids[start : start + _READ_AT_ONCE] for start in range(0, len(ids), _READ_AT_ONCE)]


def resume_postings(
    pages: Iterable[Sequence[str]],
    connector: str,
    *,
    ledger: InteractionLedger,
    now: datetime,
    together: Together,
    is_dry: bool = False,
) -> Resumed:
    """Make due what waits for the connector, so many rows a second; a dry run only counts it.

    What waits for something else stays as it is: an answer that was lost until it is settled, a
    record until its profile wants it, whatever the CRM asked for. Workers, their retry budgets
    and the CRM's limits pace what is due, as ever.

    Raises: StateUnavailable.
    """
    all_of_them = Resumed()
    resuming = _Resuming(connector, ledger, now, is_dry)
    rows_soon = 0
    for page in pages:
        rows = ledger.read_many(page)
        waiting = [rows[each] for each in page if each in rows]
        for start in range(0, len(waiting), _WRITTEN_AT_ONCE):
            at = now + _FIRST_AFTER + timedelta(seconds=rows_soon / ROWS_A_SECOND)
            some = waiting[start : start + _WRITTEN_AT_ONCE]
            told = together([partial(resuming.row, row, at) for row in some])
            rows_soon += sum(bool(one.soon) for one in told)
            all_of_them = sum(told, all_of_them)
    return all_of_them


@dataclass(frozen=True, slots=True)
class _Resuming:
    connector: str
    ledger: InteractionLedger
    now: datetime
    is_dry: bool

    def row(self, row: LedgerRow, at: datetime) -> Resumed:
        ours = [each for each in row.postings.values() if each.connector == self.connector]
        asked = sum(self._is_asked_to_wait(each) for each in ours)
        found = [one for each in ours if (one := tried_sooner(each, at=at))]
        if not found:
            return Resumed(asked_to_wait=asked)
        moments = [each.due_at for each in found if each.due_at]
        if not self._is_kept(row, found, min(moments)):
            return Resumed(asked_to_wait=asked, busy=len(found))
        return Resumed(len(found), asked, last_at=max(moments))

    def _is_asked_to_wait(self, posting: Posting) -> bool:
        is_later = posting.due_at is not None and posting.due_at > self.now
        is_open = posting.state is PostingState.PENDING
        return is_open and is_later and is_asked_to_wait(posting.reason)

    def _is_kept(self, row: LedgerRow, sooner: Sequence[Posting], due_at: datetime) -> bool:
        if row.held_until and self.now < row.held_until + _STILL_BUSY:
            return False
        if self.is_dry:
            return True
        after = Next(due_at=min(due_at, row.due_at) if row.due_at else due_at)
        return self.ledger.settle_unclaimed(row, sooner, now=self.now, after=after)
