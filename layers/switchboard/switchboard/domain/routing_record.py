"""What is kept of a decision, to explain it and to decide it again later.

A fact is kept in its attribute's type, so it is a flag, a number, an age, or words that the ruleset
itself lists: no text that a customer or a CRM wrote. Numbers are kept as they came, which is why
`check` refuses those by which a caller is known, and warns of what sounds like one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # every function reads the ledger, and only one of them decides
    from switchboard.domain.routing import Decision

Fact = bool | float | str | list[str] | None
"""A fact as JSON has it: an age in seconds, a set as its words, None where it was missing."""

Arm = Literal["champion", "challenger"]


@dataclass(frozen=True, slots=True)
class RoutingRecord:
    """One decision: from which facts, by which row of which ruleset, and where it sent the contact.

    Facts stand under their source, as ``crm.tier``, so that a ruleset that calls its attributes
    otherwise can decide again. `arm` tells which ruleset decided; where two ran, `challenger` is
    the digest of the second, and `challenger_row` what it chose or would have chosen.
    """

    at: datetime
    ruleset: str
    row: str
    action: str
    facts: Mapping[str, Fact] = field(default_factory=dict, repr=False)
    queue: str = ""
    priority_s: float = 0
    gain_per_min_s: float = 0
    max_s: float = 0
    prompts: tuple[str, ...] = ()
    collected: tuple[str, ...] = ()
    agent: str = field(default="", repr=False)
    hold_s: float = 0
    agents_tried: str = field(default="", repr=False)
    """A sentence: who was preferred or dropped, and why."""
    arm: Arm = "champion"
    challenger: str = ""
    challenger_row: str = ""


def record_of(decision: "Decision", facts: Mapping[str, Fact], *, at: datetime) -> RoutingRecord:
    """The record of a decision alone, from facts as `recorded` keeps them.

    Who was preferred, and what a second ruleset chose, is added with `replace`.
    """
    priority = decision.then.priority
    return RoutingRecord(
        at=at,
        ruleset=decision.ruleset,
        row=decision.row,
        action=decision.then.action,
        facts=facts,
        queue=decision.then.queue,
        priority_s=priority.seconds if priority else 0,
        gain_per_min_s=priority.gain_per_min_s if priority else 0,
        max_s=priority.max_seconds if priority else 0,
        prompts=decision.prompts,
        collected=decision.collected,
    )
