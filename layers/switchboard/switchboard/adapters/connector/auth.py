"""How a connector proves who it is."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol
from urllib.parse import quote, unquote_plus, urlsplit

from switchboard.adapters.connector.credentials import (
    CredentialReader,
    CredentialWatch,
    fingerprint_of,
)
from switchboard.adapters.connector.expressions import ExpressionError, Scope, value_of
from switchboard.adapters.connector.grants import (
    ClientCredentials,
    Grant,
    JwtBearer,
    RefreshToken,
)
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest, render_headers
from switchboard.adapters.connector.signing import Signer
from switchboard.adapters.connector.table_patience import TablePatience
from switchboard.adapters.connector.token_endpoint import TokenEndpoint
from switchboard.adapters.connector.token_store import TokenStore
from switchboard.adapters.connector.tokens import SharedTokens
from switchboard.adapters.connector.transport import Transport
from switchboard.basic_credentials import basic_credentials
from switchboard.errors import Misconfigured

_OAUTH_SCHEMES: Final = frozenset(
    {"oauth2_client_credentials", "oauth2_refresh", "oauth2_jwt_bearer"}
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a request carries to prove who asks. Not printed: it is the credential.

    `fingerprint` tells which credential made it, and `version` which token of that.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    fingerprint: str = ""
    version: str = ""


class Authentication(Protocol):
    """Who we are, to one server."""

    def apply(self, scope: Scope, limits: CallLimits) -> Proof:
        """Raises: UpstreamError when no proof is to be had in time, Misconfigured."""

    def renew(self, proof: Proof) -> bool:
        """The server refused this proof; whether trying once more with a new one makes sense."""

    def refused(self, proof: Proof) -> None:
        """The server refused it for good: after the renewal, or where nothing can be renewed."""

    def accepted(self, proof: Proof) -> None:
        """The server knew us by it, whatever else it answered."""


class Nobody:
    """Nothing to prove."""

    def apply(self, scope: Scope, limits: CallLimits) -> Proof:
        return Proof()

    def renew(self, proof: Proof) -> bool:
        return False

    def refused(self, proof: Proof) -> None:
        """Nothing was claimed."""

    def accepted(self, proof: Proof) -> None:
        """Nothing was claimed."""


@dataclass(frozen=True, slots=True)
class FixedCredential:
    """Header key, query key, bearer token or basic: written in the file, values from secrets."""

    system: str
    server: str
    watch: CredentialWatch
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    basic: tuple[str, str] | None = field(default=None, repr=False)

    def apply(self, scope: Scope, limits: CallLimits) -> Proof:
        known = {"secret": scope["secret"], "settings": scope["settings"]}
        try:
            headers, query = self._headers(known), self._query(known)
        except ExpressionError as error:
            raise Misconfigured(f"the auth of {self.system}: {error}") from None
        fingerprint = fingerprint_of(self.server, headers, query)
        self.watch.require_turn(fingerprint)
        return Proof(headers, query, fingerprint)

    def renew(self, proof: Proof) -> bool:
        return False

    def refused(self, proof: Proof) -> None:
        self.watch.refused(proof.fingerprint)

    def accepted(self, proof: Proof) -> None:
        self.watch.accepted(proof.fingerprint)

    def _headers(self, known: Scope) -> dict[str, str]:
        if self.basic:
            username, password = (str(value_of(text, known)) for text in self.basic)
            return {"Authorization": basic_credentials(username, password)}
        return render_headers(self.headers, known)

    def _query(self, known: Scope) -> dict[str, str]:
        return {name: str(value_of(text, known)) for name, text in self.query.items()}


@dataclass(frozen=True, slots=True)
class TokenCredential:
    """An access token that is fetched, shared and renewed."""

    prefix: str
    reader: CredentialReader
    tokens: SharedTokens
    watch: CredentialWatch

    def apply(self, scope: Scope, limits: CallLimits) -> Proof:
        credentials = self.reader.read(scope)
        token = self.tokens.token(credentials, limits)
        headers = {"Authorization": f"{self.prefix} {token.text}"}
        return Proof(headers, fingerprint=credentials.fingerprint, version=token.version)

    def renew(self, proof: Proof) -> bool:
        self.tokens.discard(proof.version)
        return True

    def refused(self, proof: Proof) -> None:
        self.tokens.discard(proof.version)
        self.watch.refused(proof.fingerprint)

    def accepted(self, proof: Proof) -> None:
        self.watch.accepted(proof.fingerprint)


def authentication(
    system: str,
    auth: Mapping[str, Any],
    transport: Transport,
    *,
    token_url: str,
    server: str,
    store: TokenStore,
    patience: TablePatience,
    signer: Signer | None,
    wall_clock: Callable[[], datetime],
    on_refusal: Callable[[], None],
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
) -> Authentication:
    """What the `auth` of a compiled file says."""
    watch = CredentialWatch(
        system, store, patience=patience, wall_clock=wall_clock, on_refusal=on_refusal
    )
    match auth["scheme"]:
        case "none":
            return Nobody()
        case scheme if scheme in _OAUTH_SCHEMES:
            return TokenCredential(
                prefix=auth["prefix"],
                reader=CredentialReader(system, auth, server=server, token_url=token_url),
                tokens=SharedTokens(
                    system,
                    TokenEndpoint(
                        system, token_url, transport, server=server, wall_clock=wall_clock
                    ),
                    _grant(system, scheme, signer, wall_clock, new_id),
                    store=store,
                    watch=watch,
                    wall_clock=wall_clock,
                    new_id=new_id,
                ),
                watch=watch,
            )
    return _fixed(system, auth, server, watch)


def with_proof(request: HttpRequest, proof: Proof) -> HttpRequest:
    """The request with the proof's part of the query; its headers are set already.

    An address that the server gave, say of a next page, may hold the key already.
    """
    if not proof.query:
        return request
    address = urlsplit(request.url)
    kept = [
        pair
        for pair in address.query.split("&")
        if pair and unquote_plus(pair.partition("=")[0]) not in proof.query
    ]
    added = [f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in proof.query.items()]
    return replace(request, url=address._replace(query="&".join([*kept, *added])).geturl())


def _fixed(
    system: str, auth: Mapping[str, Any], server: str, watch: CredentialWatch
) -> FixedCredential:
    match auth["scheme"]:
        case "header":
            return FixedCredential(system, server, watch, headers={auth["name"]: auth["value"]})
        case "query":
            return FixedCredential(system, server, watch, query={auth["name"]: auth["value"]})
        case "bearer":
            bearer = {"Authorization": f"Bearer {auth['token']}"}
            return FixedCredential(system, server, watch, headers=bearer)
        case "basic":
            both = (auth["username"], auth["password"])
            return FixedCredential(system, server, watch, basic=both)
    raise Misconfigured(f"{system}: there is no auth scheme {auth['scheme']}")


def _grant(
    system: str,
    scheme: str,
    signer: Signer | None,
    wall_clock: Callable[[], datetime],
    new_id: Callable[[], str],
) -> Grant:
    match scheme:
        case "oauth2_refresh":
            return RefreshToken()
        case "oauth2_jwt_bearer":
            return JwtBearer(system, signer, wall_clock, new_id)
    return ClientCredentials()
