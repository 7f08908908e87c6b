"""What the desk shows and what routing knows of the past."""

from datetime import timedelta
from typing import Any

import pytest

from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.ruleset import read_ruleset
from switchboard.errors import NotFound
from switchboard.ports import Arrival
from switchboard.use_cases.agent_desk import show_desk
from switchboard.use_cases.customer_history import read_history
from switchboard.use_cases.routing_decision import Routed, route_interaction
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.unit.domain.rulesets import with_change
from tests.unit.use_cases.people import ADA, NOW, after, told

RULESET = read_ruleset(with_change("tables.0.rows.0.when", {"recent": ">= 3"}))


class Past:
    """Ada's earlier interactions."""

    def __init__(self) -> None:
        self.ledger = InMemoryInteractionLedger()

    def call(self, interaction_id: str, *, days_ago: float = 0, agent: str = "") -> None:
        at = NOW - timedelta(days=days_ago)
        said: dict[str, Any] = {"agent_extension": agent} if agent else {}
        event = told(interaction_id=interaction_id, at=at, **said)
        self.ledger.merge(event, now=at, due_when=lambda _: after(1e6))
        self.ledger.note_arrival(interaction_id, Arrival("r", at, "known", customer=ADA))

    def route(self, customer: Customer | None = ADA, *, outcome: str = "known") -> Routed:
        return route_interaction(
            outcome=outcome,
            customer=customer,
            ecs={"channel": "voice"},
            ruleset=RULESET,
            digest="abc",
            past=read_history(customer, ledger=self.ledger, deadline=Deadline.after(1)),
            now=NOW,
        )


def test_a_customer_who_called_often_lately_is_routed_so() -> None:
    past = Past()
    for day in range(3):
        past.call(f"i-{day}", days_ago=day)

    assert past.route().decision.row == "late"


def test_old_calls_do_not_count() -> None:
    past = Past()
    for day in (1, 2, 8):
        past.call(f"i-{day}", days_ago=day)

    assert past.route().decision.row == "high"


def test_the_last_agent_is_preferred_where_the_row_says_so() -> None:
    past = Past()
    past.call("i-1", days_ago=13, agent="101")
    past.call("i-2", days_ago=2, agent="102")
    past.call("i-3", days_ago=1)

    assert past.route().preferred_agent == "102"
    assert past.route(None, outcome="unknown").preferred_agent == ""


def test_an_agent_of_long_ago_is_not_preferred() -> None:
    past = Past()
    past.call("i-1", days_ago=15, agent="101")

    assert past.route().preferred_agent == ""


def test_a_ledger_that_is_down_costs_the_history_and_not_the_call() -> None:
    past = Past()
    past.call("i-1", agent="101")
    past.ledger.is_down = True

    routed = past.route()

    assert (routed.decision.row, routed.preferred_agent) == ("high", "")


@pytest.mark.parametrize(
    ("outcome", "row"), [("known", "known"), ("degraded", "down"), ("withheld", "hidden"),
                         ("unreadable", "hidden"), ("ambiguous", "several"), ("unknown", "rest")]
)  # fmt: skip
def test_the_outcome_of_the_lookup_can_be_ruled_on(outcome: str, row: str) -> None:
    rules = with_change(
        "attributes",
        {name: {"type": "flag", "from": f"lookup.{name}"}
         for name in ("known", "ok", "withheld", "ambiguous")},
    )  # fmt: skip
    then = {"do": "queue", "business_process": "Care"}
    rules["tests"] = []
    rules["tables"][0]["rows"] = [
        {"id": "known", "when": {"known": True}, "then": then},
        {"id": "down", "when": {"ok": False}, "then": then},
        {"id": "hidden", "when": {"withheld": True}, "then": then},
        {"id": "several", "when": {"ambiguous": True}, "then": then},
        {"id": "rest", "when": {}, "then": then},
    ]

    routed = route_interaction(
        outcome=outcome,
        customer=None,
        ecs={},
        ruleset=read_ruleset(rules),
        digest="",
        past=(),
        now=NOW,
    )

    assert routed.decision.row == row


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
