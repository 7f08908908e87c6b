"""A cursor says where a history goes on, of one customer, and nothing else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.edges.history_cursor import cursor_of, places_in
from switchboard.errors import InvalidRequest
from switchboard.ports import HistoryPlace

ADA, BOB = "sandbox:C-1", "sandbox:C-2"
PLACES = (
    HistoryPlace("0a1b", "2026-03-04T17:00:00.000000+00:00", "int-1"),
    HistoryPlace("2c3d", "2026-03-01T17:00:00.000000+00:00", "also 4e5f"),
)


def test_what_was_given_is_read_again() -> None:
    assert places_in(cursor_of(ADA, PLACES), ADA) == PLACES
    assert cursor_of(ADA, ()) == ""
    assert places_in("", ADA) == ()


def test_a_cursor_of_another_customer_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        places_in(cursor_of(BOB, PLACES), ADA)


def test_a_cursor_names_no_customer() -> None:
    text = cursor_of(ADA, PLACES).partition(".")[0]

    assert b"C-1" not in base64.urlsafe_b64decode(text + "==")


def test_a_cursor_that_was_changed_is_refused() -> None:
    cursor = cursor_of(ADA, PLACES)

    for changed in (cursor[1:], cursor[:-1], cursor + "A", cursor.upper(), f".{cursor}", "." * 9):
        with pytest.raises(InvalidRequest):
            places_in(changed, ADA)


@given(st.text(min_size=1))
def test_whatever_else_somebody_sends_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        places_in(text, ADA)


@given(st.lists(st.text(max_size=200), min_size=1, max_size=7))
def test_whoever_makes_one_up_gets_places_that_a_table_can_read_or_nothing(
    parts: list[str],
) -> None:
    made_up = cursor_of(ADA, [HistoryPlace(*(parts * 3)[:3])])

    try:
        places = places_in(made_up, ADA)
    except InvalidRequest:
        return
    for place in places:
        assert all((place.record, place.started_at, place.item_id))


def test_one_that_is_far_too_long_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        places_in(cursor_of(ADA, PLACES * 100), ADA)
