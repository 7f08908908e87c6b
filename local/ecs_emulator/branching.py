"""The Branch node: which leg an interaction leaves by."""

import re
from collections.abc import Callable

from local.ecs_emulator.flow_nodes import Branch, Condition, Filter, Operator
from local.ecs_emulator.knobs import Knobs

Lookup = Callable[[str], str]
Comparable = str | float

# Not float()'s idea of a number, which takes "nan" and "1_000".
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def leg(branch: Branch, value_of: Lookup, knobs: Knobs) -> str:
    """The first filter that holds, else the branch's `otherwise`."""
    holding = (choice.leg for choice in branch.filters if _holds(choice, value_of, knobs))
    return next(holding, branch.otherwise)


def _holds(choice: Filter, value_of: Lookup, knobs: Knobs) -> bool:
    results = [_is_true(condition, value_of, knobs) for condition in choice.conditions]
    matched = any(results) if choice.of == "Any" else all(results)
    return matched is (choice.matching == "Match")


def _is_true(condition: Condition, value_of: Lookup, knobs: Knobs) -> bool:
    left, right = value_of(condition.source), condition.value
    if knobs.comparison_ignores_case:
        left, right = left.casefold(), right.casefold()
    if condition.operator == "Contains":
        return right in left
    return _compare(condition.operator, *_alike(left, right, knobs))


def _alike(left: str, right: str, knobs: Knobs) -> tuple[Comparable, Comparable]:
    are_numbers = _NUMBER.fullmatch(left) and _NUMBER.fullmatch(right)
    if knobs.comparison == "text" or not are_numbers:
        return left, right
    return float(left), float(right)


def _compare(operator: Operator, left: Comparable, right: Comparable) -> bool:
    if operator == "Is":
        return left == right
    if operator == "Is Not":
        return left != right
    order = (left > right) - (left < right)  # type: ignore[operator]  # _alike made them alike
    wanted = {
        "Greater Than": {1},
        "Greater Than or Equal": {0, 1},
        "Less Than": {-1},
        "Less Than or Equal": {-1, 0},
    }
    return order in wanted[operator]
