"""AWS's answer breaks off: the SDK gives an answer that says nothing, and it must not be believed.

"No such item" would be a caller whom nobody knows, a key that does not exist, or configuration
that was never published.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config

from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.s3_aside import S3KeptAside
from switchboard.adapters.secrets import SecretsManagerSecrets
from switchboard.adapters.sqs_queue import SqsWorkQueue
from switchboard.errors import StateUnavailable
from tests.unit.connector.hostile_server import LAST, hostile_server, http

HALVES: Final = {
    "half of the body": b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"Item": {"id"',
    "another checksum": http(b'{"Item": {', headers="x-amz-crc32: 12\r\n" + LAST),
    "a page of a proxy": http(b"<html></html>", headers=LAST),
    "no body": http(b"", headers=LAST),
}
CALLS: Final[dict[str, Callable[[DynamoDbTable], object]]] = {
    "get": lambda table: table.get("id"),
    "get_many": lambda table: table.get_many(["id"]),
    "update": lambda table: table.update("id", Update().set({"a": 1})),
    "change": lambda table: table.change("id", Update().set({"a": 1})),
    "try_update": lambda table: table.try_update("id", Update().set({"a": 1})),
    "query": lambda table: table.query("by_customer", "customer_key = :c", {":c": "x"}, limit=1),
    "scan": lambda table: list(table.scan("finding#")),
}
NOW: Final = datetime(2026, 3, 4, 12, tzinfo=UTC)
ONE_TRY: Final = Config(retries={"total_max_attempts": 1, "mode": "standard"})


def client(service: Any, endpoint: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="eu-west-2",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=ONE_TRY,
    )


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_half_an_answer_of_a_table_is_an_outage(
    call: Callable[[DynamoDbTable], object], half: bytes
) -> None:
    with hostile_server(lambda visit: visit.send(half)) as server:
        connected = client("dynamodb", server.base)
        with pytest.raises(StateUnavailable):
            call(DynamoDbTable(connected, "Lookups"))
        connected.close()


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
def test_half_a_secret_is_an_outage(half: bytes) -> None:
    with hostile_server(lambda visit: visit.send(half)) as server:
        connected = client("secretsmanager", server.base)
        with pytest.raises(StateUnavailable):
            SecretsManagerSecrets(connected, "stack").read("desk-link")
        connected.close()


def test_an_empty_answer_is_still_no_item() -> None:
    with hostile_server(lambda visit: visit.send(http(b"{}", headers=LAST))) as server:
        connected = client("dynamodb", server.base)
        assert DynamoDbTable(connected, "Lookups").get("id") is None
        connected.close()


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
def test_half_of_how_much_waits_is_an_outage(half: bytes) -> None:
    with hostile_server(lambda visit: visit.send(half)) as server:
        connected = client("sqs", server.base)
        with pytest.raises(StateUnavailable):
            SqsWorkQueue(connected, f"{server.base}/queue").waiting()
        connected.close()


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
def test_half_an_answer_of_a_queue_says_of_no_message_that_it_was_taken(half: bytes) -> None:
    with hostile_server(lambda visit: visit.send(half)) as server:
        connected = client("sqs", server.base)
        try:
            refused = SqsWorkQueue(connected, f"{server.base}/1/q").send_many(
                ["i-1"], request_id=""
            )
        except StateUnavailable:
            refused = ("i-1",)
        assert refused == ("i-1",)
        connected.close()


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
def test_what_s3_does_not_say_it_has_was_not_put_aside(half: bytes) -> None:
    with hostile_server(lambda visit: visit.send(half)) as server:
        connected = client("s3", server.base)
        with pytest.raises(StateUnavailable):
            S3KeptAside(connected, "aside").put("spill", b"{}", token="0a", about=(), now=NOW)
        connected.close()
