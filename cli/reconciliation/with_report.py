"""The ledger beside a report that the contact centre exported."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TextIO

from cli.masking import masked_email, masked_phone, masked_words
from cli.personal import looks_like_phone
from cli.reconciliation.connected import Ledgers
from cli.reconciliation.outcome import Differences, private_file
from cli.reconciliation.report_file import ReportFile, reported, with_moments
from cli.rules.period import Period
from cli.rules.progress import watched
from switchboard.domain.compared_record import IN_FLIGHT
from switchboard.domain.report_comparison import (
    REPORT_DIFFERENCES,
    ReportCompared,
    Reported,
    ReportVerdict,
)
from switchboard.domain.report_csv import ReportRow
from switchboard.domain.report_header import NoReport
from switchboard.use_cases.report_comparison import ReportComparison, ReportTerms

COLUMNS: Final = ("difference", "line", "interaction_id", "started_at", "contact", "why")
WORDS: Final = {
    ReportVerdict.AGREES: "rows that the ledger has",
    ReportVerdict.TOO_NEW: "rows too young to be here",
    ReportVerdict.OTHER_DAY: "rows of other days, not compared",
    ReportVerdict.TWICE: "rows about an interaction of an earlier row",
    ReportVerdict.NOT_HERE: "rows that are MISSING HERE",
    ReportVerdict.DIFFERS: "rows whose facts DIFFER",
    ReportVerdict.AMBIGUOUS: "rows that fit several interactions",
    ReportVerdict.UNREADABLE: "rows that say too little",
    ReportVerdict.NOT_READ: "rows that are no interactions, not read",
    ReportVerdict.OUTSIDE_REPORT: "interactions here that the report need not have",
    ReportVerdict.NOT_REPORTED: "interactions here that are MISSING IN THE REPORT",
}


@dataclass(slots=True)
class ReportReconciliation:
    """One run of the command. Rows that are missing here go to `missing`, for `backfill`."""

    report: ReportFile
    period: Period
    ledgers: Ledgers
    differences: Differences
    default_region: str = "US"
    tolerance: timedelta = timedelta(seconds=60)
    patience: timedelta = IN_FLIGHT
    missing: Path | None = None
    is_refused: Callable[[str], bool] = lambda _: False
    line: int = 0
    not_read: list[int] = field(default_factory=list)
    _channels: set[str] = field(default_factory=set)
    _waiting: dict[int, ReportRow] = field(default_factory=dict)
    comparison: ReportComparison = field(init=False)
    terms: ReportTerms = field(init=False)

    def __post_init__(self) -> None:
        self.terms = ReportTerms(
            start=self.period.start,
            end=self.period.end,
            now=datetime.now(UTC),
            tolerance=self.tolerance,
            patience=self.patience,
            default_region=self.default_region,
            is_refused=self.is_refused,
        )
        self.comparison = ReportComparison(self.ledgers.ledger, self.ledgers.days, self.terms)

    def run(self) -> None:
        """Raises: NoReport, OSError, StateUnavailable."""
        file = private_file(self.missing) if self.missing else None
        try:
            with self.report.opened() as text:
                self._rows(text, file)
        finally:
            if file:
                file.close()
        if self.not_read and len(self.not_read) == self.differences.counts.total():
            raise NoReport(
                "none of its rows says which interaction it was, or who and when; "
                "look at --columns and at the form of its dates"
            )
        for one in self.comparison.of_ledger(frozenset(self._channels)):
            self._note(one)

    def summary(self) -> Iterator[tuple[str, int]]:
        for verdict, words in WORDS.items():
            if number := self.differences.counts[verdict.value]:
                yield words, number
        if self.comparison.by_composite:
            yield "found by their composite id", self.comparison.by_composite
        if self.comparison.by_nearness:
            yield "found by contact and start", self.comparison.by_nearness

    def as_json(self) -> dict[str, Any]:
        counts: Counter[str] = self.differences.counts
        return {
            "from": self.period.first.isoformat(),
            "to": self.period.last.isoformat(),
            "time_zone": self.period.time_zone,
            "report": str(self.report.file),
            "counts": dict(sorted(counts.items())),
            "not_read": self.not_read,
            "columns_not_used": list(self.report.unused),
            "found_by_composite_id": self.comparison.by_composite,
            "found_by_contact_and_start": self.comparison.by_nearness,
            "differences": self.differences.rows,
        }

    @property
    def has_differences(self) -> bool:
        return any(self.differences.counts[each.value] for each in REPORT_DIFFERENCES)

    def _rows(self, text: TextIO, file: TextIO | None) -> None:
        size = self.report.file.stat().st_size
        lines = watched(text, "bytes of the report", total=size, size=len)
        for one in self.comparison.of_report(self._reported(lines)):
            self.line = one.line
            row = self._waiting.pop(one.line)
            if file and one.verdict is ReportVerdict.NOT_HERE:
                told = with_moments(row, self.report.zone)
                file.write(json.dumps(told, ensure_ascii=False) + "\n")
            self._note(one)

    def _reported(self, lines: Iterator[str]) -> Iterator[Reported]:
        for row in self.report.rows(lines):
            if channel := row.texts.get("channel"):
                self._channels.add(" ".join(channel.casefold().split()))
            self._waiting[row.number] = row
            yield reported(row, self.report.zone, self.terms)

    def _note(self, one: ReportCompared) -> None:
        self.differences.counts[one.verdict.value] += 1
        if one.verdict is ReportVerdict.NOT_READ:
            self.not_read.append(one.line)
        if one.is_difference:
            self.differences.add(_row(one))


def _row(one: ReportCompared) -> dict[str, str]:
    began_at = one.started_at.astimezone(UTC) if one.started_at else None
    return {
        "difference": one.verdict.value,
        "line": str(one.line) if one.line else "",
        "interaction_id": one.interaction_id,
        "started_at": began_at.isoformat(timespec="seconds") if began_at else "",
        "contact": _masked(one.contact),
        "why": one.why,
    }


def _masked(contact: str) -> str:
    if "@" in contact:
        return masked_email(contact)
    return masked_phone(contact) if looks_like_phone(contact) else masked_words(contact)
