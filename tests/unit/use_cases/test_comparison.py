"""A day of the ledger beside the CRMs: each record has its verdict, at a bounded pace."""

from datetime import timedelta

import pytest

from switchboard.domain.found_record import FoundRecord
from switchboard.domain.posting import Idempotency, InteractionRecord, Posting, PostingState
from switchboard.domain.posting_profile import PostingProfile
from switchboard.errors import (
    CredentialRefused,
    Misconfigured,
    StateUnavailable,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from switchboard.use_cases.asked_crm import CannotGoOn
from tests.unit.use_cases.reconciliation_world import DAY, NEXT_NIGHT, World, done


def test_what_stands_there_agrees_and_what_was_deleted_there_is_missing() -> None:
    world = World()
    world.written("int-1", "int-2", "int-3")
    del world.crm.records["int-2"]

    assert world.compared() == {"int-1": ["agrees"], "int-2": ["missing"], "int-3": ["agrees"]}


def test_only_the_day_that_was_asked_for_is_compared() -> None:
    world = World()
    world.written("yesterday", at=DAY - timedelta(microseconds=1))
    world.written("first", at=DAY)
    world.written("last", at=DAY + timedelta(days=1) - timedelta(microseconds=1))
    world.written("tomorrow", at=DAY + timedelta(days=1))

    assert set(world.compared()) == {"first", "last"}


def test_more_interactions_than_one_page_holds_are_all_compared_in_order() -> None:
    world = World()
    world.written(*(f"int-{n:04}" for n in range(250)))

    compared = world.compared(asks_per_s=1e6)

    assert list(compared) == [f"int-{n:04}" for n in range(250)]
    assert {one for each in compared.values() for one in each} == {"agrees"}


def test_a_listing_spares_the_questions() -> None:
    world = World(can_list=True)
    world.written("int-1", "int-2", "int-3")

    assert {one for each in world.compared().values() for one in each} == {"agrees"}
    assert world.crm.asked == []
    assert world.crm.listings == 24


def test_what_a_listing_does_not_have_is_asked_about_before_it_is_missing() -> None:
    world = World(can_list=True)
    world.written("int-1", "int-2")
    elsewhen = (DAY - timedelta(days=9)).isoformat()
    world.crm.records["int-1"] = InteractionRecord("int-1", 1, {"started_at": elsewhen})
    del world.crm.records["int-2"]

    assert world.compared() == {"int-1": ["agrees"], "int-2": ["missing"]}
    assert world.crm.asked == ["int-1", "int-2"]


def test_a_strangers_record_in_the_listing_is_unexpected() -> None:
    world = World(can_list=True)
    world.written("int-1")
    world.crm.doubles = [FoundRecord("A-66", "stranger-1")]

    assert world.compared() == {"stranger-1": ["unexpected"], "int-1": ["agrees"]}


def test_a_record_of_another_day_or_of_a_segment_is_no_stranger() -> None:
    world = World(can_list=True)
    world.written("other-day", at=DAY - timedelta(days=2))
    world.comes("int-1")
    world.posting("int-1", done("int-1", part="p1"))
    world.profiles = ()
    world.crm.doubles = [
        FoundRecord("A-other-day", "other-day"),
        FoundRecord("A-int-1", "int-1:p1"),
    ]

    assert world.compared() == {"int-1": ["agrees"]}


def test_two_records_under_one_key_are_doubled_whichever_the_listing_shows_first() -> None:
    world = World(can_list=True)
    world.written("int-1")
    world.crm.doubles = [FoundRecord("A-second", "int-1", 1)]

    assert world.compared() == {"int-1": ["doubled"]}


def test_a_listing_of_overlapping_pages_doubles_nothing() -> None:
    world = World(can_list=True)
    world.written("int-1")
    world.crm.doubles = [FoundRecord("A-int-1", "int-1", 1)] * 3

    assert world.compared() == {"int-1": ["agrees"]}


def test_a_record_that_is_not_written_yet_is_no_stranger_in_the_listing() -> None:
    world = World(can_list=True)
    world.comes("int-1")
    soon = NEXT_NIGHT + timedelta(minutes=1)
    world.posting("int-1", Posting("sandbox", PostingState.ATTEMPTING, revision=1, due_at=soon))
    world.crm.doubles = [FoundRecord("A-1", "int-1", 1)]

    assert world.compared() == {"int-1": ["waiting"]}


def test_a_crm_that_cannot_be_asked_is_said_once_and_is_no_difference() -> None:
    world = World()
    world.written("int-1")
    world.crm.can_find_records = False
    world.profiles = (*world.profiles, PostingProfile("elsewhere"))

    assert world.compared()["int-1"][0] == "not_asked"
    assert world.comparison().cannot_be_asked() == {
        "sandbox": "its connector has no find_interaction",
        "elsewhere": "it is not published",
    }


def test_only_the_connectors_asked_for_are_compared() -> None:
    world = World()
    world.written("int-1")
    world.profiles = (*world.profiles, PostingProfile("elsewhere"))

    assert world.compared(connectors=frozenset({"sandbox"})) == {"int-1": ["agrees"]}
    assert world.compared(connectors=frozenset({"elsewhere"})) == {"int-1": ["never_tried"]}


def test_a_sample_asks_about_some_and_always_the_same() -> None:
    world = World(can_list=True)
    world.written(*(f"int-{n}" for n in range(300)))

    drawn = world.compared(share=0.1, asks_per_s=1e6)

    assert drawn == world.compared(share=0.1, asks_per_s=1e6)
    assert 10 <= len(drawn) <= 60
    assert world.crm.listings == 0


def test_questions_keep_their_pace() -> None:
    world = World()
    world.written(*(f"int-{n:02}" for n in range(41)))

    world.compared(asks_per_s=4)

    assert (world.now - NEXT_NIGHT).total_seconds() == pytest.approx(10.0)


def test_a_crm_that_fails_for_a_moment_is_asked_again() -> None:
    world = World()
    world.written("int-1")
    world.crm.failures = [
        UpstreamUnavailable("sandbox", "down"),
        UpstreamThrottled("sandbox", "busy", retry_after_s=7),
    ]

    assert world.compared() == {"int-1": ["agrees"]}
    assert 7 in world.slept


def test_a_crm_that_stays_down_stops_it_with_a_word() -> None:
    world = World()
    world.written("int-1", "int-2")
    world.crm.failing_with = UpstreamUnavailable("sandbox", "https://crm.example.com is down")

    with pytest.raises(CannotGoOn, match=r"^sandbox: it gives no usable answer") as stopped:
        world.compared()

    assert "example.com" not in str(stopped.value)
    assert len(world.crm.asked) == 4


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (CredentialRefused("sandbox"), "refuses our credential"),
        (Misconfigured("the secret connectors/sandbox does not exist"), "does not exist"),
        (UpstreamThrottled("sandbox", "busy", retry_after_s=3600), "wait longer"),
    ],
    ids=["credential", "secret", "quota"],
)
def test_what_no_waiting_helps_against_stops_it_at_once(error: Exception, word: str) -> None:
    world = World()
    world.written("int-1")
    world.crm.failures = [error]

    with pytest.raises(CannotGoOn, match=word):
        world.compared()

    assert world.slept == []


def test_nobody_waits_longer_than_there_is_time() -> None:
    world = World()
    world.written("int-1")
    world.crm.failures = [UpstreamThrottled("sandbox", "busy", retry_after_s=30)]

    with pytest.raises(CannotGoOn):
        world.compared(has_time_for=lambda seconds: seconds < 30)


def test_one_refused_question_is_one_unanswered_record() -> None:
    world = World()
    world.written("int-1", "int-2")
    world.crm.failures = [UpstreamRejected("sandbox", "no such id")]

    assert world.compared() == {"int-1": ["unanswered"], "int-2": ["agrees"]}


def test_a_crm_that_refuses_every_question_stops_it() -> None:
    world = World()
    world.written(*(f"int-{n:02}" for n in range(30)))
    world.crm.failures = [UpstreamRejected("sandbox", "no") for _ in range(30)]

    with pytest.raises(CannotGoOn, match="refused 20 questions in a row"):
        world.compared()


def test_a_listing_that_takes_too_long_is_given_up_and_each_record_asked_about() -> None:
    world = World(can_list=True)
    world.written("int-1")

    assert world.compared(has_time_for=lambda seconds: seconds < 300) == {"int-1": ["agrees"]}
    assert world.crm.asked == ["int-1"]


def test_an_outage_of_our_own_tables_is_no_missing_record() -> None:
    world = World()
    world.written("int-1")
    world.ledger.is_down = True

    with pytest.raises(StateUnavailable):
        world.compared()


class LookupOnly:
    connector = "lookup-only"
    can_list_records = can_find_records = False

    @property
    def idempotency(self) -> Idempotency:
        raise Misconfigured("the connector has no method log_interaction")


def test_a_crm_that_is_only_looked_up_in_disturbs_no_comparison() -> None:
    world = World()
    world.crms[LookupOnly.connector] = LookupOnly()
    world.written("int-1")

    assert world.compared() == {"int-1": ["agrees"]}
