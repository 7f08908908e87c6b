"""Times, durations and ids in every form that ECS may send become one form."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.contracts.applications import read_contract
from switchboard.contracts.ecs import Arrival, Trigger, read_seconds, read_time
from switchboard.domain.interaction import Interaction, TriggerEvent, TriggerKind, merge
from switchboard.errors import InvalidRequest

NEW_YORK = ZoneInfo("America/New_York")
RECEIVED = datetime(2026, 3, 4, 18, tzinfo=UTC)
FIVE_PAST_NOON = datetime(2026, 3, 4, 17, 5, 9, tzinfo=UTC)  # in New York
SENT = "zq7canary"


def event(**sent: str) -> TriggerEvent:
    trigger = read_contract(Trigger, {"interaction_id": "i-1", **sent})
    return trigger.to_event(TriggerKind.INTERACTION_ENDS, received_at=RECEIVED, zone=NEW_YORK)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04T17:05:09Z",
        "2026-03-04T17:05:09+00:00",
        "2026-03-04T12:05:09-05:00",
        "2026-03-04T12:05:09.000",
        "2026-03-04 12:05:09",
        "03/04/2026 12:05:09 PM",
        "03/04/2026 12:05:09",
        "04.03.2026 12:05:09",
        "2026/03/04 12:05:09",
        "1772643909",
        "1772643909000",
    ],
)
def test_a_time_is_read_in_every_form(text: str) -> None:
    assert read_time(text, NEW_YORK) == FIVE_PAST_NOON


def test_a_time_without_zone_is_one_of_the_deployment_in_summer_too() -> None:
    assert read_time("2026-07-04 12:00:00", NEW_YORK) == datetime(2026, 7, 4, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "13/13/2026 12:00:00",
        "2026-02-30T12:00:00",
        "²",
        "9" * 30,
        "9" * 400,
        "9" * 5_000,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T23:59:59",
        "-5",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_time(text, NEW_YORK) is None


@given(st.text() | st.text("0123456789-:T+Z./ APM²٣", max_size=30))
def test_any_text_is_a_moment_in_utc_or_none(text: str) -> None:
    moment = read_time(text, NEW_YORK)

    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("125", 125),
        ("125.9", 125),
        ("2:05", 125),
        ("0:02:05", 125),
        ("00:02:05.5", 125),
        ("1:00:00", 3600),
        ("0", 0),
    ],
)
def test_a_duration_is_read_in_every_form(text: str, seconds: int) -> None:
    assert read_seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "-5", "1:-5", "1:2:3:4", ":", "nan", "inf", "1:nan", "1e300", "9" * 5_000]
)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert read_seconds(text) is None


@given(st.text() | st.text("0123456789:.-einfa", max_size=12))
def test_any_text_is_a_duration_or_none(text: str) -> None:
    seconds = read_seconds(text)

    assert seconds is None or (isinstance(seconds, int) and seconds >= 0)


def test_an_event_is_in_our_terms() -> None:
    told = event(
        occurred_at="2026-03-04 12:05:09",
        started_at="03/04/2026 12:05:09 PM",
        ended_at="sometime",
        duration_s="2:05",
        handle_s="long",
        remarks="call back",
    )

    assert told.interaction_id == "i-1"
    assert told.occurred_at == FIVE_PAST_NOON
    assert told.fields == {
        "started_at": "2026-03-04T17:05:09+00:00",
        "ended_at": "sometime",
        "duration_s": "125",
        "handle_s": "long",
        "remarks": "call back",
    }


@pytest.mark.parametrize("occurred_at", ["", "sometime"])
def test_an_event_that_does_not_say_when_happened_when_it_came(occurred_at: str) -> None:
    assert event(occurred_at=occurred_at).occurred_at == RECEIVED


@pytest.mark.parametrize(
    ("later", "odd", "is_dated"),
    [
        (timedelta(0), "", True),
        (timedelta(minutes=5), "", True),
        (timedelta(minutes=5, seconds=1), "ahead", False),
        (timedelta(days=400), "ahead", False),
        (timedelta(days=-7), "", True),
        (timedelta(days=-7, seconds=-1), "old", True),
        (timedelta(days=-400), "old", True),
    ],
)
def test_a_clock_that_runs_ahead_does_not_date_an_event(
    later: timedelta, odd: str, is_dated: bool
) -> None:
    said = (RECEIVED + later).isoformat()
    trigger = Trigger(interaction_id="i-1", occurred_at=said)

    told = event(occurred_at=said)

    assert trigger.odd_clock(received_at=RECEIVED, zone=NEW_YORK) == odd
    assert told.is_dated is is_dated
    assert told.occurred_at == (RECEIVED + later if is_dated else RECEIVED)


@pytest.mark.parametrize(("said", "odd"), [("", ""), ("sometime", "unreadable")])
def test_a_time_that_cannot_be_read_is_odd_and_none_is_not(said: str, odd: str) -> None:
    assert Trigger(occurred_at=said).odd_clock(received_at=RECEIVED, zone=NEW_YORK) == odd


def test_an_event_of_next_year_does_not_win_over_what_really_happens_afterwards() -> None:
    ahead = event(occurred_at="2027-03-04T12:00:00Z", remarks="from the future")
    later = Trigger(interaction_id="i-1", remarks="what happened").to_event(
        TriggerKind.INTERACTION_ENDS, received_at=RECEIVED + timedelta(minutes=1), zone=NEW_YORK
    )

    assert merge(merge(Interaction("i-1"), ahead), later).get("remarks") == "what happened"
    assert merge(merge(Interaction("i-1"), later), ahead).get("remarks") == "what happened"


def test_fields_that_we_do_not_know_are_kept() -> None:
    assert event(queue_name="Sales", model_config="x").fields == {
        "queue_name": "Sales",
        "model_config": "x",
    }


def composite(**sent: str) -> str:
    return event(interaction_id=None, **sent).interaction_id  # type: ignore[arg-type]


PARTS = {"channel": "voice", "contact": "+14155550142", "started_at": "2026-03-04T17:05:09Z"}


def test_without_an_id_the_events_of_one_interaction_still_belong_together() -> None:
    first = composite(**PARTS)

    assert composite(**PARTS, remarks="more") == first
    assert composite(**{**PARTS, "started_at": "03/04/2026 12:05:09 PM"}) == first
    assert first.startswith("composite-")
    assert "0142" not in first


@pytest.mark.parametrize("part", list(PARTS))
def test_another_part_is_another_interaction_and_a_missing_one_is_refused(part: str) -> None:
    assert composite(**{**PARTS, part: "other"}) != composite(**PARTS)
    with pytest.raises(InvalidRequest, match="Send interaction_id"):
        composite(**{**PARTS, part: ""})


@pytest.mark.parametrize(
    "interaction_id",
    ["", f"a {SENT}", f"{SENT}\n", f"é{SENT}", SENT * 20, f"{SENT}\x00", "x" * 129],
)
@pytest.mark.parametrize("contract", [Arrival, Trigger])
def test_an_id_that_cannot_be_one_is_refused_without_repeating_it(
    contract: type[Arrival] | type[Trigger], interaction_id: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_contract(contract, {"interaction_id": interaction_id})

    assert str(refused.value).startswith("interaction_id: ")
    assert SENT not in str(refused.value)


@given(
    st.dictionaries(
        st.sampled_from([*Trigger.model_fields, "other"]),
        st.one_of(st.integers(), st.lists(st.just(SENT)), st.text().map(lambda t: SENT + t)),
    )
)
def test_no_refusal_ever_repeats_what_was_sent(sent: dict[str, object]) -> None:
    said = refusal(sent)

    assert SENT not in said
    assert all(part.split(":")[0] in Trigger.model_fields for part in said.split("; ") if part)


def refusal(sent: dict[str, object]) -> str:
    """What is said against it; empty when nothing is."""
    try:
        read_contract(Trigger, sent)
    except InvalidRequest as error:
        return str(error)
    return ""


def test_a_contract_never_prints_what_a_validation_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_contract(Trigger, {"contact": [SENT]})

    cause = refused.value.__cause__
    assert cause is not None
    assert SENT not in str(cause)


def test_eight_digits_are_a_day_and_not_a_moment_of_1970() -> None:
    assert read_time("20260304", ZoneInfo("UTC")) == datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        "Ada Byron +14155550142",
        "14155550142",
        "415-555-0142",
        "Ada.Byron",
        "Ada-Augusta_Byron",
        "x" * 65,
        "",
        "short",
    ],
)
def test_a_request_id_that_is_none_of_ours_is_not_believed(said: str) -> None:
    assert Trigger(request_id=said).joined_by("own-request-1") == "own-request-1"


@pytest.mark.parametrize("ours", ["fab3ce09-ad53-487b-b00d-ab62fa2b151a", "JKJaXmPLvHcESHA="])
def test_our_own_request_id_joins_the_trigger_to_its_lookup(ours: str) -> None:
    assert Trigger(request_id=ours).joined_by("another") == ours


@pytest.mark.parametrize(
    ("said", "channel"), [("Telephony", "voice"), ("E-mail", "email"), ("Voice", "voice")]
)
def test_channels_are_read_in_every_spelling_of_ecs(said: str, channel: str) -> None:
    assert Arrival(channel=said).channel == channel
    assert event(channel=said).fields["channel"] == channel


def test_a_direction_that_is_none_is_kept_beside_the_direction() -> None:
    assert event(direction="Incoming").fields["direction"] == "inbound"
    assert event(direction="Outgoing External").fields["direction"] == "outbound"
    assert "direction" not in event(direction="Transferred").fields
    assert event(direction="Transferred").fields["origin"] == "Transferred"


def test_an_undated_start_that_comes_late_does_not_overwrite_the_end() -> None:
    ends = Trigger(interaction_id="i", business_process="Sales")
    starts = Trigger(interaction_id="i", business_process="Reception")
    zone = ZoneInfo("UTC")
    end = ends.to_event(TriggerKind.INTERACTION_ENDS, received_at=RECEIVED, zone=zone)
    late = RECEIVED + timedelta(seconds=5)
    start = starts.to_event(TriggerKind.INTERACTION_STARTS, received_at=late, zone=zone)

    assert merge(merge(Interaction("i"), end), start).get("business_process") == "Sales"
    assert merge(merge(Interaction("i"), start), end).get("business_process") == "Sales"
