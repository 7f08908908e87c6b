"""A decision is told in flat values, always under the same keys."""

from typing import Any

import pytest

from switchboard.domain.customer import Customer, Scalar
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


def with_a_long_reason(remark: str) -> dict[str, Any]:
    document = with_change("tables.0.rows.1.then.remark", remark)
    unit = "points of the loyalty scheme that nobody remembers"
    for number in range(4):
        name = f"score_{number}"
        document["attributes"][name] = {"type": "number", "unit": unit, "from": f"crm.{name}"}
        document["tables"][0]["rows"][1]["when"][name] = ">= 1"
    return document


SCORES: dict[str, Scalar] = {f"score_{number}": 123456 for number in range(4)}
HIGH = Customer("crm", "1", "person", "Ada", attributes={"tier": "high", **SCORES})


def test_a_long_reason_gives_way_to_what_the_agent_must_know() -> None:
    answer = said(with_a_long_reason("r" * 100), HIGH)

    assert len(answer["remark"]) <= 255
    assert answer["remark"].startswith("r" * 100 + ". Routed by high: tier is high and score 0")
    assert answer["remark"].endswith(" [...]. " + answer["agent_reason"])
    assert answer["agent_reason"] == "nobody preferred, no agent of an earlier contact is known"


def test_a_reason_that_is_too_long_says_that_it_is_cut_and_cuts_no_number() -> None:
    reason = said(with_a_long_reason(""), HIGH)["reason"]

    assert len(reason) <= 255
    assert reason.endswith(" [...]")
    assert {word for word in reason.split() if word.isdecimal() and len(word) > 1} == {"123456"}


@pytest.mark.parametrize("length", range(0, 235, 5))
def test_a_remark_always_fits_and_names_the_row(length: int) -> None:
    remark = said(with_a_long_reason("r" * length), HIGH)["remark"]

    assert len(remark) <= 255
    assert "Routed by high: " in remark
