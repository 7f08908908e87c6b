"""Which interactions a day had, and how far a comparison of it is: in memory, and on AWS."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from switchboard.adapters.dynamodb_days import DynamoDbDaysOfLedger
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_progress import DynamoDbReconciliationProgress
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.domain.reconciliation_progress import Progress
from switchboard.ports import Arrival, DaysOfLedger, InteractionLedger, ReconciliationProgress
from tests.fakes.days import InMemoryDaysOfLedger, InMemoryReconciliationProgress
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.ports.conftest import BOTH_SIDES, TableOf

DAY = date(2026, 11, 2)
MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@dataclass
class Kept:
    ledger: InteractionLedger
    days: DaysOfLedger

    def comes(self, interaction_id: str, at: datetime, **fields: str) -> None:
        event = TriggerEvent(interaction_id, TriggerKind.INTERACTION_ENDS, at, fields)
        self.ledger.merge(event, now=at, due_when=lambda _: at)


@pytest.fixture(params=BOTH_SIDES)
def kept(request: pytest.FixtureRequest) -> Kept:
    if request.param == "in_memory":
        memory = InMemoryInteractionLedger()
        return Kept(memory, InMemoryDaysOfLedger(memory))
    table = request.getfixturevalue("table")("Interactions")
    return Kept(DynamoDbInteractionLedger(table), DynamoDbDaysOfLedger(table))


@pytest.fixture(params=BOTH_SIDES)
def progress(request: pytest.FixtureRequest) -> ReconciliationProgress:
    if request.param == "in_memory":
        return InMemoryReconciliationProgress()
    return DynamoDbReconciliationProgress(request.getfixturevalue("table")("Coordination"))


def test_a_day_begins_at_midnight_in_utc_and_ends_before_the_next(kept: Kept) -> None:
    kept.comes("before", MIDNIGHT - MOMENT, channel="voice")
    kept.comes("first", MIDNIGHT, channel="voice")
    kept.comes("last", MIDNIGHT + timedelta(days=1) - MOMENT, channel="voice")
    kept.comes("after", MIDNIGHT + timedelta(days=1), channel="voice")

    assert kept.days.ids_of(DAY, limit=10) == ("first", "last")


def test_an_interaction_stays_on_the_day_of_its_first_trigger(kept: Kept) -> None:
    kept.comes("int-1", MIDNIGHT, channel="voice")
    kept.comes("int-1", MIDNIGHT + timedelta(days=3), disposition_code="SOLD")

    assert kept.days.ids_of(DAY, limit=10) == ("int-1",)
    assert kept.days.ids_of(DAY + timedelta(days=3), limit=10) == ()


def test_who_was_only_looked_up_had_no_interaction_yet(kept: Kept) -> None:
    kept.ledger.note_arrival("int-1", Arrival("r-1", MIDNIGHT, "known"))

    assert kept.days.ids_of(DAY, limit=10) == ()


def test_pages_follow_one_another_without_gap_or_repeat(kept: Kept) -> None:
    ids = [f"int-{n:02}" for n in range(23)]
    for each in reversed(ids):
        kept.comes(each, MIDNIGHT, channel="voice")

    pages: list[str] = []
    while page := kept.days.ids_of(DAY, after=pages[-1] if pages else "", limit=5):
        assert len(page) <= 5
        pages += page

    assert pages == ids


def test_ids_of_every_spelling_can_be_gone_on_after(kept: Kept) -> None:
    ids = sorted(["A:1", "a#b", "zz~", "composite-0f", "1"])
    for each in ids:
        kept.comes(each, MIDNIGHT, channel="voice")

    assert [kept.days.ids_of(DAY, after=each, limit=1) for each in ids] == [
        *((each,) for each in ids[1:]),
        (),
    ]


def test_progress_is_what_was_kept_last(progress: ReconciliationProgress) -> None:
    assert progress.read() is None

    first = Progress(DAY, "int-5", {"agrees": 4, "missing": 1}, is_listed=True)
    progress.keep(first, now=MIDNIGHT)
    assert progress.read() == first

    last = Progress(DAY, "int-9", is_done=True)
    progress.keep(last, now=MIDNIGHT)
    assert progress.read() == last


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"day": "tomorrow"}', '{"day": 5}'])
def test_progress_of_another_release_is_begun_anew(table: TableOf, body: str) -> None:
    coordination = table("Coordination")
    coordination.put({"id": "reconciliation#progress", "body": body})

    assert DynamoDbReconciliationProgress(coordination).read() is None
