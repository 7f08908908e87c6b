from typing import Any

import pytest

from local.ecs_emulator.branching import leg
from local.ecs_emulator.flow_nodes import Branch
from local.ecs_emulator.knobs import Knobs

VALUES = {
    "flow.tier": "high",
    "flow.days": "9",
    "flow.empty": "",
    "interaction.channel": "voice",
    "business_process.name": "Collections",
}


def _condition(name: str, operator: str, value: str, context: str = "Flow Variable") -> Any:
    return {"context": context, "name": name, "operator": operator, "value": value}


def _leg(*conditions: Any, knobs: Knobs | None = None, **filter_settings: str) -> str:
    choice = {"leg": "taken", "conditions": conditions, **filter_settings}
    branch = Branch.model_validate({"kind": "branch", "filters": [choice], "otherwise": "not"})
    return leg(branch, lambda source: VALUES.get(source, ""), knobs or Knobs())


@pytest.mark.parametrize(
    ("name", "operator", "value", "expected"),
    [
        ("tier", "Is", "high", "taken"),
        ("tier", "Is", "High", "not"),
        ("tier", "Is Not", "low", "taken"),
        ("tier", "Is Not", "high", "not"),
        ("tier", "Contains", "ig", "taken"),
        ("tier", "Contains", "low", "not"),
        ("days", "Greater Than", "8", "taken"),
        ("days", "Greater Than", "10", "not"),
        ("days", "Greater Than or Equal", "9.0", "taken"),
        ("days", "Less Than", "10", "taken"),
        ("days", "Less Than", "9", "not"),
        ("days", "Less Than or Equal", "9", "taken"),
        ("empty", "Is", "", "taken"),
        ("empty", "Greater Than", "0", "not"),
    ],
)
def test_each_operator_compares(name: str, operator: str, value: str, expected: str) -> None:
    assert _leg(_condition(name, operator, value)) == expected


@pytest.mark.parametrize(
    ("context", "name", "value"),
    [("Property", "interaction.channel", "voice"), ("Business Process", "name", "Collections")],
)
def test_a_branch_looks_at_properties_and_the_business_process(
    context: str, name: str, value: str
) -> None:
    assert _leg(_condition(name, "Is", value, context)) == "taken"


TRUE = _condition("tier", "Is", "high")
FALSE = _condition("tier", "Is", "low")


@pytest.mark.parametrize(
    ("of", "matching", "expected"),
    [
        ("Any", "Match", "taken"),
        ("All", "Match", "not"),
        ("Any", "Mismatch", "not"),
        ("All", "Mismatch", "taken"),
    ],
)
def test_any_all_match_and_mismatch(of: str, matching: str, expected: str) -> None:
    assert _leg(TRUE, FALSE, of=of, matching=matching) == expected


def test_as_text_nine_is_greater_than_ten() -> None:
    is_greater = _condition("days", "Greater Than", "10")

    assert _leg(is_greater, knobs=Knobs(comparison="text")) == "taken"
