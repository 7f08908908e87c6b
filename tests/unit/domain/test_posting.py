"""What is done next about a posting, and when it is tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.interaction import FieldVersion, Interaction
from switchboard.domain.posting import (
    RETRY_AFTER_S,
    Idempotency,
    Logged,
    Nothing,
    Park,
    Posting,
    PostingProfile,
    PostingState,
    Step,
    WaitUntil,
    Write,
    attempting,
    done,
    earliest_due,
    failed,
    lost_answer,
    next_step,
    parked,
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
    return next_step(posting, revision=revision, idempotency=idempotency, settle_s=SETTLE_S, now=at)


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


@pytest.mark.parametrize("state", [s for s in PostingState if s is not PostingState.PENDING])
def test_a_search_waits_until_it_would_find_what_was_written(state: PostingState) -> None:
    posting = in_state(state)
    search = Idempotency.SEARCH_FIRST

    assert step(posting, search, revision=2) == WaitUntil(SETTLED_AT)
    assert step(posting, search, revision=2, at=SETTLED_AT) == Write()


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
    assert waits[:4] == [3.75, 22.5, 90.0, 450.0]
    assert timedelta(days=2) < timedelta(seconds=sum(waits)) < timedelta(days=5)
    assert posting.state is PostingState.PARKED
    assert posting.reason == "gave_up:down"


@given(st.integers(0, len(RETRY_AFTER_S) - 1), JITTER)
def test_jitter_spreads_a_retry_over_the_second_half_of_its_wait(
    attempts: int, jitter: float
) -> None:
    posting = failed(Posting("crm", attempts=attempts), "down", now=NOW, jitter=jitter)

    assert posting.due_at is not None
    wait_s = (posting.due_at - NOW).total_seconds()
    assert RETRY_AFTER_S[attempts] / 2 <= wait_s <= RETRY_AFTER_S[attempts]
    assert posting.attempts == attempts + 1


@pytest.mark.parametrize(
    ("asked_s", "waits_s"),
    [(0.0, 1.0), (-5.0, 1.0), (17.5, 17.5), (21_600.0, 21_600.0), (10.0**9, 21_600.0)],
)
def test_a_crms_own_waiting_time_is_kept_within_reason(asked_s: float, waits_s: float) -> None:
    posting = failed(Posting("crm"), "throttled", now=NOW, jitter=0.1, retry_after_s=asked_s)

    assert posting.due_at == NOW + timedelta(seconds=waits_s)


@given(st.integers(0, len(RETRY_AFTER_S) - 1), JITTER, st.floats(0, 86_400))
def test_after_a_lost_answer_nobody_asks_before_it_settled(
    attempts: int, jitter: float, settle_s: float
) -> None:
    attempted = Posting("crm", PostingState.ATTEMPTING, attempts=attempts)

    posting = lost_answer(attempted, "unknown", now=NOW, settle_s=settle_s, jitter=jitter)

    assert posting.state is PostingState.ATTEMPTING
    assert posting.due_at is not None
    # Moments are kept to the microsecond.
    assert (posting.due_at - NOW).total_seconds() >= settle_s - 1e-6


def test_answers_that_are_always_lost_are_given_up_too() -> None:
    attempted = Posting("crm", PostingState.ATTEMPTING, attempts=len(RETRY_AFTER_S))

    posting = lost_answer(attempted, "unknown", now=NOW, settle_s=1, jitter=0)

    assert (posting.state, posting.reason) == (PostingState.PARKED, "outcome_unknown")
    assert posting.due_at is None


def test_a_success_forgets_the_failures_before_it() -> None:
    failing = failed(Posting("crm"), "down", now=NOW, jitter=0)

    posting = done(attempting(failing, revision=3, at=NOW), Logged("A-1", created=True))

    assert posting == Posting(
        "crm", PostingState.DONE, revision=3, attempted_at=NOW, record_id="A-1"
    )


def test_an_amendment_keeps_the_record_that_was_made() -> None:
    first = done(attempting(Posting("crm"), revision=1, at=NOW), Logged("A-1", created=True))

    assert attempting(first, revision=2, at=NOW).record_id == "A-1"
    assert parked(first, "rejected", revision=2).record_id == "A-1"


def test_a_row_is_due_with_the_first_of_its_postings() -> None:
    soon, later = NOW + timedelta(seconds=5), NOW + timedelta(seconds=50)

    assert earliest_due([]) is None
    assert earliest_due([Posting("a"), Posting("b", due_at=later)]) == later
    assert earliest_due([Posting("a", due_at=later), Posting("b", due_at=soon)]) == soon


@pytest.mark.parametrize(
    ("profile", "is_wanted"),
    [
        (PostingProfile("crm"), True),
        (PostingProfile("crm", channels=frozenset({"voice", "email"})), True),
        (PostingProfile("crm", channels=frozenset({"email"})), False),
        (PostingProfile("crm", directions=frozenset({"inbound"})), False),
        (PostingProfile("crm", business_processes=frozenset({"Collections"})), True),
        (
            PostingProfile(
                "crm", frozenset({"Collections"}), frozenset({"email"}), frozenset({"inbound"})
            ),
            False,
        ),
    ],
)
def test_a_profile_wants_what_passes_every_filter(profile: PostingProfile, is_wanted: bool) -> None:
    interaction = Interaction(
        "i-1",
        {
            "channel": FieldVersion(1, "t", "voice"),
            "business_process": FieldVersion(1, "t", "Collections"),
        },
    )

    assert profile.wants(interaction) is is_wanted


def test_a_wait_that_the_crm_asks_for_is_no_step_towards_giving_up() -> None:
    posting = in_state(PostingState.ATTEMPTING)
    for _ in range(100):
        posting = failed(posting, "upstream_throttled", now=NOW, jitter=0, retry_after_s=1)

    assert (posting.state, posting.attempts) == (PostingState.PENDING, 0)
