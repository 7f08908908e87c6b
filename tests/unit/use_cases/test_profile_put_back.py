"""A profile is taken away and put back: what came meanwhile is found, and a repair writes it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from switchboard.domain.compared_record import Compared, Verdict
from switchboard.domain.posting import Idempotency
from switchboard.domain.posting_profile import PostingProfile
from switchboard.use_cases.asked_crm import ComparisonTerms
from switchboard.use_cases.comparison import Comparison
from switchboard.use_cases.reconciliation_repair import Mending, RepairTerms, repair
from tests.fakes.days import InMemoryDaysOfLedger
from tests.unit.use_cases.people import NOW
from tests.unit.use_cases.posting_world import World


def found(world: World) -> list[Compared]:
    comparison = Comparison(
        ledger=world.ledger,
        days=InMemoryDaysOfLedger(world.ledger),
        crms=world.crms,
        profiles=world.profiles,
        terms=ComparisonTerms(clock=lambda: world.clock.now, sleep=lambda _: None),
    )
    return [one for _, told in comparison.compared(NOW.date()) for one in told]


def repaired(world: World) -> list[Mending]:
    terms = RepairTerms({"sandbox": world.crm.idempotency})
    now = world.clock.now
    told = repair("i-1", found(world), ledger=world.ledger, terms=terms, token="r", now=now)
    return [mending for _, mending in told]


def while_it_is_away(world: World, comes: Callable[[], None]) -> None:
    there, world.profiles = world.profiles, ()
    comes()
    world.wait(hours=1)
    world.profiles = there
    world.wait(hours=2)


def test_an_interaction_that_ended_meanwhile_is_written_by_a_repair() -> None:
    world = World()
    while_it_is_away(world, world.end_call)
    assert world.records == []

    assert [one.verdict for one in found(world)] == [Verdict.NEVER_TRIED]
    assert repaired(world) == [Mending.WRITE]
    world.wait(minutes=5)

    assert [record.revision for record in world.records] == [1]
    assert [one.verdict for one in found(world)] == [Verdict.AGREES]


def test_one_that_was_to_be_tried_again_meanwhile_is_written_by_a_repair() -> None:
    world = World("unavailable")
    world.end_call()
    world.work()
    while_it_is_away(world, lambda: None)
    assert world.records == []

    assert [one.verdict for one in found(world)] == [Verdict.OVERDUE]
    assert repaired(world) == [Mending.WRITE]
    world.wait(minutes=5)

    assert [record.revision for record in world.records] == [1]


@pytest.mark.parametrize(
    "idempotency", [Idempotency.UPSERT, Idempotency.CLIENT_ID, Idempotency.SEARCH_FIRST]
)
def test_what_was_added_meanwhile_is_amended_by_a_repair(idempotency: Idempotency) -> None:
    world = World(idempotency=idempotency)
    world.end_call()
    world.wait(minutes=10)
    while_it_is_away(world, world.amend)
    assert [record.revision for record in world.records] == [1]

    assert [one.verdict for one in found(world)] == [Verdict.OVERDUE]
    assert repaired(world) == [Mending.WRITE]
    world.wait(minutes=10)

    assert [record.revision for record in world.records] == [2]
    assert [one.verdict for one in found(world)] == [Verdict.AGREES]


@pytest.mark.parametrize("idempotency", [Idempotency.NONE, Idempotency.HEADER])
def test_what_cannot_be_amended_is_left_as_it_is(idempotency: Idempotency) -> None:
    world = World(idempotency=idempotency)
    world.end_call()
    world.wait(minutes=10)
    while_it_is_away(world, world.amend)

    assert [one.verdict for one in found(world)] == [Verdict.AGREES]
    assert repaired(world) == [Mending.NOTHING]


def test_whose_it_is_is_looked_up_after_a_repair() -> None:
    world = World(profiles=(PostingProfile("sandbox", unknown_customer="attach"),))
    customers, world.crm.customers = world.crm.customers, ()
    world.end_call()
    world.work()
    while_it_is_away(world, lambda: None)
    world.crm.customers = customers
    world.clock.advance(timedelta(hours=2))
    assert [record.customer for record in world.records] == [None]

    assert repaired(world) == [Mending.WRITE]
    world.wait(minutes=5)

    assert [record.customer for record in world.records] == list(customers)
