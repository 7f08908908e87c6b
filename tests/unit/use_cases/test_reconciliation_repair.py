"""A repair goes through the ledger: the pipeline writes, and nothing is written twice."""

from datetime import timedelta
from typing import Any

import pytest

from switchboard.domain.compared_record import Compared, Verdict
from switchboard.domain.posting import Idempotency, Posting, PostingState
from switchboard.use_cases.reconciliation_repair import Mending, RepairTerms, mending_of, repair
from tests.unit.use_cases.reconciliation_world import DAY, NOON, World, done

SAFE = RepairTerms({"sandbox": Idempotency.UPSERT})
MENDED = {
    Verdict.MISSING,
    Verdict.OLDER,
    Verdict.UNSETTLED,
    Verdict.NEVER_TRIED,
    Verdict.OVERDUE,
}


def found_in(world: World, interaction_id: str) -> list[Compared]:
    compared = dict(world.comparison().compared(DAY.date()))
    return list(compared[interaction_id])


def mended(
    world: World, found: list[Compared], terms: RepairTerms = SAFE, interaction_id: str = "int-1"
) -> list[Mending]:
    told = repair(interaction_id, found, ledger=world.ledger, terms=terms, token="r", now=world.now)
    return [mending for _, mending in told]


def missing_in(world: World) -> list[Compared]:
    world.written("int-1")
    del world.crm.records["int-1"]
    return found_in(world, "int-1")


def test_a_missing_record_is_pending_and_due_at_once() -> None:
    world = World()

    assert mended(world, missing_in(world)) == [Mending.WRITE]

    row = world.row("int-1")
    assert row.postings["sandbox"].state is PostingState.PENDING
    assert row.due_at == world.now
    assert world.ledger.due(now=world.now, limit=5) == ("int-1",)


def test_a_record_that_was_never_tried_becomes_due() -> None:
    world = World()
    world.comes("int-1")
    found = found_in(world, "int-1")

    assert [one.verdict for one in found] == [Verdict.NEVER_TRIED]
    assert mended(world, found) == [Mending.WRITE]
    assert world.row("int-1").due_at == world.now


def test_what_nobody_is_at_becomes_due() -> None:
    world = World()
    world.comes("int-1")
    world.posting("int-1", Posting("sandbox", PostingState.ATTEMPTING, attempted_at=NOON))
    found = found_in(world, "int-1")

    assert [one.verdict for one in found] == [Verdict.OVERDUE]
    assert mended(world, found) == [Mending.WRITE]
    row = world.row("int-1")
    assert row.due_at == world.now
    assert row.postings["sandbox"].state is PostingState.ATTEMPTING


def test_a_lost_answer_whose_record_stands_there_is_taken_as_written() -> None:
    world = World()
    world.written("int-1")
    lost = Posting(
        "sandbox", PostingState.PARKED, revision=1, reason="outcome_unknown", attempted_at=NOON
    )
    world.posting("int-1", lost)

    assert mended(world, found_in(world, "int-1")) == [Mending.TAKE]

    posting = world.row("int-1").postings["sandbox"]
    assert (posting.state, posting.record_id) == (PostingState.DONE, "A-int-1")


@pytest.mark.parametrize("idempotency", [Idempotency.NONE, Idempotency.HEADER, "once_token", None])
def test_where_a_second_record_could_come_of_it_a_person_must_say_so(idempotency: Any) -> None:
    world = World()
    found = missing_in(world)
    ways = {"sandbox": Idempotency(idempotency)} if idempotency else {}

    assert mended(world, found, RepairTerms(ways)) == [Mending.RISKY]
    assert world.row("int-1").postings["sandbox"].state is PostingState.DONE
    assert mended(world, found, RepairTerms(ways, allow_risky=True)) == [Mending.WRITE]
    assert world.row("int-1").postings["sandbox"].state is PostingState.PENDING


def test_an_older_revision_is_written_again_only_where_that_replaces_it() -> None:
    older = Compared(Verdict.OLDER, "int-1", "sandbox", posting=done("int-1"))

    assert mending_of(older, SAFE) is Mending.WRITE
    for other in set(Idempotency) - {Idempotency.UPSERT}:
        terms = RepairTerms({"sandbox": other}, allow_risky=True)
        assert mending_of(older, terms) is Mending.NOTHING


@pytest.mark.parametrize("verdict", sorted(set(Verdict) - MENDED))
def test_everything_else_is_left_to_a_person(verdict: Verdict) -> None:
    world = World()
    world.written("int-1")

    assert mended(world, [Compared(verdict, "int-1", "sandbox", posting=done("int-1"))]) == [
        Mending.NOTHING
    ]
    assert world.row("int-1").postings["sandbox"] == done("int-1")


def test_a_row_that_a_worker_holds_is_left_alone() -> None:
    world = World()
    found = missing_in(world)
    world.ledger.hold("int-1", token="worker", now=world.now, lease_s=60)

    assert mended(world, found) == [Mending.BUSY]
    assert world.row("int-1").postings["sandbox"].state is PostingState.DONE


def test_what_was_written_again_meanwhile_is_left_alone() -> None:
    world = World()
    found = missing_in(world)
    world.posting("int-1", done("int-1", revision=2))

    assert mended(world, found) == [Mending.MOVED]
    assert world.row("int-1").postings["sandbox"] == done("int-1", revision=2)


def test_two_repairs_of_one_record_write_it_once() -> None:
    world = World()
    found = missing_in(world)

    assert mended(world, found) == [Mending.WRITE]
    assert mended(world, found) == [Mending.MOVED]


def test_an_interrupted_repair_changes_nothing_and_is_over_by_itself() -> None:
    world = World()
    found = missing_in(world)
    world.ledger.hold("int-1", token="interrupted", now=world.now, lease_s=30)
    world.now += timedelta(seconds=31)

    assert mended(world, found) == [Mending.WRITE]
