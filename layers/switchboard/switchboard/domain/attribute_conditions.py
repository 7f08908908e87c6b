"""`yes_if`: the condition under which a flag is true.

present            there is a value at all
">= 5", "15..59"   a number, as in a routing rule
gold, [gold, vip]  one of these words, whatever their case
"""

from collections.abc import Sequence
from typing import Final

from switchboard.domain.attribute_tables import folded
from switchboard.domain.attribute_values import as_text
from switchboard.domain.attributes import Condition
from switchboard.domain.cells import Attribute, read_cell

PRESENT: Final = "present"
A_NUMBER: Final = Attribute("", "number", "")

WrittenCondition = str | int | float | Sequence[str] | None


def compares_numbers(condition: WrittenCondition) -> bool:
    if condition is None or condition == PRESENT:
        return False
    try:
        read_cell(A_NUMBER, condition)
    except ValueError:
        return False
    return True


def condition_of(written: WrittenCondition) -> Condition | None:
    if written is None:
        return None
    if written == PRESENT:
        return lambda value: value is not None
    if compares_numbers(written):
        cell = read_cell(A_NUMBER, written)
        return lambda value: isinstance(value, int | float) and cell.holds(value)
    listed = (str(written),) if isinstance(written, str | int | float) else written
    words = frozenset(folded(word) for word in listed)
    return lambda value: folded(as_text(value) or "") in words
