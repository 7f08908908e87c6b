"""JMESPath expressions, and texts with `${…}` holes in them.

Rule: a failure names the expression and never a value, because values are customers' data. That
is also why foreign exceptions end here with `from None`: their texts quote values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError

from switchboard.adapters.connector.functions import ConnectorFunctions

Scope = Mapping[str, Any]

_OPENING: Final = "${"
_QUOTES: Final = "'\"`"


class ExpressionError(ValueError):
    """An expression cannot be read, or does not fit what it met."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A `${…}` in a text."""

    expression: str


Part = str | Hole


def evaluate(expression: str, scope: object) -> Any:
    """The expression's value over the scope; null for what is not there.

    Raises: ExpressionError when a function met a value it does not take.
    """
    try:
        return compiled(expression).search(
            scope, jmespath.Options(custom_functions=ConnectorFunctions())
        )
    except (JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ExpressionError(f"`{expression}` failed: {type(error).__name__}") from None


def holds(condition: str, scope: object) -> bool:
    """Whether a condition is true in JMESPath's sense; one that cannot be evaluated is not."""
    try:
        value = evaluate(condition, scope)
    except ExpressionError:
        return False
    return value is not None and value is not False and value not in ("", [], {})


@lru_cache(maxsize=2048)
def compiled(expression: str) -> Any:
    """Raises: ExpressionError with the place of the mistake."""
    try:
        return jmespath.compile(expression)
    except JMESPathError as error:
        raise ExpressionError(" ".join(str(error).split())) from None


@lru_cache(maxsize=2048)
def parts_of(text: str) -> tuple[Part, ...]:
    """A text as literals and holes, in order.

    Raises: ExpressionError when a hole is not closed.
    """
    parts: list[Part] = []
    position = 0
    while (start := text.find(_OPENING, position)) >= 0:
        end = _end_of_hole(text, start + len(_OPENING))
        if start > position:
            parts.append(text[position:start])
        parts.append(Hole(text[start + len(_OPENING) : end].strip()))
        position = end + 1
    if position < len(text):
        parts.append(text[position:])
    return tuple(parts)


def value_of(text: str, scope: Scope) -> Any:
    """The value of a text: a hole alone keeps its type, otherwise text."""
    match parts_of(text):
        case (Hole(expression),):
            return evaluate(expression, scope)
        case parts:
            return "".join(text_of(part, scope) for part in parts)


def text_of(part: Part, scope: Scope) -> str:
    """A literal as it stands, or a hole's value converted to text.

    Raises: ExpressionError when the value is null, a list or an object.
    """
    if isinstance(part, str):
        return part
    return as_text(evaluate(part.expression, scope), part.expression)


def as_text(value: object, expression: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return repr(value)
        case None:
            raise ExpressionError(f"`{expression}` is null inside a text")
    raise ExpressionError(f"`{expression}` is no single value")


def _end_of_hole(text: str, start: int) -> int:
    """Where the brace stands that closes a hole; braces in quotes and in hashes do not count."""
    depth, quote, position = 0, "", start
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in _QUOTES:
            quote = character
        elif character == "{":
            depth += 1
        elif character == "}":
            if depth == 0:
                return position
            depth -= 1
        position += 1
    raise ExpressionError(f"`{text[start - 2 :]}` has no closing brace")
