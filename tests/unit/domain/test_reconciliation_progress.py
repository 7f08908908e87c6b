"""Which day the nightly comparison goes on with."""

from datetime import UTC, date, datetime

import pytest

from switchboard.domain.reconciliation_progress import Progress, last_whole_day, next_progress

MONDAY = date(2026, 11, 2)
TUESDAY_1AM = datetime(2026, 11, 3, 1, 20, tzinfo=UTC)


def test_the_first_night_compares_yesterday() -> None:
    assert next_progress(None, now=TUESDAY_1AM) == Progress(MONDAY)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 3, 0, 59, tzinfo=UTC), date(2026, 11, 1)),
        (datetime(2026, 11, 3, 1, 0, tzinfo=UTC), MONDAY),
        (datetime(2026, 11, 3, 23, 59, tzinfo=UTC), MONDAY),
    ],
)
def test_a_day_is_whole_an_hour_after_its_end(moment: datetime, day: date) -> None:
    assert last_whole_day(moment) == day


def test_a_day_that_is_not_done_goes_on_where_it_was() -> None:
    half = Progress(date(2026, 11, 1), after="int-5", counts={"agrees": 4}, is_listed=True)

    assert next_progress(half, now=TUESDAY_1AM) == half


def test_after_a_day_comes_the_next_and_after_yesterday_nothing() -> None:
    assert next_progress(Progress(date(2026, 11, 1), is_done=True), now=TUESDAY_1AM) == Progress(
        MONDAY
    )
    assert next_progress(Progress(MONDAY, is_done=True), now=TUESDAY_1AM) is None


def test_after_a_long_standstill_the_last_week_is_made_up_for() -> None:
    long_ago = Progress(date(2026, 9, 1), after="int-5")

    assert next_progress(long_ago, now=TUESDAY_1AM) == Progress(date(2026, 10, 27))


def test_counts_add_up_over_runs() -> None:
    progress = Progress(MONDAY).with_one("int-1", {"agrees": 1}).with_one("int-2", {"agrees": 2})

    assert (progress.after, progress.counts) == ("int-2", {"agrees": 3})
    assert progress.with_one("", {"unexpected": 1}).after == "int-2"
