"""A report beside the ledger: by its ids, by the composite id, or by whom and when."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.domain.report_comparison import Reported
from switchboard.use_cases.report_comparison import ReportComparison, ReportTerms, canonical_contact
from tests.fakes.days import InMemoryDaysOfLedger
from tests.fakes.ledger import InMemoryInteractionLedger

DAY = datetime(2026, 11, 2, tzinfo=UTC)
NOON = DAY + timedelta(hours=12)
ADA, GRACE = "+14155550142", "+14155550177"


class Desk:
    """A ledger of one day, and reports of it."""

    def __init__(self, **terms: Any) -> None:
        self.ledger = InMemoryInteractionLedger()
        about: dict[str, Any] = {
            "start": DAY,
            "end": DAY + timedelta(days=1),
            "now": DAY + timedelta(days=2),
            **terms,
        }
        self.terms = ReportTerms(**about)
        self.comparison = ReportComparison(
            self.ledger, InMemoryDaysOfLedger(self.ledger), self.terms
        )

    def comes(
        self, interaction_id: str, *, at: datetime = NOON, contact: str = ADA, **said: str
    ) -> None:
        fields = {"channel": "voice", "contact": contact, "started_at": at.isoformat(), **said}
        event = TriggerEvent(interaction_id, TriggerKind.INTERACTION_ENDS, at, fields)
        self.ledger.merge(event, now=at, due_when=lambda _: at)

    def row(self, line: int, interaction_id: str = "", **about: Any) -> Reported:
        contact = about.pop("contact", "")
        return Reported(
            line,
            interaction_id,
            has_own_id=bool(interaction_id),
            contact=canonical_contact(contact, "voice", "", terms=self.terms),
            **about,
        )

    def told(self, *rows: Reported) -> list[str]:
        of_report = self.comparison.of_report(rows)
        return [f"{one.line} {one.interaction_id} {one.verdict.value}" for one in of_report]

    def missing_there(self, channels: Iterable[str] = ()) -> list[str]:
        told = self.comparison.of_ledger(frozenset(channels))
        return [f"{one.interaction_id} {one.verdict.value}" for one in told]


def test_rows_with_ids_are_compared_by_their_ids() -> None:
    desk = Desk()
    desk.comes("int-1", disposition_code="SOLD")
    desk.comes("int-2")

    assert desk.told(
        desk.row(2, "int-1", started_at=NOON, facts={"disposition_code": "sold"}),
        desk.row(3, "int-2", started_at=NOON, facts={"disposition_code": "LOST"}),
        desk.row(4, "int-3", started_at=NOON),
    ) == ["2 int-1 agrees", "3 int-2 differs", "4 int-3 not_here"]
    assert desk.missing_there() == []


def test_an_interaction_that_no_row_is_about_is_missing_in_the_report() -> None:
    desk = Desk()
    for number in range(3):
        desk.comes(f"int-{number}", at=NOON + timedelta(minutes=number))

    desk.told(
        desk.row(2, "int-0", started_at=NOON),
        desk.row(3, "int-2", started_at=NOON + timedelta(minutes=2)),
    )

    assert desk.missing_there() == ["int-1 not_reported"]


def test_rows_without_ids_are_found_by_contact_and_start_however_they_are_written() -> None:
    desk = Desk()
    desk.comes("int-1", contact=ADA)
    desk.comes("int-2", contact=GRACE)

    assert desk.told(
        desk.row(2, contact="(415) 555-0142", started_at=NOON + timedelta(seconds=30)),
        desk.row(3, contact="415.555.0177", started_at=NOON - timedelta(seconds=59)),
        desk.row(4, contact="415.555.0199", started_at=NOON),
    ) == ["2 int-1 agrees", "3 int-2 agrees", "4  not_here"]
    assert desk.comparison.by_nearness == 2


def test_two_calls_of_one_person_are_each_found_once() -> None:
    desk = Desk()
    desk.comes("int-1", at=NOON)
    desk.comes("int-2", at=NOON + timedelta(seconds=40))

    assert desk.told(
        desk.row(2, contact=ADA, started_at=NOON + timedelta(seconds=5)),
        desk.row(3, contact=ADA, started_at=NOON + timedelta(seconds=6)),
        desk.row(4, contact=ADA, started_at=NOON + timedelta(seconds=7)),
    ) == ["2 int-1 agrees", "3 int-2 agrees", "4  not_here"]


def test_what_fits_two_interactions_is_not_guessed() -> None:
    desk = Desk()
    desk.comes("int-1", at=NOON - timedelta(seconds=5))
    desk.comes("int-2", at=NOON + timedelta(seconds=5))

    assert desk.told(desk.row(2, contact=ADA, started_at=NOON)) == ["2  ambiguous"]


def test_an_id_that_only_the_report_uses_is_found_by_contact_and_start_too() -> None:
    desk = Desk()
    desk.comes("composite-1")

    told = desk.told(desk.row(2, "R-77", contact=ADA, started_at=NOON))

    assert told == ["2 composite-1 agrees"]


def test_a_row_that_comes_twice_is_told_and_counts_once() -> None:
    desk = Desk()
    desk.comes("int-1")

    assert desk.told(
        desk.row(2, "int-1", started_at=NOON), desk.row(3, "int-1", started_at=NOON)
    ) == ["2 int-1 agrees", "3 int-1 reported_twice"]


def test_rows_of_other_days_are_not_compared() -> None:
    desk = Desk()

    assert desk.told(
        desk.row(2, "int-1", started_at=DAY - timedelta(seconds=1)),
        desk.row(3, "int-2", started_at=DAY + timedelta(days=1)),
    ) == ["2 int-1 other_day", "3 int-2 other_day"]


def test_a_row_that_says_too_little_to_be_found_is_a_difference() -> None:
    desk = Desk()

    assert desk.told(desk.row(3, contact=ADA)) == ["3  unreadable"]


def test_what_stands_below_the_rows_of_a_report_is_no_missing_interaction() -> None:
    desk = Desk()
    below = [
        desk.row(9),
        desk.row(10, "Total"),
        desk.row(11, "Total", contact="25"),
        desk.row(12, contact="Total"),
    ]

    assert desk.told(*below) == ["9  not_read", "10  not_read", "11  not_read", "12  not_read"]


def test_an_id_without_a_digit_is_found_where_the_ledger_has_it() -> None:
    desk = Desk()
    desk.comes("Total")

    assert desk.told(desk.row(2, "Total"), desk.row(3, "int-9")) == [
        "2 Total agrees",
        "3 int-9 not_here",
    ]


def test_how_long_a_row_is_too_young_can_be_said() -> None:
    told = []
    for patience in (timedelta(hours=1), timedelta(0)):
        desk = Desk(now=NOON + timedelta(minutes=5), patience=patience)
        told += desk.told(desk.row(2, "int-1", started_at=NOON))

    assert told == ["2 int-1 too_new", "2 int-1 not_here"]


def test_a_trigger_that_was_refused_is_named_as_such() -> None:
    desk = Desk(is_refused=lambda each: each == "int-1")

    (told,) = desk.comparison.of_report([desk.row(2, "int-1", started_at=NOON)])

    assert "refused" in told.why


def test_what_began_before_midnight_and_was_told_after_is_still_of_that_day() -> None:
    desk = Desk()
    late = DAY + timedelta(days=1, minutes=5)
    began = DAY + timedelta(hours=23, minutes=59)
    event = TriggerEvent(
        "int-1",
        TriggerKind.INTERACTION_ENDS,
        late,
        {"channel": "voice", "started_at": began.isoformat()},
    )
    desk.ledger.merge(event, now=late, due_when=lambda _: late)
    desk.told(desk.row(2, "first", started_at=DAY), desk.row(3, "last", started_at=began))

    assert desk.missing_there() == ["int-1 not_reported"]


def test_many_rows_are_taken_a_hundred_at_a_time() -> None:
    desk = Desk()
    for number in range(250):
        desk.comes(f"int-{number:03}")
    rows = [desk.row(n + 2, f"int-{n:03}", started_at=NOON) for n in range(250)]

    assert all(one.endswith("agrees") for one in desk.told(*rows))
    assert desk.missing_there() == []
