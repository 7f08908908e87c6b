"""What need not wait out its time once a connector is mended, and what still must."""

from dataclasses import replace

import pytest

from switchboard.domain.posting import NO_CUSTOMER, Posting, PostingState
from switchboard.domain.tried_sooner import tried_sooner
from tests.unit.use_cases.people import NOW, after

FAILED = Posting(
    "sandbox",
    attempts=6,
    attempted_at=after(-60),
    due_at=after(7200),
    reason="upstream_unavailable",
)
LOST = replace(
    FAILED, state=PostingState.ATTEMPTING, reason="upstream_unknown", unsettled_until=after(180)
)


@pytest.mark.parametrize(
    "reason", ["credential_refused", "auth", "forbidden", "upstream_unavailable", "misconfigured"]
)
def test_what_failed_and_wrote_nothing_is_tried_at_once_as_if_it_were_new(reason: str) -> None:
    failed = replace(FAILED, reason=reason)

    assert tried_sooner(failed, at=NOW) == replace(failed, due_at=NOW, attempts=0)


def test_what_the_crm_may_still_carry_out_is_waited_for() -> None:
    moved = tried_sooner(LOST, at=NOW)

    assert moved
    assert moved.due_at == LOST.unsettled_until
    failed_since = replace(FAILED, unsettled_until=after(180))
    moved = tried_sooner(failed_since, at=NOW)
    assert moved
    assert moved.due_at == after(180)


def test_what_is_settled_by_now_waits_no_longer() -> None:
    moved = tried_sooner(replace(LOST, unsettled_until=after(-1)), at=NOW)

    assert moved
    assert moved.due_at == NOW


@pytest.mark.parametrize("due_s", [0, 180, 5])
def test_nothing_is_put_off(due_s: int) -> None:
    for posting in (FAILED, LOST):
        due = replace(posting, due_at=after(due_s))
        as_if_new = replace(due, attempts=0)

        assert tried_sooner(due, at=after(180)) == as_if_new
        assert tried_sooner(as_if_new, at=after(180)) is None


@pytest.mark.parametrize(
    "posting",
    [
        replace(FAILED, reason="upstream_throttled"),
        replace(FAILED, reason="quota_exhausted"),
        replace(FAILED, reason=NO_CUSTOMER),
        replace(FAILED, state=PostingState.DONE, reason=NO_CUSTOMER),
        replace(FAILED, state=PostingState.DONE, reason=""),
        replace(FAILED, state=PostingState.PARKED, reason="invalid"),
        replace(FAILED, state=PostingState.PARKED, due_at=None),
        replace(LOST, due_at=None),
        replace(LOST, unsettled_until=None),
    ],
)
def test_what_waits_for_something_else_is_left_alone(posting: Posting) -> None:
    assert tried_sooner(posting, at=NOW) is None
