"""Does the ledger have what a report of the contact centre lists, and the other way round?"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Final

from switchboard.domain.compared_record import IN_FLIGHT
from switchboard.domain.identity import EmailAddress, PhoneNumber, dialled_region, read_contact
from switchboard.domain.report_comparison import (
    FACTS,
    Kept,
    NearIndex,
    ReportCompared,
    Reported,
    ambiguous,
    not_here,
    not_read,
    not_reported,
    other_day,
    twice,
    unreadable,
    with_kept,
)
from switchboard.ports import DaysOfLedger, InteractionLedger, LedgerRow

_AT_ONCE: Final = 100
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ReportTerms:
    """What a report is compared by: its period, and how near two starts are the same.

    What is younger than `patience` may be under way. `is_refused` tells whether a trigger of an id
    was refused and is kept.
    """

    start: datetime
    end: datetime
    now: datetime
    tolerance: timedelta = timedelta(seconds=60)
    patience: timedelta = IN_FLIGHT
    default_region: str = "US"
    regions: Mapping[str, str] = field(default_factory=dict)
    is_refused: Callable[[str], bool] = lambda _: False


@dataclass(slots=True)
class ReportComparison:
    """One report. First `of_report`, then `of_ledger`, which tells what no row was about.

    Remembers ids, and for rows without one who began when; never a whole row.
    """

    ledger: InteractionLedger
    days: DaysOfLedger
    terms: ReportTerms
    _seen: set[str] = field(default_factory=set)
    _first: datetime | None = None
    _last: datetime | None = None
    _index: NearIndex | None = None
    by_composite: int = 0
    by_nearness: int = 0

    def of_report(self, reported: Iterable[Reported]) -> Iterator[ReportCompared]:
        """What came of each row, in the order of the report. Raises: StateUnavailable."""
        going = iter(reported)
        while rows := list(islice(going, _AT_ONCE)):
            ids = list(dict.fromkeys(row.interaction_id for row in rows if row.interaction_id))
            known = self.ledger.read_many(ids) if ids else {}
            for row in rows:
                yield self._of_row(row, known)

    def of_ledger(self, channels: frozenset[str] = frozenset()) -> Iterator[ReportCompared]:
        """What the ledger has of the period and no row of the report was about."""
        for kept in self._every(self._days(0)):
            started_at = kept.started_at or kept.first_at
            if kept.interaction_id in self._seen or not self._is_asked_for(started_at):
                continue
            if kept.first_at > self.terms.now - self.terms.patience:
                continue
            yield not_reported(kept, first=self._first, last=self._last, channels=channels)

    def _of_row(self, row: Reported, known: Mapping[str, LedgerRow]) -> ReportCompared:
        if row.started_at:
            if not self._is_asked_for(row.started_at):
                return other_day(row)
            self._first = min(self._first or row.started_at, row.started_at)
            self._last = max(self._last or row.started_at, row.started_at)
        if found := known.get(row.interaction_id):
            self.by_composite += not row.has_own_id
            return self._matched(row, self._kept(found), "")
        if not row.is_an_interaction:
            return not_read(row)
        if row.contact and row.started_at:
            return self._nearest(row, row.started_at)
        return self._not_here(row) if row.interaction_id else unreadable(row)

    def _nearest(self, row: Reported, started_at: datetime) -> ReportCompared:
        near = self._near_index().near(row.contact, started_at, self._seen)
        if not near:
            return self._not_here(row)
        if len(near) > 1:
            return ambiguous(row, len(near))
        found = self.ledger.read_many(near)
        if near[0] not in found:
            return self._not_here(row)
        self.by_nearness += 1
        how = "found by contact and start"
        return self._matched(row, self._kept(found[near[0]]), how)

    def _matched(self, row: Reported, kept: Kept, how: str) -> ReportCompared:
        if kept.interaction_id in self._seen:
            return twice(row, kept)
        self._seen.add(kept.interaction_id)
        return with_kept(row, kept, how=how)

    def _not_here(self, row: Reported) -> ReportCompared:
        is_refused = bool(row.interaction_id) and self.terms.is_refused(row.interaction_id)
        return not_here(
            row, now=self.terms.now, is_refused=is_refused, patience=self.terms.patience
        )

    def _near_index(self) -> NearIndex:
        """Read once, and only for a report that needs it."""
        if self._index is None:
            self._index = NearIndex(self.terms.tolerance)
            for kept in self._every(self._days(1)):
                if kept.contact:
                    started_at = kept.started_at or kept.first_at
                    self._index.add(kept.contact, started_at, kept.interaction_id)
        return self._index

    def _every(self, days: Sequence[date]) -> Iterator[Kept]:
        for day in days:
            after = ""
            while ids := self.days.ids_of(day, after=after, limit=_AT_ONCE):
                rows = self.ledger.read_many(ids)
                yield from (self._kept(rows[each]) for each in ids if each in rows)
                after = ids[-1]

    def _days(self, more: int) -> Sequence[date]:
        """Days of the ledger, in UTC, that the period touches; a trigger may come a day late."""
        first = self.terms.start.astimezone(UTC).date() - more * _ONE_DAY
        last = (self.terms.end.astimezone(UTC) - timedelta(microseconds=1)).date() + _ONE_DAY
        return [first + number * _ONE_DAY for number in range((last - first).days + 1)]

    def _is_asked_for(self, started_at: datetime) -> bool:
        return self.terms.start <= started_at < self.terms.end

    def _kept(self, row: LedgerRow) -> Kept:
        said = row.interaction
        return Kept(
            interaction_id=said.id,
            started_at=row.started_at,
            contact=canonical_contact(
                said.get("contact"),
                said.get("channel"),
                said.get("dialed_number"),
                terms=self.terms,
            ),
            channel=said.get("channel"),
            facts={name: said.get(name) for name in FACTS},
            has_ended=said.has_ended,
            first_at=row.first_at or row.started_at or self.terms.now,
        )


def canonical_contact(text: str, channel: str, dialed: str, *, terms: ReportTerms) -> str:
    """A number or address as one text, however it was written; else the text itself."""
    region = dialled_region(dialed, terms.regions, default_region=terms.default_region)
    contact = read_contact(text, default_region=region, channel=channel)
    if isinstance(contact, PhoneNumber | EmailAddress):
        return contact.canonical
    return " ".join(text.casefold().split())
