"""Does every CRM have what the ledger says it has? Asked record by record, at a bounded pace."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from typing import Final, TypeVar

from switchboard.domain.compared_record import Compared, Verdict
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.posting import Habits
from switchboard.domain.posting_profile import PostingProfile
from switchboard.domain.reconciliation import (
    is_in_sample,
    judged,
    judged_listed,
    keys_of,
    said_by_ledger,
    with_listed,
)
from switchboard.domain.reconciliation_progress import day_begins_at
from switchboard.errors import Misconfigured, UpstreamRejected
from switchboard.ports import Crm, DaysOfLedger, InteractionLedger, LedgerRow
from switchboard.use_cases.asked_crm import AskedCrm, ComparisonTerms

_log = logging.getLogger(__name__)

# Of each hour a CRM lists what it has, so that a busy day is many short answers.
_WINDOW: Final = timedelta(hours=1)
_LEFT_AFTER_LISTING_S: Final = 300.0
_MOST_LISTED: Final = 300_000
_AT_ONCE: Final = 100

_Item = TypeVar("_Item")


class Comparison:
    """Compares days of the ledger with the CRMs. Build one for one run."""

    def __init__(
        self,
        *,
        ledger: InteractionLedger,
        days: DaysOfLedger,
        crms: Mapping[str, Crm],
        profiles: Sequence[PostingProfile],
        terms: ComparisonTerms,
    ) -> None:
        self._ledger = ledger
        self._days = days
        self._profiles = profiles
        self._terms = terms
        self._asked = {
            name: AskedCrm(crm, terms)
            for name, crm in crms.items()
            if not terms.connectors or name in terms.connectors
        }
        self._amending = {name for name, crm in crms.items() if _amends(crm)}
        self._listed: dict[str, _Listed] = {}

    def cannot_be_asked(self) -> dict[str, str]:
        """Connectors that tell nothing of single records, and why."""
        silent = {
            name: "its connector has no find_interaction"
            for name, asked in self._asked.items()
            if not asked.crm.can_find_records
        }
        named = {profile.connector for profile in self._profiles}
        wanted = named & self._terms.connectors if self._terms.connectors else named
        return silent | dict.fromkeys(wanted - self._asked.keys(), "it is not published")

    def listed(self, day: date) -> Iterator[Compared]:
        """What CRMs have of the day that the ledger does not know. Spares questions later on.

        Raises: CannotGoOn, StateUnavailable.
        """
        self._listed = {}
        if self._terms.share < 1:
            return
        for name, asked in self._asked.items():
            if asked.crm.can_list_records:
                self._listed[name] = _Listed()
                yield from self._listed_in(asked, day)

    def compared(self, day: date, *, after: str = "") -> Iterator[tuple[str, Sequence[Compared]]]:
        """The interactions of the day behind `after`, in order, each with all its records.

        Raises: CannotGoOn, StateUnavailable; what came before it stands.
        """
        while ids := self._days.ids_of(day, after=after, limit=_AT_ONCE):
            sample = [each for each in ids if is_in_sample(each, self._terms.share)]
            rows = self._ledger.read_many(sample) if sample else {}
            for interaction_id in sample:
                if row := rows.get(interaction_id):
                    yield interaction_id, self._of_row(row)
            after = ids[-1]

    def _of_row(self, row: LedgerRow) -> list[Compared]:
        now = self._terms.clock()
        told = said_by_ledger(
            row.interaction,
            row.postings.values(),
            self._profiles,
            first_at=row.first_at or now,
            ended_at=row.ended_at,
            due_at=row.due_at,
            now=now,
            held_until=row.held_until,
            amending=self._amending,
        )
        chosen = self._terms.connectors
        return [self._judged(one) for one in told if not chosen or one.connector in chosen]

    def _judged(self, told: Compared) -> Compared:
        if not told.must_ask:
            return told
        asked = self._asked.get(told.connector)
        if asked is None or not asked.crm.can_find_records:
            is_settled = told.verdict is not Verdict.AGREES
            return told if is_settled else replace(told, verdict=Verdict.NOT_ASKED)
        listed = self._listed.get(told.connector, _NOTHING).under(told.key)
        if [each.record_id for each in listed] == [told.record_id]:
            found: FoundRecord | None = listed[0]
        else:
            answer = asked.find(told)
            if isinstance(answer, UpstreamRejected):
                return replace(told, verdict=Verdict.UNANSWERED, why=answer.reason)
            found = with_listed(answer, listed)
        return judged(
            told,
            found,
            now=self._terms.clock(),
            settle_s=asked.crm.settle_s,
            patience=self._terms.patience,
        )

    def _listed_in(self, asked: AskedCrm, day: date) -> Iterator[Compared]:
        name, begins_at = asked.crm.connector, day_begins_at(day)
        for hour in range(24):
            if not self._terms.has_time_for(_LEFT_AFTER_LISTING_S):
                self._give_up_listing(name, "it takes too long")
                return
            start = begins_at + hour * _WINDOW
            for records in _portions(asked.listed(start, start + _WINDOW), _AT_ONCE // 2):
                yield from self._unknown(name, records)
            if len(self._listed[name]) >= _MOST_LISTED:
                self._give_up_listing(name, "there are too many")
                return

    def _give_up_listing(self, connector: str, why: str) -> None:
        _log.warning("%s: not every record is listed, %s; each is asked about", connector, why)
        self._listed[connector] = _Listed()

    def _unknown(self, connector: str, records: Sequence[FoundRecord]) -> Iterator[Compared]:
        """Which of some listed records the ledger knows nothing of."""
        new = [each for each in records if self._listed[connector].add(each)]
        ids = list(dict.fromkeys(each for record in new for each in keys_of(record.key)))
        rows = self._ledger.read_many(ids) if ids else {}
        for record in new:
            named = next((each for each in keys_of(record.key) if each in rows), record.key)
            row = rows.get(named)
            postings = tuple(row.postings.values()) if row else None
            if unknown := judged_listed(connector, record, postings, interaction_id=named):
                yield unknown


def _amends(crm: Crm) -> bool:
    try:
        return Habits(crm.idempotency).amends
    except Misconfigured:  # its connector writes no records at all
        return False


class _Listed:
    """What a CRM listed, by our keys."""

    def __init__(self) -> None:
        self._by_key: defaultdict[str, tuple[FoundRecord, ...]] = defaultdict(tuple)

    def __len__(self) -> int:
        return len(self._by_key)

    def add(self, record: FoundRecord) -> bool:
        """False when it was listed before: pages may overlap."""
        if any(each.record_id == record.record_id for each in self.under(record.key)):
            return False
        self._by_key[record.key] += (record,)
        return True

    def under(self, key: str) -> tuple[FoundRecord, ...]:
        return self._by_key.get(key, ())


_NOTHING: Final = _Listed()


def _portions(items: Sequence[_Item], size: int) -> Iterator[list[_Item]]:
    going = iter(items)
    while portion := list(islice(going, size)):
        yield portion
