"""Where an arrival goes: by the past, by switches and hours, by one ruleset or another."""

from datetime import timedelta
from typing import Any

import pytest

from switchboard.domain.challenger import Challenger, RunningChallenger
from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.deadline import Deadline
from switchboard.domain.facts import recalled
from switchboard.domain.last_agent import AgentState
from switchboard.domain.routing import decide
from switchboard.domain.routing_controls import RoutingControls, kept_apart, switched_on
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_reader import read_ruleset
from switchboard.use_cases.customer_history import read_history
from switchboard.use_cases.routing_decision import (
    Agents,
    Arriving,
    Routed,
    Rules,
    route_interaction,
)
from tests.fakes.agent_load import InMemoryAgentLoad
from tests.fakes.contact_centre import InMemoryContactCentre
from tests.unit.domain.rulesets import good, with_change
from tests.unit.use_cases.past import Past
from tests.unit.use_cases.people import ADA, NOW

HOUR = timedelta(hours=1)


def rules(document: dict[str, Any] | None = None, **more: Any) -> Rules:
    return Rules(read_ruleset(document or good()), "abc", **more)


def route(
    wanted: Rules,
    *,
    past: Past | None = None,
    customer: Customer | None = ADA,
    outcome: str = "known",
    ecs: dict[str, Scalar] | None = None,
    centre: InMemoryContactCentre | None = None,
    load: InMemoryAgentLoad | None = None,
    holder: str = "i-9",
) -> Routed:
    past = past or Past()
    deadline = Deadline.after(1)
    states, reservations = centre or InMemoryContactCentre(), load or InMemoryAgentLoad()
    arriving = Arriving(
        outcome=outcome,
        customer=customer,
        ecs={"channel": "voice", **(ecs or {})},
        past=read_history(customer, ledger=past.ledger, deadline=deadline),
        contact="+14155550142",
        holder=holder,
    )
    agents = Agents(lambda: states, lambda: reservations)
    return route_interaction(arriving, wanted, agents=agents, now=NOW, deadline=deadline)


def test_a_customer_who_called_often_lately_is_routed_so() -> None:
    past = Past()
    for day in range(3):
        past.call(f"i-{day}", days_ago=day)

    often = rules(with_change("tables.0.rows.0.when", {"recent": ">= 3"}))

    assert route(often, past=past).decision.row == "late"


def test_old_calls_do_not_count() -> None:
    past = Past()
    for day in (1, 2, 8):
        past.call(f"i-{day}", days_ago=day)

    often = rules(with_change("tables.0.rows.0.when", {"recent": ">= 3"}))

    assert route(often, past=past).decision.row == "high"


def test_the_last_agent_is_preferred_where_the_row_says_so() -> None:
    past = Past()
    past.call("i-1", days_ago=13, agent="101")
    past.call("i-2", days_ago=2, agent="102")
    past.call("i-3", days_ago=1)

    routed = route(rules(), past=past)

    assert (routed.agent.prefers, routed.agent.hold_s) == ("102", 15)
    assert route(rules(), past=past, customer=None, outcome="unknown").agent.prefers == ""


def test_an_agent_of_long_ago_is_not_preferred() -> None:
    past = Past()
    past.call("i-1", days_ago=15, agent="101")

    assert route(rules(), past=past).agent.prefers == ""


def test_who_is_kept_apart_is_not_brought_together() -> None:
    past = Past()
    past.call("i-1", days_ago=2, agent="102")
    controls = kept_apart(RoutingControls(), ADA.key, "102", why="asked for", by="kim", now=NOW)

    routed = route(rules(controls=controls), past=past)

    assert routed.agent.prefers == ""
    assert "102" in routed.agent.sentence


def test_agents_are_asked_for_only_where_the_row_prefers_one() -> None:
    past, centre = Past(), InMemoryContactCentre()
    past.call("i-1", days_ago=2, agent="102")
    document = with_change("last_agent.rapport.must", ["logged_in"])
    centre.agents["102"] = AgentState("offline")

    assert route(rules(document), past=past, centre=centre).agent.prefers == ""
    assert centre.asked == ["102"]

    document["tables"][0]["rows"][1]["then"].pop("last_agent")
    route(rules(document), past=past, centre=centre)
    assert centre.asked == ["102"]


def test_a_ledger_that_is_down_costs_the_history_and_not_the_call() -> None:
    past = Past()
    past.call("i-1", agent="101")
    past.ledger.is_down = True

    routed = route(rules(), past=past)

    assert (routed.decision.row, routed.agent.prefers) == ("high", "")


def test_a_ledger_that_is_down_does_not_make_anybody_a_first_time_caller() -> None:
    first_time = rules(with_change("tables.0.rows.0.when", {"recent": "< 1"}))
    past = Past()
    past.ledger.is_down = True

    assert route(first_time).decision.row == "late"
    assert route(first_time, past=past).decision.row == "high"
    assert route(first_time, past=past).record.facts["history.contacts_7d"] is None


@pytest.mark.parametrize(
    ("outcome", "row"), [("known", "known"), ("degraded", "down"), ("withheld", "hidden"),
                         ("unreadable", "hidden"), ("ambiguous", "several"), ("unknown", "rest"),
                         ("internal", "ours")]
)  # fmt: skip
def test_the_outcome_of_the_lookup_can_be_ruled_on(outcome: str, row: str) -> None:
    document = with_change("tests", [])
    document["attributes"] |= {
        name: {"type": "flag", "from": f"lookup.{name}"}
        for name in ("known", "ok", "withheld", "ambiguous", "internal")
    }
    then = {"do": "queue", "queue": "care"}
    document["tables"] = [
        {
            "id": "route",
            "hit": "first",
            "rows": [
                {"id": "known", "when": {"known": True}, "then": then},
                {"id": "down", "when": {"ok": False}, "then": then},
                {"id": "hidden", "when": {"withheld": True}, "then": then},
                {"id": "several", "when": {"ambiguous": True}, "then": then},
                {"id": "ours", "when": {"internal": True}, "then": then},
                {"id": "rest", "when": {}, "then": then},
            ],
        }
    ]

    assert route(rules(document), customer=None, outcome=outcome).decision.row == row


def test_a_switch_closes_until_it_expires() -> None:
    document = with_change("tables.0.rows.0.when", {"closed": True})
    controls = switched_on(
        RoutingControls(), "closed", lasts=HOUR, why="storm", by="kim", now=NOW - 2 * HOUR
    )
    on = switched_on(controls, "closed", lasts=HOUR, why="storm", by="kim", now=NOW)

    assert route(rules(document, controls=on)).decision.row == "late"
    assert route(rules(document, controls=controls)).decision.row == "high"


def test_the_hours_of_the_calendar_are_facts() -> None:
    document = with_change("tables.0.rows.0.when", {"open": True})
    assert route(rules(document)).decision.row == "late"

    document["calendars"]["main"] = {"weekly": {}}
    assert route(rules(document)).decision.row == "high"


def another_ruleset() -> Ruleset:
    """High value goes to the debts queue, and there is one more thing to look at."""
    document = with_change("tables.0.rows.1.then.queue", "debts")
    document["attributes"]["vip"] = {"type": "flag", "from": "crm.vip"}
    return read_ruleset(document)


def challenger(mode: str, share: float = 100) -> RunningChallenger:
    terms = Challenger("split" if mode == "split" else "shadow", "trial", "customer", share)
    return RunningChallenger(terms, another_ruleset(), "def")


def test_a_challenger_in_the_shadow_changes_nothing_and_is_compared() -> None:
    routed = route(rules(challenger=challenger("shadow")))

    assert (routed.arm, routed.decision.then.queue, routed.decision.ruleset) == (
        "champion",
        "care",
        "abc",
    )
    assert routed.differs is not None
    assert routed.differs.queues == ("care", "debts")
    assert (routed.record.challenger, routed.record.challenger_row) == ("def", "high")


def test_a_challenger_that_agrees_is_recorded_all_the_same() -> None:
    routed = route(rules(challenger=challenger("shadow")), customer=None, outcome="unknown")

    assert routed.differs is None
    assert routed.record.challenger_row == "rest"


def test_in_a_split_the_challenger_decides_for_its_share() -> None:
    routed = route(rules(challenger=challenger("split")))

    assert (routed.arm, routed.decision.then.queue, routed.decision.ruleset) == (
        "challenger",
        "debts",
        "def",
    )
    assert (routed.record.arm, routed.record.ruleset, routed.record.queue) == (
        "challenger",
        "def",
        "debts",
    )
    assert route(rules(challenger=challenger("split", share=0))).arm == "champion"


def test_what_is_kept_decides_again_by_either_ruleset() -> None:
    vip = Customer("crm", "1", "person", "Ada", attributes={"tier": "high", "vip": True})

    record = route(rules(challenger=challenger("shadow")), customer=vip).record

    assert record.facts["crm.tier"] == "high"
    assert record.facts["crm.vip"] is True
    assert (record.row, record.queue, record.priority_s) == ("high", "care", 600)


@pytest.mark.parametrize("mode", ["shadow", "split"])
def test_what_only_the_challenger_understands_is_kept_as_it_understood_it(mode: str) -> None:
    document = with_change("attributes.tier.values", ["high", "low", "platinum"])
    document["attributes"]["products"]["values"] = ["tv", "fibre"]
    document["tables"][2]["rows"][1]["when"] = {"products": "has fibre"}
    document["tables"][0]["rows"][1]["when"] = {"tier": "platinum"}
    terms = Challenger("split" if mode == "split" else "shadow", "trial", "customer", 100)
    newer = RunningChallenger(terms, read_ruleset(document), "def")
    attributes: dict[str, Scalar] = {"tier": "platinum", "products": "mobile, fibre"}
    customer = Customer("crm", "1", "person", "Ada", attributes=attributes)

    record = route(rules(challenger=newer), customer=customer).record

    assert record.facts["crm.tier"] == "platinum"
    assert record.facts["crm.products"] == ["fibre", "mobile"]
    again = decide(newer.ruleset, recalled(newer.ruleset.attributes, record.facts))
    assert (again.row, again.views) == (record.challenger_row, ("products",))


def test_who_was_preferred_and_why_is_kept() -> None:
    past = Past()
    past.call("i-2", days_ago=2, agent="102")

    record = route(rules(), past=past).record

    assert (record.agent, record.hold_s) == ("102", 15)
    assert record.agents_tried


def test_values_that_the_catalogue_does_not_list_are_named() -> None:
    odd = Customer("crm", "1", "person", "Ada", attributes={"tier": "platinum"})

    routed = route(rules(), customer=odd)

    assert routed.unlisted == ("tier",)
    assert routed.decision.row == "rest"
