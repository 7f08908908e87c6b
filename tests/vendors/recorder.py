"""A server on loopback that writes down what it is sent and plays the answers it was given.

It knows no CRM. What a vendor's client sends to it, and what our engine sends for the same thing,
come out as the same kind of value, so tests can lay one beside the other.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

# The client was pointed here; this header carries where it would have gone (see `run_client`).
MEANT_FOR = "x-meant-for"


@dataclass(frozen=True)
class Answer:
    """One scripted answer: JSON in `body`, anything else in `text`."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None

    @property
    def content(self) -> bytes:
        if self.text is not None:
            return self.text.encode()
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Sent:
    """One request as it left. `path` is still percent-encoded; `query` is decoded, in order."""

    method: str
    origin: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    content: bytes

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str], content: bytes) -> "Sent":
        address = urlsplit(url)
        return cls(
            method=method,
            origin=f"{address.scheme}://{address.netloc}",
            path=address.path,
            query=tuple(parse_qsl(address.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in headers.items()},
            content=content,
        )

    @property
    def document(self) -> Any:
        return json.loads(self.content) if self.content else None

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.content.decode("ascii"), keep_blank_values=True))

    @property
    def line(self) -> tuple[str, str]:
        return (self.method, self.path)


def shape(document: Any) -> Any:
    """A JSON tree with the kind of each leaf in its place; lists of one shape count once."""
    match document:
        case dict():
            return {name: shape(value) for name, value in document.items()}
        case list():
            shapes: list[Any] = []
            for item in document:
                if shape(item) not in shapes:
                    shapes.append(shape(item))
            return shapes
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case None:
            return "null"
    return "text"


class Recorder:
    """Answers in the order given. A request too many is answered 599, so that it is noticed."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.sent: list[Sent] = []
        self._answers = list(answers)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self) -> Answer:
        return self._answers.pop(0) if self._answers else Answer(status=599, text="unexpected")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _take(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                origin = headers.pop(MEANT_FOR, recorder.url)
                recorder.sent.append(Sent.of(self.command, origin + self.path, headers, content))
                self._play(recorder._next())

            def _play(self, answer: Answer) -> None:
                self.send_response(answer.status)
                kind = "text/plain" if answer.text is not None else "application/json"
                for name, value in {"Content-Type": kind, **answer.headers}.items():
                    self.send_header(name, value)
                if answer.status != 204:
                    self.send_header("Content-Length", str(len(answer.content)))
                self.send_header("Connection", "close")
                self.end_headers()
                if answer.status != 204:
                    self.wfile.write(answer.content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _take  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Keep the tests' output to what they say."""

        return Handler
