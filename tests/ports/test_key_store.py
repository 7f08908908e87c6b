"""What every store of header keys promises."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from switchboard.adapters.dynamodb_config import DynamoDbKeyStore
from switchboard.adapters.last_good import LastGoodCopies, Lifetime
from switchboard.errors import StateUnavailable
from switchboard.ports import HeaderKey, KeyStore
from tests.fakes.config import InMemoryKeyStore
from tests.ports.conftest import BOTH_SIDES, Clock, TableOf, WatchedClient

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
KEY = HeaderKey(
    "ecs-1", "d" * 64, ("/v1/arrivals/*",), ("198.51.100.0/24",), NOW + timedelta(days=90)
)


class HandsOutKeys(KeyStore, Protocol):
    def put_key(self, key: HeaderKey) -> None: ...


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture(params=BOTH_SIDES)
def keys(request: pytest.FixtureRequest) -> HandsOutKeys:
    if request.param == "in_memory":
        return InMemoryKeyStore()
    return DynamoDbKeyStore(request.getfixturevalue("table")("Config"))


@pytest.fixture
def operator(table: TableOf) -> DynamoDbKeyStore:
    """Hands out keys from another process."""
    return DynamoDbKeyStore(table("Config"))


@pytest.fixture
def reader(table: TableOf, clock: Clock) -> DynamoDbKeyStore:
    """Checks keys inside the authorizer."""
    return DynamoDbKeyStore(table("Config"), clock=clock)


def test_a_key_is_found_as_it_was_handed_out(keys: HandsOutKeys) -> None:
    everlasting = HeaderKey("app-1", "e" * 64, ("/v1/outbound-requests",))
    keys.put_key(KEY)
    keys.put_key(everlasting)

    assert keys.find("ecs-1") == KEY
    assert keys.find("app-1") == everlasting


@pytest.mark.parametrize("key_id", ["nobody", "", "x" * 5000, "é😀"], ids=ascii)
def test_a_key_nobody_was_given_is_not_found(keys: HandsOutKeys, key_id: str) -> None:
    keys.put_key(KEY)

    assert keys.find(key_id) is None


def test_a_key_handed_out_again_replaces_the_first(keys: HandsOutKeys) -> None:
    narrowed = HeaderKey("ecs-1", "f" * 64, ("/v1/arrivals/lookup",))
    keys.put_key(KEY)
    keys.find("ecs-1")
    keys.put_key(narrowed)

    assert keys.find("ecs-1") == narrowed


def test_a_found_key_is_read_once_a_minute(
    operator: DynamoDbKeyStore, reader: DynamoDbKeyStore, dynamodb: WatchedClient, clock: Clock
) -> None:
    operator.put_key(KEY)
    dynamodb.calls.clear()
    reader.find("ecs-1")
    clock.moves_on(59)
    reader.find("ecs-1")
    assert dynamodb.calls == ["get_item"]

    clock.moves_on(1)
    reader.find("ecs-1")
    assert dynamodb.calls == ["get_item", "get_item"]


def test_a_new_key_works_five_seconds_after_it_was_tried_too_early(
    operator: DynamoDbKeyStore, reader: DynamoDbKeyStore, clock: Clock
) -> None:
    assert reader.find("ecs-1") is None
    operator.put_key(KEY)
    clock.moves_on(5)

    assert reader.find("ecs-1") == KEY


def test_guessing_one_key_again_and_again_reads_the_table_once(
    reader: DynamoDbKeyStore, dynamodb: WatchedClient
) -> None:
    for _ in range(10):
        reader.find("nobody")

    assert dynamodb.calls == ["get_item"]


def test_a_known_key_works_through_an_outage_of_an_hour_and_no_longer(
    operator: DynamoDbKeyStore, reader: DynamoDbKeyStore, dynamodb: WatchedClient, clock: Clock
) -> None:
    operator.put_key(KEY)
    reader.find("ecs-1")
    dynamodb.is_down = True
    clock.moves_on(1800)
    assert reader.find("ecs-1") == KEY
    clock.moves_on(1799)
    assert reader.find("ecs-1") == KEY

    clock.moves_on(6)
    with pytest.raises(StateUnavailable):
        reader.find("ecs-1")


def test_in_an_outage_an_unknown_key_is_not_called_wrong(
    reader: DynamoDbKeyStore, dynamodb: WatchedClient, clock: Clock
) -> None:
    reader.find("ecs-1")
    dynamodb.is_down = True
    clock.moves_on(5)

    with pytest.raises(StateUnavailable):
        reader.find("ecs-1")


def test_a_strangers_many_guesses_do_not_fill_the_memory() -> None:
    copies: LastGoodCopies[int] = LastGoodCopies(lambda _: Lifetime(60, 60), clock=Clock(NOW))
    for n in range(2500):
        copies.get(str(n), lambda: 1)

    assert len(copies) <= 1000
