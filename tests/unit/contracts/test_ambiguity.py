"""What an operator may write about ambiguity, and what is refused with a way out."""

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from switchboard.contracts.ambiguity import (
    AmbiguitySpec,
    ChoicesSpec,
    SharedNumber,
)
from switchboard.domain.ambiguity import AmbiguityRules
from switchboard.use_cases.lookup_settings import ambiguity_rules


class Document(BaseModel):
    """The three keys, as `lookup.yaml` holds them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    ambiguity: AmbiguitySpec = Field(default_factory=AmbiguitySpec)
    choices: ChoicesSpec = Field(default_factory=ChoicesSpec)
    shared_numbers: tuple[SharedNumber, ...] = ()


def read(**document: Any) -> AmbiguityRules:
    said = Document.model_validate(document)
    return ambiguity_rules(said.model_dump(mode="json", by_alias=True))


def problem(**document: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        read(**document)
    return "; ".join(error["msg"] for error in refused.value.errors())


def test_who_says_nothing_asks_by_kind_and_never_guesses() -> None:
    assert read() == AmbiguityRules(policy="ask", choice_label="kind")


def test_everything_that_is_said_counts() -> None:
    rules = read(
        ambiguity={
            "policy": "latest",
            "by_business_process": {"Billing": "owner", "Sales": "ask"},
            "account_kinds": [" Organisation ", "partner"],
            "owner_attribute": "owner_extension",
            "latest_attribute": "last_visit",
            "suggest_shared_from": 5,
        },
        choices={"label": "name"},
        shared_numbers=["+1 415 555 0100", "+44 1632 960000"],
    )

    assert rules == AmbiguityRules(
        policy="latest",
        by_business_process={"Billing": "owner", "Sales": "ask"},
        account_kinds=frozenset({"organisation", "partner"}),
        owner_attribute="owner_extension",
        latest_attribute="last_visit",
        choice_label="name",
        shared_numbers=frozenset({"+14155550100", "+441632960000"}),
        suggest_shared_from=5,
    )


def test_the_policy_owner_needs_to_know_where_an_owner_stands() -> None:
    for ambiguity in ({"policy": "owner"}, {"by_business_process": {"Sales": "owner"}}):
        assert "owner_attribute" in problem(ambiguity=ambiguity)


def test_two_names_of_one_business_process_are_refused() -> None:
    twice = {"Customer Care": "ask", "customer care": "unknown"}

    said = problem(ambiguity={"by_business_process": twice})

    assert "Customer Care, customer care" in said


def test_a_policy_for_nobody_is_refused() -> None:
    assert "`policy`" in problem(ambiguity={"by_business_process": {" ": "ask"}})


@pytest.mark.parametrize(
    "written", ["415 555 0100", "5550100", "reception", "", "+1", "ada@example.com"]
)
def test_a_shared_number_has_its_country_code(written: str) -> None:
    assert "country code" in problem(shared_numbers=[written])


@pytest.mark.parametrize("written", [14155550100, 1.4e10, None])
def test_a_number_that_yaml_took_for_a_quantity_is_refused(written: object) -> None:
    assert "quotes" in problem(shared_numbers=[written])


@pytest.mark.parametrize(
    "document",
    [
        {"ambiguity": {"policy": "guess"}},
        {"ambiguity": {"polcy": "ask"}},
        {"ambiguity": {"suggest_shared_from": 1}},
        {"choices": {"label": ""}},
        {"choices": {"labels": "name"}},
    ],
)
def test_what_means_nothing_is_refused(document: dict[str, Any]) -> None:
    assert problem(**document)
