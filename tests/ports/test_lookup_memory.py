"""What every memory of CRM answers promises."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from switchboard.adapters.dynamodb_lookups import DynamoDbLookupMemory
from switchboard.domain.customer import Customer
from switchboard.domain.identity import EmailAddress, Identity, PhoneNumber
from switchboard.ports import LookupMemory, RememberedCustomers
from tests.fakes.lookups import InMemoryLookupMemory
from tests.ports.conftest import BOTH_SIDES, Clock, TableOf, WatchedClient

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ADAS_NUMBER = PhoneNumber("+14155550142")
ADAS_ADDRESS = EmailAddress("ada@example.com")
ADA = Customer(
    "sandbox",
    "cus-1",
    "person",
    "Ada Byron",
    ("(415) 555-0142",),
    ("ada@example.com",),
    {"balance_due": 120.5, "visits": 3, "vip": True, "owner": None},
    "https://crm.example.com/cus-1",
)
CHARLES = Customer("sandbox", "cus-2", "person", "Charles Babbage")


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture(params=BOTH_SIDES)
def memory(request: pytest.FixtureRequest, clock: Clock) -> LookupMemory:
    if request.param == "in_memory":
        return InMemoryLookupMemory(clock=clock)
    return DynamoDbLookupMemory(request.getfixturevalue("table")("Lookups"), clock=clock)


def remember(
    memory: LookupMemory,
    *customers: Customer,
    connector: str = "sandbox",
    identity: Identity = ADAS_NUMBER,
    now: datetime = NOW,
) -> None:
    memory.remember(connector, identity, customers, now=now, keep_s=60)


def test_nothing_is_recalled_that_was_not_remembered(memory: LookupMemory) -> None:
    assert memory.recall("sandbox", ADAS_NUMBER) is None


@pytest.mark.parametrize("customers", [(), (ADA,), (ADA, CHARLES)], ids=["none", "one", "two"])
def test_an_answer_is_recalled_as_it_was_given(
    memory: LookupMemory, customers: tuple[Customer, ...]
) -> None:
    remember(memory, *customers)

    assert memory.recall("sandbox", ADAS_NUMBER) == RememberedCustomers(customers, NOW)


def test_one_number_is_never_answered_with_anothers_customers(memory: LookupMemory) -> None:
    remember(memory, ADA)

    assert memory.recall("sandbox", PhoneNumber("+14155550143")) is None
    assert memory.recall("other-crm", ADAS_NUMBER) is None
    assert memory.recall("sandbox", ADAS_ADDRESS) is None


def test_an_address_that_looks_like_a_number_is_not_that_number(memory: LookupMemory) -> None:
    remember(memory, ADA)

    assert memory.recall("sandbox", EmailAddress(ADAS_NUMBER.e164)) is None


def test_an_address_is_remembered_as_a_number_is(memory: LookupMemory) -> None:
    remember(memory, ADA, identity=ADAS_ADDRESS)

    assert memory.recall("sandbox", ADAS_ADDRESS) == RememberedCustomers((ADA,), NOW)


def test_a_newer_answer_replaces_the_older(memory: LookupMemory) -> None:
    later = NOW + timedelta(seconds=30)
    remember(memory, ADA)
    remember(memory, now=later)

    assert memory.recall("sandbox", ADAS_NUMBER) == RememberedCustomers((), later)


def test_an_answer_is_forgotten_when_its_time_is_up(memory: LookupMemory, clock: Clock) -> None:
    remember(memory, ADA)
    clock.moves_on(59)
    assert memory.recall("sandbox", ADAS_NUMBER) is not None

    clock.moves_on(1)
    assert memory.recall("sandbox", ADAS_NUMBER) is None


def test_no_stored_key_tells_the_number(
    table: TableOf, dynamodb: WatchedClient, clock: Clock
) -> None:
    remember(DynamoDbLookupMemory(table("Lookups"), clock=clock), CHARLES)

    (item,) = dynamodb.scan(TableName="Lookups")["Items"]
    assert item["id"]["S"].startswith("lookup#")
    assert ADAS_NUMBER.digits not in json.dumps(item)


def test_recalling_and_remembering_is_one_call_each(
    table: TableOf, dynamodb: WatchedClient, clock: Clock
) -> None:
    memory = DynamoDbLookupMemory(table("Lookups"), clock=clock)
    remember(memory, ADA)
    memory.recall("sandbox", ADAS_NUMBER)

    assert dynamodb.calls == ["put_item", "get_item"]
