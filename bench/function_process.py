"""A function in a process of its own, measured from inside. Its folder and layer are on the path.

    python -S bench/function_process.py ours
    python -S bench/function_process.py bare SERVICE …
    python -S bench/function_process.py sdk

A line in is a call, a line out is what it cost; the first line is what the start cost. It imports
next to nothing itself: whatever is imported here is missing in what the start costs.
"""

import json
import os
import sys
import time

CLOCKS = (time.process_time, time.perf_counter)


class Context:
    """What a handler may ask of Lambda."""

    function_name = "bench"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-4000-8000-000000000000"
    invoked_function_arn = "arn:aws:lambda:eu-west-2:123456789012:function:bench"

    def get_remaining_time_in_millis(self):
        return 10_000


def ours():
    import app

    return lambda asked: app.handler(asked["event"], Context())


def bare(*services):
    """The least that a function could do: the same calls, with the same clients, in our order.

    JSON in, calls out, JSON back: no contract, no check of what comes back, no log line, no
    metric, no deadline. Which calls is told with each event, as the stand-ins wrote them down.
    """
    import boto3
    import requests

    clients = {name: boto3.client(name) for name in services}
    session = requests.Session()

    def handler(event, steps):
        asked = json.loads(event["body"])
        rows = []
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


def sdk():
    """No function at all, only what every one in Python starts with."""
    import boto3

    return lambda asked: boto3.__version__


KINDS = {"ours": ours, "bare": bare, "sdk": sdk}


def main(kind, *services):
    with os.fdopen(os.dup(1), "w") as replies, open(os.devnull, "w") as nowhere:
        sys.stdout = nowhere  # where log lines and metrics go
        handler, cost = measured(KINDS[kind], *services)
        reply(replies, cost | {"modules": len(sys.modules)})
        for line in sys.stdin:
            answer, cost = measured(handler, json.loads(line))
            reply(replies, cost | {"answer": answer})


def measured(work, *arguments):
    """What it gives, and what it cost in milliseconds: CPU of all threads, and wall time."""
    before = [clock() for clock in CLOCKS]
    given = work(*arguments)
    wall_s = CLOCKS[1]() - before[1]
    time.sleep(0.003)  # threads that it left behind belong to its cost
    cpu_s = CLOCKS[0]() - before[0]
    return given, {"cpu_ms": cpu_s * 1000, "wall_ms": wall_s * 1000}


def reply(stream, document):
    stream.write(json.dumps(document) + "\n")
    stream.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
