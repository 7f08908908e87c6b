"""Numbers that are somebody's do not become facts, which are kept with the decision."""

from datetime import date

import pytest

from switchboard.domain.ruleset_check import Checked, check
from switchboard.domain.ruleset_reader import read_ruleset
from tests.unit.domain.rulesets import with_change

CALLERS = ["ecs.contact", "ecs.account_number", "ecs.customer_id", "ecs.dialed_number"]


def checked(source: str, kind: str = "number") -> Checked:
    document = with_change("attributes.asked", {"type": kind, "from": source})
    if kind == "choice":
        document["attributes"]["asked"]["values"] = ["+14155550100", "+14155550101"]
    document["tables"][1]["rows"][0]["when"]["asked"] = "present"
    found = check(read_ruleset(document), today=date(2026, 11, 23))
    warned = (line for line in found.warnings if line.startswith("attributes.asked.from"))
    return Checked(found.problems, tuple(warned))


@pytest.mark.parametrize("kind", ["number", "instant"])
@pytest.mark.parametrize("source", CALLERS)
def test_by_what_a_caller_is_known_or_reached_is_no_number(source: str, kind: str) -> None:
    (problem,) = checked(source, kind).problems

    assert problem.startswith(f"attributes.asked.from: {source} is by whom or where somebody")


@pytest.mark.parametrize("source", CALLERS)
def test_as_a_choice_it_is_one_of_the_numbers_that_the_rules_list(source: str) -> None:
    assert checked(source, "choice") == Checked((), ())


@pytest.mark.parametrize(
    "source",
    ["crm.phone", "crm.mobile_phone", "crm.phone_2", "crm.mobilePhone", "crm.account",
     "crm.account_number", "crm.accountNo", "crm.customerID", "crm.IBAN", "ecs.caller_number",
     "ecs.interaction_id"],
)  # fmt: skip
def test_a_number_that_sounds_like_somebodys_is_warned_of(source: str) -> None:
    found = checked(source)

    assert found.problems == ()
    (warning,) = found.warnings
    assert warning.startswith(f"attributes.asked.from: {source} sounds like a number")


@pytest.mark.parametrize(
    "source",
    ["crm.balance_due", "crm.number_of_orders", "crm.account_age", "crm.microphones",
     "crm.paid", "crm.casino", "ecs.self_service_attempts", "history.contacts_7d"],
)  # fmt: skip
def test_amounts_and_counts_are_fine(source: str) -> None:
    assert checked(source) == Checked((), ())
