"""An exported report beside the ledger: what is on one side alone, and where the two disagree."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

_FEWEST_DIGITS: Final = 7
# Facts that both sides may know; the rest of a report is its own.
FACTS: Final = ("business_process", "disposition_code")


class ReportVerdict(StrEnum):
    """What came of one row of the report, or of one interaction of the ledger."""

    AGREES = "agrees"
    NOT_HERE = "not_here"
    TOO_NEW = "too_new"
    DIFFERS = "differs"
    AMBIGUOUS = "ambiguous"
    TWICE = "reported_twice"
    UNREADABLE = "unreadable"
    NOT_READ = "not_read"
    OTHER_DAY = "other_day"
    NOT_REPORTED = "not_reported"
    OUTSIDE_REPORT = "outside_report"


REPORT_DIFFERENCES: Final = (
    ReportVerdict.NOT_HERE,
    ReportVerdict.NOT_REPORTED,
    ReportVerdict.DIFFERS,
    ReportVerdict.AMBIGUOUS,
    ReportVerdict.UNREADABLE,
)


@dataclass(frozen=True, slots=True)
class Reported:
    """One row of the report in our terms.

    `interaction_id` is the report's own, or else the composite one that intake would give it;
    empty where it has neither. `contact` is its canonical form.
    """

    line: int
    interaction_id: str
    has_own_id: bool
    started_at: datetime | None = None
    contact: str = field(default="", repr=False)
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_an_interaction(self) -> bool:
        """False for what reports have below their rows: totals, averages, who printed them.

        Such a row has no time, nobody's number or address, and no id: a word such as "Total" may
        stand in the id's column, but an id without a digit names nothing that the ledger lacks.
        """
        has_id = any(each.isdigit() for each in self.interaction_id)
        digits = sum(each.isdigit() for each in self.contact)
        has_contact = "@" in self.contact or digits >= _FEWEST_DIGITS
        return self.started_at is not None or has_id or has_contact


@dataclass(frozen=True, slots=True)
class Kept:
    """One interaction of the ledger, as far as a report can know it."""

    interaction_id: str
    started_at: datetime | None
    contact: str = field(repr=False)
    channel: str
    facts: Mapping[str, str]
    has_ended: bool
    first_at: datetime


@dataclass(frozen=True, slots=True)
class ReportCompared:
    """`line` is 0 for what stands in the ledger alone; `interaction_id` is ours, where known."""

    verdict: ReportVerdict
    line: int
    interaction_id: str
    started_at: datetime | None = None
    contact: str = field(default="", repr=False)
    why: str = ""

    @property
    def is_difference(self) -> bool:
        return self.verdict in REPORT_DIFFERENCES


def with_kept(reported: Reported, kept: Kept, *, how: str = "") -> ReportCompared:
    """A row and the interaction it is about; `how` says by what it was found, if not by its id."""
    differing = [
        f"{name} is {_shown(said)} there and {_shown(kept.facts.get(name, ''))} here"
        for name, said in reported.facts.items()
        if _folded(said) != _folded(kept.facts.get(name, ""))
    ]
    verdict = ReportVerdict.DIFFERS if differing else ReportVerdict.AGREES
    why = "; ".join([*differing, *([how] if how and differing else [])])
    return _about(reported, verdict, why, kept.interaction_id)


def not_here(
    reported: Reported, *, now: datetime, is_refused: bool, patience: timedelta
) -> ReportCompared:
    """A row that the ledger has nothing of."""
    if is_refused:
        why = "a trigger of it was refused and is kept; see `switchboard refused list`"
        return _about(reported, ReportVerdict.NOT_HERE, why)
    if reported.started_at and reported.started_at > now - patience:
        return _about(reported, ReportVerdict.TOO_NEW, "it started a short while ago")
    return _about(reported, ReportVerdict.NOT_HERE, "no trigger of it reached us")


def unreadable(reported: Reported) -> ReportCompared:
    why = "it has no id, and no contact with a readable start by which to find it"
    return _about(reported, ReportVerdict.UNREADABLE, why)


def not_read(reported: Reported) -> ReportCompared:
    why = "it says neither who nor when, and has no id, as a line of totals"
    return ReportCompared(ReportVerdict.NOT_READ, reported.line, "", why=why)


def ambiguous(reported: Reported, number: int) -> ReportCompared:
    why = f"{number} interactions of this contact began just as near; give the report an id column"
    return _about(reported, ReportVerdict.AMBIGUOUS, why)


def twice(reported: Reported, kept: Kept) -> ReportCompared:
    why = "an earlier row of the report is about the same interaction"
    return _about(reported, ReportVerdict.TWICE, why, kept.interaction_id)


def other_day(reported: Reported) -> ReportCompared:
    return _about(reported, ReportVerdict.OTHER_DAY, "it started outside the days asked for")


def not_reported(
    kept: Kept,
    *,
    first: datetime | None,
    last: datetime | None,
    channels: frozenset[str],
) -> ReportCompared:
    """An interaction of the ledger that no row is about, and why that may be.

    The report reaches from `first` to `last`; `channels` are those that it has rows of, empty
    when it does not say.
    """
    started_at = kept.started_at or kept.first_at
    why = ""
    if first is None or last is None:
        why = "" if channels else "the report does not say when its interactions began"
    elif started_at < first:
        why = "it began before the first interaction of the report"
    elif started_at > last:
        why = "it began after the last interaction of the report"
    if not why and not kept.has_ended:
        why = "its end was not told to us; the report may list ended ones alone"
    if not why and channels and kept.channel and _folded(kept.channel) not in channels:
        why = f"the report has no {kept.channel}"
    verdict = ReportVerdict.OUTSIDE_REPORT if why else ReportVerdict.NOT_REPORTED
    told = why or "the report has no row of it"
    return ReportCompared(verdict, 0, kept.interaction_id, started_at, kept.contact, told)


class NearIndex:
    """Interactions by whom they were with and when they began, for reports without ids."""

    def __init__(self, tolerance: timedelta) -> None:
        self._tolerance = tolerance
        self._starts: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)

    def add(self, contact: str, started_at: datetime, interaction_id: str) -> None:
        insort(self._starts[contact], (started_at, interaction_id))

    def near(
        self, contact: str, started_at: datetime, taken: frozenset[str] | set[str]
    ) -> Sequence[str]:
        """The interaction that began nearest, within the tolerance; several where none is nearer.

        What is `taken` by an earlier row is left out.
        """
        starts = self._starts.get(contact, [])
        place = bisect_left(starts, (started_at - self._tolerance, ""))
        fitting: list[tuple[timedelta, str]] = []
        for began_at, interaction_id in starts[place:]:
            if began_at > started_at + self._tolerance:
                break
            if interaction_id not in taken:
                fitting.append((abs(began_at - started_at), interaction_id))
        nearest = min((apart for apart, _ in fitting), default=None)
        return [each for apart, each in fitting if apart == nearest]


def _about(
    reported: Reported, verdict: ReportVerdict, why: str, interaction_id: str = ""
) -> ReportCompared:
    return ReportCompared(
        verdict,
        reported.line,
        interaction_id or reported.interaction_id,
        reported.started_at,
        reported.contact,
        why,
    )


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _shown(text: str) -> str:
    return repr(text) if text else "nothing"
