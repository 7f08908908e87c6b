"""A function in a process of its own, measured from inside. Its folder and layer are on the path.

    python -S bench/function_process.py ours
    python -S bench/function_process.py bare SERVICE …
    python -S bench/function_process.py sdk

A line in is a call, a line out is what it cost; the first line is what the start cost. It imports
next to nothing itself: whatever is imported here is missing in what the start costs.
"""

from __future__ import annotations

import json
import os
import sys
import time

TYPE_CHECKING = False  # `typing` itself would be one of those imports
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

    Handler = Callable[[dict[str, Any]], Any]


class Context:
    """What a handler may ask of Lambda."""

    function_name = "bench"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-4000-8000-000000000000"
    invoked_function_arn = "arn:aws:lambda:eu-west-2:123456789012:function:bench"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def ours() -> Handler:
    import app  # type: ignore[import-not-found]  # whichever folder is on the path

    return lambda asked: app.handler(asked["event"], Context())


def bare(*services: str) -> Handler:
    """The least that a function could do: the same calls, with the same clients, in our order.

    JSON in, calls out, JSON back: no contract, no check of what comes back, no log line, no
    metric, no deadline. Which calls is told with each event, as the stand-ins wrote them down.
    """
    import boto3
    import requests

    clients: dict[str, Any] = {
        name: boto3.client(name)  # type: ignore[call-overload]
        for name in services
    }
    session = requests.Session()

    def handler(event: dict[str, Any], steps: list[Any]) -> dict[str, Any]:
        asked = json.loads(event["body"])
        rows: list[dict[str, Any]] = []
        for service, operation, arguments in steps:
            if service in clients:
                getattr(clients[service], operation)(**arguments)
            else:
                with session.request(operation, timeout=5, **arguments) as answer:
                    rows = answer.json().get("customers", rows)
        found = rows[0] if rows else {}
        values = {"outcome": "known", "contact": asked["contact"], "customer_id": found.get("id")}
        return {"statusCode": 200, "body": json.dumps(values)}

    return lambda asked: handler(asked["event"], asked["steps"])


def sdk() -> Handler:
    """No function at all, only what every one in Python starts with."""
    import boto3

    return lambda _: boto3.__version__


KINDS: dict[str, Callable[..., Handler]] = {"ours": ours, "bare": bare, "sdk": sdk}


def main(kind: str, *services: str) -> None:
    with os.fdopen(os.dup(1), "w") as replies, os.fdopen(os.open(os.devnull, 1), "w") as nowhere:
        sys.stdout = nowhere  # where log lines and metrics go
        handler, cost = measured(KINDS[kind], *services)
        reply(replies, {**cost, "modules": len(sys.modules)})
        for line in sys.stdin:
            answer, cost = measured(handler, json.loads(line))
            reply(replies, {**cost, "answer": answer})


def measured(work: Callable[..., Any], *arguments: Any) -> tuple[Any, dict[str, float]]:
    """What it gives, and what it cost in milliseconds: CPU of all threads, and wall time."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    given = work(*arguments)
    wall_s = time.perf_counter() - wall_s
    time.sleep(0.003)  # threads that it left behind belong to its cost
    cpu_s = time.process_time() - cpu_s
    return given, {"cpu_ms": cpu_s * 1000, "wall_ms": wall_s * 1000}


def reply(stream: TextIO, document: dict[str, Any]) -> None:
    stream.write(json.dumps(document) + "\n")
    stream.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
