"""The DynamoDB that the proof runs on says what moto says, to everything that our adapters ask."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from moto import mock_aws

from bench.small_dynamodb import RefusedError, SmallDynamoDb
from switchboard.adapters.connector.pacing import Lane
from switchboard.adapters.connector.token_store import Trouble
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_lookups import DynamoDbLookupMemory
from switchboard.adapters.dynamodb_once import DynamoDbOnceStore
from switchboard.adapters.dynamodb_pacing import DynamoDbPacingStore
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.dynamodb_tokens import DynamoDbTokens
from switchboard.domain.customer import Customer
from switchboard.domain.identity import PhoneNumber
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.domain.posting import Posting
from switchboard.ports import Arrival, Next
from tests.tables import create_tables

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
ADA = PhoneNumber("+14155550142")
CUSTOMER = Customer("crm", "C-1", "customer", "Ada", phones=("+14155550142",))
SECOND = timedelta(seconds=1)


class BothSides:
    """A client that asks both, and lets nothing differ."""

    def __init__(self) -> None:
        self.small = SmallDynamoDb()
        self.moto: Any = boto3.client("dynamodb", region_name="eu-west-2")
        self.asked: set[str] = set()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**sent: Any) -> Any:
            name = "".join(word.title() for word in operation.split("_"))
            self.asked.add(name)
            assert xform_name(name) == operation
            small, theirs = _said(lambda: self.small.call(name, sent)), None
            try:
                theirs = getattr(self.moto, operation)(**sent)
            except ClientError as error:
                theirs = _without_metadata(error.response)
                assert small == (theirs["Error"]["Code"], theirs.get("Item"))
                raise
            told = _without_metadata(theirs)
            assert small == {name: told[name] for name in small}
            assert set(told) - set(small) <= {"Count", "ScannedCount", "ConsumedCapacity"}
            return theirs

        return call


def _said(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except RefusedError as error:
        return error.kind, error.item


def _without_metadata(answer: Any) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        sides = BothSides()
        create_tables(sides.moto)
        yield sides


def test_what_lookups_remember_is_the_same_on_both(both: BothSides) -> None:
    memory = DynamoDbLookupMemory(DynamoDbTable(both, "Lookups"))  # type: ignore[arg-type]
    for later in (0, 0.5, 2, 4, 100):
        now = NOW + later * SECOND
        memory.recall("crm", ADA, now=now, lease_s=1)
        memory.look("crm", ADA, now=now)
        memory.note_failure("crm", ADA, now=now, pause_s=1)
        memory.recall("crm", ADA, now=now, lease_s=1)
    memory.remember("crm", ADA, (CUSTOMER,), asked_at=NOW, fresh_s=60, keep_s=600)
    memory.remember("crm", ADA, (), asked_at=NOW - SECOND, fresh_s=60, keep_s=600)
    memory.forget_customer("crm:C-1", now=NOW + SECOND)
    memory.remember("crm", ADA, (CUSTOMER,), asked_at=NOW, fresh_s=60, keep_s=600)
    memory.recall("crm", ADA, now=NOW + 2 * SECOND, lease_s=1)

    assert both.asked == {"UpdateItem", "GetItem", "Query"}


def test_the_ledger_is_the_same_on_both(both: BothSides) -> None:
    ledger = DynamoDbInteractionLedger(DynamoDbTable(both, "Interactions"))  # type: ignore[arg-type]
    for number in range(3):
        arrival = Arrival("req-1", NOW + number * SECOND, "known", ADA.e164, CUSTOMER)
        ledger.note_arrival(f"int-{number}", arrival)
    ledger.note_arrival("int-1", Arrival("req-2", NOW, "degraded"))

    assert len(ledger.history("crm:C-1", limit=20)) == 3


def test_a_row_that_workers_take_in_turn_is_the_same_on_both(both: BothSides) -> None:
    ledger = DynamoDbInteractionLedger(DynamoDbTable(both, "Interactions"))  # type: ignore[arg-type]
    for number in range(3):
        kind = TriggerKind.INTERACTION_ENDS
        event = TriggerEvent(f"int-{number}", kind, NOW, {"remarks": "said"})
        ledger.merge(event, now=NOW, due_when=lambda _: NOW)
    due = ledger.due(now=NOW + SECOND, limit=5)
    rows = ledger.read_many([*due, "nobody"])
    for name, row in rows.items():
        posting = Posting("crm", attempted_at=NOW)
        assert ledger.claim(row, [posting], token=name, now=NOW, lease_s=45)
        assert not ledger.claim(row, [posting], token="another", now=NOW, lease_s=45)
        ledger.settle(
            name, [posting], token=name, revision=row.interaction.revision, after=Next(due_at=NOW)
        )

    assert len(rows) == len(due) == 3
    assert both.asked >= {"BatchGetItem", "Query", "UpdateItem"}


@pytest.mark.parametrize("seed", range(3))
def test_what_workers_know_of_a_crm_is_the_same_on_both(both: BothSides, seed: int) -> None:
    store = DynamoDbPacingStore(
        DynamoDbTable(both, "Coordination"),  # type: ignore[arg-type]
        choose=lambda free: free[seed % len(free)],
    )
    for number in range(8):
        now = NOW + number * SECOND
        for lane in Lane:
            store.note_failure("crm", lane, now=now, counts_from=NOW)
            if number % 4 == seed:
                store.open_breaker("crm", lane, until=now + SECOND, probe=None, now=now)
            store.note_success("crm", lane, probe=None)
            store.pause("crm", lane, until=now + SECOND, reason="429", now=now)
        store.note_throttle("crm", since=now - SECOND, repeats_from=NOW, now=now)
        store.state("crm")

    assert "UpdateItem" in both.asked


def test_shared_tokens_and_claims_are_the_same_on_both(both: BothSides) -> None:
    tokens = DynamoDbTokens(DynamoDbTable(both, "Coordination"))  # type: ignore[arg-type]
    once = DynamoDbOnceStore(DynamoDbTable(both, "Coordination"))  # type: ignore[arg-type]
    soon = NOW + 60 * SECOND
    for number in range(6):
        now = NOW + 10 * number * SECOND
        once.claim(f"key-{number % 2}", now=now, keep_s=15)
        tokens.note_refusal("crm", fingerprint="f-1", now=now)
        tokens.begin_try("crm", fingerprint="f-1", now=now)
        tokens.read_credential("crm", now=now)
        if tokens.lease_token("crm#1", seen_version="", holder=f"w-{number}", now=now):
            tokens.pause_token("crm#1", holder="w-0", trouble=Trouble.REFUSED, until=now + SECOND)
    tokens.note_acceptance("crm", fingerprint="f-2", now=NOW)
    tokens.unblock("crm")

    def keep(version: str) -> bool:
        return tokens.keep_token(
            "crm#1",
            seen_version="",
            version=version,
            access_token="t",
            usable_until=soon,
            refresh_token="",
        )

    assert (keep("v1"), keep("v2")) == (True, False)
    assert both.asked == {"GetItem", "PutItem", "UpdateItem", "DeleteItem"}
