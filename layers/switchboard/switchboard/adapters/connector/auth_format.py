"""How a connector file says who we are."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from switchboard.adapters.connector.format_types import (
    HEADER_NAME,
    Expression,
    OpenTemplate,
    Piece,
    Template,
)
from switchboard.adapters.connector.grants import OWN_FIELDS


def _has_no_own_fields(form: dict[str, str]) -> dict[str, str]:
    if taken := sorted(form.keys() & OWN_FIELDS):
        raise ValueError(f"{', '.join(taken)}: the grant sets this itself; use its own key")
    return form


class NoAuth(Piece):
    """Nothing to prove."""

    scheme: Literal["none"] = "none"


class HeaderAuth(Piece):
    """A header with a key."""

    scheme: Literal["header"]
    name: str = Field(pattern=HEADER_NAME.pattern, description="The header's name.")
    value: Template = Field(description="Its value, with the key from `secret`.")


class QueryAuth(Piece):
    """A key in the address. Machines on the way log addresses: only where nothing else works."""

    scheme: Literal["query"]
    name: str = Field(pattern=r"^[A-Za-z0-9_.\-\[\]]+$", description="The key of the query.")
    value: Template = Field(description="Its value, from `secret`.")


class BearerAuth(Piece):
    """A token that somebody put into the secret."""

    scheme: Literal["bearer"]
    token: Template = Field(description="The token, from `secret`.")


class BasicAuth(Piece):
    """User name and password."""

    scheme: Literal["basic"]
    username: Template = Field(description="From `secret` or `settings`.")
    password: Template = Field(description="From `secret`.")


class _OAuth(Piece):
    """What all grants share."""

    token_url: OpenTemplate = Field(description="Where tokens are asked for.")
    client_id: Template | None = Field(
        default="${secret.client_id}", description="Who we are to the token endpoint."
    )
    client_secret: Template | None = Field(
        default="${secret.client_secret}", description="null for a public client."
    )
    client_auth: Literal["basic", "body"] = Field(
        default="basic", description="Where the client's id and secret travel."
    )
    scope: Template | None = Field(default=None, description="Texts with spaces between.")
    form: Annotated[dict[str, Template], AfterValidator(_has_no_own_fields)] = Field(
        default={}, description="Further fields of the token request, such as audience."
    )
    expires_in_default: float = Field(
        default=3600,
        gt=0,
        description="Seconds that a token lives when the answer does not say it.",
    )
    prefix: str = Field(
        default="Bearer",
        pattern=r"^[A-Za-z][A-Za-z0-9_\-]*$",
        description="What stands before the token in the Authorization header.",
    )
    token_server: Expression | None = Field(
        default=None,
        description="Over the token answer: the server that the token is for. "
        "Another one than `server` is a wrong setting, and the token is not used.",
    )


class ClientCredentialsAuth(_OAuth):
    """OAuth2 client credentials."""

    scheme: Literal["oauth2_client_credentials"]
    client_id: Template = Field(
        default="${secret.client_id}", description="Who we are to the token endpoint."
    )
    client_secret: Template = Field(default="${secret.client_secret}", description="From `secret`.")


class RefreshAuth(_OAuth):
    """OAuth2 with a refresh token that a person obtained once; the server may replace it."""

    scheme: Literal["oauth2_refresh"]
    client_id: Template = Field(
        default="${secret.client_id}", description="Who we are to the token endpoint."
    )
    refresh_token: Template = Field(
        default="${secret.refresh_token}", description="The first refresh token."
    )


class JwtBearerAuth(_OAuth):
    """OAuth2 with a statement about ourselves, signed by a key that stays in AWS KMS (RS256)."""

    scheme: Literal["oauth2_jwt_bearer"]
    client_id: Template | None = Field(
        default=None, description="Who we are, where the endpoint asks for it beside the assertion."
    )
    client_secret: Template | None = Field(
        default=None, description="Where the endpoint asks for it."
    )
    issuer: Template = Field(description="`iss`: often the client id.")
    subject: Template = Field(description="`sub`: the user we act for.")
    audience: Template | None = Field(
        default=None, description="`aud`; the token endpoint when it is not given."
    )
    signing_key: Template = Field(
        description="Id, ARN or alias of an RSA key in AWS KMS that may sign, from `settings`."
    )
    lifetime_s: int = Field(default=180, ge=30, le=3600, description="`exp`, from now.")


Auth = Annotated[
    NoAuth
    | HeaderAuth
    | QueryAuth
    | BearerAuth
    | BasicAuth
    | ClientCredentialsAuth
    | RefreshAuth
    | JwtBearerAuth,
    Field(discriminator="scheme"),
]
