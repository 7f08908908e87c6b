"""Configured attributes in the answers that ECS gets, through the real handlers."""

import copy
import json
from typing import Any

import pytest

from tests.integration.answers import flat_body, new_interaction, the_end_of
from tests.integration.canaries import NAME, NUMBER, STRANGER
from tests.integration.deployment import Deployment
from tests.local.sandbox_crm.harness import ADA

LOOKUP, ROUTE = "/v1/arrivals/lookup", "/v1/arrivals/route"
BOTH = pytest.mark.parametrize("path", [LOOKUP, ROUTE])

ATTRIBUTES: dict[str, Any] = {
    "level": {"from": "crm.tier", "table": "levels", "default": "none"},
    "is_high": {"from": "crm.tier", "yes_if": "high", "default": False},
    "contacts_7d": {"from": "history.contacts_7d", "default": 0},
    "last_agent": {"from": "history.last_agent", "default": "nobody"},
    "days_since": {"from": "history.last_contact_at", "as": "days_since", "default": -1},
    "last_result": {"from": "history.last_disposition", "longest": 4},
}
TABLES: dict[str, Any] = {"levels": {"words": {"high": "gold"}, "otherwise": "tin"}}


def configure(switchboard: Deployment, attributes: Any, tables: Any = None) -> None:
    document = {**switchboard.documents["lookup"], "tests": []}
    switchboard.publish(lookup={**document, "attributes": attributes, "tables": tables or {}})


def ask(switchboard: Deployment, path: str, contact: str) -> dict[str, str]:
    return flat_body(switchboard.http("POST", path, json_body={"contact": contact}))


def seen(answer: dict[str, str]) -> dict[str, str]:
    return {name: answer[name] for name in ATTRIBUTES}


@BOTH
def test_ecs_sees_crm_and_history_translated_and_cut(switchboard: Deployment, path: str) -> None:
    configure(switchboard, ATTRIBUTES, TABLES)
    interaction = new_interaction()
    switchboard.http("POST", LOOKUP, json_body={"contact": NUMBER, "interaction_id": interaction})
    switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=the_end_of(interaction))

    assert seen(ask(switchboard, path, NUMBER)) == {
        "level": "gold",
        "is_high": "true",
        "contacts_7d": "1",
        "last_agent": "2001",
        "days_since": "0",
        "last_result": "Reso",
    }


@BOTH
@pytest.mark.parametrize("contact", [STRANGER, "anonymous", "!?"])
def test_whoever_calls_every_attribute_is_there(
    switchboard: Deployment, path: str, contact: str
) -> None:
    configure(switchboard, ATTRIBUTES, TABLES)

    assert seen(ask(switchboard, path, contact)) == {
        "level": "none",
        "is_high": "false",
        "contacts_7d": "0",
        "last_agent": "nobody",
        "days_since": "-1",
        "last_result": "",
    }


def test_a_ledger_that_is_down_costs_the_history_and_not_the_customer(
    switchboard: Deployment,
) -> None:
    configure(switchboard, ATTRIBUTES, TABLES)
    with switchboard.changed("INTERACTIONS_TABLE", "nowhere"):
        answer = ask(switchboard, LOOKUP, NUMBER)

    assert (answer["outcome"], answer["level"], answer["contacts_7d"]) == ("known", "gold", "0")


@BOTH
def test_what_does_not_fit_is_the_default_and_the_log_names_the_attribute_alone(
    switchboard: Deployment, path: str
) -> None:
    configure(switchboard, {"employees": {"from": "crm.company", "type": "number", "default": 0}})

    answer = ask(switchboard, path, NUMBER)

    assert answer["employees"] == "0"
    (line,) = [
        json.loads(line)
        for line in switchboard.output.getvalue().splitlines()
        if "attributes did not fit" in line
    ]
    assert line["attributes"] == ["employees"]
    assert line["request_id"] == answer["request_id"]


@BOTH
def test_a_list_that_no_check_saw_does_not_reach_ecs(switchboard: Deployment, path: str) -> None:
    connectors = copy.deepcopy(switchboard.documents["connectors"])
    for method in connectors["connectors"]["sandbox"]["definition"]["methods"].values():
        for step in method["steps"]:
            if step["map"] and "tier: tier" in step["map"]:
                step["map"] = step["map"].replace("tier: tier", "tier: [tier, tier]")
    switchboard.publish(connectors=connectors)
    configure(switchboard, {"tier": {"default": "standard"}})

    answer = ask(switchboard, path, NUMBER)

    assert (answer["outcome"], answer["tier"]) == ("known", "standard")


def test_a_name_reaches_ecs_only_where_it_is_asked_for(switchboard: Deployment) -> None:
    document = {**switchboard.documents["lookup"], "tests": [], "tables": {}}
    quiet = {**document, "attributes": {"tier": {}}, "tell_customer_name": False}
    switchboard.publish(lookup=quiet)
    assert NAME not in ask(switchboard, LOOKUP, NUMBER).values()

    switchboard.publish(lookup={**quiet, "attributes": {"caller": {"from": "customer.name"}}})
    assert ask(switchboard, LOOKUP, NUMBER)["caller"] == NAME


@BOTH
def test_open_cases_of_the_crm_reach_ecs_as_their_number(
    switchboard: Deployment, path: str
) -> None:
    assert ask(switchboard, path, NUMBER)["open_cases"] == "0"
    cases = [a_case_of_hers(switchboard, subject) for subject in ("Wrong invoice", "No tone")]
    try:
        with switchboard.later(minutes=10):
            assert ask(switchboard, path, NUMBER)["open_cases"] == "2"
        close(switchboard, cases.pop())
        with switchboard.later(minutes=20):
            assert ask(switchboard, path, NUMBER)["open_cases"] == "1"
    finally:
        for case in cases:
            close(switchboard, case)

    assert ask(switchboard, path, STRANGER)["open_cases"] == "0"


def a_case_of_hers(switchboard: Deployment, subject: str) -> str:
    answer = switchboard.crm.post("/api/cases", {"customer_id": ADA, "subject": subject})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def close(switchboard: Deployment, case_id: str) -> None:
    answer = switchboard.crm.patch(f"/api/cases/{case_id}", {"status": "closed"})
    assert answer.status_code == 200, answer.text
