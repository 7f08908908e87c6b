"""A decided contact as a recording tells it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Contact:
    """A decided contact and what became of it; None where that was not told.

    `at_s` counts from 1970. `abandoned` is None as well for a contact that was not queued.
    `ruleset` is the digest of the one that decided.
    """

    at_s: float
    action: str
    queue: str
    priority_s: float
    gain_per_min_s: float
    max_s: float
    preferred_agent: str
    hold_s: float
    waited_s: float | None
    handled_s: float | None
    abandoned: bool | None
    agent: str
    customer: str
    disposition: str
    facts: Mapping[str, Any] = field(repr=False)
    ruleset: str = ""
    row: str = ""

    @property
    def was_answered(self) -> bool:
        return self.abandoned is False and self.waited_s is not None

    @property
    def is_told(self) -> bool:
        """Whether it is known how the waiting ended."""
        return self.abandoned is True or self.was_answered


def queued(contacts: Iterable[Contact]) -> Iterator[Contact]:
    """Those that waited in line, or would have."""
    return (contact for contact in contacts if contact.action == "queue")
