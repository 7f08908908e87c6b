"""An AWS in this process, and both sides of each port: what keeps the promise in memory, and what
keeps it on AWS."""

from collections.abc import Callable, Iterator
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.ports import InteractionLedger
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.tables import create_tables, empty_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

REGION = "eu-west-2"
LARGEST_EXPRESSION = 4096
BOTH_SIDES = ("in_memory", "aws")

TableOf = Callable[[str], DynamoDbTable]


class Clock:
    """Tells the epoch in seconds, and stands still until it is told to move on."""

    def __init__(self, start: datetime) -> None:
        self._now_s = start.timestamp()

    def __call__(self) -> float:
        return self._now_s

    def moves_on(self, seconds: float) -> None:
        self._now_s += seconds


class WatchedClient:
    """A DynamoDB client that runs one call at a time, lists its calls, and can be disturbed.

    One at a time, because moto checks a condition and writes in two steps, where DynamoDB does
    both at once. Calls of different threads still interleave. Like DynamoDB, and unlike moto, it
    takes no expression of more than 4 KB.
    """

    def __init__(self, client: "DynamoDBClient") -> None:
        self._client = client
        self._lock = Lock()
        self._meanwhile: tuple[str, Callable[[], object]] | None = None
        self.calls: list[str] = []
        self.is_down = False

    def before_next(self, operation: str, meanwhile: Callable[[], object]) -> None:
        """Run `meanwhile` when the operation is about to be sent: somebody else was faster."""
        self._meanwhile = (operation, meanwhile)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            if self._meanwhile and self._meanwhile[0] == operation:
                (_, meanwhile), self._meanwhile = self._meanwhile, None
                meanwhile()
            with self._lock:
                self.calls.append(operation)
                expressions = [arguments[name] for name in arguments if name.endswith("Expression")]
                assert all(len(each) <= LARGEST_EXPRESSION for each in expressions), operation
                if self.is_down:
                    raise EndpointConnectionError(endpoint_url="https://dynamodb.example.com")
                return getattr(self._client, operation)(**arguments)

        return call


@pytest.fixture(scope="module")
def in_process_aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(scope="module")
def created_tables(in_process_aws: None) -> "DynamoDBClient":
    client = boto3.client("dynamodb", region_name=REGION)
    create_tables(client)
    return client


@pytest.fixture
def dynamodb(created_tables: "DynamoDBClient") -> Iterator[WatchedClient]:
    """A client of the five tables, all empty."""
    yield WatchedClient(created_tables)
    empty_tables(created_tables)


@pytest.fixture
def table(dynamodb: WatchedClient) -> TableOf:
    """A table by its name in the template."""
    client = cast("DynamoDBClient", dynamodb)
    return lambda name: DynamoDbTable(client, name)


@pytest.fixture(params=BOTH_SIDES)
def ledger(request: pytest.FixtureRequest) -> InteractionLedger:
    if request.param == "in_memory":
        return InMemoryInteractionLedger()
    return DynamoDbInteractionLedger(request.getfixturevalue("table")("Interactions"))


@pytest.fixture
def dynamodb_ledger(table: TableOf) -> DynamoDbInteractionLedger:
    return DynamoDbInteractionLedger(table("Interactions"))


@pytest.fixture
def sqs(in_process_aws: None) -> "SQSClient":
    return boto3.client("sqs", region_name=REGION)
