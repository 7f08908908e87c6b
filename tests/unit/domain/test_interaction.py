"""Triggers come in any order, any number of times; the document is the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.interaction import (
    Interaction,
    TriggerEvent,
    TriggerKind,
    contradiction,
    merge,
)

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5.5))])
EVENTS = st.builds(
    lambda kind, seconds, zone, fields: TriggerEvent(
        "i-1", kind, (NOON + timedelta(seconds=seconds)).astimezone(zone), fields
    ),
    st.sampled_from(TriggerKind),
    st.sampled_from([-1, 0, 0, 0.000001, 1, 2]),
    ZONES,
    st.dictionaries(
        st.sampled_from(["agent_name", "remarks", "queue_s"]), st.text(max_size=3), max_size=3
    ),
)


def event(
    at: datetime = NOON, kind: TriggerKind = TriggerKind.SEGMENT_CHANGE, **fields: str
) -> TriggerEvent:
    return TriggerEvent("i-1", kind, at, fields)


def merged(events: list[TriggerEvent]) -> Interaction:
    interaction = Interaction("i-1")
    for one in events:
        interaction = merge(interaction, one)
    return interaction


def document(events: list[TriggerEvent]) -> tuple[object, object]:
    interaction = merged(events)
    return interaction.versions, interaction.kinds_seen


@given(st.data(), st.lists(EVENTS, max_size=6))
def test_any_order_with_any_repeats_gives_the_same_document(
    data: st.DataObject, events: list[TriggerEvent]
) -> None:
    repeats = data.draw(st.lists(st.sampled_from(events), max_size=4)) if events else []
    shuffled = data.draw(st.permutations(events + repeats))

    assert document(shuffled) == document(events)


@given(st.lists(EVENTS, min_size=1, max_size=6))
def test_what_was_merged_once_adds_nothing(events: list[TriggerEvent]) -> None:
    interaction = merged(events)

    for known in events:
        assert merge(interaction, known) is interaction


@given(st.lists(EVENTS, max_size=6))
def test_every_change_and_nothing_else_makes_a_new_revision(events: list[TriggerEvent]) -> None:
    interaction = Interaction("i-1")
    for one in events:
        changed = merge(interaction, one)
        is_new = (changed.versions, changed.kinds_seen) != (
            interaction.versions,
            interaction.kinds_seen,
        )
        assert changed.revision == interaction.revision + is_new
        interaction = changed


@given(st.lists(EVENTS, max_size=6))
def test_a_known_field_is_never_forgotten(events: list[TriggerEvent]) -> None:
    said = {name for one in events for name in one.fields}

    assert set(merged(events).fields) == said


def test_a_later_value_wins_whichever_comes_first() -> None:
    early, late = event(agent_name="Bo"), event(NOON + timedelta(microseconds=1), agent_name="Al")

    assert merged([early, late]).get("agent_name") == "Al"
    assert merged([late, early]).get("agent_name") == "Al"


def test_an_event_without_a_moment_that_comes_again_says_nothing_new() -> None:
    said = [
        replace(event(NOON + timedelta(seconds=s), agent_name="Ann"), is_dated=False)
        for s in (0, 9)
    ]
    other = replace(event(NOON + timedelta(seconds=5), agent_name="Bob"), is_dated=False)

    once = merge(Interaction("i-1"), said[0], keeps_segment=True)
    assert merge(once, said[1], keeps_segment=True) is once
    assert merged([said[0], other, said[1]]).get("agent_name") == "Ann"


def test_an_absent_value_overwrites_nothing() -> None:
    interaction = merged([event(remarks="call back"), event(NOON + timedelta(hours=1))])

    assert interaction.get("remarks") == "call back"
    assert interaction.get("agent_name") == ""


def test_an_interaction_has_ended_once_the_end_was_told_however_early() -> None:
    start = event(kind=TriggerKind.INTERACTION_STARTS)
    end = event(kind=TriggerKind.INTERACTION_ENDS)

    assert not merged([start]).has_ended
    assert merged([end, start]).has_ended


def test_two_channels_under_one_id_contradict_each_other() -> None:
    known = merged([event(channel="voice", direction="inbound")])

    assert contradiction(known, event(channel="email")) == "channel"
    assert contradiction(known, event(direction="outbound")) == "direction"


def test_saying_the_same_or_nothing_contradicts_nothing() -> None:
    known = merged([event(channel="voice")])

    assert contradiction(known, event(channel="voice", direction="inbound")) is None
    assert contradiction(known, event()) is None
    assert contradiction(known, event(channel="")) is None


def test_other_fields_may_change() -> None:
    assert contradiction(merged([event(agent_name="Al")]), event(agent_name="Bo")) is None


def test_an_interaction_never_prints_what_was_said() -> None:
    told = event(remarks="secret", contact="+14155550142")

    assert "secret" not in repr(told) + repr(merged([told]))
    assert "0142" not in repr(told) + repr(merged([told]))
