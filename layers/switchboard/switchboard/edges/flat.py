"""Answers that ECS can read: one flat object, every key always there, every value short text."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from switchboard.domain.customer import Scalar

LONGEST_VALUE: Final = 255


def flat(values: Mapping[str, Scalar]) -> dict[str, str]:
    """Text for every value: "" for none, true and false as words, numbers as plain digits."""
    return {name: _text(value)[:LONGEST_VALUE] for name, value in values.items()}


def _text(value: Scalar) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            # "g" alone would write a small number as 1e-05.
            return f"{Decimal(f'{value:.10g}'):f}" if abs(value) < 1e10 else f"{value:.0f}"
    return " ".join(str(value).split())
