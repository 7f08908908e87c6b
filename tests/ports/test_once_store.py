"""What every store of things that happen once promises."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from switchboard.adapters.dynamodb_once import DynamoDbOnceStore
from switchboard.errors import StateUnavailable
from switchboard.ports import OnceStore
from tests.fakes.once import InMemoryOnceStore
from tests.ports.conftest import BOTH_SIDES, TableOf, WatchedClient

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture(params=BOTH_SIDES)
def store(request: pytest.FixtureRequest) -> OnceStore:
    if request.param == "in_memory":
        return InMemoryOnceStore()
    return DynamoDbOnceStore(request.getfixturevalue("table")("Coordination"))


def test_a_key_is_claimed_once(store: OnceStore) -> None:
    assert store.claim("webhook#1", now=NOW, keep_s=60)
    assert not store.claim("webhook#1", now=NOW, keep_s=60)
    assert store.claim("webhook#2", now=NOW, keep_s=60)


def test_one_of_ten_claims_at_once_succeeds(store: OnceStore) -> None:
    with ThreadPoolExecutor(10) as pool:
        claims = pool.map(lambda _: store.claim("webhook#1", now=NOW, keep_s=60), range(10))

    assert sum(claims) == 1


def test_a_claim_is_free_again_when_its_time_is_up(store: OnceStore) -> None:
    store.claim("webhook#1", now=NOW, keep_s=60)

    assert not store.claim("webhook#1", now=NOW + timedelta(seconds=59), keep_s=60)
    assert store.claim("webhook#1", now=NOW + timedelta(seconds=60), keep_s=60)
    assert not store.claim("webhook#1", now=NOW + timedelta(seconds=61), keep_s=60)


@pytest.mark.parametrize("key", ["", "x" * 5000, "é😀\n", "\ud800"], ids=ascii)
def test_a_key_may_be_anything_a_vendor_sends(store: OnceStore, key: str) -> None:
    assert store.claim(key, now=NOW, keep_s=60)
    assert not store.claim(key, now=NOW, keep_s=60)


def test_the_stored_key_does_not_tell_what_was_claimed(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    DynamoDbOnceStore(table("Coordination")).claim("+14155550142", now=NOW, keep_s=60)

    (item,) = dynamodb.scan(TableName="Coordination")["Items"]
    assert item["id"]["S"].startswith("once#")
    assert "4155550142" not in item["id"]["S"]


def test_an_outage_is_not_a_claim_that_failed(table: TableOf) -> None:
    with pytest.raises(StateUnavailable):
        DynamoDbOnceStore(table("NoSuchTable")).claim("webhook#1", now=NOW, keep_s=60)
