"""A decision is told in flat values, always under the same keys."""

from typing import Any

from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.ruleset_reader import read_ruleset
from switchboard.edges.flat import flat
from switchboard.edges.routing_answer import routing_values
from switchboard.use_cases.routing_decision import Agents, Arriving, Rules, route_interaction
from tests.fakes.agent_load import InMemoryAgentLoad
from tests.fakes.contact_centre import InMemoryContactCentre
from tests.unit.domain.rulesets import good, with_change
from tests.unit.use_cases.people import ADA, NOW

FLAGS = ("skip_menu",)


def said(document: dict[str, Any], customer: Customer | None = ADA) -> dict[str, str]:
    ruleset = read_ruleset(document)
    routed = route_interaction(
        Arriving("known" if customer else "unknown", customer, {}, (), "", "i-1"),
        Rules(ruleset, "abc"),
        agents=Agents(InMemoryContactCentre, InMemoryAgentLoad),
        now=NOW,
        deadline=Deadline.after(1),
    )
    return flat(routing_values(routed, ruleset.flags))


def test_a_decision_is_told_as_ecs_can_act_on_it() -> None:
    answer = said(with_change("tables.0.rows.1.then.queue", "debts"))

    wanted = {
        "action": "queue",
        "queue": "debts",
        "business_process": "Collections",
        "demand": "Debts",
        "priority_class": "Front",
        "priority_seconds": "600",
        "preferred_agent": "",
        "preferred_agent_hold_s": "0",
        "avoid_agent": "",
        "prompt_1": "short",
        "prompt_2": "",
        "row": "high",
        "reason": "high: tier is high",
        "ruleset": "abc",
        "arm": "champion",
        "flag_skip_menu": "true",
    }
    assert {name: answer[name] for name in wanted} == wanted
    assert answer["remark"].startswith("Routed by high: tier is high")


def test_every_decision_has_the_same_keys() -> None:
    assert set(said(good())) == set(said(good(), customer=None))
    assert said(good(), customer=None)["flag_skip_menu"] == "false"


def test_a_message_has_no_business_process() -> None:
    answer = said(with_change("tables.0.rows.1.then", {"do": "message", "prompts": ["full"]}))

    assert (answer["action"], answer["business_process"], answer["demand"]) == ("message", "", "")
    assert answer["prompt_1"] == "full"


def test_the_agent_is_told_the_values_to_look_at_first() -> None:
    owing = Customer("crm", "1", "person", "Ada", attributes={"days_past_due": 3})

    assert said(good(), owing)["views"] == "days is 3 days"


def test_a_remark_of_the_row_comes_before_the_reason() -> None:
    answer = said(with_change("tables.0.rows.1.then.remark", "Be kind."))

    assert answer["remark"].startswith("Be kind. Routed by high")
