"""Workers with a token source each, one store, and a clock that moves when somebody sleeps."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from switchboard.adapters.connector.credentials import CredentialReader, CredentialWatch
from switchboard.adapters.connector.grants import ClientCredentials, RefreshToken
from switchboard.adapters.connector.pacing import Lane
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.table_patience import TablePatience
from switchboard.adapters.connector.token_endpoint import TokenEndpoint
from switchboard.adapters.connector.token_store import TokenStore
from switchboard.adapters.connector.tokens import SharedTokens
from switchboard.adapters.connector.transport import Transport
from switchboard.domain.deadline import Deadline
from tests.fakes.tokens import InMemoryTokens, TokenServer
from tests.unit.connector.examples import NOW

SERVER = "https://crm.example.com"
TOKEN_URL = f"{SERVER}/oauth/token"
SECRET = {"client_id": "id", "client_secret": "s3cret", "refresh_token": "refresh-0"}
AUTH = {
    "client_id": "${secret.client_id}",
    "client_secret": "${secret.client_secret}",
    "client_auth": "basic",
    "expires_in_default": 3600,
}

_IDS = itertools.count(1)


class Clock:
    """Wall clock, monotonic clock and sleep in one; it stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return NOW + timedelta(seconds=self.now_s)

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


@dataclass
class World:
    """What the workers of a test share."""

    store: TokenStore = field(default_factory=InMemoryTokens)
    server: TokenServer = field(default_factory=TokenServer)
    clock: Clock = field(default_factory=Clock)
    rotating: bool = False

    def worker(self, transport: Transport | None = None) -> "Worker":
        return Worker(self, transport or self.server)


class Worker:
    """One process that asks for tokens."""

    def __init__(self, world: World, transport: Transport) -> None:
        self._world = world
        auth = AUTH | ({"refresh_token": "${secret.refresh_token}"} if world.rotating else {})
        self.reader = CredentialReader("crm", auth, server=SERVER, token_url=TOKEN_URL)
        self.watch = CredentialWatch(
            "crm",
            world.store,
            patience=TablePatience("crm", Lane.POSTING, wall_clock=world.clock),
            wall_clock=world.clock,
            on_refusal=lambda: None,
        )
        self.tokens = SharedTokens(
            "crm",
            TokenEndpoint("crm", TOKEN_URL, transport, server=SERVER, wall_clock=world.clock),
            RefreshToken() if world.rotating else ClientCredentials(),
            store=world.store,
            watch=self.watch,
            wall_clock=world.clock,
            new_id=lambda: f"id-{next(_IDS)}",
            sleep=world.clock.sleep,
        )

    def token(self, secret: Mapping[str, Any] = SECRET, deadline: Deadline | None = None) -> str:
        """The text of a token."""
        return self.token_and_version(secret, deadline)[0]

    def token_and_version(
        self, secret: Mapping[str, Any] = SECRET, deadline: Deadline | None = None
    ) -> tuple[str, str]:
        until = deadline or Deadline.after(60, self._world.clock.monotonic)
        credentials = self.reader.read({"secret": secret, "settings": {}})
        token = self.tokens.token(credentials, CallLimits(until, 1.0, 5.0))
        return token.text, token.version

    @property
    def key(self) -> str:
        return self.reader.read({"secret": SECRET, "settings": {}}).token_key
