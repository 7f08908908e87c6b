"""How often the ledger is written for one posting, and who may go on after a failure."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from switchboard.domain.posting import Idempotency, Posting, PostingState
from switchboard.domain.posting_profile import PostingProfile
from switchboard.domain.retry_budget import RetryBudget
from switchboard.errors import LeftAlone, UpstreamUnavailable
from switchboard.ports import Arrival, Next
from switchboard.use_cases.parked_postings import take_up_again as retry
from switchboard.use_cases.posting_quarantine import CRASHES_THAT_QUARANTINE
from tests.unit.use_cases.posting_world import World

WRITES = ("merge", "claim", "hold", "settle", "settle_unclaimed", "write_again", "note_crash")


def counting_writes(world: World) -> list[str]:
    """Every change of the ledger from now on, by the name of its method."""
    seen: list[str] = []

    def counted(name: str, write: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            seen.append(name)
            return write(*args, **options)

        return call

    for name in WRITES:
        setattr(world.ledger, name, counted(name, getattr(world.ledger, name)))
    return seen


@pytest.mark.parametrize("idempotency", list(Idempotency))
def test_a_posting_takes_two_writes(idempotency: Idempotency) -> None:
    world = World(idempotency=idempotency)
    world.end_call()
    writes = counting_writes(world)

    world.work()
    world.work()

    assert writes == ["claim", "settle"]


def test_a_crm_that_ignores_older_revisions_takes_one() -> None:
    world = World()
    world.crm.ignores_older = True
    world.end_call()
    writes = counting_writes(world)

    world.work()
    world.work()

    assert writes == ["settle_unclaimed"]
    assert world.posting.state is PostingState.DONE


def test_waiting_for_a_disposition_that_comes_takes_none() -> None:
    world = World(profiles=(PostingProfile("sandbox", wrap_up_timeout_s=90),))
    world.end_call(disposition_code="")
    writes = counting_writes(world)

    world.work()
    assert writes == []
    world.end_call(disposition_code="Resolved")
    world.work()

    assert writes == ["merge", "claim", "settle"]


def test_two_crms_take_no_more_writes_than_one() -> None:
    world = World(profiles=(PostingProfile("sandbox"), PostingProfile("other")))
    other = World().crm
    other.connector = "other"
    world.crms["other"] = other
    world.end_call()
    writes = counting_writes(world)

    world.work()

    assert writes == ["claim", "settle"]


def test_a_worker_that_retries_too_much_puts_a_retry_off_and_counts_no_failure() -> None:
    world = World("unavailable", "unavailable", "unavailable")
    budget = RetryBudget(0.2, 0.0, lambda: 0.0)
    world.retry_budgets = lambda _: budget
    world.end_call()
    world.work()
    assert world.posting.attempts == 1

    world.wait(minutes=1)

    assert world.posting.attempts == 1
    assert world.posting.due_at is not None
    assert len(world.posting.tries) == 1
    world.retry_budgets = None
    world.settle()
    assert world.posting.state is PostingState.DONE


def test_a_crm_that_is_left_alone_for_a_day_costs_no_attempt() -> None:
    world = World()
    world.crm.failing_with = LeftAlone("sandbox", retry_after_s=45)
    world.end_call()
    world.work()

    world.wait(days=1)
    assert world.posting.attempts == 0
    world.crm.failing_with = None
    world.wait(minutes=2)

    assert world.posting.state is PostingState.DONE


def failing(world: World, error: BaseException) -> None:
    def fail(*_: object, **__: object) -> Sequence[object]:
        raise error

    world.crm.log_interaction = fail  # type: ignore[assignment]


def test_a_row_over_which_our_own_code_fails_waits_for_a_person_after_a_few_times() -> None:
    world = World()
    world.end_call()
    failing(world, KeyError("a mistake of ours"))

    told = [world.crash() for _ in range(CRASHES_THAT_QUARANTINE)]

    assert told == [False, False, True]
    assert (world.posting.state, world.posting.reason) == (PostingState.PARKED, "quarantined")
    assert world.ledger.parked(limit=10) == ("i-1",)


def test_what_is_said_later_of_a_quarantined_row_is_written() -> None:
    world = World()
    world.end_call()
    for _ in range(CRASHES_THAT_QUARANTINE):
        world.crash()

    world.amend()
    world.settle()

    assert world.posting.state is PostingState.DONE


def test_a_failure_that_is_not_ours_is_no_crash() -> None:
    world = World()
    world.crm.failing_with = UpstreamUnavailable("sandbox", "503")
    world.end_call()
    for _ in range(9):
        world.wait(minutes=30)

    assert world.posting.state is PostingState.PENDING


def test_quarantine_takes_nothing_away_from_what_is_in_the_crm_or_was_settled() -> None:
    world = World(profiles=(PostingProfile("sandbox"), PostingProfile("other")))
    world.end_call()
    world.work()
    resolved = Posting("other", PostingState.PARKED, revision=1, reason="resolved:not_wanted")
    row = world.row
    assert world.ledger.settle_unclaimed(row, [resolved], now=world.clock.now, after=Next())
    before = world.row.postings

    for _ in range(CRASHES_THAT_QUARANTINE):
        world.crash()

    assert world.row.postings == before


@pytest.mark.parametrize("idempotency", list(Idempotency))
def test_an_attempt_that_died_before_its_row_was_quarantined_is_not_forgotten(
    idempotency: Idempotency,
) -> None:
    world = World("dies after", idempotency=idempotency)
    world.end_call()
    world.work()
    world.clock.advance(timedelta(minutes=1))
    for _ in range(CRASHES_THAT_QUARANTINE):
        world.crash()
    assert world.posting.state is PostingState.PARKED

    world.amend()
    world.settle()

    assert len(world.records) == 1


@pytest.mark.parametrize("idempotency", list(Idempotency))
def test_a_mistake_that_settles_slowly_is_counted_each_time(idempotency: Idempotency) -> None:
    """The way that functions/disposition_posting goes when our own code fails."""
    world = World(idempotency=idempotency)
    world.end_call()
    failing(world, KeyError("a mistake of ours"))
    for _ in range(30):
        world.clock.advance(timedelta(minutes=1))
        if not world.ledger.due(now=world.clock.now, limit=1):
            continue
        run = world.new_run()
        with suppress(KeyError):
            world.posted("i-1", run=run)
        if "i-1" in run.mistaken:
            world.crash(run)

    assert world.posting.state is PostingState.PARKED
    assert world.ledger.due(now=world.clock.now + timedelta(days=9), limit=1) == ()


def test_a_mistake_over_one_row_is_told_of_no_other() -> None:
    world = World()
    world.end_call()
    world.end_call(interaction_id="i-2")
    run = world.new_run()
    failing(world, KeyError("a mistake of ours"))

    with pytest.raises(KeyError):
        world.posted("i-2", "i-1", run=run)

    assert run.mistaken == {"i-2"}


def test_more_records_than_fit_into_one_write_are_written_one_lot_after_the_other() -> None:
    world = World(profiles=(PostingProfile("sandbox", is_per_segment=True),))
    for number in range(60):
        world.transfer(segment_id=f"s-{number}")
    world.end_call()

    world.work()
    assert len(world.records) == 50
    world.settle()

    assert len({record.id for record in world.records}) == 60


def test_a_row_of_which_only_the_arrival_is_known_is_no_work() -> None:
    world = World()
    world.ledger.note_arrival("i-1", Arrival(at=world.clock.now, request_id="r", outcome="known"))
    world.clock.advance(timedelta(days=1))

    assert world.work() == ()
    assert world.records == []
    assert world.row.postings == {}


def test_quarantine_loses_no_amendment_of_what_is_done() -> None:
    world = World(idempotency=Idempotency.SEARCH_FIRST)
    world.end_call()
    world.work()
    world.amend()
    for _ in range(CRASHES_THAT_QUARANTINE):
        world.crash()
    assert (world.posting.state, world.posting.reason) == (PostingState.PARKED, "quarantined")

    retry("i-1", lambda _: True, ledger=world.ledger, token="person", now=world.clock.now)
    world.settle()

    assert [record.revision for record in world.records] == [2]
    assert world.posting.state is PostingState.DONE


def test_of_a_quarantined_row_each_segment_waits_and_nothing_else() -> None:
    world = World(profiles=(PostingProfile("sandbox", is_per_segment=True),))
    world.transfer(segment_id="s-1")
    world.end_call()
    for _ in range(CRASHES_THAT_QUARANTINE):
        world.crash()

    assert world.row.postings.keys() == {"sandbox#s-1"}


def test_a_lost_answer_costs_a_search_no_write_for_waiting() -> None:
    world = World("lost", idempotency=Idempotency.SEARCH_FIRST, settle_s=5)
    world.end_call()
    writes = counting_writes(world)
    world.work()

    world.settle()

    assert writes == ["claim", "settle"] * 2
    assert len(world.records) == 1
