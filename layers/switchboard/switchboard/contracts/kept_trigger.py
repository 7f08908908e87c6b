"""A request of an API Trigger as it was sent, kept to be read again later."""

from datetime import datetime
from typing import Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from switchboard.domain.interaction import TriggerKind
from switchboard.errors import MalformedRequest

# A body of ECS is a few kilobytes. Larger than we read is kept for who looks for its cause.
LARGEST_KEPT: Final = 1024 * 1024


class KeptTrigger(BaseModel):
    """Nothing of it was read yet but which event it is; `error` is why it was put aside.

    Another release may read it: what it adds must be optional, what it does not know it ignores.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )

    v: Literal[1] = 1
    event: TriggerKind
    received_at: AwareDatetime
    request_id: str
    content_type: str = ""
    query: dict[str, str] = Field(default_factory=dict, repr=False)
    body: bytes = Field(b"", repr=False)
    is_cut: bool = False
    error: str = ""

    @classmethod
    def of(
        cls,
        event: TriggerKind,
        *,
        received_at: datetime,
        request_id: str,
        content_type: str,
        query: dict[str, str],
        body: bytes,
    ) -> Self:
        """At most a megabyte of the body stays."""
        return cls(
            event=event,
            received_at=received_at,
            request_id=request_id,
            content_type=content_type,
            query=query,
            body=body[:LARGEST_KEPT],
            is_cut=len(body) > LARGEST_KEPT,
        )

    @classmethod
    def read(cls, text: bytes) -> Self:
        """Raises: MalformedRequest, when no release wrote this."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise MalformedRequest("What was put aside cannot be read.") from error

    def put_aside_for(self, error: str) -> bytes:
        """What is written."""
        return self.model_copy(update={"error": error}).model_dump_json().encode()

    def about(self, error: str) -> tuple[str, str, str]:
        """What a list may show of it."""
        return (self.event.value, error, self.request_id)
