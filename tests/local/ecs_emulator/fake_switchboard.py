"""A Switchboard of a few lines that can also misbehave."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FLAT = {
    "outcome": "known",
    "action": "queue",
    "customer_id": "c-1",
    "customer_name": "Ada Byron",
    "business_process": "Customer Care",
    "priority_class": "Normal",
    "priority_seconds": "0",
    "preferred_agent": "",
    "prompt_1": "",
    "reason": "row 1",
    "remark": "High value customer",
    "screen_pop_url": "",
    "request_id": "req-1",
}


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def event(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b"{}"
    delay_s: float = 0
    drip_s: float = 0


def flat(**changes: object) -> Answer:
    return Answer(body=json.dumps(FLAT | changes).encode())


@dataclass
class FakeSwitchboard:
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    route: Callable[[Seen], Answer] = lambda _: flat()
    trigger: Callable[[Seen], Answer] = lambda _: Answer(202)

    def routes(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == "/v1/arrivals/route"]

    def triggers(self, event: str = "", interaction_id: str = "") -> list[Seen]:
        return [
            seen
            for seen in list(self.seen)
            if seen.path.startswith("/v1/triggers/")
            and event in ("", seen.event)
            and interaction_id in ("", seen.body.get("interaction_id"))
        ]

    def answer(self, seen: Seen) -> Answer:
        if seen.path == "/v1/arrivals/route":
            return self.route(seen)
        if seen.path.startswith("/desk/"):
            return Answer(body=b"<html><title>Ada &amp; her history</title></html>")
        return self.trigger(seen)


@contextmanager
def serving_switchboard() -> Iterator[FakeSwitchboard]:
    fake = FakeSwitchboard()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body = json.loads(self.rfile.read(length) or b"{}")
            seen = Seen(self.command, self.path, dict(self.headers), body)
            answer = fake.answer(seen)
            fake.seen.append(seen)
            try:
                self._send(answer)
            except OSError:
                self.close_connection = True

        def _send(self, answer: Answer) -> None:
            time.sleep(answer.delay_s)
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            step = 1 if answer.drip_s else max(1, len(answer.body))
            for start in range(0, len(answer.body), step):
                self.wfile.write(answer.body[start : start + step])
                self.wfile.flush()
                time.sleep(answer.drip_s)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
