"""OAuth 2.0 client credentials: tokens that outlive a restart of this CRM."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote_plus

from flask import Request, Response, jsonify, request

from .api_errors import ApiError
from .database import Database
from .moments import Clock, as_text

TOKEN_LIFE_S = 3600


@dataclass(frozen=True)
class ClientCredentials:
    """The one client that may ask for tokens."""

    client_id: str
    client_secret: str

    def match(self, client_id: str, client_secret: str) -> bool:
        """Whether both are right, in a time that does not tell which is wrong."""
        right_id = hmac.compare_digest(client_id.encode(), self.client_id.encode())
        right_secret = hmac.compare_digest(client_secret.encode(), self.client_secret.encode())
        return right_id & right_secret


class Tokens:
    """Bearer tokens; only their digests are stored."""

    def __init__(self, database: Database, clock: Clock, new_token: Callable[[], str]) -> None:
        self._database = database
        self._clock = clock
        self._new_token = new_token

    def issue(self) -> str:
        """A new token, good for `TOKEN_LIFE_S`."""
        token, now = self._new_token(), self._clock()
        expires_at = as_text(now + timedelta(seconds=TOKEN_LIFE_S))
        with self._database.writing() as connection:
            connection.execute("DELETE FROM tokens WHERE expires_at <= ?", (as_text(now),))
            connection.execute("INSERT INTO tokens VALUES (?, ?)", (_digest(token), expires_at))
        return token

    def is_valid(self, token: str) -> bool:
        """Whether we issued it and its time is not over."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT 1 FROM tokens WHERE digest = ? AND expires_at > ?",
                (_digest(token), as_text(self._clock())),
            ).fetchone()
        return row is not None


class TokenEndpoint:
    """`POST /oauth/token`."""

    def __init__(self, credentials: ClientCredentials, tokens: Tokens) -> None:
        self._credentials = credentials
        self._tokens = tokens

    def issue(self) -> Response:
        """A token for the right client. Source: RFC 6749, sections 2.3.1, 4.4 and 5."""
        if not self._credentials.match(*_client_of(request)):
            raise ApiError(401, "invalid_client", "The client id or secret is wrong.")
        grant_type = request.form.get("grant_type")
        if not grant_type:
            raise ApiError(400, "invalid_request", "Send the form field grant_type.")
        if grant_type != "client_credentials":
            raise ApiError(400, "unsupported_grant_type", "Use client_credentials.")
        answer = jsonify(
            access_token=self._tokens.issue(),
            token_type="Bearer",  # noqa: S106 - a word of the protocol
            expires_in=TOKEN_LIFE_S,
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer


def require_token(tokens: Tokens) -> None:
    """Let the current request pass only with a valid bearer token.

    Raises: ApiError 401.
    """
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise ApiError(401, "unauthorized", "Send a bearer token from POST /oauth/token.")
    if not tokens.is_valid(given.token):
        raise ApiError(401, "invalid_token", "The token is unknown or expired; ask for a new one.")


def _client_of(asked: Request) -> tuple[str, str]:
    basic = asked.authorization
    if basic is not None and basic.type == "basic":
        # RFC 6749, 2.3.1: both were form-encoded before they became a user name and password.
        return unquote_plus(basic.username or ""), unquote_plus(basic.password or "")
    return asked.form.get("client_id", ""), asked.form.get("client_secret", "")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
