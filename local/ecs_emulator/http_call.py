"""One HTTP request with a deadline for all of it, as a calling system's timer would keep it.

A client library's timeout restarts with every byte; here a timer closes the line.
"""

import http.client
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

Fault = Literal["timeout", "unreachable", "broken_answer", "answer_too_large", "bad_address"]


@dataclass(frozen=True)
class Request:
    """What goes out. Its address, headers and body stay out of logs."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Reply:
    """An answer that arrived whole and in time."""

    status: int
    body: bytes = field(repr=False)
    elapsed_ms: int


@dataclass(frozen=True)
class NoReply:
    """No usable answer, and why."""

    reason: Fault
    elapsed_ms: int


def send(request: Request, *, timeout_s: float, max_bytes: int) -> Reply | NoReply:
    """The reply, or why there is none, at most `timeout_s` later. Redirects are not followed."""
    began = time.monotonic()
    outcome = _exchange(request, timeout_s, max_bytes)
    elapsed_ms = round((time.monotonic() - began) * 1000)
    if isinstance(outcome, str):
        return NoReply(outcome, elapsed_ms)
    return Reply(*outcome, elapsed_ms)


def _exchange(request: Request, timeout_s: float, max_bytes: int) -> tuple[int, bytes] | Fault:
    parts = urlsplit(request.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "bad_address"
    secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    host = _reachable(parts.hostname)
    line = connect(host, parts.port, timeout=timeout_s)
    with closing(line), _Deadline(timeout_s) as deadline:
        try:
            line.connect()
            deadline.watch(line.sock)
            status, body = _asked(line, request, max_bytes)
        except TimeoutError:
            return "timeout"
        except (http.client.HTTPException, OSError, ValueError):
            return _fault(deadline)
        if deadline.passed:
            return "timeout"
    return (status, body) if len(body) <= max_bytes else "answer_too_large"


def _asked(line: http.client.HTTPConnection, request: Request, max_bytes: int) -> tuple[int, bytes]:
    parts = urlsplit(request.url)
    path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    headers = {"Host": parts.netloc, **request.headers}
    line.request(request.method, path, body=request.body, headers=headers)
    with line.getresponse() as response:
        return response.status, response.read(max_bytes + 1)


def _reachable(host: str) -> str:
    # RFC 6761: names under .localhost are this machine, also where the resolver does not know it.
    return "127.0.0.1" if host.endswith(".localhost") else host


def _fault(deadline: "_Deadline") -> Fault:
    if deadline.passed:
        return "timeout"
    return "unreachable" if not deadline.watching else "broken_answer"


class _Deadline:
    """Shuts the watched socket when the time is up."""

    def __init__(self, timeout_s: float) -> None:
        self._timer = threading.Timer(timeout_s, self._hang_up)
        self._timer.daemon = True
        self._socket: socket.socket | None = None
        self.passed = False

    @property
    def watching(self) -> bool:
        """Whether a connection was made."""
        return self._socket is not None

    def watch(self, line: socket.socket) -> None:
        self._socket = line
        if self.passed:
            self._hang_up()

    def _hang_up(self) -> None:
        self.passed = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
