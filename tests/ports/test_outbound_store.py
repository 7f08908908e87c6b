"""What every store of call requests promises."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from switchboard.adapters.dynamodb_outbound import DynamoDbOutboundStore
from switchboard.domain.identity import PhoneNumber
from switchboard.domain.outbound import OutboundRequest, OutboundState
from switchboard.ports import OutboundStore
from tests.fakes.outbound import InMemoryOutboundStore
from tests.ports.conftest import BOTH_SIDES, TableOf, WatchedClient

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=30)
ADAS_NUMBER = PhoneNumber("+14155550142")
BENS_NUMBER = PhoneNumber("+14155550143")
REQUEST = OutboundRequest(
    id="req-1",
    source="sandbox",
    number=ADAS_NUMBER,
    business_process="Call backs",
    not_after=NOW + timedelta(hours=8),
    customer_key="sandbox:cus-1",
    customer_name="Ada Byron",
    time_zone="America/Los_Angeles",
    preferred_agent="2001",
    remarks='asks for "the engine" 😀\nafter lunch',
    request_id="apigw-1",
    created_at=NOW,
)
CLAIMED = REQUEST.moved_to(OutboundState.DIALING, at=NOW)


@pytest.fixture(params=BOTH_SIDES)
def store(request: pytest.FixtureRequest) -> OutboundStore:
    if request.param == "in_memory":
        return InMemoryOutboundStore()
    return DynamoDbOutboundStore(request.getfixturevalue("table")("Outbound"))


def another(number: int, contact: PhoneNumber = ADAS_NUMBER) -> OutboundRequest:
    return replace(REQUEST, id=f"req-{number}", number=contact)


def test_a_request_is_read_as_it_was_added(store: OutboundStore) -> None:
    assert store.add(REQUEST, due_at=SOON) is None
    assert store.read("req-1") == REQUEST


def test_a_request_nobody_made_is_absent(store: OutboundStore) -> None:
    assert store.read("req-1") is None


def test_a_request_sent_twice_is_answered_with_the_first(store: OutboundStore) -> None:
    store.add(REQUEST, due_at=SOON)

    assert store.add(replace(REQUEST, remarks="again"), due_at=SOON) == REQUEST
    assert store.read("req-1") == REQUEST


def test_a_request_is_claimed_for_dialling_by_one_of_ten(store: OutboundStore) -> None:
    store.add(REQUEST, due_at=SOON)

    with ThreadPoolExecutor(10) as pool:
        claims = pool.map(
            lambda _: store.move(CLAIMED, expected=OutboundState.QUEUED, due_at=SOON), range(10)
        )

    assert sum(claims) == 1
    assert store.read("req-1") == CLAIMED


def test_a_cancelled_request_is_not_dialled(store: OutboundStore) -> None:
    store.add(REQUEST, due_at=SOON)
    cancelled = REQUEST.moved_to(OutboundState.CANCELLED, at=NOW, reason="asker")
    assert store.move(cancelled, expected=OutboundState.QUEUED, due_at=None)

    assert not store.move(CLAIMED, expected=OutboundState.QUEUED, due_at=SOON)
    assert store.read("req-1") == cancelled


def test_a_request_nobody_made_cannot_be_moved(store: OutboundStore) -> None:
    assert not store.move(CLAIMED, expected=OutboundState.QUEUED, due_at=SOON)
    assert store.read("req-1") is None


def test_what_waits_longest_comes_first(store: OutboundStore) -> None:
    for n in (3, 1, 2):
        store.add(another(n), due_at=NOW + timedelta(seconds=n))

    assert store.due(now=SOON, limit=10) == ("req-1", "req-2", "req-3")
    assert store.due(now=SOON, limit=2) == ("req-1", "req-2")
    assert store.due(now=NOW, limit=10) == ()


def test_a_request_that_was_moved_is_due_when_the_mover_says(store: OutboundStore) -> None:
    store.add(REQUEST, due_at=NOW)
    store.move(CLAIMED, expected=OutboundState.QUEUED, due_at=SOON)

    assert store.due(now=NOW, limit=10) == ()
    assert store.due(now=SOON, limit=10) == ("req-1",)


def test_a_request_without_a_moment_is_never_due(store: OutboundStore) -> None:
    refused = replace(another(2), state=OutboundState.REFUSED)
    store.add(refused, due_at=None)
    store.add(REQUEST, due_at=NOW)
    placed = CLAIMED.moved_to(OutboundState.PLACED, at=NOW, call_id="call-1")
    store.move(placed, expected=OutboundState.QUEUED, due_at=None)

    assert store.read("req-2") == refused
    assert store.due(now=NOW + timedelta(days=9), limit=10) == ()


def test_twenty_requests_at_once_get_exactly_the_limit(store: OutboundStore) -> None:
    with ThreadPoolExecutor(20) as pool:
        granted = pool.map(
            lambda n: store.reserve_attempt(another(n), local_day="2026-03-02", limit=7), range(20)
        )

    assert sum(granted) == 7


def test_a_request_tried_again_counts_once(store: OutboundStore) -> None:
    for _ in range(3):
        assert store.reserve_attempt(another(1), local_day="2026-03-02", limit=2)

    assert store.reserve_attempt(another(2), local_day="2026-03-02", limit=2)
    assert not store.reserve_attempt(another(3), local_day="2026-03-02", limit=2)
    assert store.reserve_attempt(another(1), local_day="2026-03-02", limit=2)


def test_every_number_and_every_day_counts_for_itself(store: OutboundStore) -> None:
    assert store.reserve_attempt(another(1), local_day="2026-03-02", limit=1)
    assert store.reserve_attempt(another(2), local_day="2026-03-03", limit=1)
    assert store.reserve_attempt(another(3, BENS_NUMBER), local_day="2026-03-02", limit=1)
    assert not store.reserve_attempt(another(4), local_day="2026-03-02", limit=1)


def test_a_limit_of_none_grants_none(store: OutboundStore) -> None:
    assert not store.reserve_attempt(REQUEST, local_day="2026-03-02", limit=0)


def test_a_number_marked_do_not_call_stays_so(store: OutboundStore) -> None:
    store.mark_do_not_call(ADAS_NUMBER, source="agent", at=NOW)
    store.mark_do_not_call(ADAS_NUMBER, source="crm", at=SOON)

    assert store.is_do_not_call(ADAS_NUMBER)
    assert not store.is_do_not_call(BENS_NUMBER)


def test_the_first_do_not_call_mark_is_kept_as_evidence(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    store = DynamoDbOutboundStore(table("Outbound"))
    store.mark_do_not_call(ADAS_NUMBER, source="agent", at=NOW)
    store.mark_do_not_call(ADAS_NUMBER, source="crm", at=SOON)

    (item,) = dynamodb.scan(TableName="Outbound")["Items"]
    assert item["marked_by"] == {"S": "agent"}
    assert item["marked_at"] == {"S": "2026-03-02T15:00:00.000000+00:00"}


def test_counters_and_do_not_call_marks_do_not_tell_the_number(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    store = DynamoDbOutboundStore(table("Outbound"))
    store.reserve_attempt(REQUEST, local_day="2026-03-02", limit=1)
    store.mark_do_not_call(ADAS_NUMBER, source="agent", at=NOW)

    items = dynamodb.scan(TableName="Outbound")["Items"]
    assert sorted(item["id"]["S"].split("#")[0] for item in items) == ["attempts", "dnc"]
    assert ADAS_NUMBER.digits not in json.dumps(items)


def test_nobody_reads_a_counter_or_a_mark_by_calling_it_a_request(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    store = DynamoDbOutboundStore(table("Outbound"))
    store.mark_do_not_call(ADAS_NUMBER, source="agent", at=NOW)
    (item,) = dynamodb.scan(TableName="Outbound")["Items"]

    assert store.read(item["id"]["S"]) is None
