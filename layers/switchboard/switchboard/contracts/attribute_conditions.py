"""`yes_if` as a file has it: what may be written there."""

from typing import Annotated

from pydantic import BeforeValidator

from switchboard.domain.attribute_conditions import A_NUMBER
from switchboard.domain.cells import read_cell


def _a_condition(raw: object) -> object:
    """Raises: ValueError where a comparison has a slip of the pen."""
    if raw == "missing" or isinstance(raw, bool) or raw in ("", [], ()):
        raise ValueError("write `present`, a comparison such as '>= 5', or words")
    if isinstance(raw, str) and raw.strip()[:1] in {"<", ">", "="}:
        read_cell(A_NUMBER, raw)
    return raw


YesIf = Annotated[str | int | float | tuple[str, ...] | None, BeforeValidator(_a_condition)]
