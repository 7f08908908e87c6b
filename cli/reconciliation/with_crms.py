"""The ledger beside the CRMs, day by day."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import uuid4

from cli.reconciliation.connected import Ledgers
from cli.reconciliation.outcome import Differences
from cli.rules.progress import watched
from switchboard.domain.compared_record import DIFFERENCES, IN_FLIGHT, Compared, Verdict
from switchboard.domain.posting_profile import PostingProfile
from switchboard.errors import Misconfigured
from switchboard.ports import Crm, DaysOfLedger
from switchboard.use_cases.asked_crm import ComparisonTerms
from switchboard.use_cases.comparison import Comparison
from switchboard.use_cases.reconciliation_repair import (
    Mending,
    RepairTerms,
    mending_of,
    repair,
)

COLUMNS: Final = (
    "difference",
    "interaction_id",
    "connector",
    "part",
    "record_id",
    "found_id",
    "why",
    "repair",
)
WORDS: Final = {
    Verdict.AGREES: "stand there as written",
    Verdict.WAITING: "wait for their turn, or came a short while ago",
    Verdict.UNWANTED: "are not wanted by the profiles",
    Verdict.DECIDED: "were decided by a person",
    Verdict.MISSING: "MISSING in the CRM",
    Verdict.NEVER_TRIED: "WANTED and never tried",
    Verdict.OVERDUE: "OVERDUE, nobody is at it",
    Verdict.PARKED: "PARKED, waiting for a person",
    Verdict.UNSETTLED: "PARKED and in the CRM all the same",
    Verdict.OLDER: "OLDER in the CRM than written",
    Verdict.OTHER_RECORD: "under ANOTHER record id",
    Verdict.DOUBLED: "DOUBLED in the CRM",
    Verdict.UNEXPECTED: "in the CRM and UNKNOWN to the ledger",
    Verdict.UNANSWERED: "were refused an answer",
    Verdict.NOT_ASKED: "cannot be asked about",
}
_COUNTED_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person asked for."""

    first: date
    last: date
    connectors: frozenset[str] = frozenset()
    share: float = 1.0
    asks_per_s: float = 10.0
    after: str = ""
    repairs: bool = False
    allow_risky: bool = False
    patience: timedelta = IN_FLIGHT

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


@dataclass(slots=True)
class Reached:
    """How far it is, for whoever interrupts it."""

    day: date
    after: str = ""
    interactions: int = 0


class CrmReconciliation:
    """One run of the command. `reached` is right whenever it is interrupted."""

    def __init__(
        self,
        asked: Asked,
        *,
        ledgers: Ledgers,
        crms: Mapping[str, Crm],
        profiles: Sequence[PostingProfile],
        differences: Differences,
    ) -> None:
        self._asked = asked
        self._ledgers = ledgers
        self._differences = differences
        self._mending = RepairTerms(
            {name: crm.idempotency for name, crm in crms.items() if _can_write(crm)},
            allow_risky=asked.allow_risky,
        )
        self.reached = Reached(asked.first, asked.after)
        self.unwanted: dict[str, int] = {}
        self.mended: dict[str, int] = {}
        terms = ComparisonTerms(
            clock=partial(datetime.now, UTC),
            sleep=time.sleep,
            asks_per_s=asked.asks_per_s,
            connectors=asked.connectors,
            share=asked.share,
            patience=asked.patience,
        )
        self.comparison = Comparison(
            ledger=ledgers.ledger, days=ledgers.days, crms=crms, profiles=profiles, terms=terms
        )

    def run(self) -> None:
        """Raises: CannotGoOn, StateUnavailable, KeyboardInterrupt; `reached` says where."""
        for day in self._asked.days:
            if day != self.reached.day:
                self.reached = Reached(day, interactions=self.reached.interactions)
            self._day(day)

    def summary(self) -> Iterator[tuple[str, int]]:
        yield "interactions compared", self.reached.interactions
        for verdict, words in WORDS.items():
            if number := self._differences.counts[verdict.value]:
                yield f"records that {words}" if words[0].islower() else f"records {words}", number

    def as_json(self) -> dict[str, Any]:
        return {
            "from": self._asked.first.isoformat(),
            "to": self._asked.last.isoformat(),
            "interactions": self.reached.interactions,
            "counts": dict(sorted(self._differences.counts.items())),
            "unwanted": self.unwanted,
            "not_asked": self.comparison.cannot_be_asked(),
            "differences": self._differences.rows,
        }

    @property
    def has_differences(self) -> bool:
        return any(self._differences.counts[each.value] for each in DIFFERENCES)

    def _day(self, day: date) -> None:
        for unknown in self.comparison.listed(day):
            # What a command goes on with was told by the one before.
            if not self.reached.after:
                self._note([(unknown, Mending.NOTHING)])
        total = round(_number_of(self._ledgers.days, day, self.reached.after) * self._asked.share)
        compared = self.comparison.compared(day, after=self.reached.after)
        for interaction_id, told in watched(
            compared, f"interactions of {day}", total=total, size=lambda _: 1
        ):
            self._note(self._mended(interaction_id, told))
            self.reached.after = interaction_id
            self.reached.interactions += 1

    def _mended(
        self, interaction_id: str, told: Sequence[Compared]
    ) -> Sequence[tuple[Compared, Mending]]:
        if not self._asked.repairs or not any(one.is_difference for one in told):
            return [(one, mending_of(one, self._mending)) for one in told]
        return repair(
            interaction_id,
            told,
            ledger=self._ledgers.ledger,
            terms=self._mending,
            token=uuid4().hex,
            now=datetime.now(UTC),
        )

    def _note(self, told: Sequence[tuple[Compared, Mending]]) -> None:
        for one, mending in told:
            self._differences.counts[one.verdict.value] += 1
            if one.verdict is Verdict.UNWANTED:
                self.unwanted[one.why] = self.unwanted.get(one.why, 0) + 1
            if one.is_difference:
                self.mended[mending.value] = self.mended.get(mending.value, 0) + 1
                self._differences.add(_row(one, mending))


def _row(one: Compared, mending: Mending) -> dict[str, str]:
    return {
        "difference": one.verdict.value,
        "interaction_id": one.interaction_id,
        "connector": one.connector,
        "part": one.part,
        "record_id": one.record_id,
        "found_id": one.found_id,
        "why": one.why,
        "repair": mending.value,
    }


def _number_of(days: DaysOfLedger, day: date, after: str) -> int:
    """Of keys alone, so that the bar knows where it ends."""
    number = 0
    while ids := days.ids_of(day, after=after, limit=_COUNTED_AT_ONCE):
        number, after = number + len(ids), ids[-1]
    return number


def _can_write(crm: Crm) -> bool:
    try:
        return bool(crm.idempotency)
    except Misconfigured:
        return False
