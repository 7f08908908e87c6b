"""A row of a report and an interaction of the ledger: the same, or what differs and why."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.report_comparison import (
    Kept,
    NearIndex,
    Reported,
    ReportVerdict,
    not_here,
    not_reported,
    with_kept,
)

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROW = Reported(2, "int-1", has_own_id=True, started_at=NOON, contact="+14155550142")


def kept(**other: object) -> Kept:
    about: dict[str, object] = {
        "interaction_id": "int-1",
        "started_at": NOON,
        "contact": "+14155550142",
        "channel": "voice",
        "facts": {"business_process": "Sales", "disposition_code": "SOLD"},
        "has_ended": True,
        "first_at": NOON,
        **other,
    }
    return Kept(**about)  # type: ignore[arg-type]


def row(**facts: str) -> Reported:
    return Reported(2, "int-1", has_own_id=True, started_at=NOON, facts=facts)


def test_facts_that_only_differ_in_capitals_and_blanks_agree() -> None:
    said = with_kept(row(business_process=" sales ", disposition_code="Sold"), kept())

    assert said.verdict is ReportVerdict.AGREES


def test_each_fact_that_differs_is_named() -> None:
    said = with_kept(row(business_process="Support", disposition_code=""), kept(), how="by start")

    assert said.verdict is ReportVerdict.DIFFERS
    assert said.why == (
        "business_process is 'Support' there and 'Sales' here; "
        "disposition_code is nothing there and 'SOLD' here; by start"
    )


@pytest.mark.parametrize(
    ("now", "is_refused", "verdict", "word"),
    [
        (NOON + 2 * HOUR, False, ReportVerdict.NOT_HERE, "no trigger"),
        (NOON + 2 * HOUR, True, ReportVerdict.NOT_HERE, "refused list"),
        (NOON + HOUR / 2, False, ReportVerdict.TOO_NEW, "a short while ago"),
    ],
)
def test_a_row_that_is_not_here_says_why(
    now: datetime, verdict: ReportVerdict, word: str, *, is_refused: bool
) -> None:
    said = not_here(ROW, now=now, is_refused=is_refused, patience=HOUR)

    assert said.verdict is verdict
    assert word in said.why


@pytest.mark.parametrize(
    ("interaction", "word"),
    [
        (kept(started_at=NOON - 3 * HOUR), "before the first"),
        (kept(started_at=NOON + 3 * HOUR), "after the last"),
        (kept(has_ended=False), "its end was not told"),
        (kept(channel="chat"), "no chat"),
    ],
)
def test_what_the_report_need_not_have_is_no_difference(interaction: Kept, word: str) -> None:
    said = not_reported(
        interaction, first=NOON - HOUR, last=NOON + HOUR, channels=frozenset({"voice"})
    )

    assert (said.verdict, said.is_difference) == (ReportVerdict.OUTSIDE_REPORT, False)
    assert word in said.why


def test_what_the_report_should_have_and_has_not_is_a_difference() -> None:
    said = not_reported(kept(), first=NOON - HOUR, last=NOON + HOUR, channels=frozenset())

    assert (said.verdict, said.is_difference) == (ReportVerdict.NOT_REPORTED, True)


def index(*starts: tuple[str, int, str]) -> NearIndex:
    found = NearIndex(timedelta(seconds=60))
    for contact, seconds, interaction_id in starts:
        found.add(contact, NOON + timedelta(seconds=seconds), interaction_id)
    return found


def test_the_nearest_start_of_the_same_contact_is_it() -> None:
    found = index(("ada", -50, "a"), ("ada", 20, "b"), ("ada", 59, "c"), ("bob", 0, "d"))

    assert found.near("ada", NOON, set()) == ["b"]
    assert found.near("ada", NOON, {"b"}) == ["a"]
    assert found.near("eve", NOON, set()) == []


def test_two_that_are_as_near_are_both_told_and_never_guessed() -> None:
    assert index(("ada", -5, "a"), ("ada", 5, "b")).near("ada", NOON, set()) == ["a", "b"]


def test_the_tolerance_itself_is_still_near() -> None:
    found = index(("ada", 60, "a"))

    assert found.near("ada", NOON, set()) == ["a"]
    assert found.near("ada", NOON - timedelta(seconds=1), set()) == []


@given(st.lists(st.integers(-300, 300), max_size=30), st.integers(-300, 300))
def test_nobody_nearer_is_left_out_whatever_the_order(starts: list[int], asked: int) -> None:
    found = index(*(("ada", second, f"i{n}") for n, second in enumerate(starts)))
    near = found.near("ada", NOON + timedelta(seconds=asked), set())
    apart = [abs(second - asked) for second in starts if abs(second - asked) <= 60]

    assert len(near) == apart.count(min(apart)) if apart else near == []
