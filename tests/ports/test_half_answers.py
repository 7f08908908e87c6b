"""AWS's answer breaks off: the SDK gives an answer that says nothing, and it must not be believed.

"No such item" would be a caller whom nobody knows, a key that does not exist, or configuration
that was never published.
"""

from collections.abc import Callable
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config

from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
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
    "try_update": lambda table: table.try_update("id", Update().set({"a": 1})),
    "query": lambda table: table.query("by_customer", "customer_key = :c", {":c": "x"}, limit=1),
    "scan": lambda table: list(table.scan("finding#")),
}
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
