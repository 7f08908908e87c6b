"""Which credential a connector uses, and whether it is refused for good.

A revoked credential must not be tried for days: servers lock the account. After a few refusals in
a row, counted over all workers, nothing is sent until a person resumes the connector or puts
another credential into the secret.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from switchboard.adapters.connector.expressions import ExpressionError, Scope
from switchboard.adapters.connector.rendering import render_tree
from switchboard.adapters.connector.token_store import CredentialState, TokenStore
from switchboard.errors import CredentialRefused, Misconfigured, StateUnavailable
from switchboard.observability import logger

_STATE_KEPT: Final = timedelta(seconds=30)
_STORE_LEFT_ALONE_FOR: Final = timedelta(seconds=5)
# How tokens are asked for and used; a change here leaves the credential what it was.
_MANNERS: Final = frozenset(
    {"client_auth", "expires_in_default", "lifetime_s", "prefix", "token_server"}
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The `auth` of a file with its templates filled in.

    `fingerprint` tells this credential from another one. `token_key` names what was made of it:
    with a refresh token it outlives another client secret, because the newest of a chain of
    refresh tokens stands under it.
    """

    values: Mapping[str, Any] = field(repr=False)
    fingerprint: str
    token_key: str


class CredentialReader:
    """Fills in the templates of `auth`; anew only when the secret changed."""

    def __init__(
        self, system: str, auth: Mapping[str, Any], *, server: str, token_url: str
    ) -> None:
        self._system = system
        self._auth = {name: value for name, value in auth.items() if value is not None}
        self._server = server
        self._token_url = token_url
        self._latest: tuple[Mapping[str, str], Credentials] | None = None

    def read(self, scope: Scope) -> Credentials:
        """Raises: Misconfigured when a value is missing."""
        latest, secret = self._latest, scope["secret"]
        if latest and latest[0] == secret:
            return latest[1]
        credentials = self._filled_in(scope)
        self._latest = (dict(secret), credentials)
        return credentials

    def _filled_in(self, scope: Scope) -> Credentials:
        known = {"secret": scope["secret"], "settings": scope["settings"]}
        try:
            values = render_tree({**self._auth, "token_url": self._token_url}, known)
        except ExpressionError as error:
            raise Misconfigured(f"the auth of {self._system}: {error}") from None
        grant = {name: value for name, value in values.items() if name not in _MANNERS}
        whole = _digest([self._server, grant])
        if "refresh_token" in grant:
            grant.pop("client_secret", None)
        return Credentials(values, whole[:16], f"{self._system}#{_digest(grant)[:32]}")


class CredentialWatch:
    """Counts refusals with all other workers, and stops this one when there were too many."""

    def __init__(
        self, system: str, store: TokenStore, *, wall_clock: Callable[[], datetime]
    ) -> None:
        self._system = system
        self._store = store
        self._wall_clock = wall_clock
        self._state: CredentialState | None = None
        self._read_at: datetime | None = None
        self._store_back_at: datetime | None = None
        self._reported: CredentialState | None = None

    def require_usable(self, fingerprint: str, *, afresh: bool = False) -> None:
        """`afresh`: do not rely on what was read half a minute ago.

        Raises: CredentialRefused.
        """
        is_known = self._read_at and self._wall_clock() < self._read_at + _STATE_KEPT
        if not is_known or (afresh and not self._blocks(fingerprint)):
            self._read()
        if self._blocks(fingerprint):
            self._report()
            raise CredentialRefused(self._system)

    def refused(self, fingerprint: str) -> None:
        """The server refused this credential, whatever was tried."""
        now = self._wall_clock()
        with suppress(StateUnavailable):
            self._know(self._store.note_refusal(self._system, fingerprint=fingerprint, now=now))
        if self._blocks(fingerprint):
            self._report()

    def accepted(self, fingerprint: str) -> None:
        """The server knew us. Written down only where refusals stand that this ends."""
        state = self._state
        if state is None or not state.is_ended_by(fingerprint):
            return
        now = self._wall_clock()
        with suppress(StateUnavailable):
            self._store.note_acceptance(self._system, fingerprint=fingerprint, now=now)
            self._know(None)

    def _blocks(self, fingerprint: str) -> bool:
        return self._state is not None and self._state.blocks(fingerprint)

    def _read(self) -> None:
        """Without our table nobody can say; a caller is more important than a refused try."""
        now = self._wall_clock()
        if self._store_back_at is not None and now < self._store_back_at:
            return
        try:
            self._know(self._store.read_credential(self._system, now=now))
        except StateUnavailable:
            # Otherwise every call would wait for the store's timeout.
            self._store_back_at = self._wall_clock() + _STORE_LEFT_ALONE_FOR

    def _know(self, state: CredentialState | None) -> None:
        self._state, self._read_at = state, self._wall_clock()

    def _report(self) -> None:
        state, reported = self._state, self._reported
        if state is None or (reported and reported.blocked_at == state.blocked_at):
            return
        self._reported = state
        logger.error(
            "credential refused",
            connector=self._system,
            refusals=state.refusals,
            blocked_at=state.blocked_at,
            remedy=f"switchboard connector resume {self._system}",
        )


def fingerprint_of(*parts: Any) -> str:
    """Tells one credential from another; too short and one-way to be one itself."""
    return _digest(list(parts))[:16]


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
