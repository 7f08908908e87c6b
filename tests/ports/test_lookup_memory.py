"""What every memory of CRM answers promises."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from switchboard.adapters.dynamodb_lookups import DynamoDbLookupMemory
from switchboard.domain.customer import Customer
from switchboard.domain.identity import EmailAddress, Identity, PhoneNumber
from switchboard.ports import LookupMemory, Recalled, RememberedCustomers
from tests.fakes.lookups import InMemoryLookupMemory
from tests.ports.conftest import BOTH_SIDES, TableOf, WatchedClient

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


@pytest.fixture(params=BOTH_SIDES)
def memory(request: pytest.FixtureRequest) -> LookupMemory:
    if request.param == "in_memory":
        return InMemoryLookupMemory()
    return DynamoDbLookupMemory(request.getfixturevalue("table")("Lookups"))


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def remember(
    memory: LookupMemory,
    *customers: Customer,
    connector: str = "sandbox",
    identity: Identity = ADAS_NUMBER,
    asked_at: datetime = NOW,
) -> None:
    memory.remember(connector, identity, customers, asked_at=asked_at, fresh_s=10, keep_s=60)


def recall(
    memory: LookupMemory,
    now: datetime = NOW,
    identity: Identity = ADAS_NUMBER,
    connector: str = "sandbox",
) -> Recalled:
    return memory.recall(connector, identity, now=now, lease_s=2)


def test_nothing_is_recalled_that_was_not_remembered(memory: LookupMemory) -> None:
    assert recall(memory) == Recalled(None, is_ours=True)


@pytest.mark.parametrize("customers", [(), (ADA,), (ADA, CHARLES)], ids=["none", "one", "two"])
def test_an_answer_is_recalled_as_it_was_given(
    memory: LookupMemory, customers: tuple[Customer, ...]
) -> None:
    remember(memory, *customers)

    assert recall(memory) == Recalled(RememberedCustomers(customers, NOW, at(10)))
    assert memory.look("sandbox", ADAS_NUMBER, now=NOW) == recall(memory)


def test_one_number_is_never_answered_with_anothers_customers(memory: LookupMemory) -> None:
    remember(memory, ADA)

    assert recall(memory, identity=PhoneNumber("+14155550143")).remembered is None
    assert recall(memory, connector="other-crm").remembered is None
    assert recall(memory, identity=ADAS_ADDRESS).remembered is None


def test_an_address_that_looks_like_a_number_is_not_that_number(memory: LookupMemory) -> None:
    remember(memory, ADA)

    assert recall(memory, identity=EmailAddress(ADAS_NUMBER.e164)).remembered is None


def test_an_address_is_remembered_as_a_number_is(memory: LookupMemory) -> None:
    remember(memory, ADA, identity=ADAS_ADDRESS)

    remembered = RememberedCustomers((ADA,), NOW, at(10))
    assert recall(memory, identity=ADAS_ADDRESS).remembered == remembered


def test_a_newer_answer_replaces_the_older_and_never_the_other_way_round(
    memory: LookupMemory,
) -> None:
    remember(memory, ADA)
    remember(memory, asked_at=at(30))
    remember(memory, CHARLES, asked_at=at(29))

    assert recall(memory, at(30)).remembered == RememberedCustomers((), at(30), at(40))


def test_an_answer_is_forgotten_when_its_time_is_up(memory: LookupMemory) -> None:
    remember(memory, ADA)

    assert recall(memory, at(59)).remembered is not None
    assert recall(memory, at(60)).remembered is None


def test_one_caller_asks_and_the_others_hear_that_it_does(memory: LookupMemory) -> None:
    assert recall(memory).is_ours
    assert recall(memory) == memory.look("sandbox", ADAS_NUMBER, now=NOW) == Recalled(is_asked=True)

    remember(memory, ADA)
    assert not recall(memory).is_asked


def test_a_thousand_callers_at_once_and_one_of_them_asks(memory: LookupMemory) -> None:
    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(lambda _: recall(memory), range(1000)))

    assert sum(one.is_ours for one in told) == 1
    assert sum(one.is_asked for one in told) == 999


def test_who_asks_and_dies_holds_up_the_others_for_its_lease_only(memory: LookupMemory) -> None:
    recall(memory)

    assert not recall(memory, at(1.9)).is_ours
    assert recall(memory, at(2)).is_ours


def test_an_answer_that_is_not_fresh_is_still_told_to_who_renews_it(memory: LookupMemory) -> None:
    remember(memory, ADA)

    assert not recall(memory, at(9.9)).is_ours
    assert recall(memory, at(10)) == Recalled(
        RememberedCustomers((ADA,), NOW, at(10)), is_ours=True
    )


def test_after_a_failure_nobody_asks_for_a_while(memory: LookupMemory) -> None:
    remember(memory, ADA)
    recall(memory, at(10))
    memory.note_failure("sandbox", ADAS_NUMBER, now=at(11), pause_s=2)

    paused = recall(memory, at(12.9))
    assert (paused.is_ours, paused.is_asked, paused.has_failed) == (False, False, True)
    assert paused.remembered is not None
    assert recall(memory, at(13)).is_ours


def test_an_answer_ends_the_pause(memory: LookupMemory) -> None:
    memory.note_failure("sandbox", ADAS_NUMBER, now=NOW, pause_s=20)
    remember(memory, ADA)

    assert not recall(memory).has_failed


def test_what_is_forgotten_does_not_come_back_with_an_answer_from_before(
    memory: LookupMemory,
) -> None:
    remember(memory, ADA)
    memory.forget("sandbox", ADAS_NUMBER, now=at(5))
    remember(memory, ADA, asked_at=at(4))
    assert recall(memory, at(6)) == Recalled(None, is_ours=True)

    remember(memory, CHARLES, asked_at=at(7))
    assert recall(memory, at(8)).remembered == RememberedCustomers((CHARLES,), at(7), at(17))


def test_what_may_be_old_is_told_still_and_renewed_next(memory: LookupMemory) -> None:
    memory.outdate([("sandbox", ADAS_NUMBER)], now=NOW)
    remember(memory, ADA)
    memory.outdate([("sandbox", ADAS_NUMBER)], now=at(5))
    memory.outdate([("sandbox", ADAS_NUMBER)], now=at(8))

    assert recall(memory, at(8)) == Recalled(RememberedCustomers((ADA,), NOW, at(5)), is_ours=True)


def test_of_many_only_what_is_remembered_may_be_old_by_now(memory: LookupMemory) -> None:
    remember(memory, ADA)
    others = [("sandbox", EmailAddress(f"caller-{number}@example.com")) for number in range(150)]

    memory.outdate([*others, ("sandbox", ADAS_NUMBER), ("another", ADAS_NUMBER)], now=at(5))

    assert recall(memory, at(5)) == Recalled(RememberedCustomers((ADA,), NOW, at(5)), is_ours=True)
    assert memory.look("another", ADAS_NUMBER, now=at(5)).remembered is None


def test_of_none_nothing_is_outdated(memory: LookupMemory) -> None:
    remember(memory, ADA)

    memory.outdate([], now=at(5))

    assert not recall(memory, at(5)).is_ours


def test_an_answer_is_kept_at_least_as_long_as_it_is_fresh(memory: LookupMemory) -> None:
    memory.remember("sandbox", ADAS_NUMBER, (ADA,), asked_at=NOW, fresh_s=10, keep_s=0)

    assert recall(memory, at(9)).remembered is not None
    assert recall(memory, at(10)) == Recalled(None, is_ours=True)


def test_an_answer_that_is_too_large_holds_nobody_up(memory: LookupMemory) -> None:
    recall(memory)
    remember(memory, *(replace(ADA, id=f"cus-{number}") for number in range(1000)))

    assert recall(memory) == Recalled(None, is_ours=True)


def test_an_id_of_any_length_is_remembered(memory: LookupMemory) -> None:
    remember(memory, replace(ADA, id="x" * 5000))

    assert recall(memory).remembered is not None


def test_a_merged_record_is_forgotten_with_its_survivor(memory: LookupMemory) -> None:
    remember(memory, replace(ADA, id="cus-0", merged_into="cus-1"))

    memory.forget_customer(ADA.key, now=at(1))

    assert recall(memory, at(2)).remembered is None


def test_a_customer_is_forgotten_under_every_number_and_address(memory: LookupMemory) -> None:
    remember(memory, ADA)
    remember(memory, ADA, identity=ADAS_ADDRESS)
    remember(memory, CHARLES, identity=PhoneNumber("+14155550143"))

    memory.forget_customer(ADA.key, now=at(1))

    assert recall(memory, at(2)).remembered is None
    assert recall(memory, at(2), ADAS_ADDRESS).remembered is None
    assert recall(memory, at(2), PhoneNumber("+14155550143")).remembered is not None


def test_no_stored_key_tells_the_number(table: TableOf, dynamodb: WatchedClient) -> None:
    remember(DynamoDbLookupMemory(table("Lookups")), CHARLES)

    (item,) = dynamodb.scan(TableName="Lookups")["Items"]
    assert item["id"]["S"].startswith("lookup#")
    assert ADAS_NUMBER.digits not in json.dumps(item)


def test_each_promise_is_one_call(table: TableOf, dynamodb: WatchedClient) -> None:
    memory = DynamoDbLookupMemory(table("Lookups"))
    recall(memory)
    remember(memory, ADA)
    recall(memory)
    memory.look("sandbox", ADAS_NUMBER, now=NOW)
    memory.note_failure("sandbox", ADAS_NUMBER, now=NOW, pause_s=1)
    memory.forget("sandbox", ADAS_NUMBER, now=NOW)

    assert dynamodb.calls == ["update_item"] * 3 + ["get_item"] + ["update_item"] * 2
