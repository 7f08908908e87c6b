"""Runs one function once, in a process of its own: the job is the argument, its event is stdin."""

import importlib
import json
import sys

from tests.events import LambdaContext

if __name__ == "__main__":
    job = sys.argv[1]
    app = importlib.import_module(f"functions.{job}.app")
    print(json.dumps(app.handler(json.load(sys.stdin), LambdaContext(job, "request"))))  # noqa: T201
