"""How a connector proves who it is."""

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

from switchboard.adapters.connector.expressions import Scope, value_of
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest, render_headers
from switchboard.adapters.connector.transport import HttpAnswer, NoAnswerError, Transport
from switchboard.errors import UpstreamRejected, UpstreamThrottled, UpstreamUnavailable

_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_LONGEST_LIFETIME_S: Final = 10 * 365 * 86400
_USABLE_SHARE: Final = 0.8  # renewed before it ends, so that no call meets an expired one


class TokenSource(Protocol):
    """Where access tokens come from. One that is shared by all workers can stand here."""

    def token(self, scope: Scope, limits: CallLimits) -> str:
        """A token that should be good.

        Raises: UpstreamError when none is to be had in time.
        """

    def discard(self, token: str) -> None:
        """The server refused this one; the next `token` is another."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a request carries to prove who asks. Not printed: it is the credential."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)


class Authentication(Protocol):
    """Who we are, to one server."""

    def apply(self, scope: Scope, limits: CallLimits) -> Proof:
        """Raises: UpstreamError when no proof is to be had in time."""

    def renew(self, proof: Proof) -> bool:
        """The server refused this proof; whether trying once more with a new one makes sense."""

    def refused(self, proof: Proof) -> None:
        """The server refused it for good: after the renewal, or where nothing can be renewed."""

    def accepted(self, proof: Proof) -> None:
        """The server knew us by it, whatever else it answered."""


@dataclass(frozen=True, slots=True)
class FixedHeaders:
    """Header key, bearer token, basic or nothing: written in the file, values from secrets."""

    templates: Mapping[str, str] = field(default_factory=dict, repr=False)
    basic: tuple[str, str] | None = field(default=None, repr=False)

    def apply(self, scope: Scope, limits: CallLimits) -> Proof:
        if self.basic:
            username, password = (str(value_of(text, scope)) for text in self.basic)
            return Proof({"Authorization": basic_credentials(username, password)})
        return Proof(render_headers(self.templates, scope))

    def renew(self, proof: Proof) -> bool:
        return False

    def refused(self, proof: Proof) -> None:
        """Nothing to count yet."""

    def accepted(self, proof: Proof) -> None:
        """Nothing to count yet."""


@dataclass(frozen=True, slots=True)
class BearerFrom:
    """A bearer token that can be renewed."""

    tokens: TokenSource

    def apply(self, scope: Scope, limits: CallLimits) -> Proof:
        return Proof({"Authorization": f"Bearer {self.tokens.token(scope, limits)}"})

    def renew(self, proof: Proof) -> bool:
        self.tokens.discard(proof.headers["Authorization"].removeprefix("Bearer "))
        return True

    def refused(self, proof: Proof) -> None:
        """Nothing to count yet."""

    def accepted(self, proof: Proof) -> None:
        """Nothing to count yet."""


def with_proof(request: HttpRequest, proof: Proof) -> HttpRequest:
    """The request with the proof's part of the query, percent-encoded. Headers are set already."""
    if not proof.query:
        return request
    query = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in proof.query.items())
    return replace(request, url=f"{request.url}{'&' if '?' in request.url else '?'}{query}")


class ClientCredentials:
    """OAuth2 client credentials; the token is kept in this process. Source: RFC 6749, 4.4."""

    def __init__(
        self,
        system: str,
        auth: Mapping[str, Any],
        transport: Transport,
        *,
        token_url: str,
        clock: Callable[[], float],
    ) -> None:
        self._system = system
        self._auth = auth
        self._transport = transport
        self._token_url = token_url
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._token = ""
        self._usable_until_s = 0.0

    def token(self, scope: Scope, limits: CallLimits) -> str:
        if not self._one_at_a_time.acquire(timeout=limits.deadline.remaining_s):
            raise UpstreamUnavailable(self._system, "no token in time")
        try:
            if not self._token or self._clock() >= self._usable_until_s:
                self._fetch(scope, limits)
            return self._token
        finally:
            self._one_at_a_time.release()

    def discard(self, token: str) -> None:
        with self._one_at_a_time:
            if token == self._token:
                self._token = ""

    def _fetch(self, scope: Scope, limits: CallLimits) -> None:
        asked_at_s = self._clock()
        document = self._granted(self._ask(scope, limits))
        lifetime_s = _lifetime_s(document, self._auth["expires_in_default"])
        self._token = document["access_token"]
        self._usable_until_s = asked_at_s + lifetime_s * _USABLE_SHARE

    def _ask(self, scope: Scope, limits: CallLimits) -> HttpAnswer:
        try:
            return self._transport.exchange(self._request(scope), limits)
        except NoAnswerError as error:
            raise UpstreamUnavailable(self._system, f"token: {error.reason}") from None

    def _request(self, scope: Scope) -> HttpRequest:
        client_id = str(value_of(self._auth["client_id"], scope))
        client_secret = str(value_of(self._auth["client_secret"], scope))
        form = {"grant_type": "client_credentials"}
        if self._auth.get("scope"):
            form["scope"] = str(value_of(self._auth["scope"], scope))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if self._auth["client_auth"] == "body":
            form |= {"client_id": client_id, "client_secret": client_secret}
        else:
            # RFC 6749, 2.3.1: both are form-encoded before they become a user name and password.
            headers["Authorization"] = basic_credentials(
                quote(client_id, safe=""), quote(client_secret, safe="")
            )
        return HttpRequest(
            "POST",
            self._token_url,
            headers,
            urlencode(form).encode("ascii"),
        )

    def _granted(self, answer: HttpAnswer) -> Mapping[str, Any]:
        if answer.status == 429:
            raise UpstreamThrottled(self._system, "token: throttled", _wait_of(answer))
        if 300 <= answer.status < 500 and answer.status != 408:
            raise UpstreamRejected(self._system, "auth")
        document = _document(answer)
        token = document.get("access_token")
        if answer.status >= 300 or not (isinstance(token, str) and _TOKEN.fullmatch(token)):
            raise UpstreamUnavailable(self._system, "token: no usable answer")
        return document


def authentication(
    system: str,
    auth: Mapping[str, Any],
    transport: Transport,
    *,
    token_url: str,
    clock: Callable[[], float],
) -> Authentication:
    """What the `auth` of a compiled file says."""
    match auth["scheme"]:
        case "header":
            return FixedHeaders({auth["name"]: auth["value"]})
        case "bearer":
            return FixedHeaders({"Authorization": f"Bearer {auth['token']}"})
        case "basic":
            return FixedHeaders(basic=(auth["username"], auth["password"]))
        case "oauth2_client_credentials":
            return BearerFrom(
                ClientCredentials(system, auth, transport, token_url=token_url, clock=clock)
            )
    return FixedHeaders()


def basic_credentials(username: str, password: str) -> str:
    """Source: RFC 7617, in UTF-8."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def _document(answer: HttpAnswer) -> Mapping[str, Any]:
    try:
        document = json.loads(answer.content or b"")
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _lifetime_s(document: Mapping[str, Any], default_s: float) -> float:
    said: Any = document.get("expires_in")
    if isinstance(said, str) and _SECONDS.fullmatch(said):
        said = int(said)
    # Also false for NaN, which would make a token that never ends.
    is_sensible = type(said) in {int, float} and 0 < said < _LONGEST_LIFETIME_S
    return float(said if is_sensible else default_s)


def _wait_of(answer: HttpAnswer) -> float | None:
    text = answer.headers.get("retry-after", "")
    return float(text) if _SECONDS.fullmatch(text) else None
