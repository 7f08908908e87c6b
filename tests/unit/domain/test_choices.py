"""What a caller may be asked: little, flat, and nothing about colleagues at a switchboard."""

from dataclasses import replace
from typing import get_args

import pytest

from switchboard.domain.ambiguity import AmbiguityRules, Policy
from switchboard.domain.choices import MOST_CHOICES, Choice, choices
from switchboard.domain.customer import Ambiguous, Customer, Known, Unknown

ADA = Customer("crm", "1", "contact", "Ada Byron", attributes={"product": "Fibre", "visits": 3})
BOB = Customer("crm", "2", "lead", "Bob Example", attributes={"product": "Voice", "visits": 4})
FIRM = Customer("crm", "3", "account", "Analytical Engines Ltd", attributes={"product": "Line"})
BY_NAME = AmbiguityRules(choice_label="name")


def listed(*customers: Customer, rules: AmbiguityRules = BY_NAME) -> tuple[Choice, ...]:
    return choices(Ambiguous(customers), rules, business_process="Sales")


def labels(*customers: Customer, rules: AmbiguityRules = BY_NAME) -> list[str]:
    return [choice.label for choice in listed(*customers, rules=rules)]


def test_each_customer_is_a_choice_by_its_key() -> None:
    assert listed(ADA, BOB) == (Choice("crm:1", "Ada Byron"), Choice("crm:2", "Bob Example"))


def test_no_name_is_told_unless_it_is_asked_for() -> None:
    assert labels(ADA, BOB, rules=AmbiguityRules()) == ["contact", "lead"]


@pytest.mark.parametrize(
    ("label", "told"),
    [("kind", ["contact", "lead"]), ("product", ["Fibre", "Voice"]), ("visits", ["3", "4"])],
)
def test_a_deployment_says_what_customers_are_told_apart_by(label: str, told: list[str]) -> None:
    assert labels(ADA, BOB, rules=AmbiguityRules(choice_label=label)) == told


def test_accounts_come_first_and_the_rest_as_the_crm_lists_them() -> None:
    assert labels(BOB, ADA, FIRM) == ["Analytical Engines Ltd", "Bob Example", "Ada Byron"]


def test_a_prompt_has_room_for_three() -> None:
    many = [replace(ADA, id=str(number), name=f"Ada {number}") for number in range(9)]

    assert len(listed(*many)) == MOST_CHOICES == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada Byron", "Ada Byron"), ("Ada Byron", " ada  byron"), ("Ada Byron", ""), ("", "")],
)
def test_choices_that_sound_alike_are_none(one: str, other: str) -> None:
    assert listed(replace(ADA, name=one), replace(BOB, name=other)) == ()


def test_a_customer_without_the_attribute_leaves_nothing_to_choose_by() -> None:
    assert listed(ADA, FIRM, rules=AmbiguityRules(choice_label="visits")) == ()


def test_who_works_at_a_switchboard_is_not_told() -> None:
    other_firm = replace(FIRM, id="4", name="Difference Engines Ltd")
    behind = Ambiguous((ADA, FIRM, BOB, other_firm), by_shared_number=True)
    alone = Ambiguous((ADA, BOB), by_shared_number=True)

    told = choices(behind, BY_NAME, business_process="")

    assert [choice.label for choice in told] == [FIRM.name, other_firm.name]
    assert choices(alone, BY_NAME, business_process="") == ()


def test_one_choice_is_none() -> None:
    assert choices(Ambiguous((ADA,), by_shared_number=True), BY_NAME, business_process="") == ()
    assert choices(Ambiguous((FIRM,), by_shared_number=True), BY_NAME, business_process="") == ()


@pytest.mark.parametrize("policy", [policy for policy in get_args(Policy) if policy != "ask"])
def test_only_a_policy_of_asking_gives_choices(policy: Policy) -> None:
    assert listed(ADA, BOB, rules=AmbiguityRules(policy, choice_label="name")) == ()
    asks_sales = AmbiguityRules(policy, {"sales": "ask"}, choice_label="name")
    assert len(listed(ADA, BOB, rules=asks_sales)) == 2


def test_there_is_nothing_to_choose_where_it_is_clear() -> None:
    assert choices(Known(ADA), BY_NAME, business_process="") == ()
    assert choices(Unknown(), BY_NAME, business_process="") == ()


def test_a_choice_never_prints_a_name() -> None:
    assert "Ada" not in repr(listed(ADA, BOB))
