"""What a table keeps comes back whole: a field added to a value must not be lost on the way."""

import json
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from switchboard.adapters.documents import (
    customers_text,
    interaction_text,
    posting_text,
    read_arrival,
    read_customers,
    read_finding,
    read_interaction,
    read_key,
    read_posting,
    read_request,
    read_routing,
    read_trail,
    routing_text,
    to_text,
    trail_text,
    value_text,
)
from switchboard.adapters.items import epoch_ms, hidden_key, to_attributes, utc_text
from switchboard.domain.customer import Customer
from switchboard.domain.findings import Finding, FoundRecord
from switchboard.domain.identity import PhoneNumber
from switchboard.domain.interaction import FieldVersion, Interaction, Segment, TriggerKind
from switchboard.domain.outbound import OutboundRequest, OutboundState
from switchboard.domain.posting import Posting, PostingState, Try
from switchboard.domain.routing_record import RoutingRecord
from switchboard.ports import Arrival, HeaderKey, TriggerNote

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

NOW = datetime(2026, 3, 2, 15, 0, 0, 123456, tzinfo=UTC)
ADA = Customer(
    connector="sandbox",
    id="cus-1",
    kind="person",
    name="Ada Byron",
    phones=("(415) 555-0142",),
    emails=("ada@example.com",),
    attributes={"balance_due": 120.5, "visits": 3, "vip": True, "owner": None},
    url="https://crm.example.com/cus-1",
    accounts=("C-1001",),
    merged_into="cus-9",
)
FINDING = Finding(
    kind="duplicate",
    count=2,
    number="+14155550142",
    records=(FoundRecord("sandbox:cus-1", "https://crm.example.com/cus-1"), FoundRecord("b:2")),
)
ROUTING = RoutingRecord(
    at=NOW,
    ruleset="d" * 16,
    row="vip",
    action="queue",
    facts={"crm.tier": "high", "crm.products": ["tv"], "ecs.attempt": 1.0, "lookup.ok": True},
    queue="vip",
    priority_s=600,
    gain_per_min_s=2.5,
    max_s=900,
    prompts=("menu_short",),
    collected=("p-short",),
    agent="2001",
    hold_s=15,
    agents_tried="2001 preferred, from history",
    arm="challenger",
    challenger="c" * 16,
    challenger_row="vip",
)
ARRIVAL = Arrival(
    request_id="apigw-1",
    at=NOW,
    outcome="known",
    contact="+14155550142",
    customer=ADA,
    decision={"row": "vip"},
    routing=ROUTING,
)
POSTING = Posting(
    connector="sandbox",
    state=PostingState.PARKED,
    revision=3,
    attempts=2,
    attempted_at=NOW,
    due_at=NOW + timedelta(hours=1),
    record_id="act-1",
    reason="rejected",
    part="2026-a",
    tries=(Try(NOW, 2, "upstream_throttled", 80), Try(NOW, 3, "done")),
    looks=2,
    customer_key="sandbox:C-1",
    profile="care",
    unsettled_until=NOW + timedelta(minutes=1),
    unknown_since=NOW,
)
REQUEST = OutboundRequest(
    id="req-1",
    source="sandbox",
    number=PhoneNumber("+14155550142"),
    business_process="Call backs",
    not_after=NOW + timedelta(hours=8),
    not_before=NOW + timedelta(hours=1),
    customer_key="sandbox:cus-1",
    customer_name="Ada Byron",
    time_zone="America/Los_Angeles",
    preferred_agent="2001",
    remarks='"quoted"\n😀',
    state=OutboundState.PLACED,
    reason="why",
    call_id="call-1",
    request_id="apigw-1",
    created_at=NOW,
    claimed_at=NOW + timedelta(seconds=1),
    history=("first", "second"),
)
KEY = HeaderKey(
    id="ecs-1",
    digest="d" * 64,
    routes=("/v1/arrivals/lookup",),
    sources=("198.51.100.0/24",),
    expires_at=NOW,
)


def interaction_there_and_back(interaction: Interaction) -> Interaction:
    text = interaction_text(interaction)
    return read_interaction(interaction.id, text, revision=interaction.revision)


INTERACTION = Interaction(
    id="int-1",
    versions={"remarks": FieldVersion(1, NOW.isoformat(), "é\n😀")},
    kinds_seen=frozenset(TriggerKind),
    revision=7,
    segments={
        "s1": Segment(
            "s1",
            frozenset({TriggerKind.SEGMENT_CHANGE, TriggerKind.INTERNAL_TRANSFER}),
            {"remarks": FieldVersion(0, NOW.isoformat(), "é")},
        )
    },
)
NOTE = TriggerNote(
    TriggerKind.SEGMENT_CHANGE, NOW, 4, ("agent_name", "remarks"), "req-1", 2, "conflict"
)


@pytest.mark.parametrize(
    ("value", "there_and_back"),
    [
        (ADA, lambda value: read_customers(customers_text([value]))[0]),
        (FINDING, lambda value: read_finding(value_text(value))),
        (ARRIVAL, lambda value: read_arrival(value_text(value))),
        (ROUTING, lambda value: read_routing(routing_text(value))),
        (POSTING, lambda value: read_posting(posting_text(value))),
        (NOTE, lambda value: read_trail(trail_text([value]))[0]),
        (REQUEST, lambda value: read_request(value_text(value))),
        (KEY, lambda value: read_key(value_text(value))),
        (INTERACTION, interaction_there_and_back),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_field_comes_back(
    value: "DataclassInstance", there_and_back: Callable[[Any], object]
) -> None:
    for field in fields(value):
        assert getattr(value, field.name) != _default(field), f"give {field.name} a value here"

    assert there_and_back(value) == value


def test_names_that_would_be_read_as_others_are_counted() -> None:
    """A sender may call a field what it likes, also by words that are names of ours."""
    note = replace(NOTE, fields=("agent_name", "my channel", "", "a\u2028b"), other_fields=0)

    (read,) = read_trail(trail_text([note]))

    assert (read.fields, read.other_fields) == (("agent_name",), 3)


def test_a_record_of_a_decision_is_as_short_as_it_can_be() -> None:
    """Each later write of its row pays for it again."""
    bare = RoutingRecord(NOW, "d" * 16, "vip", "queue", {"crm.tier": "high"})

    text = routing_text(bare)

    assert sorted(json.loads(text)) == ["action", "at", "facts", "row", "ruleset"]
    assert read_routing(text) == bare


def test_what_was_never_set_comes_back_unset() -> None:
    bare = OutboundRequest("req-1", "api", PhoneNumber("+14155550142"), "Sales", NOW)

    assert read_request(value_text(bare)) == bare
    assert read_posting(posting_text(Posting("sandbox"))) == Posting("sandbox")


def test_text_of_an_earlier_release_gets_defaults() -> None:
    stored = json.loads(value_text(REQUEST))
    del stored["not_before"], stored["remarks"]

    assert read_request(json.dumps(stored)) == replace(REQUEST, not_before=None, remarks="")


def test_text_of_a_later_release_is_read_without_what_it_adds() -> None:
    stored = {**json.loads(posting_text(POSTING)), "colour": "blue"}

    assert read_posting(json.dumps(stored)) == POSTING


def test_a_moment_is_the_same_wherever_it_was_read_off_the_clock() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-8)))

    assert utc_text(elsewhere) == utc_text(NOW) == "2026-03-02T15:00:00.123456+00:00"
    assert read_posting(posting_text(replace(POSTING, due_at=elsewhere))).due_at == NOW


def test_milliseconds_are_cut_never_rounded_up() -> None:
    assert epoch_ms(datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)) == 1999


def test_equal_documents_are_equal_text() -> None:
    assert to_text({"b": 1, "a": [True, None, 0.5]}) == to_text({"a": [True, None, 0.5], "b": 1})


def test_no_float_reaches_an_item() -> None:
    with pytest.raises(TypeError, match="float"):
        to_attributes({"balance": 0.5})  # type: ignore[dict-item]


def test_hidden_keys_of_two_purposes_cannot_be_joined() -> None:
    lookup, mark = hidden_key("lookup", "+14155550142"), hidden_key("dnc", "+14155550142")

    assert lookup.split("#")[1] != mark.split("#")[1]
    assert hidden_key("lookup", "a", "bc") != hidden_key("lookup", "ab", "c")


def _default(field: "Field[Any]") -> object:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default
