"""What a replay found. Everything is text, a number or a collection of these, as JSON has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Recorded:
    """One decided contact: when, by which row of which ruleset, and from which facts."""

    at: str
    ruleset: str
    row: str
    facts: Mapping[str, Any] = field(repr=False)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many contacts went from one row, queue or list of prompts to another.

    `differently` counts those that something else than a name changes for.
    """

    old: str
    new: str
    contacts: int
    differently: int


@dataclass(frozen=True, slots=True)
class Group:
    """Contacts with one value of the attribute that was asked for."""

    value: str
    contacts: int
    differently: int


@dataclass(frozen=True, slots=True)
class PassedRow:
    """A row that did not decide, and the first of its cells that failed."""

    row: str
    why: str


@dataclass(frozen=True, slots=True)
class Explained:
    """What one ruleset decides, why, and why none of its earlier rows did."""

    row: str
    goes_to: str
    because: str
    passed: tuple[PassedRow, ...]

    def why_not(self, row: str) -> str:
        """Why that row did not decide; empty when it did, comes later or is not there."""
        return next((passed.why for passed in self.passed if passed.row == row), "")


@dataclass(frozen=True, slots=True)
class Differing:
    """One thing that is decided differently, as ``queue`` or ``priority``."""

    what: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Example:
    """One contact that is decided differently, and what differs."""

    at: str
    id: str
    differs: tuple[Differing, ...]
    old: Explained
    new: Explained


@dataclass(frozen=True, slots=True)
class Replayed:
    """Equal records in the same order give an equal value.

    aspects         what differs, as ``queue`` or ``priority``, and for how many contacts
    by, groups      the attribute that was asked for, and its values
    not_recorded    source that the new rules look at: contacts at which nobody looked at it then
    not_listed      source: contacts with a word that the old rules do not list, and that may be
                    one of those that the new rules do
    other_rulesets  digest: contacts that this ruleset had decided, and not the old one
    drifted         from the row that the old rules chose then, to what they choose now
    read_anew       source of hours: contacts for which the new rules' calendars told it, and not
                    the record
    """

    contacts: int
    differently: int
    first_at: str
    last_at: str
    rows: tuple[Moved, ...]
    queues: tuple[Moved, ...]
    prompts: tuple[Moved, ...]
    aspects: Mapping[str, int]
    by: str
    groups: tuple[Group, ...]
    examples: tuple[Example, ...]
    not_recorded: Mapping[str, int]
    not_listed: Mapping[str, int]
    other_rulesets: Mapping[str, int]
    drifted: tuple[Moved, ...]
    read_anew: Mapping[str, int] = field(default_factory=dict)
