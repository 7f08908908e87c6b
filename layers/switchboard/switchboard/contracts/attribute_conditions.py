"""`yes_if`: the condition under which a flag is true.

present            there is a value at all
">= 5", "15..59"   a number, as in a routing rule
gold, [gold, vip]  one of these words, whatever their case
"""

from typing import Annotated, Final

from pydantic import BeforeValidator

from switchboard.domain.attribute_tables import folded
from switchboard.domain.attribute_values import as_text
from switchboard.domain.attributes import Condition
from switchboard.domain.cells import Attribute, read_cell

PRESENT: Final = "present"
_A_NUMBER: Final = Attribute("", "number", "")


def _a_condition(raw: object) -> object:
    """Raises: ValueError where a comparison has a slip of the pen."""
    if raw == "missing" or isinstance(raw, bool) or raw in ("", [], ()):
        raise ValueError("write `present`, a comparison such as '>= 5', or words")
    if isinstance(raw, str) and raw.strip()[:1] in {"<", ">", "="}:
        read_cell(_A_NUMBER, raw)
    return raw


YesIf = Annotated[str | int | float | tuple[str, ...] | None, BeforeValidator(_a_condition)]


def compares_numbers(condition: YesIf) -> bool:
    if condition is None or condition == PRESENT:
        return False
    try:
        read_cell(_A_NUMBER, condition)
    except ValueError:
        return False
    return True


def condition_of(written: YesIf) -> Condition | None:
    if written is None:
        return None
    if written == PRESENT:
        return lambda value: value is not None
    if compares_numbers(written):
        cell = read_cell(_A_NUMBER, written)
        return lambda value: isinstance(value, int | float) and cell.holds(value)
    listed = written if isinstance(written, tuple) else (str(written),)
    words = frozenset(folded(word) for word in listed)
    return lambda value: folded(as_text(value) or "") in words
