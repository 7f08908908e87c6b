"""What a day had, and who may ask: in the local AWS as the template deploys it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from switchboard.adapters.dynamodb_days import DynamoDbDaysOfLedger
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from tests.local.aws.conftest import Stack

pytestmark = pytest.mark.stack

MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)


def test_the_interactions_of_a_day_are_found_and_gone_on_with(stack: Stack) -> None:
    table = DynamoDbTable(stack.client("dynamodb"), stack.deployment.tables["Interactions"])
    ledger, days = DynamoDbInteractionLedger(table), DynamoDbDaysOfLedger(table)
    for number in range(3):
        at = MIDNIGHT + timedelta(hours=12 * number)
        event = TriggerEvent(f"day-{number}", TriggerKind.INTERACTION_ENDS, at, {"channel": "sms"})
        ledger.merge(event, now=at, due_when=lambda _: MIDNIGHT + timedelta(days=9000))

    assert days.ids_of(MIDNIGHT.date(), limit=9) == ("day-0", "day-1")
    assert days.ids_of(MIDNIGHT.date(), after="day-0", limit=9) == ("day-1",)


@pytest.mark.parametrize(
    ("do", "table", "outcome"),
    [
        ("day", "Interactions", "allowed"),
        ("get-many", "Interactions", "allowed"),
        ("put", "Coordination", "allowed"),
        ("get", "Config", "allowed"),
        ("put", "Interactions", "AccessDeniedException"),
        ("scan", "Interactions", "AccessDeniedException"),
        ("get", "Lookups", "AccessDeniedException"),
        ("get", "Outbound", "AccessDeniedException"),
    ],
)
def test_the_nightly_comparison_reads_and_changes_nothing(
    stack: Stack, do: str, table: str, outcome: str
) -> None:
    asked = {"do": do, "on": stack.deployment.tables[table]}
    event = {"requestContext": {"requestId": "r"}, "queryStringParameters": asked}

    answer = stack.client("lambda").invoke(
        FunctionName=stack.deployment.functions["reconciliation"], Payload=json.dumps(event)
    )

    said = json.loads(json.loads(answer["Payload"].read())["body"])
    assert said["outcome"] == outcome
