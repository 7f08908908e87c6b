"""What every interaction ledger promises."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.interaction import Interaction, TriggerEvent, TriggerKind
from switchboard.domain.posting import Posting, PostingState
from switchboard.domain.routing_record import RoutingRecord
from switchboard.errors import StateConflict, StateUnavailable
from switchboard.ports import Arrival, InteractionLedger, LedgerRow
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.ports.conftest import BOTH_SIDES, TableOf, WatchedClient

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=30)
ADA = Customer("sandbox", "cus-1", "person", "Ada Byron", ("(415) 555-0142",), ())
ROUTING = RoutingRecord(
    NOW,
    "d" * 16,
    "high-value",
    "queue",
    {"crm.tier": "high", "crm.products": ["tv"], "ecs.attempt": 0.5, "crm.owner": None},
    queue="vip",
    priority_s=600,
    prompts=("menu_short",),
    agent="2001",
)
POSTED = Posting("sandbox", PostingState.DONE, revision=1, attempted_at=NOW, record_id="act-1")


@pytest.fixture(params=BOTH_SIDES)
def ledger(request: pytest.FixtureRequest) -> InteractionLedger:
    if request.param == "in_memory":
        return InMemoryInteractionLedger()
    return DynamoDbInteractionLedger(request.getfixturevalue("table")("Interactions"))


@pytest.fixture
def dynamodb_ledger(table: TableOf) -> DynamoDbInteractionLedger:
    return DynamoDbInteractionLedger(table("Interactions"))


def event(
    interaction_id: str = "int-1",
    kind: TriggerKind = TriggerKind.INTERACTION_STARTS,
    minute: int = 0,
    **fields: str,
) -> TriggerEvent:
    return TriggerEvent(interaction_id, kind, NOW + timedelta(minutes=minute), fields)


def with_field(name: str, minute: int = 0) -> TriggerEvent:
    occurred_at = NOW + timedelta(minutes=minute)
    return TriggerEvent("int-1", TriggerKind.INTERACTION_STARTS, occurred_at, {name: "x"})


def arrival(customer: Customer | None = ADA, at: datetime = NOW) -> Arrival:
    return Arrival("req-1", at, "known", "+14155550142", customer, {"row": "vip"})


def at(moment: datetime) -> Callable[[Interaction], datetime]:
    return lambda _: moment


def told(ledger: InteractionLedger, *events: TriggerEvent) -> LedgerRow:
    """The row after these events."""
    for one in events:
        ledger.merge(one, now=NOW, due_when=at(SOON))
    return known(ledger, events[0].interaction_id)


def known(ledger: InteractionLedger, interaction_id: str = "int-1") -> LedgerRow:
    row = ledger.read(interaction_id)
    assert row is not None
    return row


# ── merging ──────────────────────────────────────────────────────────────────────────────────


def test_an_interaction_nobody_told_of_is_absent(ledger: InteractionLedger) -> None:
    assert ledger.read("int-1") is None


def test_events_of_one_interaction_become_one_document(ledger: InteractionLedger) -> None:
    row = told(
        ledger,
        event(channel="voice", agent_name="Ben"),
        event(kind=TriggerKind.SEGMENT_CHANGE, minute=2, agent_name="Cleo"),
    )

    assert row.interaction.fields == {"agent_name": "Cleo", "channel": "voice"}
    assert row.interaction.kinds_seen == {
        TriggerKind.INTERACTION_STARTS,
        TriggerKind.SEGMENT_CHANGE,
    }
    assert row.interaction.revision == 2


def test_merging_answers_with_what_is_read_afterwards(ledger: InteractionLedger) -> None:
    row = ledger.merge(event(channel="voice"), now=NOW, due_when=at(SOON))

    assert row == ledger.read("int-1")


def test_the_same_event_twice_says_nothing_new(ledger: InteractionLedger) -> None:
    before = told(ledger, event(channel="voice"))

    assert ledger.merge(event(channel="voice"), now=SOON, due_when=at(SOON)) is None
    assert ledger.read("int-1") == before


def test_an_event_that_contradicts_the_channel_is_refused(ledger: InteractionLedger) -> None:
    before = told(ledger, event(channel="voice", remarks="Ada wants her money back"))

    with pytest.raises(StateConflict) as refusal:
        ledger.merge(event(minute=1, channel="email"), now=NOW, due_when=at(SOON))

    assert "channel" in str(refusal.value)
    assert "Ada" not in str(refusal.value)
    assert ledger.read("int-1") == before


def test_an_interaction_starts_when_ecs_says(ledger: InteractionLedger) -> None:
    row = told(ledger, event(started_at="2026-03-02T09:58:30-05:00"))

    assert row.started_at == datetime(2026, 3, 2, 14, 58, 30, tzinfo=UTC)


@pytest.mark.parametrize("unusable", ["", "yesterday", "2026-03-02T09:58:30"])
def test_without_a_usable_start_our_own_clock_counts(
    ledger: InteractionLedger, unusable: str
) -> None:
    assert told(ledger, event(started_at=unusable)).started_at == NOW


def test_an_interaction_has_ended_when_we_first_hear_so(ledger: InteractionLedger) -> None:
    ends = event(kind=TriggerKind.INTERACTION_ENDS, minute=-5)
    assert told(ledger, event()).ended_at is None

    ledger.merge(ends, now=SOON, due_when=at(SOON))
    ledger.merge(
        event(kind=TriggerKind.SEGMENT_CHANGE, minute=9),
        now=SOON + timedelta(hours=1),
        due_when=at(SOON),
    )

    assert known(ledger).ended_at == SOON


def test_twenty_events_at_once_lose_nothing(ledger: InteractionLedger) -> None:
    events = [with_field(f"field_{n}", minute=n) for n in range(20)]

    with ThreadPoolExecutor(20) as pool:
        rows = list(pool.map(lambda one: ledger.merge(one, now=NOW, due_when=at(SOON)), events))

    assert None not in rows
    assert known(ledger).interaction.fields == {f"field_{n}": "x" for n in range(20)}
    assert known(ledger).interaction.revision == 20


_EVENTS = st.lists(
    st.builds(
        lambda kind, minute, fields: event(kind=kind, minute=minute, **fields),
        st.sampled_from(TriggerKind),
        st.integers(0, 3),
        st.dictionaries(
            st.sampled_from(["agent_name", "disposition_code", "remarks"]),
            st.sampled_from(["", "a", "b", "é\n\"'", "😀"]),
        ),
    ),
    min_size=1,
    max_size=5,
)
_FRESH_NUMBER = count()


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(events=_EVENTS, data=st.data())
def test_any_order_and_any_repeats_give_the_same_document(
    ledger: InteractionLedger, events: list[TriggerEvent], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.sampled_from(events), max_size=3))
    shuffled = data.draw(st.permutations(events + repeats))
    number = next(_FRESH_NUMBER)

    def document_of(label: str, told_events: list[TriggerEvent]) -> object:
        interaction_id = f"{label}-{number}"
        row = told(ledger, *(replace(one, interaction_id=interaction_id) for one in told_events))
        return row.interaction.versions, row.interaction.kinds_seen, row.started_at, row.ended_at

    assert document_of("shuffled", shuffled) == document_of("straight", events)


# ── arrivals ─────────────────────────────────────────────────────────────────────────────────


def test_an_arrival_is_noted_before_any_event(ledger: InteractionLedger) -> None:
    ledger.note_arrival("int-1", arrival())

    assert known(ledger).arrival == arrival()
    assert known(ledger).started_at == NOW
    assert known(ledger).interaction.revision == 0


def test_events_and_arrival_in_any_order_keep_each_other(ledger: InteractionLedger) -> None:
    ledger.note_arrival("arrival-first", arrival())
    told(ledger, event("arrival-first", channel="voice"))
    told(ledger, event("event-first", channel="voice"))
    ledger.note_arrival("event-first", arrival())

    for interaction_id in ("arrival-first", "event-first"):
        row = known(ledger, interaction_id)
        assert row.arrival == arrival()
        assert row.interaction.get("channel") == "voice"
        assert row.interaction.revision == 1


def test_a_later_arrival_note_replaces_the_first(ledger: InteractionLedger) -> None:
    ledger.note_arrival("int-1", Arrival("req-1", NOW, "degraded", decision={"row": "crm-down"}))
    ledger.note_arrival("int-1", arrival())

    assert known(ledger).arrival == arrival()


@pytest.mark.parametrize("outcome", ["unknown", "degraded"])
def test_a_note_that_knows_less_takes_nothing_away(ledger: InteractionLedger, outcome: str) -> None:
    ledger.note_arrival("int-1", arrival())
    ledger.note_arrival("int-1", Arrival("req-2", SOON, outcome))

    assert known(ledger).arrival == arrival()


def test_a_decision_survives_a_lookup_that_came_after_it(ledger: InteractionLedger) -> None:
    ledger.note_arrival("int-1", Arrival("req-1", NOW, "unknown", decision={"row": "vip"}))
    ledger.note_arrival("int-1", Arrival("req-2", SOON, "unknown"))

    noted = known(ledger).arrival
    assert noted == Arrival("req-2", SOON, "unknown", decision={"row": "vip"})


def test_the_record_of_a_decision_is_kept_whole(ledger: InteractionLedger) -> None:
    ledger.note_arrival("int-1", replace(arrival(), routing=ROUTING))

    noted = known(ledger).arrival
    assert noted is not None
    assert noted.routing == ROUTING


def test_a_note_without_a_decision_leaves_the_record_of_one(ledger: InteractionLedger) -> None:
    ledger.note_arrival("int-1", replace(arrival(None), routing=ROUTING))
    ledger.note_arrival("int-1", Arrival("req-2", SOON, "known", customer=ADA))

    noted = known(ledger).arrival
    assert noted is not None
    assert (noted.customer, noted.routing) == (ADA, ROUTING)


def test_a_later_decision_replaces_the_record_even_when_nobody_is_known(
    ledger: InteractionLedger,
) -> None:
    again = replace(ROUTING, at=SOON, row="low-value-again")
    ledger.note_arrival("int-1", replace(arrival(), routing=ROUTING))
    ledger.note_arrival("int-1", Arrival("req-2", SOON, "degraded", routing=again))

    noted = known(ledger).arrival
    assert noted is not None
    assert (noted.customer, noted.routing) == (ADA, again)


def test_a_customers_attributes_survive_with_their_types(ledger: InteractionLedger) -> None:
    attributes: dict[str, Scalar] = {
        "balance_due": 120.5,
        "visits": 3,
        "vip": True,
        "owner": None,
        "tier": "gold",
    }
    noted = arrival(replace(ADA, attributes=attributes, emails=("ada@example.com",)))
    ledger.note_arrival("int-1", noted)

    row = known(ledger)
    assert row.arrival == noted
    assert row.arrival.customer is not None
    kept = row.arrival.customer.attributes
    assert {name: type(kept[name]) for name in attributes} == {
        name: type(value) for name, value in attributes.items()
    }


# ── leases and postings ──────────────────────────────────────────────────────────────────────


def test_one_of_ten_workers_gets_the_lease(ledger: InteractionLedger) -> None:
    told(ledger, event())

    with ThreadPoolExecutor(10) as pool:
        rows = list(
            pool.map(
                lambda n: ledger.lease("int-1", token=f"worker-{n}", now=NOW, lease_s=60), range(10)
            )
        )

    assert sum(row is not None for row in rows) == 1


def test_the_leased_row_is_the_row(ledger: InteractionLedger) -> None:
    ledger.note_arrival("int-1", arrival())
    row = told(ledger, event(channel="voice"))

    assert ledger.lease("int-1", token="a", now=NOW, lease_s=60) == row


def test_nothing_can_be_leased_that_nobody_told_of(ledger: InteractionLedger) -> None:
    assert ledger.lease("int-1", token="a", now=NOW, lease_s=60) is None
    assert ledger.read("int-1") is None


def test_a_lease_asked_for_again_with_its_token_is_still_held(ledger: InteractionLedger) -> None:
    told(ledger, event())

    assert ledger.lease("int-1", token="a", now=NOW, lease_s=60) is not None
    assert ledger.lease("int-1", token="a", now=NOW, lease_s=60) is not None


def test_a_posting_saved_under_the_lease_is_kept(ledger: InteractionLedger) -> None:
    told(ledger, event())
    ledger.lease("int-1", token="a", now=NOW, lease_s=60)

    waiting = Posting("other-crm", attempts=2, due_at=SOON, reason="throttled")
    assert ledger.save_posting("int-1", POSTED, token="a")
    assert ledger.save_posting("int-1", waiting, token="a")
    told(ledger, event(minute=1, remarks="late"))

    assert known(ledger).postings == {"sandbox": POSTED, "other-crm": waiting}


def test_nothing_is_saved_or_released_without_the_lease(ledger: InteractionLedger) -> None:
    before = told(ledger, event())

    assert not ledger.save_posting("int-1", POSTED, token="a")
    assert not ledger.release("int-1", token="a", revision=1, due_at=None)
    assert not ledger.save_posting("nobody-knows", POSTED, token="a")
    assert not ledger.release("nobody-knows", token="a", revision=0, due_at=None)
    assert ledger.read("nobody-knows") is None
    assert ledger.read("int-1") == before
    assert ledger.due(now=SOON, limit=10) == ("int-1",)


def test_an_abandoned_lease_is_taken_over_and_its_zombie_changes_nothing(
    ledger: InteractionLedger,
) -> None:
    told(ledger, event())
    ledger.lease("int-1", token="zombie", now=NOW, lease_s=60)
    later = NOW + timedelta(seconds=60)

    assert ledger.due(now=later, limit=10) == ("int-1",)
    assert ledger.lease("int-1", token="heir", now=later, lease_s=60) is not None
    assert not ledger.save_posting("int-1", POSTED, token="zombie")
    assert not ledger.release("int-1", token="zombie", revision=1, due_at=None)

    assert known(ledger).postings == {}
    assert ledger.save_posting("int-1", POSTED, token="heir")
    assert ledger.due(now=later + timedelta(seconds=59), limit=10) == ()
    assert ledger.release("int-1", token="heir", revision=1, due_at=None)


def test_a_lease_that_runs_holds_until_its_last_moment(ledger: InteractionLedger) -> None:
    told(ledger, event())
    ledger.lease("int-1", token="a", now=NOW, lease_s=60)
    just_before = NOW + timedelta(seconds=59.999)

    assert ledger.lease("int-1", token="b", now=just_before, lease_s=60) is None
    assert ledger.due(now=just_before, limit=10) == ()


def test_a_released_row_can_be_leased_again_at_once(ledger: InteractionLedger) -> None:
    told(ledger, event())
    ledger.lease("int-1", token="a", now=NOW, lease_s=60)

    assert ledger.release("int-1", token="a", revision=1, due_at=None)
    assert not ledger.save_posting("int-1", POSTED, token="a")
    assert ledger.lease("int-1", token="b", now=NOW, lease_s=60) is not None


# ── what is due ──────────────────────────────────────────────────────────────────────────────


def test_a_merged_row_is_due_at_its_moment(ledger: InteractionLedger) -> None:
    told(ledger, event())

    assert ledger.due(now=SOON - timedelta(milliseconds=1), limit=10) == ()
    assert ledger.due(now=SOON, limit=10) == ("int-1",)


def test_the_merged_interaction_decides_when_it_is_due(ledger: InteractionLedger) -> None:
    def once_ended(interaction: Interaction) -> datetime:
        return SOON if interaction.has_ended else NOW + timedelta(hours=6)

    ledger.merge(event(kind=TriggerKind.INTERACTION_ENDS), now=NOW, due_when=once_ended)
    ledger.merge(event(), now=NOW, due_when=once_ended)

    assert ledger.due(now=SOON, limit=10) == ("int-1",)


def test_what_waits_longest_comes_first(ledger: InteractionLedger) -> None:
    for n in (3, 1, 2):
        ledger.merge(event(f"int-{n}"), now=NOW, due_when=at(NOW + timedelta(seconds=n)))

    assert ledger.due(now=SOON, limit=10) == ("int-1", "int-2", "int-3")
    assert ledger.due(now=SOON, limit=2) == ("int-1", "int-2")


def test_an_arrival_alone_is_never_due(ledger: InteractionLedger) -> None:
    ledger.note_arrival("int-1", arrival())

    assert ledger.due(now=SOON + timedelta(days=9), limit=10) == ()


def test_a_finished_row_is_due_no_more(ledger: InteractionLedger) -> None:
    told(ledger, event())
    ledger.lease("int-1", token="a", now=NOW, lease_s=60)
    ledger.release("int-1", token="a", revision=1, due_at=None)

    assert ledger.due(now=SOON + timedelta(days=9), limit=10) == ()


def test_a_row_to_be_tried_again_is_due_when_the_worker_says(ledger: InteractionLedger) -> None:
    told(ledger, event())
    ledger.lease("int-1", token="a", now=NOW, lease_s=60)
    ledger.release("int-1", token="a", revision=1, due_at=NOW + timedelta(hours=2))

    assert ledger.due(now=NOW + timedelta(hours=1), limit=10) == ()
    assert ledger.due(now=NOW + timedelta(hours=2), limit=10) == ("int-1",)


def test_a_row_that_grew_under_the_lease_is_due_at_once(ledger: InteractionLedger) -> None:
    told(ledger, event())
    ledger.lease("int-1", token="a", now=NOW, lease_s=60)
    ledger.merge(event(minute=1, remarks="late"), now=NOW, due_when=at(SOON))

    assert not ledger.release("int-1", token="a", revision=1, due_at=None)
    assert ledger.due(now=NOW, limit=10) == ("int-1",)
    assert ledger.lease("int-1", token="b", now=NOW, lease_s=60) is not None


def test_a_held_row_keeps_its_moment_when_an_event_comes(ledger: InteractionLedger) -> None:
    told(ledger, event())
    ledger.lease("int-1", token="a", now=NOW, lease_s=60)
    ledger.merge(event(minute=1, remarks="late"), now=NOW, due_when=at(SOON))

    assert ledger.due(now=NOW + timedelta(seconds=59), limit=10) == ()
    assert ledger.due(now=NOW + timedelta(seconds=60), limit=10) == ("int-1",)


def test_an_event_after_an_abandoned_lease_sets_its_own_moment(ledger: InteractionLedger) -> None:
    told(ledger, event())
    ledger.lease("int-1", token="gone", now=NOW, lease_s=60)
    later = NOW + timedelta(seconds=61)
    ledger.merge(
        event(minute=1, remarks="late"), now=later, due_when=at(later + timedelta(seconds=30))
    )

    assert ledger.due(now=later, limit=10) == ()
    assert ledger.due(now=later + timedelta(seconds=30), limit=10) == ("int-1",)


# ── history ──────────────────────────────────────────────────────────────────────────────────


def test_history_is_newest_first_and_over_all_channels(ledger: InteractionLedger) -> None:
    ledger.note_arrival("call", arrival(at=NOW - timedelta(days=2)))
    ledger.note_arrival("mail", arrival(at=NOW - timedelta(days=1)))
    told(ledger, event("chat", channel="chat", customer_id="sandbox:cus-1"))
    told(ledger, event("somebody-else", customer_id="sandbox:cus-2"))

    ids = [row.interaction.id for row in ledger.history("sandbox:cus-1", limit=10)]

    assert ids == ["chat", "mail", "call"]
    assert [row.interaction.id for row in ledger.history("sandbox:cus-1", limit=1)] == ["chat"]
    assert ledger.history("sandbox:cus-9", limit=10) == ()


def test_history_tells_all_that_the_row_holds_but_the_record(ledger: InteractionLedger) -> None:
    ledger.note_arrival("int-1", replace(arrival(), routing=ROUTING))
    row = told(ledger, event(channel="voice", disposition_code="SOLD"))

    assert ledger.history(ADA.key, limit=10) == (replace(row, arrival=arrival()),)


@pytest.mark.parametrize(
    "named",
    ["cus-1", "sandbox:", ":cus-1", "N/A", "sandbox: cus-1", "sandbox:" + "x" * 251],
    ids=lambda named: named[:16],
)
def test_a_customer_id_of_another_form_is_nobodys_history(
    ledger: InteractionLedger, named: str
) -> None:
    row = told(ledger, event(customer_id=named))

    assert row.interaction.get("customer_id") == named
    assert ledger.history(named, limit=10) == ()


def test_the_customer_the_crm_found_outweighs_the_one_ecs_names(ledger: InteractionLedger) -> None:
    ledger.note_arrival("arrival-first", arrival())
    told(ledger, event("arrival-first", customer_id="sandbox:cus-2"))
    told(ledger, event("event-first", customer_id="sandbox:cus-2"))
    ledger.note_arrival("event-first", arrival())

    assert len(ledger.history("sandbox:cus-1", limit=10)) == 2
    assert ledger.history("sandbox:cus-2", limit=10) == ()


# ── what only DynamoDB can get wrong ─────────────────────────────────────────────────────────


def test_a_release_between_read_and_write_leaves_the_grown_row_due(
    dynamodb_ledger: DynamoDbInteractionLedger, dynamodb: WatchedClient
) -> None:
    told(dynamodb_ledger, event())
    dynamodb_ledger.lease("int-1", token="a", now=NOW, lease_s=60)
    dynamodb.before_next(
        "update_item",
        lambda: dynamodb_ledger.release("int-1", token="a", revision=1, due_at=None),
    )
    dynamodb_ledger.merge(event(minute=1, remarks="late"), now=NOW, due_when=at(SOON))

    assert known(dynamodb_ledger).interaction.get("remarks") == "late"
    assert dynamodb_ledger.due(now=SOON, limit=10) == ("int-1",)


def test_an_arrival_between_read_and_write_keeps_its_customer(
    dynamodb_ledger: DynamoDbInteractionLedger, dynamodb: WatchedClient
) -> None:
    dynamodb.before_next("update_item", lambda: dynamodb_ledger.note_arrival("int-1", arrival()))
    told(dynamodb_ledger, event(customer_id="sandbox:cus-2"))

    assert len(dynamodb_ledger.history("sandbox:cus-1", limit=10)) == 1


def test_an_event_between_read_and_write_is_not_overwritten(
    dynamodb_ledger: DynamoDbInteractionLedger, dynamodb: WatchedClient
) -> None:
    faster = event(kind=TriggerKind.INTERACTION_ENDS, minute=1, disposition_code="SOLD")
    dynamodb.before_next("update_item", lambda: told(dynamodb_ledger, faster))
    row = told(dynamodb_ledger, event(channel="voice"))

    assert row.interaction.fields == {"channel": "voice", "disposition_code": "SOLD"}


def test_a_merge_that_never_gets_through_says_so(
    dynamodb_ledger: DynamoDbInteractionLedger, dynamodb: WatchedClient
) -> None:
    numbers = count()

    def somebody_is_faster() -> None:
        n = next(numbers)
        told(dynamodb_ledger, with_field(f"field_{n}"))
        dynamodb.before_next("update_item", somebody_is_faster)

    dynamodb.before_next("update_item", somebody_is_faster)

    with pytest.raises(StateUnavailable):
        dynamodb_ledger.merge(event(channel="voice"), now=NOW, due_when=at(SOON))


def test_due_and_history_read_on_over_several_pages(
    dynamodb_ledger: DynamoDbInteractionLedger,
) -> None:
    # One page of an answer holds 1 MB.
    remarks = "x" * 200_000
    for n in range(8):
        told(dynamodb_ledger, event(f"int-{n}", customer_id="sandbox:cus-1", remarks=remarks))

    assert len(dynamodb_ledger.history("sandbox:cus-1", limit=8)) == 8
    assert len(dynamodb_ledger.due(now=SOON, limit=8)) == 8


def test_a_row_is_forgotten_400_days_after_its_last_change(
    dynamodb_ledger: DynamoDbInteractionLedger, table: TableOf
) -> None:
    told(dynamodb_ledger, event())
    item = table("Interactions").get("int-1")

    assert item is not None
    assert item["expires_at"] == int((NOW + timedelta(days=400)).timestamp())


def test_an_outage_is_state_unavailable(table: TableOf) -> None:
    ledger = DynamoDbInteractionLedger(table("NoSuchTable"))

    with pytest.raises(StateUnavailable, match="ResourceNotFoundException"):
        ledger.merge(event(), now=NOW, due_when=at(SOON))
    with pytest.raises(StateUnavailable):
        ledger.due(now=NOW, limit=1)
