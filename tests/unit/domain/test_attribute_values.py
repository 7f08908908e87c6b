"""A CRM writes one thing in many forms; what does not fit a type is nothing, never a guess."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from switchboard.domain.attribute_values import (
    ValueType,
    as_scalar,
    as_text,
    is_nothing,
    read_value,
)

NEW_YORK = ZoneInfo("America/New_York")


def read(kind: ValueType, raw: object) -> Any:
    return as_scalar(read_value(kind, raw, NEW_YORK))


@pytest.mark.parametrize(
    ("raw", "number"),
    [(7, 7), (-1.5, -1.5), ("7", 7), (" +12.50 ", 12.5), ("-3", -3), ("007", 7), (0, 0)],
)
def test_a_number_may_come_as_text(raw: object, number: float) -> None:
    read_number = read("number", raw)

    assert read_number == number
    assert type(read_number) is type(number)


@pytest.mark.parametrize(
    "raw",
    ["1,234", "1.234,50", "12 500", "€ 5", "1e3", "٣", "0x1f", "twelve", True, False, [7], {"a": 7},
     float("nan"), float("inf"), 10**15, "1234567890123456", b"7"],
)  # fmt: skip
def test_what_two_countries_read_differently_is_no_number(raw: object) -> None:
    assert read("number", raw) is None


@pytest.mark.parametrize("raw", [True, "yes", "TRUE", " 1 ", 1, 1.0, "on", "Y"])
def test_yes_in_every_form(raw: object) -> None:
    assert read("flag", raw) is True


@pytest.mark.parametrize("raw", [False, "No", "false", 0, "0", "off", "n"])
def test_no_in_every_form(raw: object) -> None:
    assert read("flag", raw) is False


@pytest.mark.parametrize("raw", [2, -1, "maybe", "10", [], [True], {"a": 1}, 0.5])
def test_what_is_neither_yes_nor_no_is_no_flag(raw: object) -> None:
    assert read("flag", raw) is None


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("2026-03-04", "2026-03-04"),
        ("20260304", "2026-03-04"),
        (20260304, "2026-03-04"),
        ("2026-03-04T23:30:00", "2026-03-04"),
        ("2026-03-04 23:30:00", "2026-03-04"),
        ("2026-03-05T03:30:00Z", "2026-03-04"),  # still the day before in New York
        ("2026-03-04T23:30:00-08:00", "2026-03-05"),
        ("2026-03-04T10:00:00.000+0000", "2026-03-04"),  # as Salesforce writes it
        (1_772_640_000, "2026-03-04"),
        ("1772640000", "2026-03-04"),
        (1_772_640_000_000, "2026-03-04"),
        (1_772_640_000.25, "2026-03-04"),
    ],
)
def test_a_day_in_every_form(raw: object, day: str) -> None:
    assert read("date", raw) == day


@pytest.mark.parametrize("raw", ["2026-03-04T00:00:00Z", 1_772_582_400, 1_772_582_400_000])
def test_midnight_in_utc_is_how_crms_write_a_day_and_not_the_evening_before(raw: object) -> None:
    assert read("date", raw) == "2026-03-04"


@pytest.mark.parametrize(
    "raw",
    ["03/04/2026", "4.3.2026", "tomorrow", "2026-02-30", "99999999999999999", True, -1, 7, [],
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", 1e300, float("inf")],
)  # fmt: skip
def test_what_is_no_day_for_certain_is_none(raw: object) -> None:
    assert read("date", raw) is None
    assert read("moment", raw) is None


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("2026-03-04T15:00:00Z", "2026-03-04T10:00:00-05:00"),
        ("2026-07-04T15:00:00+02:00", "2026-07-04T09:00:00-04:00"),
        ("2026-03-04T15:00:00", "2026-03-04T15:00:00-05:00"),
        ("2026-03-04", "2026-03-04T00:00:00-05:00"),
        (1_772_640_000, "2026-03-04T11:00:00-05:00"),
    ],
)
def test_a_moment_is_told_in_the_deployments_zone(raw: object, moment: str) -> None:
    assert read("moment", raw) == moment


@pytest.mark.parametrize(
    ("raw", "text"),
    [("  two\n words ", "two words"), (True, "true"), (7, "7"), (0.1, "0.1"), (412.0, "412"),
     (1e-7, "0.0000001"), (-1e-200, "0"),
     ("nul\x00\x07l \ud800x", "nul l x"), ("👩‍💻", "👩‍💻"), (10**18, str(10**18))],
)  # fmt: skip
def test_text_is_one_line_that_can_be_shown(raw: object, text: str) -> None:
    assert read("text", raw) == text


def test_what_is_no_single_value_is_no_text() -> None:
    for raw in ([], {}, ["a"], 10**5000, -(10**5000), 1e200, b"x", object()):
        assert read("text", raw) is None
        assert as_text(raw) is None


def test_without_a_type_a_value_stays_what_it_is() -> None:
    assert [read("any", raw) for raw in (7, 1.5, True, " a  b ")] == [7, 1.5, True, "a b"]
    assert [read("any", raw) for raw in ([1], {"a": 1}, 10**400, float("nan"))] == [None] * 4


@pytest.mark.parametrize("raw", [None, "", "  ", "\x00\n"])
def test_nothing_is_nothing(raw: object) -> None:
    assert is_nothing(raw)


@pytest.mark.parametrize("raw", [0, False, "0", [], {}])
def test_zero_no_and_an_empty_list_are_something(raw: object) -> None:
    assert not is_nothing(raw)
