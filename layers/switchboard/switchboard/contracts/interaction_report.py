"""What is answered to the question whether an interaction is in the CRM, and if not, why."""

from datetime import datetime
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field

from switchboard.contracts.ecs import Trigger
from switchboard.domain.posting import PostingState
from switchboard.domain.posting_report import Report, Standing

# Names that may be told. Any other was chosen by who sent it: a remark with an unescaped `&` in
# a form makes names of its words.
KNOWN_FIELDS: Final = frozenset(Trigger.model_fields) | {"origin", "segment_id"}


class Reported(BaseModel):
    """A part of the answer. It holds no value of the interaction, and nobody's name or number."""

    model_config = ConfigDict(frozen=True, from_attributes=True, hide_input_in_errors=True)


class ReportedArrival(Reported):
    """What is known of its beginning."""

    at: datetime
    outcome: str = Field(description="known, unknown, ambiguous, withheld, …, as it was answered.")
    request_id: str
    found_in: str = Field(description="The connector that found the customer; empty for nobody.")
    business_process: str = Field(description="Where it was sent; empty if nothing was decided.")
    row: str = Field(description="The rule that decided.")
    is_explained: bool = Field(
        description="Whether `switchboard rules explain --interaction ID` can tell why."
    )


class ReportedTrigger(Reported):
    """One trigger, in the order in which they came."""

    kind: str
    received_at: datetime
    revision: int = Field(description="The revision that it made; 0 where it changed nothing.")
    fields: list[str] = Field(
        description="Names of fields that got a new value; of one that was refused, those in which "
        "it contradicts what is known."
    )
    other_fields: int = Field(
        description="How many more, under names that are not ours, or for which there was no room."
    )
    request_id: str
    refused: str = Field("", description="The error it was answered with; empty for none.")


class ReportedChange(Reported):
    """That a field got another value."""

    revision: int
    kind: str
    at: datetime


class ReportedField(Reported):
    """A field of the merged document; what it holds is not told."""

    name: str
    changes: list[ReportedChange]


class ReportedTry(Reported):
    """One attempt to write."""

    at: datetime
    revision: int
    outcome: str = Field(description="done, or a class of error.")
    took_ms: int
    meaning: str


class ReportedRecord(Reported):
    """One record that a CRM has, is to have, or was to have."""

    connector: str
    part: str = Field(description="The segment that it is a record of; empty for all of it.")
    profile: str
    reference: str = Field(description="Our key of the record in the CRM.")
    record_id: str = Field(description="What the CRM calls it; empty while it has none.")
    standing: Standing = Field(
        description="in_crm; amending and not_amended: in the CRM without what came later, which "
        "is on its way or cannot be added; writing; waiting; parked: waits for a person; "
        "left_out: a person decided."
    )
    state: PostingState
    revision: int = Field(description="The revision that was written or tried last.")
    failures_in_a_row: int
    reason: str = Field(description="A class of error; empty for none.")
    meaning: str = Field(description="The reason in words.")
    next: str = Field(description="What happens without anybody's help; empty for nothing.")
    next_at: datetime | None
    do: str = Field(description="What a person can do; empty where nothing is to be done.")
    tries: list[ReportedTry] = Field(description="The latest twelve.")


class ReportedUnwanted(Reported):
    """A posting profile that does not take the interaction, or one segment of it."""

    profile: str
    connector: str
    part: str
    why: str


class InteractionAnswer(Reported):
    """Where one interaction stands, and how it came there."""

    interaction_id: str
    answers: list[str] = Field(description="In a sentence for each CRM, the most urgent first.")
    revision: int = Field(description="How often the merged document changed.")
    has_ended: bool
    held_until: datetime | None = Field(description="While a worker has it.")
    due_at: datetime | None = Field(description="When it is looked at again.")
    arrival: ReportedArrival | None
    triggers: list[ReportedTrigger]
    untold_triggers: int = Field(
        description="How many more came. Of more than a hundred, or of very long ones, the rest "
        "is counted."
    )
    fields: list[ReportedField]
    other_fields: int = Field(description="How many more it has, under names that are not ours.")
    records: list[ReportedRecord]
    unwanted: list[ReportedUnwanted]
    request_id: str = Field("", description="Of this question.")

    @classmethod
    def of(cls, report: Report, *, request_id: str = "") -> Self:
        return cls.model_validate(report).model_copy(update={"request_id": request_id})
