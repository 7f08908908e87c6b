"""Functions at work in processes of their own, which can be struck at named points of it.

The points are put around the product from outside: around its ledger, its queue and its transport.
"""

import contextlib
import functools
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from bench.posting_proof import fast_clock
from bench.posting_proof.asking import Asking
from bench.posting_proof.control import SENT_AT, Control, Point
from tests.events import LambdaContext

BATCH: Final = 10
QUEUE: Final = "PostingQueue"
_IDLE_S: Final = 0.04
_SWEEPS_EVERY_S: Final = 60.0
_AROUND_LEDGER: Final[Mapping[str, tuple[Point | None, Point | None]]] = {
    "claim": (None, Point.CLAIMED),
    "settle": (None, Point.SETTLED),
    "settle_unclaimed": (None, Point.SETTLED),
    "merge": (Point.KEEPING, Point.KEPT),
}


@dataclass(frozen=True)
class Post:
    """Where a worker stands: its slot, what it is told by, and where its output goes."""

    control: Path
    slot: int
    aws_port: int
    environment: Mapping[str, str]
    output: Path

    def take(self) -> Control:
        """Become this worker."""
        control = Control(self.control)
        control.enrol(self.slot)
        fast_clock.follow(control, self.slot)
        os.environ |= self.environment
        with self.output.open("ab") as log:
            os.dup2(log.fileno(), sys.stdout.fileno())
            os.dup2(log.fileno(), sys.stderr.fileno())
        return control


def post_results(post: Post) -> None:
    """A poller as Lambda's: takes up to ten messages, deletes those that did not fail."""
    control = post.take()
    app = importlib.import_module("functions.disposition_posting.app")
    surround(control, post.slot)
    poll(post, control, lambda event: app.handler(event, _context("posting")))


def poll(post: Post, control: Control, handler: Callable[[Any], Any]) -> None:
    queue = Asking(post.aws_port, "AmazonSQS")
    while True:
        asked = {"QueueUrl": QUEUE, "MaxNumberOfMessages": BATCH}
        messages = queue.ask("ReceiveMessage", asked)["Messages"]
        if not messages:
            time.sleep(_IDLE_S)
            continue
        with control.at_work(post.slot):
            failed = _handled(handler, messages)
        for message in messages:
            if message["id"] not in failed:
                asked = {"QueueUrl": QUEUE, "ReceiptHandle": message["id"]}
                queue.ask("DeleteMessage", asked)


def _handled(handler: Callable[[Any], Any], messages: Sequence[Mapping[str, Any]]) -> set[str]:
    """The messages that failed; all of them when the function did."""
    try:
        told = handler({"Records": [_record(message) for message in messages]})
    except Exception as error:  # noqa: BLE001  as Lambda: whatever it is, the batch comes again
        sys.stderr.write(f"the function failed: {error!r}\n")
        return {message["id"] for message in messages}
    return {failure["itemIdentifier"] for failure in told["batchItemFailures"]}


def _record(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["id"],
        "receiptHandle": message["id"],
        "body": message["body"],
        "attributes": {"ApproximateReceiveCount": str(message["receives"])},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-west-2:123456789012:{QUEUE}",
        "awsRegion": "eu-west-2",
    }


def take_triggers(line: Connection, post: Post) -> None:
    """The function behind ECS's triggers: an event in, what it answered out."""
    control = post.take()
    app = importlib.import_module("functions.trigger_intake.app")
    surround(control, post.slot)
    line.send("ready")
    with contextlib.suppress(EOFError):
        while True:
            event = line.recv()
            with control.at_work(post.slot):
                answer = app.handler(event, _context("intake"))
                line.send((answer["statusCode"], answer["body"]))


def sweep(post: Post) -> None:
    """The sweeper, once a minute."""
    control = post.take()
    app = importlib.import_module("functions.sweeper.app")
    swept_at = 0.0
    while True:
        if control.now() < swept_at + _SWEEPS_EVERY_S:
            time.sleep(_IDLE_S)
            continue
        swept_at = control.now()
        with control.at_work(post.slot):
            try:
                app.handler({}, _context("sweeper"))
            except Exception as error:  # noqa: BLE001  as Lambda: the next minute has the next
                sys.stderr.write(f"the sweeper failed: {error!r}\n")


def surround(control: Control, slot: int) -> None:
    """Put the points around the product, in this process only."""
    from switchboard import wiring
    from switchboard.adapters.connector.transport import HttpTransport
    from switchboard.domain.retry_budget import LEAST_PER_S, SHARE_OF_FIRST, RetryBudget

    real_ledger, real_queue = wiring.ledger(), wiring.posting_queue()
    ledger = Surrounded(real_ledger, _AROUND_LEDGER, control, slot)
    queue = Surrounded(real_queue, {"send": (None, Point.WOKEN)}, control, slot)
    places: Any = wiring
    places.ledger, places.posting_queue = lambda: ledger, lambda: queue
    places.retry_budget = functools.cache(
        lambda _: RetryBudget(SHARE_OF_FIRST, LEAST_PER_S, fast_clock.now_s)
    )
    exchange = HttpTransport.exchange

    def watched(self: HttpTransport, request: Any, limits: Any) -> Any:
        control.reached(slot, Point.ASKING)
        sent = {**request.headers, SENT_AT: f"{control.now():.3f}"}
        answer = exchange(self, replace(request, headers=sent), limits)
        control.reached(slot, Point.ANSWERED)
        return answer

    HttpTransport.exchange = watched  # type: ignore[method-assign]


class Surrounded:
    """Anything, with points before and after some of what it does."""

    def __init__(
        self,
        thing: Any,
        points: Mapping[str, tuple[Point | None, Point | None]],
        control: Control,
        slot: int,
    ) -> None:
        self._thing, self._points, self._control, self._slot = thing, points, control, slot

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        if name not in self._points:
            return found
        before, after = self._points[name]

        def work(*arguments: Any, **named: Any) -> Any:
            if before:
                self._control.reached(self._slot, before)
            told = found(*arguments, **named)
            if after:
                self._control.reached(self._slot, after)
            return told

        return work


def _context(job: str) -> LambdaContext:
    return LambdaContext(job, f"{job}-{json.dumps(os.getpid())}")
