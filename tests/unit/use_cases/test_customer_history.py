"""What our own ledger tells of a customer."""

from datetime import timedelta
from typing import Any

import pytest

from switchboard.domain.deadline import Deadline
from switchboard.domain.interaction import TriggerKind
from switchboard.errors import InvalidRequest
from switchboard.ports import Arrival, LedgerRow
from switchboard.use_cases.customer_history import (
    FACTS,
    HISTORY_READ,
    history_facts,
    history_of,
    read_history,
)
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.unit.use_cases.people import ADA, NOW, after, told


class Past:
    """Ada's earlier interactions, in a ledger."""

    def __init__(self) -> None:
        self.ledger = InMemoryInteractionLedger()

    def contact(self, days_ago: float, *, has_ended: bool = True, **said: str) -> None:
        at = NOW - timedelta(days=days_ago)
        kind = TriggerKind.INTERACTION_ENDS if has_ended else TriggerKind.INTERACTION_STARTS
        name = f"i-{days_ago}"
        event = told(kind, interaction_id=name, at=at, started_at=at.isoformat(), **said)
        self.ledger.merge(event, now=at, due_when=lambda _: after(1e6))
        self.ledger.note_arrival(name, Arrival("r", at, "known", customer=ADA))

    def rows(self, **how: Any) -> tuple[LedgerRow, ...] | None:
        deadline = how.pop("deadline", Deadline.after(1))
        customer = how.pop("customer", ADA)
        read = read_history(customer, ledger=self.ledger, deadline=deadline)
        return None if read is None else tuple(read)

    def facts(self) -> dict[str, Any]:
        return history_facts(self.rows(), NOW)


def test_the_last_contact_tells_how_it_went() -> None:
    past = Past()
    past.contact(3, agent_extension="2002", agent_name="Bob", disposition_code="OPEN")
    past.contact(
        1,
        agent_extension="2001",
        agent_name="Maya",
        channel="email",
        direction="outbound",
        business_process="Customer Care",
        disposition_code="SOLVED",
    )

    assert past.facts() == {
        "contacts_7d": 2,
        "last_agent": "2001",
        "last_agent_name": "Maya",
        "last_contact_at": "2026-03-03T17:00:00+00:00",
        "last_channel": "email",
        "last_direction": "outbound",
        "last_business_process": "Customer Care",
        "last_disposition": "SOLVED",
    }


def test_nobody_called_before() -> None:
    assert Past().facts() == {**dict.fromkeys(FACTS), "contacts_7d": 0}


def test_the_call_that_is_arriving_is_no_earlier_contact() -> None:
    past = Past()
    past.contact(2, channel="chat")
    past.contact(0, has_ended=False, channel="voice", agent_extension="2001")

    facts = past.facts()

    assert (facts["contacts_7d"], facts["last_channel"], facts["last_agent"]) == (1, "chat", None)


def test_what_the_last_contact_does_not_say_is_not_taken_from_an_older_one() -> None:
    past = Past()
    past.contact(3, disposition_code="SOLVED")
    past.contact(1)

    assert past.facts()["last_disposition"] is None


def test_only_contacts_of_seven_days_count_and_only_agents_of_fourteen() -> None:
    past = Past()
    for days, agent in ((6.9, ""), (7.1, ""), (13.9, "2001"), (14.1, "2002")):
        past.contact(days, agent_extension=agent)

    assert past.facts()["contacts_7d"] == 1
    assert past.facts()["last_agent"] == "2001"


def test_an_agent_of_long_ago_is_nobody() -> None:
    past = Past()
    past.contact(15, agent_extension="2001", agent_name="Maya")

    facts = past.facts()

    assert (facts["last_agent"], facts["last_agent_name"]) == (None, None)
    assert facts["last_contact_at"] is not None


def test_only_the_latest_are_read() -> None:
    past = Past()
    for number in range(HISTORY_READ + 5):
        past.contact(number / 10)

    assert len(past.rows() or ()) == HISTORY_READ


def test_somebody_whom_nobody_knows_has_no_contacts() -> None:
    past = Past()
    past.contact(1)

    assert past.rows(customer=None) == ()


def test_no_time_left_reads_nothing_and_that_is_not_the_same_as_no_contacts() -> None:
    past = Past()
    past.contact(1)

    assert past.rows(deadline=Deadline.after(-1)) is None


def test_a_history_that_was_not_read_tells_nothing_not_even_how_many() -> None:
    past = Past()
    past.contact(1)
    past.ledger.is_down = True

    assert past.facts() == dict.fromkeys(FACTS)


def test_a_ledger_that_is_down_costs_the_history_and_says_so_without_the_customer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    past = Past()
    past.contact(1)
    past.ledger.is_down = True

    assert past.rows() is None
    assert "history not read" in caplog.text
    assert ADA.id not in caplog.text


def test_a_part_of_a_history_has_what_goes_on_as_well_as_what_has_ended() -> None:
    past = Past()
    past.contact(1)
    past.contact(0, has_ended=False)

    page = history_of(ADA.key, limit=5, after=(), ledger=past.ledger, now=NOW)

    assert [bool(row.ended_at) for row in page.rows] == [False, True]


@pytest.mark.parametrize("key", ["", "C-1", "sandbox:", ":C-1", "Sandbox:C-1", "a:b c", "a:b\n"])
def test_what_is_no_key_of_a_customer_is_refused(key: str) -> None:
    with pytest.raises(InvalidRequest):
        history_of(key, limit=5, after=(), ledger=Past().ledger, now=NOW)


@pytest.mark.parametrize("limit", [0, -1, 101])
def test_nobody_gets_more_at_once_than_a_page(limit: int) -> None:
    with pytest.raises(InvalidRequest):
        history_of(ADA.key, limit=limit, after=(), ledger=Past().ledger, now=NOW)
