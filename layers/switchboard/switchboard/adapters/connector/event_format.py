"""How a connector file says what the CRM tells us by itself, and how it proves it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from switchboard.adapters.connector.format_types import (
    HEADER_NAME,
    Expression,
    Piece,
    SecretName,
)


class StandardWebhooks(Piece):
    """Standard Webhooks 1.0."""

    scheme: Literal["standard_webhooks"]
    secret: SecretName | list[SecretName]
    tolerance_s: int = Field(default=300, gt=0, le=3600)


class HeaderSecret(Piece):
    """A fixed header with a secret value."""

    scheme: Literal["header_secret"]
    header: str = Field(pattern=HEADER_NAME.pattern)
    secret: SecretName | list[SecretName]


class BasicSecret(Piece):
    """User name and password in the Authorization header."""

    scheme: Literal["basic"]
    username: str
    secret: SecretName | list[SecretName]


Verification = Annotated[
    StandardWebhooks | HeaderSecret | BasicSecret, Field(discriminator="scheme")
]


class Event(Piece):
    """Something the CRM tells us by itself. Expressions see its body, and `headers`."""

    description: str = ""
    verify: Verification
    accept: Expression | None = None
    id: Expression | None = None
    map: Expression

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> "Event":
        if self.id is None and not isinstance(self.verify, StandardWebhooks):
            raise ValueError("`id` is needed: this scheme brings no id of a delivery")
        return self
