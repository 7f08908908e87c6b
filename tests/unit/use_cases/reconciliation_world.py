"""A ledger, CRMs and a clock, to compare with one another."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from switchboard.domain.compared_record import Compared
from switchboard.domain.deadline import Deadline
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.domain.posting import InteractionRecord, Posting, PostingState
from switchboard.domain.posting_profile import PostingProfile
from switchboard.ports import LedgerRow, Next
from switchboard.use_cases.asked_crm import ComparisonTerms
from switchboard.use_cases.comparison import Comparison
from tests.fakes.crm import InMemoryCrm
from tests.fakes.days import InMemoryDaysOfLedger, InMemoryReconciliationProgress
from tests.fakes.ledger import InMemoryInteractionLedger

DAY: Final = datetime(2026, 11, 2, tzinfo=UTC)
NOON: Final = DAY + timedelta(hours=12)
NEXT_NIGHT: Final = DAY + timedelta(days=1, hours=1, minutes=20)


class AskedCrm(InMemoryCrm):
    """Counts its questions; fails them as told, one error after the other."""

    def __init__(self, **about: Any) -> None:
        super().__init__(**about)
        self.asked: list[str] = []
        self.listings = 0
        self.failures: list[Exception] = []
        self.doubles: list[FoundRecord] = []

    def find_record(
        self, interaction_id: str, *, record_id: str, deadline: Deadline
    ) -> FoundRecord | None:
        self.asked.append(interaction_id)
        if self.failures:
            raise self.failures.pop(0)
        return super().find_record(interaction_id, record_id=record_id, deadline=deadline)

    def list_records(
        self, start: datetime, end: datetime, *, deadline: Deadline
    ) -> Iterator[FoundRecord]:
        self.listings += 1
        if self.failures:
            raise self.failures.pop(0)
        yield from super().list_records(start, end, deadline=deadline)
        yield from self.doubles


class World:
    """One day's interactions, all of them written at noon unless a test says otherwise."""

    def __init__(self, *, can_list: bool = False, **about: Any) -> None:
        self.ledger = InMemoryInteractionLedger()
        self.days = InMemoryDaysOfLedger(self.ledger)
        self.kept = InMemoryReconciliationProgress()
        self.crm = AskedCrm(**about)
        self.crm.can_list_records = can_list
        self.crms: dict[str, Any] = {self.crm.connector: self.crm}
        self.profiles: tuple[PostingProfile, ...] = (PostingProfile(self.crm.connector),)
        self.now = NEXT_NIGHT
        self.slept: list[float] = []

    def comes(self, interaction_id: str, *, at: datetime = NOON, **fields: str) -> None:
        said = {"channel": "voice", "disposition_code": "SOLD", **fields}
        event = TriggerEvent(interaction_id, TriggerKind.INTERACTION_ENDS, at, said)
        self.ledger.merge(event, now=at, due_when=lambda _: at)

    def posting(self, interaction_id: str, posting: Posting, *, at: datetime = NOON) -> None:
        """The ledger has this posting, and nothing is due any more."""
        row = self.ledger.hold(interaction_id, token="t", now=at, lease_s=1)
        assert row
        self.ledger.settle(
            interaction_id,
            [posting],
            token="t",
            revision=row.interaction.revision,
            after=Next(due_at=posting.due_at),
        )

    def written(self, *interaction_ids: str, at: datetime = NOON) -> None:
        """Told, posted, and standing in the CRM."""
        for each in interaction_ids:
            self.comes(each, at=at)
            self.crm.records[each] = InteractionRecord(each, 1, {"started_at": at.isoformat()})
            self.posting(each, done(each, at=at), at=at)

    def row(self, interaction_id: str) -> LedgerRow:
        row = self.ledger.read(interaction_id)
        assert row
        return row

    def comparison(self, **terms: Any) -> Comparison:
        return Comparison(
            ledger=self.ledger,
            days=self.days,
            crms=self.crms,
            profiles=self.profiles,
            terms=ComparisonTerms(clock=lambda: self.now, sleep=self.sleep, **terms),
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def compared(self, **terms: Any) -> dict[str, list[str]]:
        """The verdicts by interaction, the listing's first under its ids."""
        comparison = self.comparison(**terms)
        verdicts: dict[str, list[str]] = {}
        for one in comparison.listed(DAY.date()):
            verdicts.setdefault(one.interaction_id, []).append(one.verdict.value)
        for interaction_id, told in comparison.compared(DAY.date()):
            verdicts.setdefault(interaction_id, []).extend(one.verdict.value for one in told)
        return verdicts


def done(interaction_id: str, *, at: datetime = NOON, **other: Any) -> Posting:
    about = {"revision": 1, "record_id": f"A-{interaction_id}", "attempted_at": at, **other}
    return Posting("sandbox", PostingState.DONE, **about)


def after_questions(world: World, number: int) -> Callable[[], bool]:
    """Time is up after so many questions."""
    return lambda: len(world.crm.asked) >= number


def every(compared: list[Compared]) -> list[str]:
    return [f"{one.interaction_id} {one.verdict.value}" for one in compared]
