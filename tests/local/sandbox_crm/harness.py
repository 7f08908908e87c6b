"""What these tests drive the CRM with: a client, a receiver of webhooks, a clock to turn."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from local.sandbox_crm.crm import open_crm
from local.sandbox_crm.oauth import ClientCredentials
from local.sandbox_crm.server import listen, serving

CREDENTIALS = ClientCredentials("switchboard", "a secret with : and ü")
WEBHOOK_SECRET = "whsec_" + "c2VjcmV0IGtleSBvZiB0aGlydHktdHdvIGJ5dGVzISE="
TIMEOUT_S = 10
ADA = "C-1001"


class TurnableClock:
    """The real time, plus what a test adds; telling it may take a while."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self.pause_s = 0.0

    def __call__(self) -> datetime:
        if self.pause_s:
            time.sleep(self.pause_s)
        return datetime.now(UTC) + self._ahead

    def advance(self, **duration: float) -> None:
        self._ahead += timedelta(**duration)


@dataclass
class Client:
    """Speaks HTTP to a running CRM, with a token once it has one."""

    base: str
    headers: dict[str, str] = field(default_factory=dict)

    def sign_in(self) -> None:
        answer = requests.post(
            f"{self.base}/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": CREDENTIALS.client_id,
                "client_secret": CREDENTIALS.client_secret,
            },
            timeout=TIMEOUT_S,
        )
        self.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        options = {"headers": self.headers, "timeout": TIMEOUT_S, "allow_redirects": False, **more}
        return requests.request(method, self.base + path, **options)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def put(self, path: str, body: object) -> requests.Response:
        return self.call("PUT", path, json=body)

    def patch(self, path: str, body: object) -> requests.Response:
        return self.call("PATCH", path, json=body)

    def post(self, path: str, body: object) -> requests.Response:
        return self.call("POST", path, json=body)

    def names(self, **query: str) -> list[str]:
        found = self.get("/api/customers", params=query).json()
        return [customer["name"] for customer in found["customers"]]

    def raw(self, method: str, path: str, body: bytes = b"") -> socket.socket:
        """Send one request on a bare socket and leave reading to the test."""
        where = urlsplit(self.base)
        connected = socket.create_connection((where.hostname, where.port or 0), timeout=TIMEOUT_S)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {where.netloc}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        connected.sendall("\r\n".join(lines).encode() + body)
        return connected


@dataclass(frozen=True)
class Received:
    """One webhook request as it arrived."""

    headers: dict[str, str]
    body: bytes


class Receiver:
    """A webhook receiver that gives the answers it was told, then 204."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.received: list[Received] = []
        self.url = ""
        self._arrived = threading.Condition()

    def take(self, received: Received) -> int:
        with self._arrived:
            self.received.append(received)
            self._arrived.notify_all()
            return self.answers.pop(0) if self.answers else 204

    def wait_for(self, count: int, within_s: float = 5.0) -> list[Received]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.received) >= count, within_s)
            return list(self.received)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.take(Received(headers, body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook?tenant=1"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def running_crm(database: Path, clock: TurnableClock) -> Iterator[Client]:
    """A CRM of its own on a free port, and a client that is signed in."""
    crm = open_crm(database, CREDENTIALS, clock=clock)
    with serving(crm, listen(0)) as base:
        client = Client(base)
        client.sign_in()
        yield client
