"""A store of tokens in memory, and a CRM with a token endpoint that behaves like one."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from switchboard.adapters.connector.in_process_tokens import InProcessTokens
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpAnswer, NoAnswerError
from switchboard.errors import StateUnavailable

TOKEN_PATH = "/oauth/token"


class InMemoryTokens(InProcessTokens):
    """Keeps the promises of `TokenStore`. `calls` counts; set `is_down` for an outage."""

    def __init__(self) -> None:
        super().__init__()
        self.is_down = False
        self.calls = 0

    @contextmanager
    def _reached(self) -> Iterator[None]:
        self.calls += 1
        if self.is_down:
            raise StateUnavailable("the store is down")
        with super()._reached():
            yield


@dataclass
class TokenServer:
    """A transport to a CRM that accepts the access tokens it granted, until it revokes them.

    `refuses` names the error its token endpoint answers with; `is_down` makes it answer 503.
    With `rotates`, each refresh token can be used once. `takes_s` is how long a grant takes.
    """

    refuses: str = ""
    is_down: bool = False
    rotates: bool = False
    repeats_itself: bool = False
    takes_s: float = 0.0
    expires_in: int = 3600
    refresh_token: str = "refresh-0"
    extra: dict[str, object] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    asked_with: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._granted = 0
        self._good: set[str] = set()
        self._revoked_grants = 0

    def close(self) -> None:
        """Nothing was opened."""

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        if request.url.endswith(TOKEN_PATH):
            return self._token(request, limits)
        with self._lock:
            self.seen.append(request.headers.get("Authorization", ""))
            is_good = self.seen[-1].removeprefix("Bearer ") in self._good
        return _answer(200, {"customers": []}) if is_good else _answer(401, {})

    def revoke_tokens(self) -> None:
        """What was granted so far is good no more."""
        with self._lock:
            self._good.clear()
            self._revoked_grants = self._granted

    def _token(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        form = dict(parse_qsl((request.body or b"").decode(), strict_parsing=True))
        with self._lock:
            self.asked.append(form)
            self.asked_with.append(request.headers.get("Authorization", ""))
        if self.takes_s > limits.deadline.remaining_s:
            time.sleep(limits.deadline.remaining_s)
            raise NoAnswerError("no answer in time", sent=True)
        time.sleep(self.takes_s)
        answer = self._granted_to(form)
        self.before_answer()
        return answer

    def _granted_to(self, form: dict[str, str]) -> HttpAnswer:
        with self._lock:
            if self.is_down:
                return _answer(503, {})
            given = form.get("refresh_token", self.refresh_token)
            refused = self.refuses or ("invalid_grant" if given != self.refresh_token else "")
            if refused:
                return _answer(400, {"error": refused, "error_description": "of no use"})
            return _answer(200, self._grant())

    def _grant(self) -> dict[str, object]:
        self._granted += 1
        text = "same" if self.repeats_itself else f"t-{self._granted}"
        self._good.add(text)
        rotated: dict[str, object] = {}
        if self.rotates:
            self.refresh_token = f"refresh-{self._granted}"
            rotated = {"refresh_token": self.refresh_token}
        return {"access_token": text, "expires_in": self.expires_in, **rotated, **self.extra}


def user_and_password(authorization: str) -> bytes:
    """What a header of basic authentication holds."""
    return base64.b64decode(authorization.removeprefix("Basic "))


def _answer(status: int, document: object) -> HttpAnswer:
    return HttpAnswer(status, {}, json.dumps(document).encode())
