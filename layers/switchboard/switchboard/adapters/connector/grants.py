"""What a token endpoint is sent: one form per OAuth grant, and the client's own proof.

A grant is a function of the filled-in `auth` that gives the form.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from urllib.parse import quote

from switchboard.adapters.connector.signing import Signer, signed_jwt
from switchboard.adapters.items import epoch_s
from switchboard.basic_credentials import basic_credentials
from switchboard.errors import Misconfigured, StateUnavailable, UpstreamUnavailable

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
OWN_FIELDS: Final = frozenset(
    {"assertion", "client_id", "client_secret", "grant_type", "refresh_token", "scope"}
)


class Grant(Protocol):
    """One way to be given a token."""

    @property
    def rotates(self) -> bool:
        """Whether the server may replace what we asked with, so that the newest must be kept."""

    def form(self, values: Mapping[str, Any], *, newest: str) -> dict[str, str]:
        """The fields that make this grant. `newest` is the refresh token that replaced the first.

        Raises: Misconfigured, UpstreamUnavailable.
        """


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Source: RFC 6749, section 4.4."""

    rotates: bool = False

    def form(self, values: Mapping[str, Any], *, newest: str) -> dict[str, str]:
        return {"grant_type": "client_credentials"}


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """Source: RFC 6749, section 6."""

    rotates: bool = True

    def form(self, values: Mapping[str, Any], *, newest: str) -> dict[str, str]:
        return {
            "grant_type": "refresh_token",
            "refresh_token": newest or str(values["refresh_token"]),
        }


@dataclass(frozen=True, slots=True)
class JwtBearer:
    """Source: RFC 7523, sections 2.1 and 3."""

    system: str
    signer: Signer | None
    wall_clock: Callable[[], datetime]
    new_id: Callable[[], str]
    rotates: bool = False

    def form(self, values: Mapping[str, Any], *, newest: str) -> dict[str, str]:
        return {"grant_type": JWT_BEARER, "assertion": self._assertion(values)}

    def _assertion(self, values: Mapping[str, Any]) -> str:
        if self.signer is None:
            raise Misconfigured(f"{self.system}: nothing here can sign with a key of AWS KMS")
        try:
            return signed_jwt(
                self._claims(values), key=str(values["signing_key"]), signer=self.signer
            )
        except Misconfigured as error:
            raise Misconfigured(f"{self.system}: {error}") from None
        except StateUnavailable:
            raise UpstreamUnavailable(self.system, "token: KMS did not sign") from None

    def _claims(self, values: Mapping[str, Any]) -> dict[str, Any]:
        now_s = epoch_s(self.wall_clock())
        return {
            "iss": values["issuer"],
            "sub": values["subject"],
            "aud": values.get("audience") or values["token_url"],
            "iat": now_s,
            "exp": now_s + int(values["lifetime_s"]),
            "jti": self.new_id(),
        }


def token_request(
    grant: Grant, values: Mapping[str, Any], *, newest: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Form and headers of a token request.

    Raises: Misconfigured, UpstreamUnavailable.
    """
    form = {name: str(value) for name, value in values.get("form", {}).items()}
    form |= grant.form(values, newest=newest)
    if values.get("scope"):
        form["scope"] = str(values["scope"])
    fields, headers = _client(values)
    return form | fields, headers


def _client(values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """How the client proves itself. One without a secret only says who it is.

    Source: RFC 6749, sections 2.3.1 and 3.2.1.
    """
    named = {name: str(values[name]) for name in ("client_id", "client_secret") if values.get(name)}
    if values["client_auth"] == "body" or len(named) < 2:
        return named, {}
    # Section 2.3.1: both are form-encoded before they become a user name and password.
    username, password = (quote(text, safe="") for text in named.values())
    return {}, {"Authorization": basic_credentials(username, password)}
