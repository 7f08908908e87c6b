"""What is done next about a posting, and when it is tried again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.posting import (
    CLOCKS_DIFFER_S,
    IN_FLIGHT_S,
    LOOK_AGAIN_AFTER_S,
    RETRY_AFTER_S,
    Habits,
    Idempotency,
    Logged,
    Look,
    Nothing,
    Park,
    Posting,
    PostingState,
    Step,
    Try,
    WaitUntil,
    Write,
    attempting,
    done,
    failed,
    lost_answer,
    maybe_done,
    next_of,
    next_step,
    parked,
    quarantined,
    taken_up_again,
    without_customer,
)

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
SETTLE_S = 120.0
SETTLED_AT = NOW + timedelta(seconds=SETTLE_S)
ANY = list(Idempotency)
REPEATABLE_AT_ONCE = [Idempotency.UPSERT, Idempotency.CLIENT_ID, Idempotency.HEADER]
JITTER = st.floats(0, 1, exclude_max=True)


def step(
    posting: Posting,
    idempotency: Idempotency = Idempotency.UPSERT,
    *,
    revision: int = 1,
    at: datetime = NOW,
) -> Step:
    return next_step(posting, revision=revision, habits=Habits(idempotency, SETTLE_S), now=at)


def in_state(state: PostingState, **changes: object) -> Posting:
    return Posting("crm", state, revision=1, attempted_at=NOW, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("idempotency", ANY)
def test_what_was_never_tried_is_written(idempotency: Idempotency) -> None:
    assert step(Posting("crm"), idempotency) == Write()


@pytest.mark.parametrize("idempotency", ANY)
def test_what_failed_is_written_when_its_time_has_come(idempotency: Idempotency) -> None:
    due_at = NOW + timedelta(seconds=30)
    posting = in_state(PostingState.PENDING, due_at=due_at)

    assert step(posting, idempotency) == WaitUntil(due_at)
    assert step(posting, idempotency, at=due_at) == Write()


@pytest.mark.parametrize("state", [PostingState.DONE, PostingState.PARKED])
@pytest.mark.parametrize("idempotency", ANY)
def test_nothing_is_left_to_do_about_what_is_done_or_waits_for_a_person(
    state: PostingState, idempotency: Idempotency
) -> None:
    assert step(in_state(state), idempotency) == Nothing()
    assert step(in_state(state), idempotency, revision=0) == Nothing()


@pytest.mark.parametrize("state", [PostingState.DONE, PostingState.PARKED])
@pytest.mark.parametrize("idempotency", [Idempotency.UPSERT, Idempotency.CLIENT_ID])
def test_an_amendment_is_written(state: PostingState, idempotency: Idempotency) -> None:
    assert step(in_state(state), idempotency, revision=2) == Write()


@pytest.mark.parametrize("idempotency", [Idempotency.NONE, Idempotency.HEADER])
def test_where_a_second_write_is_a_second_record_there_are_no_amendments(
    idempotency: Idempotency,
) -> None:
    assert step(in_state(PostingState.DONE), idempotency, revision=2) == Nothing()


@pytest.mark.parametrize("state", [PostingState.DONE, PostingState.PARKED])
def test_a_search_waits_until_it_would_find_what_was_written(state: PostingState) -> None:
    posting = in_state(state)
    search = Idempotency.SEARCH_FIRST
    seen_at = SETTLED_AT + timedelta(seconds=CLOCKS_DIFFER_S)

    assert step(posting, search, revision=2) == WaitUntil(seen_at)
    assert step(posting, search, revision=2, at=SETTLED_AT) == WaitUntil(seen_at)
    assert step(posting, search, revision=2, at=seen_at) == Write()


@pytest.mark.parametrize("idempotency", [Idempotency.SEARCH_FIRST, Idempotency.ONCE_TOKEN])
@pytest.mark.parametrize("revision", [1, 2])
def test_whoever_died_may_have_sent_as_late_as_a_call_may_last(
    idempotency: Idempotency, revision: int
) -> None:
    attempted = in_state(PostingState.ATTEMPTING)
    settled_at = SETTLED_AT + timedelta(seconds=Habits(idempotency).call_s + IN_FLIGHT_S)

    assert step(attempted, idempotency, revision=revision) == WaitUntil(settled_at)
    assert step(attempted, idempotency, revision=revision, at=settled_at) == Write()


@pytest.mark.parametrize("idempotency", [Idempotency.UPSERT, Idempotency.CLIENT_ID])
def test_a_newer_write_waits_for_an_older_one_that_may_be_on_its_way(
    idempotency: Idempotency,
) -> None:
    habits = Habits(idempotency)
    trying = attempting(Posting("crm"), revision=1, habits=habits, at=NOW)
    lost = lost_answer(trying, "unknown", now=NOW, habits=habits, jitter=0)
    again = attempting(lost, revision=1, habits=habits, at=lost.due_at or NOW)
    written = done(again, Logged("A-1", created=True), now=NOW)
    landed_at = NOW + timedelta(seconds=IN_FLIGHT_S)
    soon = NOW + timedelta(seconds=10)

    assert next_step(written, revision=2, habits=habits, now=soon) == WaitUntil(landed_at)
    assert next_step(written, revision=2, habits=habits, now=landed_at) == Write()
    ignoring = Habits(idempotency, ignores_older=True)
    assert next_step(written, revision=2, habits=ignoring, now=soon) == Write()


def test_after_a_failure_that_may_come_to_be_a_repeat_is_safe_and_a_newer_write_waits() -> None:
    habits = Habits(Idempotency.UPSERT)
    trying = attempting(Posting("crm"), revision=1, habits=habits, at=NOW)
    posting = failed(maybe_done(trying, now=NOW, habits=habits), "down", now=NOW, jitter=0)
    landed_at, soon = NOW + timedelta(seconds=IN_FLIGHT_S), NOW + timedelta(seconds=10)

    assert next_step(posting, revision=1, habits=habits, now=soon) == Write()
    assert next_step(posting, revision=2, habits=habits, now=soon) == WaitUntil(landed_at)
    assert next_step(posting, revision=2, habits=habits, now=landed_at) == Write()


def test_a_key_that_the_crm_has_forgotten_is_not_trusted() -> None:
    habits = Habits(Idempotency.HEADER, key_window_s=600)
    trying = attempting(Posting("crm"), revision=1, habits=habits, at=NOW)
    lost = lost_answer(trying, "unknown", now=NOW, habits=habits, jitter=0)
    # A repeat that is decided now may reach the CRM so much later.
    too_late = NOW + timedelta(seconds=600 - habits.arrives_within_s)
    in_time = too_late - timedelta(seconds=1)

    for posting in (trying, lost):
        assert next_step(posting, revision=1, habits=habits, now=in_time) == Write()
        assert next_step(posting, revision=1, habits=habits, now=too_late) == Park(
            "outcome_unknown"
        )
    refused = failed(lost, "down", now=NOW, jitter=0)
    assert next_step(refused, revision=1, habits=habits, now=too_late) == Park("outcome_unknown")


def test_what_a_person_settled_stays_as_it_is() -> None:
    settled = in_state(PostingState.PARKED, reason="resolved:not_wanted")

    assert step(settled, revision=9) == Nothing()


def test_a_record_of_nobody_is_looked_at_again_for_days_and_not_for_ever() -> None:
    habits, looks = Habits(Idempotency.UPSERT), 0
    posting = done(in_state(PostingState.ATTEMPTING), Logged("A-1", created=True), now=NOW)
    posting = without_customer(posting, now=NOW, jitter=0.5)
    while posting.due_at:
        assert next_step(posting, revision=1, habits=habits, now=NOW) == WaitUntil(posting.due_at)
        assert next_step(posting, revision=1, habits=habits, now=posting.due_at) == Look()
        posting = without_customer(posting, now=posting.due_at, jitter=0.5)
        looks += 1

    assert looks == len(LOOK_AGAIN_AFTER_S)
    assert next_step(posting, revision=1, habits=habits, now=NOW) == Nothing()


@pytest.mark.parametrize("idempotency", REPEATABLE_AT_ONCE)
def test_an_unknown_outcome_is_settled_by_a_repeat_that_is_safe(idempotency: Idempotency) -> None:
    assert step(in_state(PostingState.ATTEMPTING), idempotency) == Write()


@pytest.mark.parametrize("revision", [1, 2])
def test_an_unknown_outcome_that_cannot_be_repeated_is_for_a_person(revision: int) -> None:
    attempted = in_state(PostingState.ATTEMPTING)
    already_parked = in_state(PostingState.PARKED, reason="outcome_unknown")

    assert step(attempted, Idempotency.NONE, revision=revision) == Park("outcome_unknown")
    assert step(already_parked, Idempotency.NONE, revision=2) == Park("outcome_unknown")


def test_a_retry_waits_longer_each_time_and_days_in_all() -> None:
    posting, waits = Posting("crm"), []
    while (posting := failed(posting, "down", now=NOW, jitter=0.5)).due_at:
        waits.append((posting.due_at - NOW).total_seconds())

    assert len(waits) == len(RETRY_AFTER_S)
    assert waits[:4] == [2.5, 15.0, 60.0, 300.0]
    assert timedelta(days=3) < timedelta(seconds=sum(waits)) < timedelta(days=4)
    assert posting.state is PostingState.PARKED
    assert posting.reason == "gave_up:down"


@given(st.integers(0, len(RETRY_AFTER_S) - 1), JITTER)
def test_jitter_spreads_a_retry_over_all_of_its_wait_but_the_first_second(
    attempts: int, jitter: float
) -> None:
    posting = failed(Posting("crm", attempts=attempts), "down", now=NOW, jitter=jitter)

    assert posting.due_at is not None
    wait_s = (posting.due_at - NOW).total_seconds()
    assert wait_s == pytest.approx(max(1.0, RETRY_AFTER_S[attempts] * jitter), abs=1e-5)
    assert posting.attempts == attempts + 1


@pytest.mark.parametrize(
    ("asked_s", "waits_s"),
    [(0.0, 1.0), (-5.0, 1.0), (17.5, 17.5), (21_600.0, 21_600.0), (10.0**9, 21_600.0)],
)
def test_a_crms_own_waiting_time_is_kept_within_reason(asked_s: float, waits_s: float) -> None:
    earliest = failed(Posting("crm"), "throttled", now=NOW, jitter=0, retry_after_s=asked_s)
    latest = failed(Posting("crm"), "throttled", now=NOW, jitter=0.999, retry_after_s=asked_s)

    assert earliest.due_at == NOW + timedelta(seconds=waits_s)
    assert latest.due_at is not None
    assert earliest.due_at < latest.due_at < NOW + timedelta(seconds=1.2 * waits_s)


@given(st.integers(0, len(RETRY_AFTER_S) - 1), JITTER, st.floats(0, 86_400))
def test_after_a_lost_answer_nobody_asks_before_it_settled(
    attempts: int, jitter: float, settle_s: float
) -> None:
    attempted = Posting("crm", PostingState.ATTEMPTING, attempts=attempts)

    habits = Habits(Idempotency.SEARCH_FIRST, settle_s)
    posting = lost_answer(attempted, "unknown", now=NOW, habits=habits, jitter=jitter)

    assert posting.state is PostingState.ATTEMPTING
    assert posting.due_at is not None
    # Moments are kept to the microsecond.
    assert (posting.due_at - NOW).total_seconds() >= settle_s - 1e-6


def test_answers_that_are_always_lost_are_given_up_too() -> None:
    attempted = Posting("crm", PostingState.ATTEMPTING, attempts=len(RETRY_AFTER_S))

    habits = Habits(Idempotency.UPSERT)
    posting = lost_answer(attempted, "unknown", now=NOW, habits=habits, jitter=0)

    assert (posting.state, posting.reason) == (PostingState.PARKED, "outcome_unknown")
    assert posting.due_at is None


def test_a_success_forgets_the_failures_before_it() -> None:
    failing = failed(Posting("crm"), "down", now=NOW, jitter=0)

    trying = attempting(failing, revision=3, habits=Habits(Idempotency.UPSERT), at=NOW)
    posting = done(trying, Logged("A-1", created=True), now=NOW, took_ms=80)

    assert posting.tries == (Try(NOW, 0, "down"), Try(NOW, 3, "done", 80))
    assert replace(posting, tries=()) == Posting(
        "crm", PostingState.DONE, revision=3, attempted_at=NOW, record_id="A-1"
    )


def test_the_last_dozen_tries_are_told_of() -> None:
    posting = Posting("crm")
    for revision in range(1, 30):
        posting = done(replace(posting, revision=revision), Logged("A-1", created=False), now=NOW)

    assert [tried.revision for tried in posting.tries] == list(range(18, 30))


def test_an_amendment_keeps_the_record_that_was_made() -> None:
    habits = Habits(Idempotency.UPSERT)
    trying = attempting(Posting("crm"), revision=1, habits=habits, at=NOW)
    first = done(trying, Logged("A-1", created=True), now=NOW)

    assert attempting(first, revision=2, habits=habits, at=NOW).record_id == "A-1"
    assert parked(first, "rejected", revision=2).record_id == "A-1"


def test_a_row_is_due_with_the_first_of_its_postings() -> None:
    soon, later = NOW + timedelta(seconds=5), NOW + timedelta(seconds=50)

    assert next_of([]) is None
    assert next_of([Posting("a"), Posting("b", due_at=later)]) == later
    assert next_of([Posting("a", due_at=later), Posting("b", due_at=soon)]) == soon


def test_a_wait_that_the_crm_asks_for_is_no_step_towards_giving_up() -> None:
    posting = in_state(PostingState.ATTEMPTING)
    for _ in range(100):
        posting = failed(posting, "upstream_throttled", now=NOW, jitter=0, retry_after_s=1)

    assert (posting.state, posting.attempts) == (PostingState.PENDING, 0)


@pytest.mark.parametrize("idempotency", [Idempotency.SEARCH_FIRST, Idempotency.ONCE_TOKEN])
def test_a_search_sees_a_record_so_long_after_it_was_made_and_not_after_it_was_begun(
    idempotency: Idempotency,
) -> None:
    made_at = NOW + timedelta(seconds=30)
    posting = done(in_state(PostingState.ATTEMPTING), Logged("A-1", created=True), now=made_at)

    seen_at = made_at + timedelta(seconds=SETTLE_S + CLOCKS_DIFFER_S)
    assert step(posting, idempotency, revision=2, at=SETTLED_AT) == WaitUntil(seen_at)


def given_up(idempotency: Idempotency) -> tuple[Posting, Habits]:
    """The last answer that was waited for is lost, after refusals alone."""
    habits = Habits(idempotency, SETTLE_S, key_window_s=600)
    refused = Posting("crm", attempts=len(RETRY_AFTER_S))
    trying = attempting(refused, revision=1, habits=habits, at=NOW)
    return lost_answer(trying, "unknown", now=NOW, habits=habits, jitter=0), habits


@pytest.mark.parametrize("idempotency", [Idempotency.UPSERT, Idempotency.SEARCH_FIRST])
def test_what_was_given_up_may_still_be_on_its_way(idempotency: Idempotency) -> None:
    posting, habits = given_up(idempotency)
    landed_at = NOW + timedelta(seconds=habits.unsettled_s)
    soon = NOW + timedelta(seconds=1)

    assert posting.state is PostingState.PARKED
    assert next_step(posting, revision=2, habits=habits, now=soon) == WaitUntil(landed_at)
    assert next_step(posting, revision=2, habits=habits, now=landed_at) == Write()


def test_a_key_of_what_was_given_up_is_forgotten_too() -> None:
    posting, habits = given_up(Idempotency.HEADER)

    too_late = NOW + timedelta(seconds=600)
    assert next_step(posting, revision=2, habits=habits, now=too_late) == Park("outcome_unknown")


def test_quarantine_does_not_hide_that_nobody_knows_the_outcome() -> None:
    habits = Habits(Idempotency.NONE)
    waiting = lost_answer(in_state(PostingState.ATTEMPTING), "x", now=NOW, habits=habits, jitter=0)
    unknown = in_state(PostingState.PARKED, reason="outcome_unknown")

    for posting in (waiting, unknown):
        left = quarantined(posting, revision=2, habits=habits)
        assert left.is_outcome_unknown
        assert next_step(left, revision=3, habits=habits, now=SETTLED_AT) == Park("outcome_unknown")


def test_what_a_person_has_written_again_waits_for_what_is_on_its_way() -> None:
    habits = Habits(Idempotency.UPSERT)
    died = attempting(Posting("crm"), revision=1, habits=habits, at=NOW)
    again = taken_up_again(quarantined(died, revision=2, habits=habits))
    landed_at = NOW + timedelta(seconds=habits.call_s + habits.unsettled_s)

    assert next_step(again, revision=2, habits=habits, now=NOW) == WaitUntil(landed_at)
