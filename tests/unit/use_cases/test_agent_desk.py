"""What the desk shows of an interaction and of the past."""

import pytest

from switchboard.errors import NotFound
from switchboard.ports import Arrival
from switchboard.use_cases.agent_desk import show_desk
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.unit.use_cases.past import Past
from tests.unit.use_cases.people import ADA, NOW


def test_the_desk_shows_the_interaction_and_the_customers_earlier_ones() -> None:
    past = Past()
    for day in range(25):
        past.call(f"i-{day}", days_ago=day)

    view = show_desk("i-0", ledger=past.ledger, now=NOW)

    assert view.row.interaction.id == "i-0"
    assert [row.interaction.id for row in view.history] == [f"i-{day}" for day in range(1, 21)]


def test_older_contacts_are_shown_part_by_part_until_the_first() -> None:
    past = Past()
    for day in range(45):
        past.call(f"i-{day}", days_ago=day)

    first = show_desk("i-0", ledger=past.ledger, now=NOW)
    second = show_desk("i-0", ledger=past.ledger, now=NOW, read_from=lambda _: first.older)
    last = show_desk("i-0", ledger=past.ledger, now=NOW, read_from=lambda _: second.older)

    shown = [row.interaction.id for view in (first, second, last) for row in view.history]
    assert shown == [f"i-{day}" for day in range(1, 45)]
    assert [view.is_first for view in (first, second, last)] == [True, False, False]
    assert last.older == ()


def test_where_a_history_goes_on_is_asked_for_the_customer_of_this_interaction() -> None:
    past, asked = Past(), list[str]()
    past.call("i-0")

    def read_from(customer_key: str) -> tuple[()]:
        asked.append(customer_key)
        return ()

    show_desk("i-0", ledger=past.ledger, now=NOW, read_from=read_from)

    assert asked == [ADA.key]


def test_without_a_customer_the_desk_shows_no_history() -> None:
    past = Past()
    past.call("i-1")
    past.ledger.note_arrival("i-2", Arrival("r", NOW, "ambiguous"))

    assert show_desk("i-2", ledger=past.ledger, now=NOW).history == ()


def test_an_interaction_that_never_arrived_is_not_found() -> None:
    with pytest.raises(NotFound):
        show_desk("i-1", ledger=InMemoryInteractionLedger(), now=NOW)
