"""Two partners of a law firm have one telephone, from the CRM to what ECS is told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from switchboard.adapters.dynamodb_findings import DynamoDbFindings
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.findings import KeptFinding
from switchboard.errors import StateUnavailable
from tests.integration.answers import flat_body, new_interaction, the_end_of
from tests.integration.canaries import NUMBER
from tests.integration.deployment import Deployment

LOOKUP, ROUTE = "/v1/arrivals/lookup", "/v1/arrivals/route"
BOTH = pytest.mark.parametrize("path", [LOOKUP, ROUTE])
THE_FIRM = "+14155550160"
PARTNERS = {"sandbox:C-1006": "Peter Brindle", "sandbox:C-1007": "Noor Haddad"}
NOBODY = {f"choice_{number}_{part}": "" for number in (1, 2, 3) for part in ("id", "label")}


def configure(switchboard: Deployment, **keys: Any) -> None:
    switchboard.publish(lookup={**switchboard.documents["lookup"], **keys})


def asked(switchboard: Deployment, path: str = LOOKUP, **more: str) -> dict[str, str]:
    body = {"contact": THE_FIRM, **more}
    return flat_body(switchboard.http("POST", path, json_body=body))


def kept(switchboard: Deployment) -> list[KeptFinding]:
    table = DynamoDbTable(switchboard.dynamodb, "Lookups")
    return list(DynamoDbFindings(table).kept(now=datetime.now(UTC)))


def choices(body: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in body.items() if name.startswith("choice_")}


@BOTH
def test_a_caller_is_asked_and_the_choice_is_known(switchboard: Deployment, path: str) -> None:
    configure(switchboard, choices={"label": "name"})

    first = asked(switchboard, path)

    assert (first["outcome"], first["match_count"], first["customer_id"]) == ("ambiguous", "2", "")
    told = {first[f"choice_{n}_id"]: first[f"choice_{n}_label"] for n in (1, 2)}
    assert told == PARTNERS
    assert first["choice_3_id"] == first["choice_3_label"] == ""

    chosen = asked(switchboard, path, customer_id=first["choice_2_id"])

    assert (chosen["outcome"], chosen["match_count"]) == ("known", "2")
    assert (chosen["customer_id"], chosen["resolved_by"]) == (first["choice_2_id"], "choice")
    assert choices(chosen) == NOBODY


@BOTH
@pytest.mark.parametrize(
    "stranger", ["sandbox:C-1001", "C-1006", "sandbox:C-10066", "other:C-1006"]
)
def test_who_does_not_have_the_number_cannot_be_chosen(
    switchboard: Deployment, path: str, stranger: str
) -> None:
    body = asked(switchboard, path, customer_id=stranger)

    assert (body["outcome"], body["customer_id"], body["customer_name"]) == ("ambiguous", "", "")


def test_without_a_word_from_the_operator_nobody_is_named(switchboard: Deployment) -> None:
    configure(switchboard, choices={})

    assert choices(asked(switchboard)) == NOBODY


def test_the_latest_is_whom_an_agent_spoke_with_last(switchboard: Deployment) -> None:
    configure(switchboard, ambiguity={"policy": "latest"})
    assert asked(switchboard)["outcome"] == "ambiguous"
    earlier = new_interaction()
    asked(switchboard, interaction_id=earlier, customer_id="sandbox:C-1007")
    ends = the_end_of(earlier, contact=THE_FIRM, started_at="", ended_at="")
    switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=ends)

    body = asked(switchboard)

    assert (body["customer_id"], body["resolved_by"]) == ("sandbox:C-1007", "latest")


def test_a_business_process_has_a_policy_of_its_own(switchboard: Deployment) -> None:
    configure(switchboard, ambiguity={"by_business_process": {"Collections": "unknown"}})

    assert asked(switchboard, business_process="collections")["outcome"] == "unknown"
    assert asked(switchboard, business_process="Sales")["outcome"] == "ambiguous"


@BOTH
def test_nobody_is_known_by_a_shared_number(switchboard: Deployment, path: str) -> None:
    configure(switchboard, shared_numbers=["+1 415 555 0142", THE_FIRM], choices={"label": "name"})

    alone = asked(switchboard, path, contact=NUMBER)
    several = asked(switchboard, path, customer_id="sandbox:C-1007")

    assert (alone["outcome"], alone["match_count"]) == ("ambiguous", "1")
    assert (several["outcome"], several["match_count"]) == ("ambiguous", "2")
    for body in (alone, several):
        assert body["customer_id"] == body["customer_name"] == ""
        assert choices(body) == NOBODY


def test_an_address_of_ones_own_is_good_behind_a_shared_number(switchboard: Deployment) -> None:
    configure(switchboard, shared_numbers=[THE_FIRM])

    body = asked(switchboard, contact="noor@brindle.example.com")

    assert (body["outcome"], body["customer_id"]) == ("known", "sandbox:C-1007")


def test_a_number_that_looks_shared_is_suggested_once(switchboard: Deployment) -> None:
    configure(switchboard, ambiguity={"suggest_shared_from": 2}, fresh_s=0, negative_s=0)

    for _ in range(3):
        asked(switchboard)
        asked(switchboard, ROUTE)

    (found,) = kept(switchboard)
    assert (found.finding.kind, found.finding.count) == ("shared_number", 2)
    assert found.finding.number == THE_FIRM
    assert found.first_seen_at == found.last_seen_at


def test_a_suggestion_that_cannot_be_kept_costs_nobody_an_answer(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> bool:
        raise StateUnavailable("the table is down")

    monkeypatch.setattr(DynamoDbFindings, "keep", fails)
    configure(switchboard, ambiguity={"suggest_shared_from": 2})

    assert asked(switchboard)["outcome"] == "ambiguous"
    assert kept(switchboard) == []
