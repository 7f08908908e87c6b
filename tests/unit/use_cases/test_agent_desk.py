"""What the desk shows of an interaction and of the past."""

import pytest

from switchboard.errors import NotFound
from switchboard.ports import Arrival
from switchboard.use_cases.agent_desk import show_desk
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.unit.use_cases.past import Past
from tests.unit.use_cases.people import NOW


def test_the_desk_shows_the_interaction_and_the_customers_earlier_ones() -> None:
    past = Past()
    for day in range(25):
        past.call(f"i-{day}", days_ago=day)

    view = show_desk("i-0", ledger=past.ledger)

    assert view.row.interaction.id == "i-0"
    assert [row.interaction.id for row in view.history] == [f"i-{day}" for day in range(1, 21)]


def test_without_a_customer_the_desk_shows_no_history() -> None:
    past = Past()
    past.call("i-1")
    past.ledger.note_arrival("i-2", Arrival("r", NOW, "ambiguous"))

    assert show_desk("i-2", ledger=past.ledger).history == ()


def test_an_interaction_that_never_arrived_is_not_found() -> None:
    with pytest.raises(NotFound):
        show_desk("i-1", ledger=InMemoryInteractionLedger())
