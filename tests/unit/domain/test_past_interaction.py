"""What a row of long ago becomes: an end, dated when it happened."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.backfill_pace import Traffic, share_of
from switchboard.domain.interaction import Interaction, TriggerEvent, TriggerKind, merge
from switchboard.domain.past_interaction import past_interaction
from switchboard.errors import InvalidRequest

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
ENDED = datetime(2024, 5, 6, 10, 3, tzinfo=UTC)
STARTED = ENDED - timedelta(minutes=3)


def row(*, occurred_at: datetime | None = None, **fields: str) -> TriggerEvent:
    return read(fields, occurred_at)


def read(fields: dict[str, str], occurred_at: datetime | None = None) -> TriggerEvent:
    """As the contract reads it: not dated means dated now."""
    return TriggerEvent(
        "i-1",
        TriggerKind.INTERACTION_ENDS,
        occurred_at or NOW,
        fields,
        is_dated=occurred_at is not None,
    )


def test_it_is_dated_by_its_end_and_not_by_today() -> None:
    past = past_interaction(
        row(ended_at=ENDED.isoformat(), started_at=STARTED.isoformat()), now=NOW
    )

    assert (past.ended_at, past.event.occurred_at, past.event.is_dated) == (ENDED, ENDED, True)


def test_what_triggers_said_later_of_the_same_interaction_outlasts_the_file() -> None:
    past = past_interaction(row(ended_at=ENDED.isoformat(), disposition_code="Old"), now=NOW)
    later = row(occurred_at=ENDED + timedelta(minutes=1), disposition_code="New")

    for events in ((later, past.event), (past.event, later)):
        merged = Interaction("i-1")
        for event in events:
            merged = merge(merged, event)
        assert merged.get("disposition_code") == "New"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (row(occurred_at=ENDED), ENDED),
        (row(started_at=STARTED.isoformat(), duration_s="180"), ENDED),
        (row(started_at=STARTED.isoformat()), STARTED),
        (row(ended_at="yesterday", occurred_at=ENDED), ENDED),
    ],
)
def test_without_an_end_that_can_be_read_the_nearest_moment_counts(
    told: TriggerEvent, expected: datetime
) -> None:
    assert past_interaction(told, now=NOW).ended_at == expected


@pytest.mark.parametrize("duration", ["180", "", "soon", "١٨٠"])
def test_a_start_that_is_not_told_is_worked_out_from_the_end(duration: str) -> None:
    past = past_interaction(row(ended_at=ENDED.isoformat(), duration_s=duration), now=NOW)

    expected = STARTED if duration == "180" else ENDED
    assert past.event.fields["started_at"] == expected.isoformat()


@pytest.mark.parametrize("told", [{}, {"started_at": "soon"}, {"ended_at": "2024-05-06T10:03:00"}])
def test_a_row_that_does_not_say_when_it_was_is_refused(told: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest, match="does not say when"):
        past_interaction(read(told), now=NOW)


@pytest.mark.parametrize("name", ["ended_at", "started_at"])
def test_a_row_of_tomorrow_is_refused(name: str) -> None:
    tomorrow = (NOW + timedelta(days=1)).isoformat()

    with pytest.raises(InvalidRequest, match="future"):
        past_interaction(read({"ended_at": ENDED.isoformat(), name: tomorrow}), now=NOW)


@given(
    st.dictionaries(
        st.sampled_from(["started_at", "ended_at", "duration_s"]),
        st.text(max_size=30) | st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    )
)
def test_no_row_is_taken_for_one_of_the_future_and_every_refusal_is_worded(
    told: dict[str, str],
) -> None:
    try:
        past = past_interaction(read(told), now=NOW)
    except InvalidRequest as error:
        refusal = str(error)
    else:
        assert past.ended_at <= NOW + timedelta(minutes=5)
        assert datetime.fromisoformat(past.event.fields["started_at"]).tzinfo is not None
        refusal = ""
    assert all(text not in refusal for text in told.values() if len(text) > 12)


@pytest.mark.parametrize(
    ("traffic", "share"),
    [
        (Traffic(), 1),
        (Traffic(waiting=9), 1),
        (Traffic(waiting=10), 0.5),
        (Traffic(waiting=6, overdue=6), 0.5),
        (Traffic(waiting=50), 0),
        (Traffic(held_back=("sandbox",)), 0),
    ],
)
def test_the_more_wait_the_less_of_the_past_goes(traffic: Traffic, share: float) -> None:
    found = share_of(traffic)

    assert found.of_rate == share
    assert bool(found.why) == (share < 1)
