"""Takes webhooks on loopback, and checks signatures without any code of ours."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Delivery:
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document


class Receiver:
    """Answers with the statuses it was given, in order, and then with 204."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.next_statuses: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/webhooks/peer"

    def wait_for(self, count: int, *, within_s: float = 10) -> list[Delivery]:
        give_up_at = time.monotonic() + within_s
        while len(self.deliveries) < count and time.monotonic() < give_up_at:
            time.sleep(0.02)
        return list(self.deliveries)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver.next_statuses.pop(0) if receiver.next_statuses else 204
                receiver.deliveries.append(Delivery(headers, body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Keep the tests' output to what they say."""

        return Handler


def signature_of(delivery: Delivery, secret: str) -> str:
    """Standard Webhooks 1.0, written from its text: HMAC-SHA256 over id, moment and body."""
    key = base64.standard_b64decode(secret.split("_", 1)[1])
    moment = delivery.headers["webhook-timestamp"]
    signed = b".".join((delivery.id.encode(), moment.encode(), delivery.body))
    return "v1," + base64.standard_b64encode(hmac.digest(key, signed, "sha256")).decode()
