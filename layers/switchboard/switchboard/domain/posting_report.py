"""Is it in the CRM, and if not, why? What there is to say of one interaction; nobody is named.

Of fields only their names are told, of customers only in which CRM they were found.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Standing(StrEnum):
    """Where a record stands, seen by somebody who looks for it in the CRM."""

    IN_CRM = "in_crm"
    AMENDING = "amending"
    NOT_AMENDED = "not_amended"
    WRITING = "writing"
    WAITING = "waiting"
    PARKED = "parked"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class TriggerTold:
    """One trigger. `revision` is the one it made, 0 where it changed nothing; `fields` are the
    names that got a new value, `other_fields` how many more, of names that are not ours or for
    which there was no room. `refused` is the code of the error, then `fields` are what it is about.
    """

    kind: str
    received_at: datetime
    revision: int
    fields: tuple[str, ...]
    other_fields: int
    request_id: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """That a field got another value."""

    revision: int
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FieldTold:
    """A field of the merged document, and what changed it; its value is not told."""

    name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ArrivalTold:
    """What is known of its beginning. `found_in` is the CRM in which the customer was found;
    `is_explained` where `switchboard rules explain --interaction` can tell why it went there."""

    at: datetime
    outcome: str
    request_id: str
    found_in: str
    business_process: str
    row: str
    is_explained: bool


@dataclass(frozen=True, slots=True)
class TryTold:
    """One attempt to write."""

    at: datetime
    revision: int
    outcome: str
    took_ms: int
    meaning: str


@dataclass(frozen=True, slots=True)
class RecordTold:
    """One record that a CRM has, is to have, or was to have.

    `reference` is our key in the CRM, `record_id` what the CRM calls it. `next` says what happens
    without anybody's help, `do` what a person can do.
    """

    connector: str
    part: str
    profile: str
    reference: str
    record_id: str
    standing: Standing
    state: str
    revision: int
    failures_in_a_row: int
    reason: str
    meaning: str
    next: str
    next_at: datetime | None
    do: str
    tries: tuple[TryTold, ...]


@dataclass(frozen=True, slots=True)
class UnwantedTold:
    """A profile that does not take it, or one segment of it, and why."""

    profile: str
    connector: str
    part: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """The whole answer; `answers` say it in a sentence for each CRM, the most urgent first."""

    interaction_id: str
    answers: tuple[str, ...]
    revision: int
    has_ended: bool
    held_until: datetime | None
    due_at: datetime | None
    arrival: ArrivalTold | None
    triggers: tuple[TriggerTold, ...]
    untold_triggers: int
    fields: tuple[FieldTold, ...]
    other_fields: int
    records: tuple[RecordTold, ...]
    unwanted: tuple[UnwantedTold, ...]


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
