"""A DynamoDB, a Secrets Manager and a CRM in processes of their own, which write down every call.

    python -m bench.stand_ins aws|crm LATENCY_S

In other processes, so that what they cost is not the measured function's. moto gives AWS its
semantics; the latency comes on top of its own. Connections are kept, as the real ones keep them.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final, Literal
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.tables import create_tables

REGION: Final = "eu-west-2"
_SERVICES: Final = {"DynamoDB_20120810": "dynamodb", "secretsmanager": "secretsmanager"}


@dataclass(frozen=True)
class Call:
    """One request that a stand-in answered; `connection` counts from 1 in each stand-in."""

    at: float
    system: Literal["aws", "crm"]
    connection: int
    service: str
    operation: str
    sent: Mapping[str, Any]

    @property
    def table(self) -> str:
        return str(self.sent.get("TableName", ""))

    def __str__(self) -> str:
        return " ".join(part for part in (self.service, self.operation, self.table) if part)


@dataclass(frozen=True)
class StandIn:
    """One of them, running."""

    url: str

    def calls(self) -> list[Call]:
        """Every call since it was asked the last time, in their order."""
        with urlopen(f"{self.url}/calls") as answer:  # noqa: S310  our own process
            return [Call(**each) for each in json.load(answer)]


@contextmanager
def running(*arguments: str) -> Iterator[StandIn]:
    """Start one; it ends with the block."""
    command = [sys.executable, "-m", __name__, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout  # noqa: S101  we asked for it
        try:
            yield StandIn(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.terminate()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Closing waits for no thread: a client may keep its connection for as long as it likes.
    block_on_close = False

    def __init__(self, handler: type["_Handler"]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.calls: list[Call] = []
        self.connections = 0
        self.lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    latency_s: ClassVar[float] = 0.0
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # an answer is one packet, so nothing waits for an acknowledgement
    disable_nagle_algorithm = True
    server: _Server
    number = 0

    def do_GET(self) -> None:
        if self.path == "/calls":
            with self.server.lock:
                calls, self.server.calls = self.server.calls, []
            self.send(200, [asdict(call) for call in calls])
            return
        self.number_the_connection()
        self.answer_get()

    def answer_get(self) -> None:
        self.send(404, {})

    def number_the_connection(self) -> None:
        if not self.number:
            with self.server.lock:
                self.server.connections += 1
                self.number = self.server.connections

    def note(
        self, system: Literal["aws", "crm"], service: str, operation: str, sent: Mapping[str, Any]
    ) -> None:
        call = Call(time.time(), system, self.number, service, operation, sent)
        with self.server.lock:
            self.server.calls.append(call)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def send(self, status: int, document: object) -> None:
        content = json.dumps(document, default=datetime.timestamp).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle(self) -> None:
        # Measured processes end with their connections open.
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  theirs
        """Say nothing."""


class _Aws(_Handler):
    clients: Mapping[str, Any]
    moto = threading.Lock()

    def do_POST(self) -> None:
        self.number_the_connection()
        name, operation = self.headers["X-Amz-Target"].split(".")
        service, sent = _SERVICES[name], json.loads(self.body())
        self.note("aws", service, operation, sent)
        time.sleep(self.latency_s)
        try:
            with self.moto:
                answer = getattr(self.clients[service], xform_name(operation))(**sent)
        except ClientError as refusal:
            told: dict[str, Any] = {
                "__type": refusal.response["Error"]["Code"],
                "message": refusal.response["Error"]["Message"],
            }
            found: Any = refusal.response.get("Item")
            self.send(400, {**told, **({"Item": found} if found else {})})
            return
        del answer["ResponseMetadata"]
        self.send(200, answer)


class _Crm(_Handler):
    """The sandbox CRM's search, which knows everybody; and its tokens."""

    def answer_get(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        self.note("crm", "crm", "GET", {"path": self.path, "headers": dict(self.headers)})
        time.sleep(self.latency_s)
        customer = {
            "id": "C-1001",
            "name": "Ada Byron",
            "company": "Analytical Engines Ltd",
            "phone": asked["phone"][0],
            "mobile": None,
            "email": "ada@example.com",
            "tier": "high",
            "balance_due": "0.00",
            "days_past_due": 0,
            "language": "en-US",
            "open_complaint": False,
            "products": ["Premier line", "Fibre 1000"],
            "time_zone": "America/Los_Angeles",
            "owner_extension": "2001",
            "status": "active",
        }
        self.send(200, {"customers": [customer], "next": None})

    def do_POST(self) -> None:
        self.number_the_connection()
        sent = self.body().decode()
        headers = {n: v for n, v in self.headers.items() if n not in {"Content-Length", "Host"}}
        self.note("crm", "crm", "POST", {"path": self.path, "headers": headers, "body": sent})
        self.send(200, {"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600})


def main(kind: str, latency_s: str) -> None:
    _Handler.latency_s = float(latency_s)
    if kind == "crm":
        _serve(_Crm)
        return
    with mock_aws():
        _Aws.clients = {
            name: boto3.client(  # type: ignore[call-overload]
                name,
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",  # noqa: S106
            )
            for name in _SERVICES.values()
        }
        create_tables(_Aws.clients["dynamodb"])
        _serve(_Aws)


def _serve(handler: type[_Handler]) -> None:
    with _Server(handler) as server:
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
