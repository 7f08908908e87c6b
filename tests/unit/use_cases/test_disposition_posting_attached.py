"""Somebody whom a CRM does not know yet, and somebody whom two CRMs know."""

from dataclasses import replace
from datetime import timedelta

import pytest

from switchboard.domain.posting import LOOK_AGAIN_AFTER_S, Idempotency, PostingState
from switchboard.domain.posting_profile import PostingProfile
from tests.unit.use_cases.people import ADA, NOW
from tests.unit.use_cases.posting_world import FaultyCrm, World

ATTACHES = (PostingProfile("sandbox", unknown_customer="attach"),)
ALL_LOOKS = timedelta(seconds=2 * sum(LOOK_AGAIN_AFTER_S))


def world_of_a_stranger(
    idempotency: Idempotency = Idempotency.UPSERT, *, needs_customer: bool = False
) -> World:
    world = World(profiles=ATTACHES, idempotency=idempotency)
    world.crm.customers, world.crm.needs_customer = (), needs_customer
    world.end_call()
    world.work()
    return world


@pytest.mark.parametrize(
    "idempotency", [Idempotency.UPSERT, Idempotency.CLIENT_ID, Idempotency.SEARCH_FIRST]
)
def test_a_record_of_a_stranger_is_attached_once_somebody_enters_them(
    idempotency: Idempotency,
) -> None:
    world = world_of_a_stranger(idempotency)
    assert [record.customer for record in world.records] == [None]

    world.crm.customers = (ADA,)
    world.wait(hours=1)

    assert [record.customer for record in world.records] == [ADA]
    assert (world.posting.state, world.posting.reason) == (PostingState.DONE, "")
    assert world.row.customer_key == ADA.key


def test_a_stranger_whom_nobody_enters_is_looked_for_a_few_times_and_no_more() -> None:
    world = world_of_a_stranger()
    looked = []
    world.crm.on_find = lambda: looked.append(world.clock.now)

    world.settle()

    assert len(looked) == len(LOOK_AGAIN_AFTER_S)
    assert world.posting.state is PostingState.DONE
    assert world.clock.now < NOW + ALL_LOOKS


def test_a_crm_that_is_down_while_a_stranger_is_looked_for_parks_nothing() -> None:
    world = world_of_a_stranger()

    world.crm.is_down = True
    world.wait(hours=1)
    world.crm.is_down, world.crm.customers = False, (ADA,)
    world.settle()

    assert [record.customer for record in world.records] == [ADA]


def test_where_a_record_needs_somebody_it_waits_for_them() -> None:
    world = world_of_a_stranger(needs_customer=True)
    assert world.records == []
    assert (world.posting.state, world.posting.reason) == (PostingState.PENDING, "no_customer")

    world.crm.customers = (ADA,)
    world.wait(hours=1)

    assert [record.customer for record in world.records] == [ADA]


def test_where_a_record_needs_somebody_who_never_comes_a_person_decides() -> None:
    world = world_of_a_stranger(needs_customer=True)

    world.settle()

    assert (world.posting.state, world.posting.reason) == (PostingState.PARKED, "no_customer")
    assert world.ledger.parked(limit=10) == ("i-1",)


def test_nobody_is_looked_for_by_a_number_that_is_withheld() -> None:
    world = World(profiles=ATTACHES)
    world.crm.customers = ()
    world.end_call(contact="anonymous")
    world.work()

    assert world.posting.due_at is None
    assert world.ledger.due(now=world.clock.now + ALL_LOOKS, limit=1) == ()


def test_whoever_two_crms_know_has_the_interaction_in_both_histories() -> None:
    world = World(profiles=(PostingProfile("sandbox"), PostingProfile("billing")))
    billing = FaultyCrm(world.clock, Idempotency.UPSERT, (), 0)
    billing.connector = "billing"
    billing.customers = (replace(ADA, connector="billing", id="B-7"),)
    world.crms["billing"] = billing
    world.end_call()
    world.work()

    for key in ("sandbox:C-1", "billing:B-7"):
        (row,) = world.ledger.history(key, limit=10)
        assert row.interaction.id == "i-1"


def test_a_crm_that_is_down_keeps_nothing_from_the_other() -> None:
    world = World(profiles=(PostingProfile("down"), PostingProfile("sandbox")))
    down = FaultyCrm(world.clock, Idempotency.UPSERT, (), 0)
    down.connector, down.is_down = "down", True
    world.crms["down"] = down
    world.end_call()
    world.work()

    assert world.posting.state is PostingState.DONE
    down.is_down = False
    world.settle()
    assert len(down.records) == len(world.records) == 1


def test_a_crm_that_is_down_while_a_stranger_is_looked_for_has_their_record_all_the_same() -> None:
    world = world_of_a_stranger()

    world.crm.is_down = True
    world.settle()

    assert (world.posting.state, world.posting.reason) == (PostingState.DONE, "no_customer")
    assert len(world.posting.tries) == 1
