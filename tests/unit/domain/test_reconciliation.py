"""What the ledger says beside what a CRM shows: each pair has one verdict."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.compared_record import DIFFERENCES, IN_FLIGHT, Compared, Verdict
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.interaction import Interaction, TriggerEvent, TriggerKind, merge
from switchboard.domain.posting import Idempotency, Posting, PostingState, Try
from switchboard.domain.posting_filter import PostingFilter
from switchboard.domain.posting_profile import PostingProfile
from switchboard.domain.reconciliation import (
    is_in_sample,
    is_safe_to_repeat,
    judged,
    judged_listed,
    keys_of,
    repaired,
    said_by_ledger,
    with_listed,
)

NOW = datetime(2026, 11, 2, 1, 20, tzinfo=UTC)
YESTERDAY = NOW - timedelta(hours=10)
EVERYTHING = (PostingProfile("sandbox"),)
WRITTEN = Posting("sandbox", PostingState.DONE, revision=3, record_id="A-1", attempted_at=YESTERDAY)
THERE = FoundRecord("A-1", "int-1", revision=3)


def interaction(interaction_id: str = "int-1", **fields: str) -> Interaction:
    said = {"disposition_code": "SOLD", **fields}
    event = TriggerEvent(interaction_id, TriggerKind.INTERACTION_ENDS, YESTERDAY, said)
    return merge(Interaction(interaction_id), event)


def told(*postings: Posting, profiles: Any = EVERYTHING, **other: Any) -> list[Compared]:
    when: dict[str, Any] = {
        "first_at": YESTERDAY,
        "ended_at": YESTERDAY,
        "due_at": None,
        "now": NOW,
        **other,
    }
    return said_by_ledger(interaction(), postings, profiles, **when)


def verdict_on(posting: Posting, found: FoundRecord | None, *, settle_s: float = 0.0) -> Verdict:
    (said,) = told(posting)
    return judged(said, found, now=NOW, settle_s=settle_s).verdict


def test_what_was_written_and_stands_there_agrees() -> None:
    assert verdict_on(WRITTEN, THERE) is Verdict.AGREES
    assert verdict_on(WRITTEN, replace(THERE, revision=None)) is Verdict.AGREES
    assert verdict_on(WRITTEN, replace(THERE, revision=4)) is Verdict.AGREES


def test_what_was_written_and_stands_nowhere_is_missing() -> None:
    assert verdict_on(WRITTEN, None) is Verdict.MISSING


def test_what_was_written_a_moment_ago_may_not_be_found_yet() -> None:
    just_now = replace(WRITTEN, attempted_at=NOW - timedelta(minutes=2))
    tried_again = replace(WRITTEN, tries=(Try(NOW - timedelta(minutes=2), 3, "done"),))

    assert verdict_on(just_now, None) is Verdict.WAITING
    assert verdict_on(tried_again, None) is Verdict.WAITING
    assert verdict_on(WRITTEN, None, settle_s=24 * 3600) is Verdict.WAITING


def test_a_shorter_patience_counts_for_what_was_answered_and_rests_alone() -> None:
    just_now = replace(WRITTEN, attempted_at=NOW - timedelta(seconds=5))
    lost = replace(just_now, state=PostingState.PARKED, reason="outcome_unknown")

    def verdict(posting: Posting, *, settle_s: float = 0.0, **row: datetime) -> Verdict:
        (said,) = told(posting, **row)
        none = timedelta(0)
        return judged(said, None, now=NOW, settle_s=settle_s, patience=none).verdict

    assert verdict(just_now) is Verdict.MISSING
    assert verdict(just_now, held_until=NOW - timedelta(seconds=1)) is Verdict.MISSING
    assert verdict(just_now, settle_s=10) is Verdict.WAITING
    assert verdict(just_now, due_at=NOW) is Verdict.WAITING
    assert verdict(just_now, held_until=NOW + timedelta(seconds=9)) is Verdict.WAITING
    assert verdict(lost) is Verdict.PARKED


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (replace(THERE, revision=2), Verdict.OLDER),
        (replace(THERE, record_id="A-2"), Verdict.OTHER_RECORD),
        (replace(THERE, copies=2), Verdict.DOUBLED),
    ],
    ids=["an older revision", "under another id", "twice"],
)
def test_what_stands_there_otherwise_is_told_apart(found: FoundRecord, verdict: Verdict) -> None:
    assert verdict_on(WRITTEN, found) is verdict


def test_a_record_whose_id_was_never_told_is_not_another_record() -> None:
    assert verdict_on(replace(WRITTEN, record_id=""), THERE) is Verdict.AGREES


def test_what_is_still_ours_to_finish_waits_and_says_for_what() -> None:
    due = datetime(2026, 11, 2, 3, 4, tzinfo=UTC)
    waiting = Posting(
        "sandbox", PostingState.PENDING, revision=1, reason="upstream_throttled", due_at=due
    )

    (said,) = told(waiting, due_at=due)

    assert (said.verdict, said.must_ask) == (Verdict.WAITING, False)
    assert said.why == "upstream_throttled, again at 2026-11-02 03:04 UTC"


@pytest.mark.parametrize("state", [PostingState.PENDING, PostingState.ATTEMPTING])
@pytest.mark.parametrize(
    ("due_at", "verdict"),
    [
        (None, Verdict.OVERDUE),
        (NOW - IN_FLIGHT - timedelta(seconds=1), Verdict.OVERDUE),
        (NOW - timedelta(minutes=5), Verdict.WAITING),
        (NOW + timedelta(days=2), Verdict.WAITING),
    ],
    ids=["never", "long ago", "just now", "in two days"],
)
def test_what_is_unfinished_and_nobody_is_at_is_overdue(
    state: PostingState, due_at: datetime | None, verdict: Verdict
) -> None:
    (said,) = told(Posting("sandbox", state, revision=3), due_at=due_at)

    assert said.verdict is verdict


def test_what_a_person_must_decide_is_a_difference_until_it_is_decided() -> None:
    parked = Posting("sandbox", PostingState.PARKED, reason="upstream_rejected")
    resolved = replace(parked, reason="resolved:not to be written")

    assert [one.verdict for one in told(parked)] == [Verdict.PARKED]
    assert [one.verdict for one in told(resolved)] == [Verdict.DECIDED]
    by_hand = replace(WRITTEN, reason="resolved:Ada wants it so")
    assert [(one.verdict, one.must_ask) for one in told(by_hand)] == [(Verdict.DECIDED, False)]
    assert "Ada" not in told(by_hand)[0].why
    assert Verdict.PARKED in DIFFERENCES
    assert Verdict.DECIDED not in DIFFERENCES


def test_of_a_lost_answer_the_crm_itself_says_what_became_of_it() -> None:
    lost = Posting(
        "sandbox",
        PostingState.PARKED,
        revision=3,
        reason="outcome_unknown",
        attempted_at=YESTERDAY,
    )

    assert verdict_on(lost, THERE) is Verdict.UNSETTLED
    assert verdict_on(lost, None) is Verdict.MISSING
    assert verdict_on(replace(lost, attempted_at=NOW), None) is Verdict.PARKED


def test_what_is_wanted_and_was_never_tried_is_a_difference() -> None:
    (said,) = told()

    assert said.verdict is Verdict.NEVER_TRIED
    assert "the profile sandbox wants it" in said.why


@pytest.mark.parametrize("which", ["first_at", "ended_at", "due_at"])
def test_what_came_or_is_due_within_the_hour_is_on_its_way(which: str) -> None:
    (said,) = told(**{which: NOW - IN_FLIGHT + timedelta(seconds=1)})

    assert said.verdict is Verdict.WAITING


def test_what_waits_for_its_disposition_is_not_late() -> None:
    patient = PostingProfile("sandbox", wrap_up_timeout_s=20 * 3600)
    without = merge(
        Interaction("int-1"),
        TriggerEvent("int-1", TriggerKind.INTERACTION_ENDS, YESTERDAY, {"channel": "voice"}),
    )

    (said,) = said_by_ledger(
        without, (), (patient,), first_at=YESTERDAY, ended_at=YESTERDAY, due_at=None, now=NOW
    )

    assert (said.verdict, said.why) == (Verdict.WAITING, "not before 2026-11-02 11:20 UTC")


def test_what_no_profile_wants_says_which_and_why() -> None:
    chats = PostingProfile("sandbox", id="chats", only=PostingFilter(channels=("chat",)))

    (said,) = told(profiles=(chats,))

    assert said.verdict is Verdict.UNWANTED
    assert "chats" in said.why


def test_what_was_written_counts_although_no_profile_wants_it_any_more() -> None:
    assert [one.verdict for one in told(WRITTEN, profiles=())] == [Verdict.AGREES]


BEHIND = replace(WRITTEN, revision=0)


def verdict_behind(posting: Posting = BEHIND, **row: Any) -> Verdict:
    (said,) = told(posting, **{"amending": {"sandbox"}, **row})
    return judged(said, replace(THERE, revision=None), now=NOW, settle_s=0).verdict


def test_what_came_while_its_profile_was_away_is_missing_in_the_record() -> None:
    assert verdict_behind() is Verdict.OVERDUE


def test_what_is_about_to_be_amended_or_cannot_be_or_is_not_to_be_agrees() -> None:
    assert verdict_behind(due_at=NOW + timedelta(minutes=5)) is Verdict.AGREES
    assert verdict_behind(held_until=NOW + timedelta(seconds=9)) is Verdict.AGREES
    assert verdict_behind(amending=()) is Verdict.AGREES
    assert verdict_behind(profiles=()) is Verdict.AGREES


def test_whose_a_record_is_was_to_be_looked_up_while_its_profile_was_away() -> None:
    nobodys = replace(WRITTEN, reason="no_customer", due_at=YESTERDAY)

    assert verdict_behind(nobodys) is Verdict.OVERDUE
    assert verdict_behind(replace(nobodys, due_at=NOW + timedelta(hours=1))) is Verdict.AGREES


def test_what_is_behind_and_not_there_at_all_is_missing() -> None:
    (said,) = told(BEHIND, amending={"sandbox"})

    assert judged(said, None, now=NOW, settle_s=0).verdict is Verdict.MISSING


def test_a_record_of_a_segment_is_asked_for_by_its_own_key() -> None:
    (said,) = told(replace(WRITTEN, part="ab12"), profiles=())

    assert (said.key, said.part) == ("int-1:ab12", "ab12")


def test_a_listed_record_that_the_ledger_has_is_none_to_tell() -> None:
    assert judged_listed("sandbox", THERE, [WRITTEN], interaction_id="int-1") is None


def test_a_listed_record_of_nobodys_interaction_is_unexpected() -> None:
    said = judged_listed("sandbox", FoundRecord("A-9", "int-9"), None, interaction_id="int-9")

    assert said
    assert (said.verdict, said.found_id) == (Verdict.UNEXPECTED, "A-9")


def test_a_listed_record_that_only_another_crm_should_have_is_unexpected() -> None:
    elsewhere = replace(WRITTEN, connector="other")

    said = judged_listed("sandbox", THERE, [elsewhere], interaction_id="int-1")

    assert said
    assert said.verdict is Verdict.UNEXPECTED


def test_a_second_listed_record_makes_a_double_of_what_was_found() -> None:
    both = with_listed(THERE, [THERE, replace(THERE, record_id="A-2")])

    assert both
    assert both.copies == 2
    assert verdict_on(WRITTEN, both) is Verdict.DOUBLED
    assert with_listed(None, [THERE]) == THERE
    assert with_listed(None, []) is None


def test_a_key_may_stand_for_an_interaction_or_for_one_of_its_segments() -> None:
    assert list(keys_of("int-1")) == ["int-1"]
    assert list(keys_of("int-1:ab12")) == ["int-1:ab12", "int-1"]
    assert list(keys_of("a:b:c")) == ["a:b:c", "a:b"]
    assert list(keys_of(":x")) == [":x"]


@pytest.mark.parametrize("idempotency", list(Idempotency))
def test_only_where_a_second_record_cannot_come_of_it_is_repeating_safe(
    idempotency: Idempotency,
) -> None:
    safe = {Idempotency.UPSERT, Idempotency.CLIENT_ID, Idempotency.SEARCH_FIRST}

    assert is_safe_to_repeat(idempotency) == (idempotency in safe)


def test_a_missing_record_is_repaired_to_be_written_and_a_lost_answer_to_be_done() -> None:
    missing = replace(told(WRITTEN)[0], verdict=Verdict.MISSING)
    lost = Posting("sandbox", PostingState.PARKED, revision=3, reason="outcome_unknown")
    settled = replace(told(lost)[0], verdict=Verdict.UNSETTLED, found_id="A-7")

    again, done = repaired(missing, WRITTEN, now=NOW), repaired(settled, lost, now=NOW)

    assert again
    assert (again.state, again.due_at, again.revision) == (PostingState.PENDING, None, 3)
    assert done
    assert (done.state, done.record_id, done.reason) == (PostingState.DONE, "A-7", "")


def test_what_moved_on_since_it_was_compared_is_not_repaired() -> None:
    missing = replace(told(WRITTEN)[0], verdict=Verdict.MISSING)

    assert repaired(missing, replace(WRITTEN, revision=4), now=NOW) is None


_POSTINGS = st.builds(
    Posting,
    connector=st.just("sandbox"),
    state=st.sampled_from(PostingState),
    revision=st.integers(0, 5),
    attempted_at=st.one_of(st.none(), st.just(YESTERDAY), st.just(NOW)),
    due_at=st.one_of(st.none(), st.just(NOW)),
    record_id=st.sampled_from(["", "A-1", "A-2"]),
    reason=st.sampled_from(["", "outcome_unknown", "no_customer", "resolved:x", "gave_up:y"]),
    part=st.sampled_from(["", "p1"]),
)
_FOUND = st.one_of(
    st.none(),
    st.builds(
        FoundRecord,
        record_id=st.sampled_from(["A-1", "A-2"]),
        key=st.just("int-1"),
        revision=st.one_of(st.none(), st.integers(0, 5)),
        copies=st.integers(1, 3),
    ),
)


@given(posting=_POSTINGS, found=_FOUND, settle_s=st.floats(0, 1e6))
def test_whatever_stands_on_both_sides_there_is_one_final_verdict(
    posting: Posting, found: FoundRecord | None, settle_s: float
) -> None:
    (said,) = told(posting, profiles=())
    final = judged(said, found, now=NOW, settle_s=settle_s) if said.must_ask else said

    assert not final.must_ask
    assert final.interaction_id == "int-1"
    assert bool(final.why) or final.verdict in {Verdict.AGREES, Verdict.PARKED}
    if final.verdict is Verdict.MISSING:
        assert found is None
    if final.verdict is Verdict.AGREES:
        assert found
        assert found.copies == 1


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, unique=True), st.floats(0.01, 1))
def test_a_sample_is_the_same_each_time_and_a_larger_one_holds_it(
    ids: list[str], share: float
) -> None:
    drawn = {each for each in ids if is_in_sample(each, share)}

    assert drawn == {each for each in ids if is_in_sample(each, share)}
    assert drawn <= {each for each in ids if is_in_sample(each, min(1.0, share * 2))}
    assert all(is_in_sample(each, 1.0) for each in ids)


def test_a_sample_is_about_as_large_as_was_asked() -> None:
    drawn = sum(is_in_sample(f"int-{n}", 0.05) for n in range(20_000))

    assert 800 <= drawn <= 1200
