"""What is known of a value by where it is from, before any contact comes."""

from typing import Final

from switchboard.domain.cells import Attribute

_ALWAYS_TOLD: Final = ("lookup", "calendar", "switch")
_COUNTS: Final = ("history.contacts_7d",)


def is_always_told(attribute: Attribute) -> bool:
    """Whether every contact has it: what the lookup, the hours and the switches say is yes or no.

    A made-up contact may leave it open all the same; only a switch is off until it is flipped.
    """
    return attribute.type == "flag" and attribute.source.partition(".")[0] in _ALWAYS_TOLD


def is_a_count(attribute: Attribute) -> bool:
    """Whether it is 0, 1, 2 and so on, if it is known."""
    return attribute.type == "number" and attribute.source in _COUNTS
