"""What API Gateway's HTTP API is to a caller: an address, and behind it authorizer and functions.

Real requests in, payloads 2.0 to the functions, their answers out. A function that raises is
answered as AWS answers it, and remembered, because nothing that a caller sends should bring it
about.

Source for decoded paths that end at a question mark: captures of live APIs, cited in
github.com/middleapi/standard-server, pull request 93.
Unconfirmed: bytes that are no UTF-8 in a body whose media type is text; they come in base64 here.
"""

import json
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.events import Event, authorizer_event, http_event
from tests.integration import template
from tests.integration.deployment import Deployment
from tests.integration.other_crms import SUBJECT

# With mutual TLS, the subject of the caller's certificate; one webhook's sender is known by it.
_CERTIFICATE: Final = {"clientCert": {"subjectDN": SUBJECT, "issuerDN": "CN=an authority"}}
_TEXT: Final = ("text/", "application/json", "application/xml", "application/javascript")


@dataclass(frozen=True)
class Given:
    """What a caller is answered."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path, errors="replace").partition("?")[0]

    def event(self) -> Event:
        """As the function gets it; header names in lower case, what came twice joined by commas."""
        query = urlsplit(self.target).query
        event = http_event(
            self.method,
            self.path,
            body=self.body or None,
            headers=self.headers,
            in_base64=not self._is_text(),
        )
        event["rawQueryString"] = query
        parameters = _joined(parse_qsl(query, keep_blank_values=True, errors="replace"))
        if parameters:
            event["queryStringParameters"] = parameters
        event["requestContext"]["authentication"] = _CERTIFICATE
        return event

    def _is_text(self) -> bool:
        kind = self.headers.get("content-type", "").lower()
        try:
            self.body.decode()
        except UnicodeDecodeError:
            return False
        return kind.startswith(_TEXT)


Spoil = Callable[[Asked, Given], Given]


def _as_it_is(_asked: Asked, given: Given) -> Given:
    return given


@dataclass
class Gateway:
    """The API of one deployment. `spoil` makes it break its promises, one after another."""

    deployment: Deployment
    url: str = ""
    spoil: Spoil = _as_it_is
    raised: list[str] = field(default_factory=list)
    answered: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Given:
        with self._one_at_a_time:
            return self.spoil(asked, self._answer(asked))

    def _answer(self, asked: Asked) -> Given:
        found = _route_to(urlsplit(asked.target).path)
        if found is None:
            return _own(404, "Not Found")
        route, parameters = found
        event = asked.event()
        event["routeKey"] = event["requestContext"]["routeKey"] = f"ANY {route.path}"
        if parameters:
            event["pathParameters"] = parameters
        try:
            given = self._given_by(route, event)
        except Exception:  # noqa: BLE001  whatever it is, AWS hides it from the caller
            self.raised.append(f"{asked.method} {route.path}\n{traceback.format_exc()}")
            given = _own(500, "Internal Server Error")
        self.answered[asked.method, route.path, given.status] += 1
        return given

    def _given_by(self, route: template.Route, event: Event) -> Given:
        if route.is_guarded:
            verdict = self.deployment.invoke(
                "authorizer", authorizer_event(event, event["routeKey"])
            )
            if not verdict["isAuthorized"]:
                return _own(403, "Forbidden")
            event["requestContext"]["authorizer"] = {"lambda": verdict["context"]}
        given = self.deployment.invoke(route.job, event)
        return Given(given["statusCode"], given.get("headers", {}), given.get("body") or "")


@contextmanager
def serving(deployment: Deployment) -> Iterator[Gateway]:
    """The API at an address of this machine while the block runs."""
    gateway = Gateway(deployment)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1
        timeout = 30

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self._exchange
            raise AttributeError(name)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """The functions log for themselves."""

        def _exchange(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = _joined([(n.lower(), value) for n, value in self.headers.items()])
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            self._send(gateway.answer(asked))

        def _send(self, given: Given) -> None:
            body = given.body.encode()
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        gateway.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield gateway
        finally:
            server.shutdown()
            thread.join()


def _route_to(path: str) -> tuple[template.Route, dict[str, str]] | None:
    for route in template.routes():
        parameters = route.parameters(path)
        if parameters is not None:
            decoded = {n: unquote(value, errors="replace") for n, value in parameters.items()}
            return route, decoded
    return None


def _own(status: int, message: str) -> Given:
    """API Gateway's own words."""
    return Given(status, {"content-type": "application/json"}, json.dumps({"message": message}))


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
