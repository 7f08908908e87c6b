"""Edited rules decide recorded contacts again, as many as somebody can wait for."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchboard.domain.recorded_contact import RecordedContact
from switchboard.domain.replayed import Replayed
from switchboard.domain.routing_record import RoutingRecord
from switchboard.edges.editor_answers import replayed_answer
from switchboard.ports import RecordedPage
from switchboard.use_cases.replaying_edits import MOST_CONTACTS, replay_edits
from switchboard.use_cases.rules_editor import RulesRefused
from tests.fakes.config import InMemoryPublications
from tests.unit.domain.rulesets import good, with_change

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Recordings:
    """Pages of contacts; each takes a second to come."""

    def __init__(self, *sizes: int) -> None:
        self.sizes, self.seconds, self.asked = sizes, 0.0, (NOW, NOW)

    def pages(self, start: datetime, end: datetime, *, now: datetime) -> Iterator[RecordedPage]:
        self.asked, number = (start, end), 0
        for size in self.sizes:
            self.seconds += 1
            contacts = [self._contact(number + one) for one in range(size)]
            number += size
            yield RecordedPage(tuple(contacts), size)

    @staticmethod
    def _contact(number: int) -> RecordedContact:
        at = NOW - timedelta(minutes=number)
        tier = "high" if number % 2 else "low"
        return RecordedContact(
            str(number), RoutingRecord(at, "x", "high", "queue", {"crm.tier": tier})
        )


def replayed(recordings: Recordings, queue: str = "debts", days: int = 7) -> tuple[Replayed, bool]:
    return replayed_by(with_change("tables.0.rows.1.then.queue", queue), recordings, days)


def replayed_by(
    document: dict[str, Any], recordings: Recordings, days: int = 7
) -> tuple[Replayed, bool]:
    publications = InMemoryPublications()
    publications.publish("routing", good(), now=NOW)
    return replay_edits(
        document,
        days=days,
        now=NOW,
        publications=publications,
        recorded=recordings,
        clock_s=lambda: recordings.seconds,
    )


def test_what_would_be_decided_differently_is_counted_and_shown() -> None:
    result, is_part = replayed(Recordings(3, 0, 7))

    assert (result.contacts, result.differently, is_part) == (10, 5, False)
    assert result.examples[0].at == (NOW - timedelta(minutes=1)).isoformat(timespec="seconds")


def test_the_period_ends_now() -> None:
    recordings = Recordings(1)
    replayed(recordings, days=30)

    assert recordings.asked == (NOW - timedelta(days=30), NOW)


def test_it_stops_at_so_many_contacts_and_says_so() -> None:
    result, is_part = replayed(Recordings(1500, 1500, 1500))

    assert (result.contacts, is_part) == (MOST_CONTACTS, True)


def test_exactly_so_many_contacts_are_all_of_them() -> None:
    result, is_part = replayed(Recordings(MOST_CONTACTS))

    assert (result.contacts, is_part) == (MOST_CONTACTS, False)


def test_it_stops_when_somebody_waited_long_enough() -> None:
    result, is_part = replayed(Recordings(*[1] * 100))

    assert (result.contacts, is_part) == (8, True)


def test_rules_with_a_problem_are_not_replayed() -> None:
    with pytest.raises(RulesRefused):
        replayed(Recordings(1), queue="nowhere")


def test_edited_hours_are_read_anew_and_the_page_is_told() -> None:
    document = with_change("calendars.main.weekly", {"mon-fri": ["09:00-15:00"]})

    result, is_part = replayed_by(document, Recordings(4))

    assert replayed_answer(result, is_part=is_part)["read_anew"] == {"calendar.open": 4}
