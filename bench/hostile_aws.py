"""A DynamoDB and a Secrets Manager on this machine that hang, throttle and fail when told to."""

import json
import random
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from bench.small_dynamodb import RefusedError, SmallDynamoDb

# Longer than any budget that is asked for.
_HANGS_FOR_S: Final = 9.0
_FAULTS: Final = ("hangs", "throttles", "fails with 500", "breaks off")


class HostileAws(ThreadingHTTPServer):
    """Its faults begin and end by `POST /faults` with their share of all calls."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, secrets: dict[str, str], *, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.secrets = secrets
        self.dynamodb = SmallDynamoDb()
        self.share = 0.0
        self.did: Counter[str] = Counter()
        self._chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """A function that ended left its connections; that is no news."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def fault(self, table: str) -> str:
        """What happens to the next call; empty for nothing."""
        with self._lock:
            fault = self._chance.choice(_FAULTS) if self._chance.random() < self.share else ""
            self.did[f"{table} {fault or 'answers'}"] += 1
        return fault


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # an answer is one packet, so nothing waits for an acknowledgement
    disable_nagle_algorithm = True
    server: HostileAws

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if not raw:
            return  # the client ended meanwhile
        sent = json.loads(raw)
        if self.path == "/faults":
            self.server.share = sent["share"]
            self._send(200, dict(self.server.did))
            return
        fault = self.server.fault(sent.get("TableName", "secrets"))
        if fault:
            self._misbehave(fault)
            return
        self._answer(self.headers["X-Amz-Target"].rpartition(".")[2], sent)

    def _answer(self, operation: str, sent: dict[str, Any]) -> None:
        if operation == "GetSecretValue":
            self._send(200, {"SecretString": self.server.secrets[sent["SecretId"]]})
            return
        try:
            self._send(200, self.server.dynamodb.call(operation, sent))
        except RefusedError as error:
            told: dict[str, Any] = {"__type": error.kind, "message": "refused"}
            self._send(400, told | ({"Item": error.item} if error.item else {}))

    def _misbehave(self, fault: str) -> None:
        match fault:
            case "hangs":
                time.sleep(_HANGS_FOR_S)
                self.close_connection = True
            case "throttles":
                self._send(400, {"__type": "ThrottlingException", "message": "slow down"})
            case "fails with 500":
                self._send(500, {"__type": "InternalServerError", "message": "ours"})
            case _:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{")
                self.close_connection = True

    def _send(self, status: int, document: object) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  theirs
        """Say nothing."""
