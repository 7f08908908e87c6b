"""What every reader of recorded contacts promises."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_recorded import DECISION_ALONE, DynamoDbRecordedContacts
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.customer import Customer
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.domain.recorded_contact import RecordedContact
from switchboard.domain.routing_record import RoutingRecord
from switchboard.errors import StateUnavailable
from switchboard.ports import Arrival, InteractionLedger, RecordedContacts
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.fakes.recorded import InMemoryRecordedContacts
from tests.ports.conftest import BOTH_SIDES, Clock, TableOf, WatchedClient

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SEGMENTS = 4
ADA = Customer("sandbox", "cus-1", "person", "Ada Byron", ("(415) 555-0142",))


def record(at: datetime = NOON, **other: str) -> RoutingRecord:
    said = {"row": "high-value", "action": "queue", **other}
    return RoutingRecord(at, "d" * 16, facts={"crm.tier": "high", "crm.owner": None}, **said)  # type: ignore[arg-type]


@dataclass
class Recording:
    """A ledger, and what reads the recorded contacts out of it."""

    ledger: InteractionLedger
    contacts: RecordedContacts

    def decided(self, interaction_id: str, routing: RoutingRecord | None = None) -> None:
        routing = routing or record()
        arrival = Arrival("r-1", routing.at, "known", "+14155550142", ADA, routing=routing)
        self.ledger.note_arrival(interaction_id, arrival)

    def told(self, interaction_id: str, kind: TriggerKind, **fields: str) -> None:
        event = TriggerEvent(interaction_id, kind, NOON, fields)
        self.ledger.merge(event, now=NOON, due_when=lambda _: NOON)

    def found(
        self, start: datetime = NOON - DAY, end: datetime = NOON + DAY, now: datetime = NOON
    ) -> dict[str, RecordedContact]:
        pages = self.contacts.pages(start, end, now=now)
        return {contact.id: contact for page in pages for contact in page.contacts}


@pytest.fixture(params=BOTH_SIDES)
def recording(request: pytest.FixtureRequest) -> Recording:
    if request.param == "in_memory":
        memory = InMemoryInteractionLedger()
        return Recording(memory, InMemoryRecordedContacts(memory))
    table = request.getfixturevalue("table")("Interactions")
    return Recording(DynamoDbInteractionLedger(table), DynamoDbRecordedContacts(table))


def test_a_decided_contact_comes_with_what_became_of_it(recording: Recording) -> None:
    recording.decided("int-1")
    recording.told(
        "int-1",
        TriggerKind.INTERACTION_ENDS,
        channel="voice",
        queue_s="12",
        handle_s="240",
        agent_extension="2001",
        business_process="Customer Care",
        disposition_code="SOLD",
        remarks="Ada wants her money back",
    )

    assert recording.found() == {
        "int-1": RecordedContact(
            "int-1",
            record(),
            customer_key="sandbox:cus-1",
            channel="voice",
            waited_s=12,
            handled_s=240,
            abandoned=False,
            agent="2001",
            business_process="Customer Care",
            disposition_code="SOLD",
        )
    }


def test_what_was_only_looked_up_or_told_of_was_not_decided(recording: Recording) -> None:
    recording.ledger.note_arrival("looked-up", Arrival("r-1", NOON, "known", customer=ADA))
    recording.told("told-of", TriggerKind.INTERACTION_STARTS, channel="voice")

    assert recording.found() == {}
    assert sum(page.looked_at for page in recording.contacts.pages(NOON, NOON, now=NOON)) == 2


def test_the_first_moment_belongs_to_the_period_and_the_end_does_not(recording: Recording) -> None:
    for name, at in (("first", NOON), ("last", NOON + DAY - timedelta(microseconds=1))):
        recording.decided(name, record(at))
    recording.decided("before", record(NOON - timedelta(microseconds=1)))
    recording.decided("end", record(NOON + DAY))

    assert set(recording.found(NOON, NOON + DAY)) == {"first", "last"}


def test_what_has_expired_is_gone_although_it_still_stands_there(recording: Recording) -> None:
    recording.decided("int-1")

    assert set(recording.found(now=NOON + timedelta(days=399))) == {"int-1"}
    assert recording.found(now=NOON + timedelta(days=400)) == {}


@pytest.mark.parametrize(
    ("routing", "fields", "abandoned"),
    [
        (record(), {"channel": "voice", "queue_s": "30"}, True),
        (record(), {"channel": "voice", "handle_s": "0", "agent_extension": "2001"}, True),
        (record(), {"channel": "voice", "agent_name": "Ben"}, False),
        (record(), {"channel": "email"}, None),
        (record(), {"channel": "email", "agent_extension": "2001"}, False),
        (record(action="self_service"), {"channel": "voice"}, None),
    ],
    ids=["no agent", "offered and not taken", "an agent", "waiting mail", "mail", "not queued"],
)
def test_who_left_before_an_agent_came_is_told_where_it_can_be(
    recording: Recording, routing: RoutingRecord, fields: dict[str, str], *, abandoned: bool | None
) -> None:
    recording.decided("int-1", routing)
    recording.told("int-1", TriggerKind.INTERACTION_ENDS, **fields)

    assert recording.found()["int-1"].abandoned is abandoned


def test_a_call_that_goes_on_is_not_abandoned_yet(recording: Recording) -> None:
    recording.decided("int-1")
    recording.told("int-1", TriggerKind.INTERACTION_STARTS, channel="voice", queue_s="later")

    contact = recording.found()["int-1"]
    assert (contact.abandoned, contact.waited_s, contact.handled_s) == (None, None, None)


# ── what only DynamoDB can get wrong ─────────────────────────────────────────────────────────


def test_a_ledger_of_many_pages_is_read_whole(table: TableOf) -> None:
    ledger = DynamoDbInteractionLedger(table("Interactions"))
    recording = Recording(ledger, DynamoDbRecordedContacts(table("Interactions")))
    for n in range(24):
        # One page of a scan holds 1 MB.
        recording.told(f"int-{n}", TriggerKind.INTERACTION_STARTS, remarks="x" * 240_000)
        recording.decided(f"int-{n}")

    pages = list(recording.contacts.pages(NOON, NOON + DAY, now=NOON))

    assert {contact.id for page in pages for contact in page.contacts} == {
        f"int-{n}" for n in range(24)
    }
    assert sum(page.looked_at for page in pages) == 24
    assert len(pages) > SEGMENTS


class ListeningClient:
    """A DynamoDB client that remembers what its scans asked for."""

    def __init__(self, client: WatchedClient) -> None:
        self._client = client
        self.asked_for: set[str] = set()

    def scan(self, **arguments: Any) -> Any:
        self.asked_for.update(arguments["ExpressionAttributeNames"].values())
        return self._client.scan(**arguments)


def test_the_number_and_the_customers_record_are_not_read(
    dynamodb: WatchedClient,
) -> None:
    client = ListeningClient(dynamodb)
    table = DynamoDbTable(cast("DynamoDBClient", client), "Interactions")

    list(DynamoDbRecordedContacts(table).pages(NOON, NOON + DAY, now=NOON))

    assert client.asked_for == {"id", "revision", "document", "customer_key", "routing"}


def test_for_a_replay_in_the_page_the_decision_alone_is_read(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    recording = Recording(
        DynamoDbInteractionLedger(table("Interactions")),
        DynamoDbRecordedContacts(table("Interactions"), reads=DECISION_ALONE),
    )
    recording.decided("int-1")
    recording.told("int-1", TriggerKind.INTERACTION_ENDS, agent_extension="2001", handle_s="9")
    client = ListeningClient(dynamodb)
    listening = DynamoDbTable(cast("DynamoDBClient", client), "Interactions")
    list(DynamoDbRecordedContacts(listening, reads=DECISION_ALONE).pages(NOON, NOON, now=NOON))

    (found,) = recording.found().values()

    assert found == RecordedContact("int-1", record())
    assert client.asked_for == {"id", "routing"}


def test_reading_keeps_to_its_pace(table: TableOf) -> None:
    clock, slept = Clock(NOON), list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.moves_on(seconds)

    recording = Recording(
        DynamoDbInteractionLedger(table("Interactions")),
        DynamoDbRecordedContacts(table("Interactions"), units_per_s=2, clock=clock, sleep=sleep),
    )
    recording.decided("int-1")

    read = sum(1 for _ in recording.contacts.pages(NOON, NOON + DAY, now=NOON))

    # The table of the test says one unit for every page.
    assert sum(slept) == pytest.approx(read / 2)


def test_whoever_has_enough_may_stop(recording: Recording) -> None:
    for n in range(5):
        recording.decided(f"int-{n}")
    pages = recording.contacts.pages(NOON, NOON + DAY, now=NOON)

    assert next(pages) is not None
    pages.close()  # type: ignore[attr-defined]
    assert list(pages) == []


def test_an_outage_is_state_unavailable(table: TableOf, dynamodb: WatchedClient) -> None:
    contacts = DynamoDbRecordedContacts(table("Interactions"))
    dynamodb.is_down = True

    with pytest.raises(StateUnavailable):
        list(contacts.pages(NOON, NOON + DAY, now=NOON))
