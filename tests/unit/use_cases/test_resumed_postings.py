"""After a CRM was mended, one command brings back what waited for it, and nothing twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from switchboard.beside import in_turn, side_by_side
from switchboard.domain.posting import Idempotency, Posting, PostingState
from switchboard.domain.posting_profile import PostingProfile
from switchboard.domain.retry_budget import LEAST_PER_S, SHARE_OF_FIRST, RetryBudget
from switchboard.errors import (
    CredentialRefused,
    Misconfigured,
    StateUnavailable,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from switchboard.ports import LedgerRow, Next
from switchboard.use_cases.posting_run import Together
from switchboard.use_cases.resumed_postings import (
    ROWS_A_SECOND,
    Resumed,
    resume_postings,
    rows_that_wait,
)
from tests.unit.use_cases.people import NOW, after, told
from tests.unit.use_cases.posting_world import MortalLedger, World

FAILED = Posting(
    "sandbox", attempts=6, attempted_at=NOW, due_at=after(36_000), reason="upstream_unavailable"
)

WRITTEN = Posting("sandbox", PostingState.DONE, 1, record_id="A-1")


def resumed(
    world: World, connector: str = "sandbox", *, is_dry: bool = False, together: Together = in_turn
) -> Resumed:
    now = world.clock.now
    return resume_postings(
        rows_that_wait(world.ledger, now=now, most=100_000),
        connector,
        ledger=world.ledger,
        now=now,
        together=together,
        is_dry=is_dry,
    )


def with_a_backlog(number: int, *postings: Posting, ledger: MortalLedger | None = None) -> World:
    """So many ended interactions, of which each has come as far as these postings."""
    world = World()
    world.ledger = ledger or world.ledger
    for each in range(number):
        name = f"i-{each}"
        world.ledger.merge(told(interaction_id=name), now=NOW, due_when=lambda _: NOW)
        world.ledger.hold(name, token="worker", now=NOW, lease_s=45)
        due_at = min((p.due_at for p in postings if p.due_at), default=None)
        world.ledger.settle(name, postings, token="worker", revision=1, after=Next(due_at=due_at))
    return world


@pytest.mark.parametrize(
    "error",
    [
        CredentialRefused("sandbox"),
        UpstreamUnavailable("sandbox", "503"),
        Misconfigured("the secret has no value named key"),
    ],
)
def test_what_failed_for_hours_is_in_the_crm_two_minutes_after_the_mend(
    error: Any,
) -> None:
    world = World()
    world.crm.failing_with = error
    world.end_call()
    world.work()
    world.wait(hours=8)
    assert world.posting.due_at
    assert world.posting.due_at > world.clock.now + timedelta(minutes=2)

    world.crm.failing_with = None
    assert resumed(world).soon == 1
    world.wait(minutes=2)

    assert world.posting.state is PostingState.DONE
    assert len(world.records) == 1


def test_what_the_crm_asked_to_wait_for_is_told_and_left() -> None:
    world = World()
    world.crm.failing_with = UpstreamThrottled("sandbox", "quota", retry_after_s=7200)
    world.end_call()
    world.work()
    before = world.row

    assert resumed(world) == Resumed(asked_to_wait=1)

    assert world.row == before


def test_an_interaction_that_is_not_over_is_left_alone() -> None:
    world = World()
    world.transfer()
    before = world.row

    assert resumed(world) == Resumed()

    assert world.row == before


def test_a_record_that_its_profile_wants_later_is_not_written_sooner() -> None:
    world = World(profiles=(PostingProfile("sandbox", wrap_up_timeout_s=3600),))
    world.end_call(disposition_code="")
    world.work()

    resumed(world)
    world.wait(minutes=30)

    assert world.records == []


def test_another_connectors_records_keep_their_time() -> None:
    other = Posting("other", attempts=3, due_at=after(9_000), reason="upstream_unavailable")
    world = with_a_backlog(1, FAILED, other)

    assert resumed(world).soon == 1

    row = world.ledger.read("i-0")
    assert row
    assert row.postings["other"] == other
    assert row.due_at == row.postings["sandbox"].due_at


def test_every_record_of_an_interaction_is_brought_back() -> None:
    segment = Posting("sandbox", part="2", attempts=1, due_at=after(9_000), reason="auth")
    world = with_a_backlog(1, FAILED, segment)

    assert resumed(world).soon == 2


def test_a_dry_run_counts_the_same_and_changes_nothing() -> None:
    world = with_a_backlog(3, FAILED)
    before = world.ledger.every_row()

    counted = resumed(world, is_dry=True)

    assert world.ledger.every_row() == before
    assert resumed(world) == counted


@pytest.mark.parametrize("together", [in_turn, side_by_side])
def test_thousands_come_back_over_a_while_and_not_at_one_moment(together: Together) -> None:
    world = with_a_backlog(1_000, FAILED)

    told_of = resumed(world, together=together)

    last_at = NOW + timedelta(seconds=1_000 / ROWS_A_SECOND + 10)
    assert told_of.soon == 1_000
    assert told_of.last_at
    assert last_at - timedelta(seconds=1) <= told_of.last_at <= last_at
    by_half = world.ledger.due(now=NOW + timedelta(seconds=500 / ROWS_A_SECOND + 9), limit=1_000)
    assert 450 <= len(by_half) <= 550


@pytest.mark.parametrize("due_s", [36_000, 20, -300])
def test_a_backlog_of_failures_is_no_backlog_of_repeats(due_s: float) -> None:
    """Else the retry budget would let one through a second, also of what is due by now."""
    world = with_a_backlog(500, replace(FAILED, due_at=after(due_s)))
    budget = RetryBudget(SHARE_OF_FIRST, LEAST_PER_S, lambda: world.clock.now.timestamp())
    world.retry_budgets = lambda _: budget

    resumed(world)
    world.wait(minutes=2)

    assert len(world.records) == 500


def test_saying_it_twice_puts_nothing_off() -> None:
    world = with_a_backlog(100, FAILED)
    first = resumed(world)
    world.clock.advance(timedelta(seconds=5))

    again = resumed(world)

    assert again.last_at is None or (first.last_at and again.last_at <= first.last_at)
    assert len(world.ledger.due(now=NOW + timedelta(minutes=1), limit=1_000)) == 100


def test_a_row_that_a_worker_has_is_told_and_left_also_just_after_its_lease() -> None:
    world = with_a_backlog(1, FAILED)
    world.ledger.hold("i-0", token="worker", now=NOW, lease_s=45)
    before = world.ledger.read("i-0")

    for seconds in (1, 46):
        world.clock.now = after(seconds)
        assert resumed(world) == Resumed(busy=1)

    assert world.ledger.read("i-0") == before


def test_a_row_whose_worker_died_long_ago_is_brought_back() -> None:
    world = with_a_backlog(1, FAILED)
    world.ledger.hold("i-0", token="worker", now=NOW, lease_s=45)
    world.clock.now = after(600)

    assert resumed(world).soon == 1


class WorkerInBetween(MortalLedger):
    """A worker writes the row between our reading and our writing."""

    def read_many(self, interaction_ids: Sequence[str]) -> dict[str, LedgerRow]:
        read = super().read_many(interaction_ids)
        for name in read:
            self.hold(name, token="worker", now=NOW, lease_s=45)
            self.settle(name, [WRITTEN], token="worker", revision=1, after=Next())
        return read


def test_what_a_worker_wrote_meanwhile_stays_written() -> None:
    world = with_a_backlog(1, FAILED, ledger=WorkerInBetween())

    assert resumed(world) == Resumed(busy=1)

    row = world.ledger.read("i-0")
    assert row
    assert row.postings["sandbox"] == WRITTEN
    assert row.due_at is None


class Interrupted(MortalLedger):
    """Answers for the first rows, and then no more."""

    refuses = True

    def settle_unclaimed(self, row: LedgerRow, *args: Any, **more: Any) -> bool:
        if self.refuses and row.interaction.id == "i-60":
            raise StateUnavailable("the table does not answer")
        return super().settle_unclaimed(row, *args, **more)


def test_an_interruption_leaves_each_row_done_or_as_it_was_and_the_rest_for_the_next_time() -> None:
    ledger = Interrupted()
    world = with_a_backlog(100, FAILED, ledger=ledger)
    with pytest.raises(StateUnavailable):
        resumed(world)
    due_s = {row.postings["sandbox"].due_at for row, _ in world.ledger.every_row()}
    assert FAILED.due_at in due_s
    assert len(due_s) > 1

    ledger.refuses = False
    resumed(world)

    assert len(world.ledger.due(now=NOW + timedelta(minutes=1), limit=1_000)) == 100


FATES = ("written", "lost", "never arrived", "dies before", "dies after", "unavailable")


@pytest.mark.parametrize("idempotency", list(Idempotency))
@pytest.mark.parametrize("fates", list(product(FATES, repeat=2)))
def test_resuming_at_any_moment_neither_loses_nor_doubles(
    fates: tuple[str, ...], idempotency: Idempotency
) -> None:
    """Every two fates, resumed again and again while the record is on its way."""
    world = World(*fates, idempotency=idempotency, ignores_no_older=True)
    world.end_call()
    for minute in range(30):
        resumed(world)
        world.wait(seconds=47)
        if minute == 2:
            world.amend()
    world.settle()

    found = [record.id for record in world.records]
    match world.posting.state:
        case PostingState.DONE:
            assert found == ["i-1"]
        case state:
            assert (state, world.posting.reason) == (PostingState.PARKED, "outcome_unknown")
            assert idempotency is Idempotency.NONE
            assert len(found) <= 1
    if idempotency not in {Idempotency.NONE, Idempotency.HEADER}:
        assert world.records[0].revision == world.document.revision
