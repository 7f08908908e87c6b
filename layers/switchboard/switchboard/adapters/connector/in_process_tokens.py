"""Tokens that only the threads of one process share: where there is no table, and as its fake."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from switchboard.adapters.connector.token_store import (
    LEASE_S,
    CredentialState,
    SharedToken,
    Trouble,
)


@dataclass(slots=True)
class _Entry:
    token: SharedToken = field(default_factory=SharedToken)
    holder: str = ""
    lease_until: datetime | None = None


class InProcessTokens:
    """Keeps the promises of `TokenStore` for the threads of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._credentials: dict[str, CredentialState] = {}

    def read_token(self, key: str) -> SharedToken:
        with self._reached():
            entry = self._entry(key)
            return replace(entry.token, leased_until=entry.lease_until)

    def lease_token(self, key: str, *, seen_version: str, holder: str, now: datetime) -> bool:
        with self._reached():
            entry = self._entry(key)
            is_held = entry.lease_until is not None and now < entry.lease_until
            if entry.token.version != seen_version or (is_held and entry.holder != holder):
                return False
            if entry.token.is_paused(now):
                return False
            entry.holder, entry.lease_until = holder, now + timedelta(seconds=LEASE_S)
            return True

    def keep_token(
        self,
        key: str,
        *,
        seen_version: str,
        version: str,
        access_token: str,
        usable_until: datetime,
        refresh_token: str,
    ) -> bool:
        with self._reached():
            before = self._entry(key).token
            if before.version not in {seen_version, version}:
                return False
            kept = SharedToken(version, access_token, usable_until, refresh_token)
            self._entries[key] = _Entry(kept)
            return True

    def pause_token(self, key: str, *, holder: str, trouble: Trouble, until: datetime) -> None:
        with self._reached():
            entry = self._entry(key)
            if entry.holder == holder:
                paused = replace(entry.token, trouble=trouble, paused_until=until)
                self._entries[key] = _Entry(paused)

    def read_credential(self, system: str, *, now: datetime) -> CredentialState | None:
        with self._reached():
            return self._credential(system, now)

    def note_refusal(self, system: str, *, fingerprint: str, now: datetime) -> CredentialState:
        with self._reached():
            state = self._credential(system, now)
            if state and state.blocks(fingerprint):
                return state
            if state is None or state.fingerprint != fingerprint:
                state = CredentialState(fingerprint, 0, now)
            counted = replace(state, refusals=state.refusals + 1, tried_at=now)
            if counted.is_for_good(now):
                counted = replace(counted, blocked_at=now)
            self._credentials[system] = counted
            return counted

    def begin_try(
        self, system: str, *, fingerprint: str, now: datetime
    ) -> tuple[bool, CredentialState | None]:
        with self._reached():
            state = self._credential(system, now)
            if state is None or not state.is_doubted(fingerprint) or state.to_wait_s(now) > 0:
                return False, state
            self._credentials[system] = replace(state, tried_at=now)
            return True, self._credentials[system]

    def note_acceptance(self, system: str, *, fingerprint: str, now: datetime) -> None:
        with self._reached():
            state = self._credentials.get(system)
            if state is None or not state.is_ended_by(fingerprint):
                return
            if state.blocked_at is None:
                del self._credentials[system]
            else:
                self._credentials[system] = replace(state, replaced_at=now)

    def unblock(self, system: str) -> bool:
        with self._reached():
            return self._credentials.pop(system, None) is not None

    @contextmanager
    def _reached(self) -> Iterator[None]:
        with self._lock:
            yield

    def _entry(self, key: str) -> _Entry:
        return self._entries.setdefault(key, _Entry())

    def _credential(self, system: str, now: datetime) -> CredentialState | None:
        state = self._credentials.get(system)
        return None if state is None or state.is_over(now) else state
