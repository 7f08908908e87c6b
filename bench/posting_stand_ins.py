"""A DynamoDB with queues, and a CRM that takes records, for measuring the posting.

Each runs in a process of its own, takes its time for every call, and counts what it was asked.
"""

import json
import multiprocessing
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any, Final

from bench.small_dynamodb import RefusedError, SmallDynamoDb

AWS_LATENCY_S: Final = 0.005
CRM_LATENCY_S: Final = 0.1
# A process of ours starts from one that has no threads.
_PROCESSES: Final = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class StandIn:
    """One of them, running."""

    url: str
    _line: Connection

    def counted(self) -> dict[str, int]:
        """How often it was asked for what, since it was asked the last time."""
        self._line.send("count")
        counts: dict[str, int] = self._line.recv()
        return counts

    def loses_next(self, answers: int) -> None:
        """So many writes are done, and their answers are lost."""
        self._line.send(answers)
        self._line.recv()


@contextmanager
def running(kind: str) -> Iterator[StandIn]:
    """`aws` or `crm`; it ends with the block."""
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=_serve, args=(kind, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield StandIn(ours.recv(), ours)
    finally:
        process.terminate()
        process.join(10)
        ours.close()


@dataclass
class _State:
    """What all connections of a stand-in share."""

    counts: dict[str, int] = field(default_factory=dict)
    to_lose: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, name: str) -> None:
        with self.lock:
            self.counts[name] = self.counts.get(name, 0) + 1

    def taken(self) -> dict[str, int]:
        with self.lock:
            counts, self.counts = self.counts, {}
            return counts

    def loses_one(self) -> bool:
        with self.lock:
            self.to_lose -= 1
            return self.to_lose >= 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, handler: type["_Handler"]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.state = _State()
        self.dynamodb = SmallDynamoDb()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # an answer is one packet, so nothing waits for an acknowledgement
    disable_nagle_algorithm = True
    server: _Server

    def body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def send(self, status: int, document: object) -> None:
        content = json.dumps(document).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  theirs
        """Say nothing."""


class _Aws(_Handler):
    def do_POST(self) -> None:
        sent = self.body()
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        self.server.state.count(f"{operation} {sent.get('TableName', '')}".strip())
        time.sleep(AWS_LATENCY_S)
        match operation:
            case "GetSecretValue":
                values = dict.fromkeys(("client_id", "client_secret", "hook_secret"), "x")
                self.send(200, {"SecretString": json.dumps(values)})
            case "SendMessage":
                self.send(200, {"MessageId": "m-1"})
            case _:
                self._answer(operation, sent)

    def _answer(self, operation: str, sent: Mapping[str, Any]) -> None:
        try:
            self.send(200, self.server.dynamodb.call(operation, sent))
        except RefusedError as error:
            told: dict[str, Any] = {"__type": error.kind, "message": "refused"}
            self.send(400, told | ({"Item": error.item} if error.item else {}))


class _Crm(_Handler):
    """The sandbox CRM's tokens and activities."""

    def do_POST(self) -> None:
        if self.path == "/oauth/token":
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send(200, {"access_token": "a", "token_type": "Bearer", "expires_in": 3600})
            return
        written = [each["external_id"] for each in self.body()["activities"]]
        results = [{"external_id": key, "id": f"A-{key}", "created": True} for key in written]
        self._write("batch", {"results": results})

    def do_PUT(self) -> None:
        self.body()
        self._write("single", {"id": f"A-{self.path.rpartition('/')[2]}", "created": True})

    def _write(self, kind: str, answer: object) -> None:
        self.server.state.count(kind)
        time.sleep(CRM_LATENCY_S)
        if self.server.state.loses_one():
            self.close_connection = True
            return
        self.send(200, answer)


def _serve(kind: str, line: Connection) -> None:
    with _Server({"aws": _Aws, "crm": _Crm}[kind]) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        line.send(f"http://127.0.0.1:{server.server_port}")
        while True:
            asked = line.recv()
            if isinstance(asked, int):
                server.state.to_lose = asked
                line.send(None)
            else:
                line.send(server.state.taken())
