"""The stretches of an interaction: each is one, whenever and however often it is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.interaction import (
    MOST_SEGMENTS,
    Interaction,
    TriggerEvent,
    TriggerKind,
    merge,
    segment_key,
)
from switchboard.domain.posting_profile import PostingProfile

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def change(minute: float = 0, *, is_dated: bool = True, **fields: str) -> TriggerEvent:
    at = NOON + timedelta(minutes=minute)
    return TriggerEvent("i-1", TriggerKind.SEGMENT_CHANGE, at, fields, is_dated)


def merged(*events: TriggerEvent) -> Interaction:
    interaction = Interaction("i-1")
    for event in events:
        interaction = merge(interaction, event, keeps_segment=True)
    return interaction


def test_what_nobody_wants_a_record_of_is_no_segment() -> None:
    assert merge(Interaction("i-1"), change()).segments == {}


def test_ecss_own_id_tells_stretches_apart() -> None:
    interaction = merged(
        change(segment_id="s-1", agent_name="Ann"), change(1, segment_id="s-2", agent_name="Bob")
    )

    assert {key: one.get("agent_name") for key, one in interaction.segments.items()} == {
        "s-1": "Ann",
        "s-2": "Bob",
    }


def test_an_id_that_could_not_stand_in_a_key_is_hashed() -> None:
    key = segment_key(change(segment_id="../../etc #1"))

    assert key.isalnum()
    assert key == segment_key(change(5, segment_id="../../etc #1"))


def test_a_stretch_without_an_id_is_known_by_its_moment() -> None:
    first, second = change(1, segment_state="Wrap Up"), change(2, segment_state="Wrap Up")

    assert segment_key(first) != segment_key(second)
    assert len(merged(first, second, first).segments) == 2


def test_a_stretch_that_has_neither_id_nor_moment_is_known_by_what_it_says() -> None:
    told_again = change(9, is_dated=False, segment_state="Handling", agent_name="Ann")
    first = change(1, is_dated=False, segment_state="Handling", agent_name="Ann")

    assert len(merged(first, told_again).segments) == 1


def test_more_is_learned_of_a_stretch_in_any_order() -> None:
    events = [
        change(1, segment_id="s-1", agent_name="Ann"),
        change(2, segment_id="s-1", disposition_code="SOLD"),
        change(3, segment_id="s-1", agent_name="Ann Example"),
    ]

    seen = {tuple(merged(*order).segments["s-1"].fields.items()) for order in permutations(events)}

    assert seen == {
        (
            ("agent_name", "Ann Example"),
            ("disposition_code", "SOLD"),
            ("segment_id", "s-1"),
        )
    }


def test_one_that_both_kinds_of_event_tell_of_is_for_those_who_want_either() -> None:
    told = change(1, segment_id="s-1", segment_state="Wrap Up")
    transfer = replace(change(2, segment_id="s-1"), kind=TriggerKind.INTERNAL_TRANSFER)
    transfers = PostingProfile("crm", is_per_segment=True)
    wrap_ups = PostingProfile("crm", is_per_segment=True, segment_states=("wrap up",))

    for order in permutations([told, transfer]):
        (segment,) = merged(*order).segments.values()
        assert transfers.takes(segment)
        assert wrap_ups.takes(segment)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["", "s-1", "s 2"])), max_size=6))
def test_told_again_nothing_changes(stretches: list[tuple[int, str]]) -> None:
    events = [change(minute, segment_id=key, agent_name="Ann") for minute, key in stretches]
    interaction = merged(*events)

    for event in events:
        assert merge(interaction, event, keeps_segment=True) is interaction


def test_a_row_has_room_for_so_many_stretches_and_no_more() -> None:
    interaction = merged(*(change(n) for n in range(MOST_SEGMENTS + 5)))

    assert len(interaction.segments) == MOST_SEGMENTS
