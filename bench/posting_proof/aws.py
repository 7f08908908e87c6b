"""A DynamoDB, an SQS and a Secrets Manager on this machine that fail when told to.

Who asks is known by the access key, which is the caller's role: so writes can be counted per job,
and errors be meant for one.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from bench.posting_proof.bucket import Buckets
from bench.posting_proof.control import Control
from bench.posting_proof.queue import Queue
from bench.posting_proof.wire import Listener, Visit, whole_answer
from bench.small_dynamodb import RefusedError, SmallDynamoDb

_ROLE: Final = re.compile(r"Credential=([^/]+)/")
_WRITES: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
_KINDS: Final = {"AmazonSQS": "queue", "S3": "bucket"}
_ERRORS: Final = ("throttles", "fails with 500", "did it and breaks off", "breaks off")
VISIBILITY_S: Final = 540.0


class FaultyAws:
    """Its tables, its queues, and what share of whose calls fails."""

    def __init__(self, control: Control, secret: str, *, seed: int, duplicates: float) -> None:
        self._chance = random.Random(f"aws {seed}")  # noqa: S311  to be repeated
        self._dynamodb = SmallDynamoDb()
        self._secret = secret
        self.buckets = Buckets()
        self._duplicates = duplicates
        self._now = control.now
        self._queues: dict[str, Queue] = {}
        self._shares: dict[str, float] = {}
        self.did: Counter[str] = Counter()

    async def answer(self, visit: Visit) -> None:
        service, _, operation = visit.headers.get("x-amz-target", "S3.").partition(".")
        if service == "Proof":
            await visit.send(200, self._told(operation, visit.json()))
            return
        role = _role_of(visit)
        error = self._error(role)
        content = b""
        if not error or error == "did it and breaks off":
            content = self._done(service, operation, visit, role)
        if not error:
            await visit.send_raw(content)
            return
        self.did[f"{_KINDS.get(service, 'store')} {error}"] += 1
        await self._fail(error, visit)

    def _error(self, role: str) -> str:
        is_struck = self._chance.random() < self._shares.get(role, 0.0)
        return self._chance.choice(_ERRORS) if is_struck else ""

    async def _fail(self, error: str, visit: Visit) -> None:
        match error:
            case "throttles":
                await visit.send(400, {"__type": "ThrottlingException", "message": "slow down"})
            case "fails with 500":
                await visit.send(500, {"__type": "InternalServerError", "message": "ours"})
            case _:
                await visit.send_raw(whole_answer(200, {"nothing": "whole"})[:-9])
                visit.close()

    def _done(self, service: str, operation: str, visit: Visit, role: str) -> bytes:
        """What was asked for is done; the whole answer to that."""
        if service == "S3":
            status, body = self.buckets.do(visit)
            return whole_answer(status, body)
        sent = visit.json()
        if operation == "GetSecretValue":
            return whole_answer(200, {"SecretString": self._secret})
        if service == "AmazonSQS":
            return whole_answer(200, self._queue_did(operation, sent))
        try:
            answer = self._dynamodb.call(operation, sent)
        except RefusedError as error:
            told: dict[str, Any] = {"__type": error.kind, "message": "refused"}
            self._count(role, operation, sent, "refused writes")
            return whole_answer(400, told | ({"Item": error.item} if error.item else {}))
        self._count(role, operation, sent, "writes")
        return whole_answer(200, answer)

    def _count(self, role: str, operation: str, sent: Mapping[str, Any], kind: str) -> None:
        if operation in _WRITES:
            self.did[f"{role} {kind} {sent['TableName']}"] += 1

    def _queue_did(self, operation: str, sent: dict[str, Any]) -> Any:
        queue = self._queue(sent["QueueUrl"])
        match operation:
            case "SendMessage":
                message = queue.send(sent["MessageBody"], float(sent.get("DelaySeconds", 0)))
                return {"MessageId": message}
            case "SendMessageBatch":
                entries = sent["Entries"]
                for entry in entries:
                    queue.send(entry["MessageBody"], float(entry.get("DelaySeconds", 0)))
                told = [{"Id": entry["Id"], "MessageId": entry["Id"]} for entry in entries]
                return {"Successful": told, "Failed": []}
            case "GetQueueAttributes":
                return {"Attributes": {"ApproximateNumberOfMessages": str(queue.visible)}}
            case "ReceiveMessage":
                return {"Messages": [vars(m) for m in queue.receive(sent["MaxNumberOfMessages"])]}
            case "DeleteMessage":
                queue.delete(sent["ReceiptHandle"])
                return {}
        raise KeyError(operation)

    def _queue(self, url: str) -> Queue:
        name = url.rpartition("/")[2]
        if name not in self._queues:
            self._queues[name] = Queue(
                self._now, self._chance, VISIBILITY_S, duplicates=self._duplicates
            )
        return self._queues[name]

    def _told(self, question: str, sent: dict[str, Any]) -> Any:
        """The driver's own way in."""
        match question:
            case "Shares":
                self._shares = sent
                return {}
            case "Did":
                return {**self.did, "spilled": self.buckets.puts, "left": self.buckets.left}
            case "Queues":
                return {name: _state(queue) for name, queue in self._queues.items()}
            case "Duplicates":
                self._duplicates = sent["share"]
                for queue in self._queues.values():
                    queue.duplicates = sent["share"]
                return {}
            case "Redrive":
                return {"moved": self._queue(sent["QueueUrl"]).redrive()}
            case "Items":
                return self._dynamodb.items(sent["TableName"])
            case "NextDue":
                return {"at": self._next_due(sent["TableName"])}
        raise KeyError(question)

    def _next_due(self, table: str) -> float | None:
        due = (
            int(item["due_at"]["N"]) / 1000
            for item in self._dynamodb.items(table).values()
            if item.get("due_bucket") == {"S": "due"}
        )
        return min(due, default=None)


def _state(queue: Queue) -> dict[str, Any]:
    names = ("visible", "next_at", "dead", "sent", "doubled", "died")
    return {name: getattr(queue, name) for name in names}


def _role_of(visit: Visit) -> str:
    found = _ROLE.search(visit.headers.get("authorization", ""))
    return found[1] if found else "nobody"


def serve_aws(
    line: Connection, control: Path, secret: str, *, seed: int, duplicates: float
) -> None:
    """A process's whole life: says its port, and serves."""

    async def run() -> None:
        aws = FaultyAws(Control(control), secret, seed=seed, duplicates=duplicates)
        listener = Listener(aws.answer)
        await listener.open()
        line.send(listener.port)
        await asyncio.Event().wait()

    asyncio.run(run())
