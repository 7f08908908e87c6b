"""Which credential a connector uses, and whether it is refused for good.

A revoked credential must not be tried for days: servers lock the account. After a few refusals in
a row, counted over all workers, nothing is sent until a person resumes the connector or puts
another credential into the secret.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from switchboard.adapters.connector.expressions import ExpressionError, Scope
from switchboard.adapters.connector.rendering import render_tree
from switchboard.adapters.connector.table_patience import TablePatience
from switchboard.adapters.connector.token_store import (
    TRIED_AGAIN_AFTER_S,
    CredentialState,
    TokenStore,
)
from switchboard.errors import (
    CredentialRefused,
    Misconfigured,
    StateUnavailable,
    UpstreamThrottled,
)
from switchboard.observability import logger

_STATE_KEPT: Final = timedelta(seconds=30)
# While a person waits, a credential that was good so long ago serves for the call that asks again.
_STATE_SERVES: Final = timedelta(seconds=40)
# A posting can wait for our table, and who is sent away by a block comes back much later.
_BLOCK_KEPT: Final = timedelta(seconds=2)
_T = TypeVar("_T")
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
    """Counts refusals with all other workers, and stops this one when there were too many.

    `on_refusal` hears of it when the credential that we hold was refused, here or elsewhere; it
    must not take long.
    """

    def __init__(
        self,
        system: str,
        store: TokenStore,
        *,
        patience: TablePatience,
        wall_clock: Callable[[], datetime],
        on_refusal: Callable[[], None],
    ) -> None:
        self._system = system
        self._store = store
        self._on_refusal = on_refusal
        self._patience = patience
        self._wall_clock = wall_clock
        self._state: CredentialState | None = None
        self._read_at: datetime | None = None
        self._renewal: Future[None] | None = None
        self._reported: CredentialState | None = None

    def require_usable(self, fingerprint: str, *, afresh: bool = False) -> None:
        """`afresh`: do not rely on what was read half a minute ago.

        Raises: CredentialRefused.
        """
        is_blocked = self._blocks(fingerprint)
        if not self._is_within(self._kept_for(is_blocked)) or (afresh and not is_blocked):
            is_person_waiting = self._patience.is_somebody_waiting and not (afresh or is_blocked)
            if is_person_waiting and self._is_within(_STATE_SERVES):
                self._renew()
            else:
                self._read()
        if self._state and self._state.has_refused(fingerprint):
            self._on_refusal()
        self._require_unblocked(fingerprint)

    def require_turn(self, fingerprint: str) -> None:
        """For a credential that is tried with every call: while it is doubted, one tries for all.

        Raises: CredentialRefused, UpstreamThrottled.
        """
        self.require_usable(fingerprint)
        state, now = self._state, self._wall_clock()
        if state is None or not state.is_doubted(fingerprint):
            return
        if state.to_wait_s(now) <= 0 and self._begins_try(fingerprint, now):
            return
        self._require_unblocked(fingerprint)
        state = self._state
        if state and state.is_doubted(fingerprint):
            wait_s = state.to_wait_s(now) or TRIED_AGAIN_AFTER_S
            raise UpstreamThrottled(self._system, "credential: refused a moment ago", wait_s)

    def refused(self, fingerprint: str) -> None:
        """The server refused this credential, whatever was tried."""
        self._on_refusal()
        now = self._wall_clock()

        def note() -> None:
            self._know(self._store.note_refusal(self._system, fingerprint=fingerprint, now=now))
            if self._blocks(fingerprint):
                self._report()

        self._patience.write([note])

    def accepted(self, fingerprint: str) -> None:
        """The server knew us. Written down only where refusals stand that this ends."""
        state = self._state
        if state is None or not state.is_ended_by(fingerprint):
            return
        now = self._wall_clock()

        def note() -> None:
            self._store.note_acceptance(self._system, fingerprint=fingerprint, now=now)
            self._know(None)

        self._patience.write([note])

    def _kept_for(self, is_blocked: bool) -> timedelta:
        is_person_waiting = self._patience.is_somebody_waiting
        return _BLOCK_KEPT if is_blocked and not is_person_waiting else _STATE_KEPT

    def _require_unblocked(self, fingerprint: str) -> None:
        if self._blocks(fingerprint):
            self._report()
            raise CredentialRefused(self._system)

    def _blocks(self, fingerprint: str) -> bool:
        return self._state is not None and self._state.blocks(fingerprint)

    def _begins_try(self, fingerprint: str, now: datetime) -> bool:
        def begin() -> bool:
            is_ours, found = self._store.begin_try(self._system, fingerprint=fingerprint, now=now)
            self._know(found)
            return is_ours

        return self._asked(begin) is not False

    def _read(self) -> None:
        self._asked(self._read_now)

    def _renew(self) -> None:
        """Beside the call, which goes by what is known."""
        is_running = self._renewal is not None and not self._renewal.done()
        if not (is_running or self._patience.leaves_it_alone):
            self._renewal = self._patience.start(self._read_now)

    def _read_now(self) -> None:
        now = self._wall_clock()
        try:
            self._know(self._store.read_credential(self._system, now=now))
        except StateUnavailable as error:
            self._patience.leave_it_alone(error)

    def _is_within(self, age: timedelta) -> bool:
        return self._read_at is not None and self._wall_clock() < self._read_at + age

    def _asked(self, question: Callable[[], _T]) -> _T | None:
        """None without our table: a caller is more important than a refused try."""
        if self._patience.leaves_it_alone:
            return None
        try:
            return self._patience.ask(question)
        except StateUnavailable as error:
            self._patience.leave_it_alone(error)
            return None

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
