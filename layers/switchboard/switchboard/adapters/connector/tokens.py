"""Access tokens that all workers share: one of them asks for the next, the others take it.

A token that is good is used without asking anybody. Otherwise the shared one is read; if that is
no good either, whoever gets the lease fetches the next one and everybody else waits for it. The
fetch may outlast its caller, so that a slow endpoint does not fail everybody in turn.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import Final

from switchboard.adapters.connector.credentials import Credentials, CredentialWatch
from switchboard.adapters.connector.grants import Grant, token_request
from switchboard.adapters.connector.outcomes import ClassifiedRejection
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.token_endpoint import Granted, OtherServer, TokenEndpoint
from switchboard.adapters.connector.token_store import (
    LEASE_S,
    REFUSED_FOR_S,
    SharedToken,
    TokenStore,
    Trouble,
)
from switchboard.beside import run_beside
from switchboard.domain.deadline import Deadline
from switchboard.errors import (
    CredentialRefused,
    StateUnavailable,
    SwitchboardError,
    UpstreamThrottled,
    UpstreamUnavailable,
)

_LONGEST_FETCH_S: Final = LEASE_S - 2.0  # what is left is for writing the token down
# Less than an endpoint takes: a fetch is sure to outlast its caller, and may be frozen with it.
_LEAST_TO_ROTATE_S: Final = 0.2
_POLL_S: Final = (0.05, 0.1)
_WRITE_AGAIN_S: Final = (0.1, 0.2)
_PAUSE_WHEN_UNAVAILABLE_S: Final = 2.0
# Two pauses, and with the third refusal it has lasted long enough to be the credential's.
_PAUSE_WHEN_REFUSED_S: Final = REFUSED_FOR_S / 2
_PAUSE_WHEN_THROTTLED_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 900.0
_PAUSE_WHEN_MISCONFIGURED_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `version` is its own, also where the server gives the same text again."""

    key: str
    version: str
    text: str = field(repr=False)
    usable_until: datetime


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a fetch starts from: the credential, what stood in the store, and our lease."""

    credentials: Credentials
    seen: SharedToken
    holder: str
    limits: CallLimits

    @property
    def key(self) -> str:
        return self.credentials.token_key


@dataclass(frozen=True, slots=True)
class _Unsaved:
    """A refresh token that replaced the one in the store and could not be written down yet."""

    key: str
    replaces: str
    granted: Granted


class SharedTokens:
    """The tokens of one connector, as one worker sees them. Safe under threads."""

    def __init__(
        self,
        system: str,
        endpoint: TokenEndpoint,
        grant: Grant,
        *,
        store: TokenStore,
        watch: CredentialWatch,
        wall_clock: Callable[[], datetime],
        new_id: Callable[[], str],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._system = system
        self._endpoint = endpoint
        self._grant = grant
        self._store = store
        self._watch = watch
        self._wall_clock = wall_clock
        self._new_id = new_id
        self._sleep = sleep
        self._one_at_a_time = threading.Lock()
        self._held: Token | None = None
        self._refused_version = ""
        self._unsaved: _Unsaved | None = None

    def token(self, credentials: Credentials, limits: CallLimits) -> Token:
        """A token that should be good, within the deadline.

        Raises: UpstreamError when none is to be had in time, Misconfigured.
        """
        held = self._usable(credentials)
        if held:
            return held
        if not self._one_at_a_time.acquire(timeout=limits.deadline.remaining_s):
            raise self._too_late()
        try:
            return self._usable(credentials) or self._obtained(credentials, limits)
        finally:
            self._one_at_a_time.release()

    def discard(self, version: str) -> None:
        """The server refused this one: the next `token` is another."""
        held = self._held
        if held and held.version == version:
            self._refused_version, self._held = version, None

    def _usable(self, credentials: Credentials) -> Token | None:
        held = self._held
        is_usable = held and held.key == credentials.token_key
        return held if held and is_usable and self._wall_clock() < held.usable_until else None

    def _obtained(self, credentials: Credentials, limits: CallLimits) -> Token:
        self._watch.require_usable(credentials.fingerprint, afresh=True)
        holder = self._new_id()
        try:
            self._held = token = self._shared(credentials, holder, limits)
        except StateUnavailable:
            if self._grant.rotates:
                # The secret's may long be replaced, and a server that sees an old one may end all.
                raise UpstreamUnavailable(
                    self._system, "token: the newest refresh token cannot be read now"
                ) from None
            turn = _Turn(credentials, SharedToken(), holder, limits)
            return self._waited_for(turn, self._own)
        return token

    def _shared(self, credentials: Credentials, holder: str, limits: CallLimits) -> Token:
        for wait_s in _waits(limits.deadline):
            seen, now = self._store.read_token(credentials.token_key), self._wall_clock()
            if seen.is_good(now) and seen.version != self._refused_version:
                return _as_token(credentials.token_key, seen)
            self._heed(seen, now, credentials.fingerprint)
            # Trying for a lease that is held would cost a write with every look.
            if not seen.is_leased(now):
                self._require_time_to_rotate(limits.deadline)
                if self._store.lease_token(
                    credentials.token_key, seen_version=seen.version, holder=holder, now=now
                ):
                    return self._waited_for(_Turn(credentials, seen, holder, limits), self._fetched)
            self._sleep(wait_s)
        raise self._too_late()

    def _require_time_to_rotate(self, deadline: Deadline) -> None:
        """Leaves a refresh token to whoever has more time: a lost one costs a person's work."""
        if self._grant.rotates and deadline.remaining_s < _LEAST_TO_ROTATE_S:
            raise self._too_late()

    def _waited_for(self, turn: _Turn, fetch: Callable[[_Turn], Token]) -> Token:
        """What the fetch gives. It has its own time; we wait for it as long as our caller may.

        Without this a caller with little time would leave in the middle: nobody would ever get a
        token from a slow endpoint, and a refresh token that was just replaced would be lost.
        """
        own_time = Deadline.after(_LONGEST_FETCH_S, turn.limits.deadline.clock)
        bounded = replace(turn, limits=replace(turn.limits, deadline=own_time))
        if turn.limits.deadline.remaining_s >= _LONGEST_FETCH_S:
            return self._held_by(fetch, bounded)
        return self._in_background(bounded, fetch, turn.limits.deadline)

    def _in_background(
        self, turn: _Turn, fetch: Callable[[_Turn], Token], deadline: Deadline
    ) -> Token:
        fetched = run_beside(lambda: self._held_by(fetch, turn), name=f"token of {self._system}")
        try:
            return fetched.result(timeout=deadline.remaining_s)
        except TimeoutError:
            raise self._too_late() from None

    def _held_by(self, fetch: Callable[[_Turn], Token], turn: _Turn) -> Token:
        self._held = token = fetch(turn)
        return token

    def _fetched(self, turn: _Turn) -> Token:
        """The next token, asked for under our lease and written down for all."""
        try:
            # Those who had the lease before us may have been refused for the last time.
            self._watch.require_usable(turn.credentials.fingerprint, afresh=True)
            granted = self._granted(turn)
        except SwitchboardError as error:
            self._end_lease(turn, error)
            raise
        return self._kept(turn, granted)

    def _own(self, turn: _Turn) -> Token:
        """A token for this worker alone: the store does not answer."""
        return self._as_own(turn, self._granted(turn))

    def _granted(self, turn: _Turn) -> Granted:
        unsaved = self._unsaved
        if unsaved and (unsaved.key, unsaved.replaces) == (turn.key, turn.seen.version):
            return unsaved.granted
        values = turn.credentials.values
        form, headers = token_request(self._grant, values, newest=turn.seen.refresh_token)
        try:
            return self._endpoint.ask(form, headers, values, turn.limits)
        except ClassifiedRejection:
            self._watch.refused(turn.credentials.fingerprint)
            raise

    def _kept(self, turn: _Turn, granted: Granted) -> Token:
        token = self._as_own(turn, granted)
        try:
            is_shared = self._is_written(turn, granted, token.version)
        except StateUnavailable:
            if not granted.refresh_token:
                return token
            self._unsaved = _Unsaved(turn.key, turn.seen.version, granted)
            raise UpstreamUnavailable(
                self._system, "token: the new refresh token cannot be written down now"
            ) from None
        self._unsaved = None
        if granted.refresh_token and not is_shared:
            raise UpstreamUnavailable(self._system, "token: another worker has a newer one")
        return token

    def _is_written(self, turn: _Turn, granted: Granted, version: str) -> bool:
        for pause_s in (*_WRITE_AGAIN_S, None):
            try:
                return self._store.keep_token(
                    turn.key,
                    seen_version=turn.seen.version,
                    version=version,
                    access_token=granted.access_token,
                    usable_until=granted.usable_until,
                    refresh_token=granted.refresh_token or turn.seen.refresh_token,
                )
            except StateUnavailable:
                if pause_s is None:
                    raise
                self._sleep(pause_s)
        return False

    def _as_own(self, turn: _Turn, granted: Granted) -> Token:
        return Token(turn.key, self._new_id(), granted.access_token, granted.usable_until)

    def _end_lease(self, turn: _Turn, error: SwitchboardError) -> None:
        trouble, pause_s = _pause_after(error)
        until = self._wall_clock() + timedelta(seconds=pause_s)
        # Without an answer the lease ends by itself.
        with suppress(StateUnavailable):
            self._store.pause_token(turn.key, holder=turn.holder, trouble=trouble, until=until)

    def _heed(self, seen: SharedToken, now: datetime, fingerprint: str) -> None:
        """Another worker was told to wait, or met a failure, a moment ago: so would we."""
        if seen.paused_until is None or not seen.is_paused(now):
            return
        match seen.trouble:
            case Trouble.UNAVAILABLE:
                raise UpstreamUnavailable(self._system, "token: no usable answer a moment ago")
            case Trouble.THROTTLED:
                left_s = (seen.paused_until - now).total_seconds()
                raise UpstreamThrottled(self._system, "token: throttled", left_s)
            case Trouble.OTHER_SERVER:
                raise OtherServer(self._system)
            case Trouble.REFUSED:
                self._watch.require_usable(fingerprint, afresh=True)
                raise UpstreamUnavailable(self._system, "token: refused a moment ago")

    def _too_late(self) -> UpstreamUnavailable:
        return UpstreamUnavailable(self._system, "no token in time")


def _as_token(key: str, shared: SharedToken) -> Token:
    if shared.usable_until is None:
        raise ValueError("a good token has an end")
    return Token(key, shared.version, shared.access_token, shared.usable_until)


def _waits(deadline: Deadline) -> Iterator[float]:
    """Pauses between looks at the store, until the deadline."""
    for wait_s in chain(_POLL_S, repeat(_POLL_S[-1])):
        if deadline.has_passed:
            return
        yield min(wait_s, deadline.remaining_s)


def _pause_after(error: SwitchboardError) -> tuple[Trouble, float]:
    """For how long nobody need ask again. After a refusal the count of refusals decides that."""
    match error:
        case CredentialRefused() | ClassifiedRejection():
            return Trouble.REFUSED, _PAUSE_WHEN_REFUSED_S
        case UpstreamThrottled():
            wait_s = error.retry_after_s
            said_s = _PAUSE_WHEN_THROTTLED_S if wait_s is None else wait_s
            return Trouble.THROTTLED, min(max(said_s, 1.0), _LONGEST_PAUSE_S)
        case UpstreamUnavailable():
            return Trouble.UNAVAILABLE, _PAUSE_WHEN_UNAVAILABLE_S
        case OtherServer():
            return Trouble.OTHER_SERVER, _PAUSE_WHEN_MISCONFIGURED_S
    return Trouble.NONE, 0.0
