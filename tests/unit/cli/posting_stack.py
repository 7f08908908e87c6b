"""A Switchboard in an in-process AWS, with interactions at every stage of their posting."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from moto import mock_aws
from typer.testing import CliRunner, Result

from cli import deadletters, explain, parked
from cli.configuration import Document, read_folder
from cli.deployment import Target
from cli.main import app
from cli.publishing import publish
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.interaction import TriggerKind
from switchboard.domain.posting import Posting, PostingState, Try
from switchboard.ports import LedgerRow, Next
from tests.events import pointer
from tests.tables import create_tables, empty_tables
from tests.unit.use_cases.people import told

CONFIG: Final = Path(__file__).resolve().parents[3] / "config"
_TABLES: Final = ("Interactions", "Outbound", "Config")
_QUEUES: Final = ("PostingQueue", "PostingDeadLetters", "DialingQueue", "DialingDeadLetters")
_CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
# Of the people in these interactions; no command may show them.
SECRETS: Final = ("5550142", "555-0142", "canary", "Maya", "ada@example.com")


def parked_posting(
    reason: str = "invalid", connector: str = "sandbox", part: str = "", **more: Any
) -> Posting:
    tries = (Try(datetime.now(UTC), 1, reason, 120),)
    return Posting(connector, PostingState.PARKED, 1, reason=reason, part=part, tries=tries, **more)


@cache
def _documents() -> dict[str, Document]:
    documents = read_folder(CONFIG)
    return {kind: documents[kind] for kind in ("posting", "connectors")}


class Stack:
    """One Switchboard, and the command line that is pointed at it."""

    def __init__(self) -> None:
        self.target = Target({}, region="eu-west-2")
        create_tables(self.target.client("dynamodb"))
        self.sqs = self.target.client("sqs")
        self._queues_made = count()
        self.clean()
        self.ledger = DynamoDbInteractionLedger(self.table("Interactions"))

    def clean(self) -> None:
        """No interactions, no messages, and the configuration of this repository."""
        self.target.tables.update({name: name for name in _TABLES})
        number = next(self._queues_made)
        self.target.queues.update(
            {
                name: self.sqs.create_queue(QueueName=f"{name}-{number}")["QueueUrl"]
                for name in _QUEUES
            }
        )
        empty_tables(self.target.client("dynamodb"))
        publish(self.target, _documents(), now=datetime.now(UTC))

    def table(self, name: str) -> DynamoDbTable:
        return DynamoDbTable(self.target.client("dynamodb"), name)

    def interaction(
        self, interaction_id: str, *postings: Posting, first_at: datetime | None = None, **said: Any
    ) -> None:
        """One that ended, with postings that have come as far as these."""
        now = first_at or datetime.now(UTC)
        event = told(
            TriggerKind.INTERACTION_ENDS, interaction_id=interaction_id, remarks="canary", **said
        )
        self.ledger.merge(event, now=now, due_when=lambda _: now, request_id="req-12345")
        if postings:
            self.ledger.hold(interaction_id, token="worker", now=now, lease_s=45)
            waits = any(each.state is PostingState.PARKED for each in postings)
            after = Next(parked_at=now if waits else None)
            self.ledger.settle(interaction_id, postings, token="worker", revision=1, after=after)

    def row(self, interaction_id: str) -> LedgerRow:
        row = self.ledger.read(interaction_id)
        assert row
        return row

    def dead(self, *work_ids: str, of: str = "PostingDeadLetters") -> None:
        for work_id in work_ids:
            self.put(pointer(work_id), of=of)

    def put(self, body: str, *, of: str = "PostingDeadLetters") -> None:
        self.sqs.send_message(QueueUrl=self.target.queues[of], MessageBody=body)

    def bodies(self, of: str) -> list[str]:
        """What waits in a queue, which is taken out of it."""
        url = self.target.queues[of]
        found = []
        while page := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in page:
                found.append(message["Body"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return sorted(found)

    def run(self, *arguments: str, answer: str = "") -> Result:
        """What a person who types it sees; nobody's name or number is in it."""
        result = CliRunner().invoke(app, list(arguments), input=answer)
        for secret in SECRETS:
            assert secret not in result.output
        assert isinstance(result.exception, SystemExit | None), repr(result.exception)
        return result


@contextmanager
def standing() -> Iterator[Stack]:
    with mock_aws(), patch.dict("os.environ", _CREDENTIALS):
        stack = Stack()
        with (
            patch.object(explain, "target", lambda _: stack.target),
            patch.object(parked, "target", lambda _: stack.target),
            patch.object(deadletters, "target", lambda _: stack.target),
        ):
            yield stack


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
