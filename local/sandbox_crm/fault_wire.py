"""Faults on the wire: a WSGI layer that does to real sockets what a fault says."""

import io
import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .faults import EVERYONE, Fault, FaultPlan

REDIRECT_TO = "/"
MAINTENANCE_PAGE = b"<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"
CONNECTION = "werkzeug.socket"  # the server's own key for the client's socket

Headers = list[tuple[str, str]]
logger = logging.getLogger(__name__)


class CutOff(ConnectionAbortedError):
    """The connection was ended on purpose; the server has nothing left to send."""


@dataclass(frozen=True)
class Answer:
    """A whole answer, held before it goes out."""

    status: str
    headers: Headers
    body: bytes

    def head(self) -> bytes:
        """Status line and headers as they go over the wire."""
        lines = [f"HTTP/1.1 {self.status}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join([*lines, "Connection: close", "", ""])).encode("latin-1")


class FaultyWire:
    """Stands between the server and the application, and strikes as the plan says."""

    def __init__(
        self, application: WSGIApplication, plan: FaultPlan, stopping: threading.Event
    ) -> None:
        self._application = application
        self._plan = plan
        self._stopping = stopping
        self._ways: dict[
            str, Callable[[Fault, WSGIEnvironment, StartResponse], Iterable[bytes]]
        ] = {
            "hang": self._hang,
            "drip": self._drip,
            "reset": self._reset,
            "lost_answer": self._lose_answer,
            "truncated": self._truncate,
            "everyone": self._return_everyone,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, perhaps badly."""
        fault = self._plan.strike(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if fault is None:
            return self._application(environ, start_response)
        logger.info("fault %s struck a %s", fault.kind, environ["REQUEST_METHOD"])
        way = self._ways.get(fault.kind, _answer_instead)
        return way(fault, environ, start_response)

    def _hang(
        self, fault: Fault, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        self._stopping.wait(fault.pause_s)
        return self._application(environ, start_response)

    def _return_everyone(
        self, fault: Fault, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        environ[EVERYONE] = True
        return self._application(environ, start_response)

    def _drip(
        self, fault: Fault, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        answer = _whole_answer(self._application, environ)
        at_once, slowly = b"", answer.head() + answer.body
        if fault.part == "body":
            at_once, slowly = answer.head(), answer.body
        client: socket.socket = environ[CONNECTION]
        client.sendall(at_once)
        for position in range(len(slowly)):
            if self._stopping.wait(fault.pause_s):
                break
            client.sendall(slowly[position : position + 1])
        _end(client)
        raise CutOff

    def _reset(
        self, fault: Fault, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        client: socket.socket = environ[CONNECTION]
        # A close that lingers for no time sends RST in place of FIN.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        _end(client)
        raise CutOff

    def _lose_answer(
        self, fault: Fault, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        _whole_answer(self._application, environ)
        _end(environ[CONNECTION])
        raise CutOff

    def _truncate(
        self, fault: Fault, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        answer = _whole_answer(self._application, environ)
        client: socket.socket = environ[CONNECTION]
        client.sendall(answer.head() + answer.body[: len(answer.body) // 2])
        _end(client)
        raise CutOff


def _answer_instead(
    fault: Fault, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    _read_request(environ)
    answer = _made_up_answer(fault)
    start_response(answer.status, [*answer.headers, ("Content-Length", str(len(answer.body)))])
    return [answer.body]


def _made_up_answer(fault: Fault) -> Answer:
    json_type = [("Content-Type", "application/json")]
    html_type = [("Content-Type", "text/html; charset=utf-8")]
    retry_after = [("Retry-After", str(max(1, round(fault.pause_s))))]
    answers = {
        "error_500": Answer("500 Internal Server Error", json_type, _error("internal_error")),
        "error_503": Answer("503 Service Unavailable", json_type, _error("unavailable")),
        "throttle": Answer(
            "429 Too Many Requests", json_type + retry_after, _error("rate_limited")
        ),
        "unauthorized": Answer("401 Unauthorized", json_type, _error("invalid_token")),
        "garbage": Answer("200 OK", html_type, MAINTENANCE_PAGE),
        "redirect": Answer("302 Found", [*html_type, ("Location", REDIRECT_TO)], b""),
    }
    return answers[fault.kind]


def _error(error: str) -> bytes:
    return f'{{"error":"{error}","message":"The fault injector did this."}}\n'.encode()


def _whole_answer(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    begun: list[tuple[str, Headers]] = []
    body = io.BytesIO()

    def start_response(
        status: str, headers: Headers, exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        begun.append((status, headers))
        return body.write

    parts = application(environ, start_response)
    try:
        body.writelines(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    status, headers = begun[-1]
    return Answer(status, headers, body.getvalue())


def _read_request(environ: WSGIEnvironment) -> None:
    # An unread body would turn our answer into a reset on the client's side.
    left = int(environ.get("CONTENT_LENGTH") or 0)
    while left > 0:
        left -= len(environ["wsgi.input"].read(min(left, 65_536))) or left


def _end(client: socket.socket) -> None:
    # The server still holds files made of this socket, which keep it open until they are closed;
    # closing the descriptor itself ends the connection now.
    socket.close(client.detach())
