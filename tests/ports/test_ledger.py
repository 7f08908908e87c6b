"""What every interaction ledger promises."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.trigger_notes import MOST_NOTES
from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.interaction import (
    MOST_SEGMENTS,
    Interaction,
    TriggerEvent,
    TriggerKind,
)
from switchboard.domain.posting import Posting, PostingState
from switchboard.domain.routing_record import RoutingRecord
from switchboard.errors import RequestTooLarge, StateConflict, StateUnavailable
from switchboard.ports import (
    Arrival,
    InteractionLedger,
    LedgerRow,
    Next,
    Settled,
    TriggerNote,
)
from tests.ports.conftest import TableOf, WatchedClient

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=30)
NOTHING_NEXT = Next()
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
    assert replace(known(ledger), triggers=before.triggers) == before


def test_an_event_that_contradicts_the_channel_is_refused(ledger: InteractionLedger) -> None:
    before = told(ledger, event(channel="voice", remarks="Ada wants her money back"))

    with pytest.raises(StateConflict) as refusal:
        ledger.merge(event(minute=1, channel="email"), now=NOW, due_when=at(SOON))

    assert "channel" in str(refusal.value)
    assert "Ada" not in str(refusal.value)
    assert replace(known(ledger), triggers=before.triggers) == before


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


# ── claims and postings ──────────────────────────────────────────────────────────────────────


def claim(
    ledger: InteractionLedger,
    token: str = "a",
    *,
    row: LedgerRow | None = None,
    postings: Sequence[Posting] = (),
    now: datetime = NOW,
) -> bool:
    return ledger.claim(row or known(ledger), postings, token=token, now=now, lease_s=60)


def settle(
    ledger: InteractionLedger,
    token: str = "a",
    *,
    postings: Sequence[Posting] = (),
    revision: int = 1,
    after: Next = NOTHING_NEXT,
    customer_key: str = "",
) -> Settled:
    return ledger.settle(
        "int-1",
        postings,
        token=token,
        revision=revision,
        after=after,
        customer_key=customer_key,
    )


def test_one_of_ten_workers_gets_the_row(ledger: InteractionLedger) -> None:
    row = told(ledger, event())

    with ThreadPoolExecutor(10) as pool:
        won = list(pool.map(lambda n: claim(ledger, f"worker-{n}", row=row), range(10)))

    assert won.count(True) == 1


def test_a_claim_keeps_the_postings_and_says_whose_it_is(ledger: InteractionLedger) -> None:
    told(ledger, event())
    trying = Posting("sandbox", PostingState.ATTEMPTING, revision=1, attempted_at=NOW)

    assert claim(ledger, postings=[trying])

    row = known(ledger)
    assert row.postings == {"sandbox": trying}
    assert (row.held_by, row.held_until) == ("a", NOW + timedelta(seconds=60))
    assert ledger.due(now=NOW + timedelta(seconds=60), limit=10) == ("int-1",)


def test_a_row_that_grew_since_it_was_read_cannot_be_claimed(ledger: InteractionLedger) -> None:
    row = told(ledger, event())
    told(ledger, event(minute=1, remarks="late"))

    assert not claim(ledger, row=row, postings=[POSTED])
    assert known(ledger).postings == {}
    assert claim(ledger)


def test_a_row_that_another_worker_finished_since_it_was_read_cannot_be_claimed(
    ledger: InteractionLedger,
) -> None:
    row = told(ledger, event())
    claim(ledger, "quicker")
    settle(ledger, "quicker", postings=[POSTED])

    assert not claim(ledger, row=row, postings=[replace(POSTED, state=PostingState.ATTEMPTING)])
    assert not ledger.settle_unclaimed(row, [], now=NOW, after=NOTHING_NEXT)
    assert known(ledger).postings == {"sandbox": POSTED}


def test_a_claim_asked_for_again_with_its_token_is_still_held(ledger: InteractionLedger) -> None:
    row = told(ledger, event())

    assert claim(ledger, row=row)
    assert claim(ledger, row=row)


def test_rows_are_read_together(ledger: InteractionLedger) -> None:
    rows = {name: told(ledger, event(name)) for name in ("int-1", "int-2")}

    assert ledger.read_many(["int-2", "nobody-knows", "int-1", "int-2"]) == rows
    assert ledger.read_many([]) == {}


def test_a_row_can_be_held_whatever_is_in_it(ledger: InteractionLedger) -> None:
    ledger.note_arrival("int-1", arrival())

    held = ledger.hold("int-1", token="a", now=NOW, lease_s=60)

    assert held is not None
    assert held.arrival == arrival()
    assert ledger.hold("int-1", token="b", now=NOW, lease_s=60) is None
    assert ledger.hold("nobody-knows", token="a", now=NOW, lease_s=60) is None
    assert ledger.read("nobody-knows") is None


def test_what_was_settled_is_kept(ledger: InteractionLedger) -> None:
    told(ledger, event())
    claim(ledger)
    waiting = Posting("other-crm", attempts=2, due_at=SOON, reason="throttled")
    segment = replace(POSTED, part="s1")

    assert settle(ledger, postings=[POSTED, waiting, segment]) is Settled.KEPT
    told(ledger, event(minute=1, remarks="late"))

    assert known(ledger).postings == {
        "sandbox": POSTED,
        "other-crm": waiting,
        "sandbox#s1": segment,
    }


def test_nothing_is_settled_without_a_claim(ledger: InteractionLedger) -> None:
    before = told(ledger, event())

    assert settle(ledger, postings=[POSTED]) is Settled.LOST
    nobodys = ledger.settle("x", [POSTED], token="a", revision=0, after=NOTHING_NEXT)
    assert nobodys is Settled.LOST
    assert ledger.read("x") is None
    assert ledger.read("int-1") == before
    assert ledger.due(now=SOON, limit=10) == ("int-1",)


def test_an_abandoned_row_is_taken_over_and_its_zombie_changes_nothing(
    ledger: InteractionLedger,
) -> None:
    told(ledger, event())
    claim(ledger, "zombie")
    later = NOW + timedelta(seconds=60)

    assert ledger.due(now=later, limit=10) == ("int-1",)
    assert claim(ledger, "heir", now=later)
    assert settle(ledger, "zombie", postings=[POSTED]) is Settled.LOST

    assert known(ledger).postings == {}
    assert ledger.due(now=later + timedelta(seconds=59), limit=10) == ()
    assert settle(ledger, "heir", postings=[POSTED]) is Settled.KEPT


def test_a_lease_that_runs_holds_until_its_last_moment(ledger: InteractionLedger) -> None:
    told(ledger, event())
    claim(ledger)
    just_before = NOW + timedelta(seconds=59.999)

    assert not claim(ledger, "b", now=just_before)
    assert ledger.due(now=just_before, limit=10) == ()


def test_a_settled_row_can_be_claimed_again_at_once(ledger: InteractionLedger) -> None:
    told(ledger, event())
    claim(ledger)

    assert settle(ledger) is Settled.KEPT
    assert settle(ledger, postings=[POSTED]) is Settled.LOST
    assert claim(ledger, "b")


def test_a_customer_who_becomes_known_is_kept_and_never_another(ledger: InteractionLedger) -> None:
    told(ledger, event())
    claim(ledger)
    settle(ledger, customer_key="sandbox:cus-1")
    claim(ledger)
    settle(ledger, customer_key="sandbox:cus-2")

    assert known(ledger).customer_key == "sandbox:cus-1"
    assert len(ledger.history("sandbox:cus-1", limit=10)) == 1


def test_without_a_claim_a_free_row_as_it_was_read_is_settled(ledger: InteractionLedger) -> None:
    row = told(ledger, event())

    assert ledger.settle_unclaimed(row, [POSTED], now=NOW, after=NOTHING_NEXT)
    assert known(ledger).postings == {"sandbox": POSTED}
    assert ledger.due(now=SOON + timedelta(days=1), limit=10) == ()


def test_without_a_claim_nothing_changes_a_held_or_a_grown_row(ledger: InteractionLedger) -> None:
    row = told(ledger, event())
    claim(ledger, "a")
    assert not ledger.settle_unclaimed(row, [POSTED], now=NOW, after=NOTHING_NEXT)
    settle(ledger)
    told(ledger, event(minute=1, remarks="late"))

    assert not ledger.settle_unclaimed(row, [POSTED], now=NOW, after=NOTHING_NEXT)
    assert known(ledger).postings == {}


def test_what_is_to_be_written_again_looks_grown_and_is_due(ledger: InteractionLedger) -> None:
    told(ledger, event())
    claim(ledger)
    settle(ledger, postings=[POSTED])

    ledger.write_again("int-1", now=NOW)
    ledger.write_again("nobody-knows", now=NOW)

    assert known(ledger).interaction.revision == 2
    assert ledger.due(now=NOW, limit=10) == ("int-1",)
    assert ledger.read("nobody-knows") is None


@pytest.mark.parametrize("is_held", [False, True])
def test_who_comes_while_a_row_is_to_be_written_again_leaves_it_due(
    dynamodb_ledger: DynamoDbInteractionLedger, dynamodb: WatchedClient, is_held: bool
) -> None:
    ledger = dynamodb_ledger
    told(ledger, event())
    if is_held:
        claim(ledger)

    def somebody_comes() -> None:
        if not is_held:
            claim(ledger)
        settle(ledger, postings=[POSTED])

    dynamodb.before_next("update_item", somebody_comes)
    ledger.write_again("int-1", now=NOW)

    assert known(ledger).interaction.revision == 2
    assert ledger.due(now=NOW, limit=10) == ("int-1",)


def test_who_holds_a_row_that_is_to_be_written_again_finds_it_grown(
    ledger: InteractionLedger,
) -> None:
    told(ledger, event())
    claim(ledger)
    ledger.write_again("int-1", now=NOW)

    assert ledger.due(now=NOW + timedelta(seconds=59), limit=10) == ()
    assert settle(ledger, postings=[POSTED]) is Settled.GREW
    assert known(ledger).postings == {"sandbox": POSTED}
    assert ledger.due(now=NOW, limit=10) == ("int-1",)


def test_mistakes_over_a_row_are_counted_until_it_is_settled(ledger: InteractionLedger) -> None:
    told(ledger, event())

    assert [ledger.note_crash("int-1", now=NOW) for _ in range(2)] == [1, 2]
    claim(ledger)
    assert ledger.note_crash("int-1", now=NOW) == 3
    settle(ledger)
    assert ledger.note_crash("int-1", now=NOW) == 1
    assert ledger.note_crash("nobody-knows", now=NOW) == 0
    assert ledger.read("nobody-knows") is None


def test_who_only_waits_forgets_no_mistake(ledger: InteractionLedger) -> None:
    told(ledger, event())
    ledger.note_crash("int-1", now=NOW)

    assert ledger.settle_unclaimed(known(ledger), [], now=NOW, after=Next(due_at=SOON))
    assert ledger.note_crash("int-1", now=NOW) == 2
    assert ledger.settle_unclaimed(known(ledger), [POSTED], now=NOW, after=NOTHING_NEXT)
    assert ledger.note_crash("int-1", now=NOW) == 1


# ── what waits for a person ──────────────────────────────────────────────────────────────────


def test_rows_that_wait_for_a_person_are_listed_the_longest_first(
    ledger: InteractionLedger,
) -> None:
    for n in (2, 1):
        told(ledger, event(f"int-{n}"))
        row = ledger.read(f"int-{n}")
        assert row is not None
        parked_at = NOW + timedelta(seconds=n)
        assert ledger.settle_unclaimed(row, [], now=NOW, after=Next(parked_at=parked_at))

    assert ledger.parked(limit=10) == ("int-1", "int-2")
    assert ledger.parked(limit=1) == ("int-1",)
    assert ledger.due(now=SOON + timedelta(days=9), limit=10) == ()


def test_a_row_that_is_due_or_held_or_finished_waits_for_nobody(ledger: InteractionLedger) -> None:
    row = told(ledger, event())
    assert ledger.settle_unclaimed(row, [], now=NOW, after=Next(parked_at=NOW))
    claim(ledger)
    assert ledger.parked(limit=10) == ()
    settle(ledger, after=Next(due_at=SOON, parked_at=NOW))
    assert ledger.parked(limit=10) == ()
    claim(ledger)
    settle(ledger)
    assert ledger.parked(limit=10) == ()


def test_an_event_makes_a_waiting_row_due_again(ledger: InteractionLedger) -> None:
    row = told(ledger, event())
    assert ledger.settle_unclaimed(row, [], now=NOW, after=Next(parked_at=NOW))

    told(ledger, event(minute=1, remarks="late"))

    assert ledger.parked(limit=10) == ()
    assert ledger.due(now=SOON, limit=10) == ("int-1",)


# ── which triggers came ──────────────────────────────────────────────────────────────────────


def test_each_trigger_leaves_a_note_with_the_names_of_what_was_new(
    ledger: InteractionLedger,
) -> None:
    ends = event(kind=TriggerKind.INTERACTION_ENDS, minute=1, remarks="said yes")
    for each, now in ((event(channel="voice"), NOW), (ends, NOW), (ends, SOON)):
        ledger.merge(each, now=now, due_when=at(SOON), request_id="req-1")

    starts, ended = TriggerKind.INTERACTION_STARTS, TriggerKind.INTERACTION_ENDS
    row = known(ledger)
    assert row.triggers == (
        TriggerNote(starts, NOW, 1, ("channel",), "req-1"),
        TriggerNote(ended, NOW, 2, ("remarks",), "req-1"),
        TriggerNote(ended, SOON, 0, (), "req-1"),
    )
    assert row.first_at == NOW


def test_notes_of_triggers_do_not_grow_without_end(ledger: InteractionLedger) -> None:
    for minute in range(120):
        now = NOW + timedelta(seconds=minute)
        ledger.merge(event(minute=minute % 55, n=str(minute)), now=now, due_when=at(SOON))

    assert len(known(ledger).triggers) == MOST_NOTES


def test_what_is_told_of_triggers_never_fills_the_row(ledger: InteractionLedger) -> None:
    names = [f"a_field_of_which_every_trigger_says_more_{n}" for n in range(250)]
    for minute in range(40):
        said = dict.fromkeys(names, str(minute))
        told = replace(event(minute=minute), fields=said)
        ledger.merge(told, now=NOW, due_when=at(SOON))

    row = known(ledger)
    assert (len(row.triggers), row.triggers[0].fields) == (40, tuple(sorted(names)))
    assert row.interaction.get(names[0]) == "39"


def test_a_document_that_would_outgrow_its_row_is_refused(ledger: InteractionLedger) -> None:
    told(ledger, event(remarks="kept"))

    told(ledger, event(half="x" * 200_000))
    with pytest.raises(RequestTooLarge):
        told(ledger, event(other_half="x" * 100_000))

    assert known(ledger).interaction.get("remarks") == "kept"


def test_a_stretch_that_a_profile_wants_is_kept_apart(ledger: InteractionLedger) -> None:
    change = event(kind=TriggerKind.SEGMENT_CHANGE, segment_id="s1", agent_name="Bob")
    for keeps in (False, True, True):
        ledger.merge(change, now=NOW, due_when=at(SOON), keeps_segment=keeps)

    interaction = known(ledger).interaction
    assert list(interaction.segments) == ["s1"]
    assert interaction.segments["s1"].get("agent_name") == "Bob"
    assert interaction.revision == 2


def test_an_end_long_past_is_kept_as_it_was_told(ledger: InteractionLedger) -> None:
    long_ago = NOW - timedelta(days=90)
    ends = event(kind=TriggerKind.INTERACTION_ENDS)

    ledger.merge(ends, now=NOW, due_when=at(SOON), ended_at=long_ago)

    assert known(ledger).ended_at == long_ago


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
    claim(ledger)
    settle(ledger)

    assert ledger.due(now=SOON + timedelta(days=9), limit=10) == ()


def test_a_row_to_be_tried_again_is_due_when_the_worker_says(ledger: InteractionLedger) -> None:
    told(ledger, event())
    claim(ledger)
    settle(ledger, after=Next(due_at=NOW + timedelta(hours=2)))

    assert ledger.due(now=NOW + timedelta(hours=1), limit=10) == ()
    assert ledger.due(now=NOW + timedelta(hours=2), limit=10) == ("int-1",)


def test_a_row_that_grew_under_the_lease_is_due_at_once(ledger: InteractionLedger) -> None:
    told(ledger, event())
    claim(ledger)
    ledger.merge(event(minute=1, remarks="late"), now=NOW, due_when=at(SOON))

    assert settle(ledger, postings=[POSTED]) is Settled.GREW
    assert known(ledger).postings == {"sandbox": POSTED}
    assert ledger.due(now=NOW, limit=10) == ("int-1",)
    assert claim(ledger, "b")


def test_a_held_row_keeps_its_moment_when_an_event_comes(ledger: InteractionLedger) -> None:
    told(ledger, event())
    claim(ledger)
    ledger.merge(event(minute=1, remarks="late"), now=NOW, due_when=at(SOON))

    assert ledger.due(now=NOW + timedelta(seconds=59), limit=10) == ()
    assert ledger.due(now=NOW + timedelta(seconds=60), limit=10) == ("int-1",)


def test_an_event_after_an_abandoned_lease_leaves_the_row_due(ledger: InteractionLedger) -> None:
    told(ledger, event())
    claim(ledger, "gone")
    later = NOW + timedelta(seconds=61)
    ledger.merge(
        event(minute=1, remarks="late"), now=later, due_when=at(later + timedelta(seconds=30))
    )

    assert ledger.due(now=later, limit=10) == ("int-1",)


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
    ledger.merge(event(channel="voice"), now=SOON, due_when=at(SOON))

    assert ledger.history(ADA.key, limit=10) == (replace(row, arrival=arrival(), triggers=()),)


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
    claim(dynamodb_ledger)
    dynamodb.before_next("update_item", lambda: settle(dynamodb_ledger))
    dynamodb_ledger.merge(event(minute=1, remarks="late"), now=NOW, due_when=at(SOON))

    assert known(dynamodb_ledger).interaction.get("remarks") == "late"
    assert dynamodb_ledger.due(now=SOON, limit=10) == ("int-1",)


def test_what_is_made_due_between_read_and_write_is_not_put_off(
    dynamodb_ledger: DynamoDbInteractionLedger, dynamodb: WatchedClient
) -> None:
    """Of a call that is not over, an event makes the row due hours from now."""
    ledger, later = dynamodb_ledger, NOW + timedelta(hours=6)
    ledger.merge(event(), now=NOW, due_when=at(later))
    row, after = known(ledger), Next(due_at=SOON)

    dynamodb.before_next(
        "update_item", lambda: ledger.settle_unclaimed(row, [], now=NOW, after=after)
    )
    ledger.merge(event(minute=1, remarks="late"), now=NOW, due_when=at(later))

    assert ledger.due(now=SOON, limit=10) == ("int-1",)


def test_every_record_that_a_row_can_have_in_one_crm_is_settled_in_one_write(
    dynamodb_ledger: DynamoDbInteractionLedger,
) -> None:
    row = told(dynamodb_ledger, event())
    parts = ["", *(f"{n:0>64}" for n in range(MOST_SEGMENTS))]
    postings = [replace(POSTED, part=part) for part in parts]

    assert dynamodb_ledger.settle_unclaimed(row, postings, now=NOW, after=Next(due_at=SOON))
    assert len(known(dynamodb_ledger).postings) == MOST_SEGMENTS + 1


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
