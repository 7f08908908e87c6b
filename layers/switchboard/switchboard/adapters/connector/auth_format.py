"""How a connector file says who we are."""

from typing import Annotated, Literal

from pydantic import Field

from switchboard.adapters.connector.format_types import (
    HEADER_NAME,
    OpenTemplate,
    Piece,
    Template,
)


class NoAuth(Piece):
    """Nothing to prove."""

    scheme: Literal["none"] = "none"


class HeaderAuth(Piece):
    """A header with a key."""

    scheme: Literal["header"]
    name: str = Field(pattern=HEADER_NAME.pattern)
    value: Template


class BearerAuth(Piece):
    """A token that somebody put into the secret."""

    scheme: Literal["bearer"]
    token: Template


class BasicAuth(Piece):
    """User name and password."""

    scheme: Literal["basic"]
    username: Template
    password: Template


class ClientCredentialsAuth(Piece):
    """OAuth2 client credentials."""

    scheme: Literal["oauth2_client_credentials"]
    token_url: OpenTemplate
    client_id: Template = "${secret.client_id}"
    client_secret: Template = "${secret.client_secret}"  # noqa: S105 - a name, no value
    client_auth: Literal["basic", "body"] = "basic"
    scope: Template | None = None
    expires_in_default: float = 3600


Auth = Annotated[
    NoAuth | HeaderAuth | BearerAuth | BasicAuth | ClientCredentialsAuth,
    Field(discriminator="scheme"),
]
