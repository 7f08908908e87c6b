"""What is answered to the question what a customer's contacts were."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from switchboard.domain.posting import PostingState
from switchboard.ports import LedgerRow


class ToldRecord(BaseModel):
    """One record of it in a CRM, or one that is to be there."""

    model_config = ConfigDict(frozen=True)

    connector: str
    part: str = Field(description="The segment, where the record is of one.")
    state: PostingState
    record_id: str = Field(description="The CRM's own id of it; empty where it did not tell.")


class PastInteraction(BaseModel):
    """One contact. No name, number or remark: those stand in the CRM and on the agent's page."""

    model_config = ConfigDict(frozen=True)

    interaction_id: str
    started_at: datetime | None
    ended_at: datetime | None = Field(description="Null while it goes on.")
    channel: str
    direction: str
    business_process: str
    agent_extension: str
    disposition_code: str
    records: list[ToldRecord]

    @classmethod
    def of(cls, row: LedgerRow) -> Self:
        said = row.interaction.get
        return cls(
            interaction_id=row.interaction.id,
            started_at=row.started_at,
            ended_at=row.ended_at,
            channel=said("channel"),
            direction=said("direction"),
            business_process=said("business_process"),
            agent_extension=said("agent_extension"),
            disposition_code=said("disposition_code"),
            records=[
                ToldRecord(
                    connector=each.connector,
                    part=each.part,
                    state=each.state,
                    record_id=each.record_id,
                )
                for _, each in sorted(row.postings.items())
            ],
        )


class HistoryAnswer(BaseModel):
    """A part of a customer's contacts over all channels, newest first."""

    model_config = ConfigDict(frozen=True)

    interactions: list[PastInteraction]
    next: str = Field(description="Send it as `after` for older ones; empty at the end.")
    request_id: str
