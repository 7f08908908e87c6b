"""Several interactions go to a CRM in one call, and each ends as if it had gone alone."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import cast

import pytest

from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import Identity
from switchboard.domain.posting import Idempotency, Posting, PostingState
from switchboard.domain.posting_profile import PostingProfile
from switchboard.errors import Misconfigured, StateUnavailable, UpstreamUnknown
from tests.fakes.lookups import InMemoryLookupMemory
from tests.unit.use_cases.people import ADA
from tests.unit.use_cases.posting_world import Clock, FaultyCrm, World

THREE = ("i-1", "i-2", "i-3")
FATES = (
    "written",
    "lost",
    "never arrived",
    "throttled",
    "unavailable",
    "rejected",
    "dies before",
    "dies half-way",
    "dies after",
)
BEFORE = ("redelivered", "amended", "swept")


def world_of_three(*script: str) -> World:
    world = World(*script)
    world.crm.batch_most = 100
    for interaction_id in THREE:
        world.end_call(interaction_id=interaction_id)
    return world


def revisions(world: World) -> dict[str, int]:
    """Which revision of each interaction stands in the CRM."""
    return {record.id: record.revision for record in world.records}


def test_three_results_take_one_call() -> None:
    world = world_of_three()

    world.work(*THREE)

    assert world.crm.batches == 1
    assert revisions(world) == dict.fromkeys(THREE, 1)
    assert {world.posting_of(each).state for each in THREE} == {PostingState.DONE}


def test_no_call_holds_more_than_the_crm_takes() -> None:
    world = world_of_three()
    world.crm.batch_most = 2

    world.work(*THREE)

    assert world.crm.batches == 1  # two together, and the third alone
    assert len(world.records) == len(THREE)


def test_a_pointer_that_comes_twice_is_one_record() -> None:
    world = world_of_three()

    world.work("i-1", "i-1", "i-2", "i-1")

    assert sorted(revisions(world)) == ["i-1", "i-2"]


def test_a_record_that_was_held_back_waits_alone() -> None:
    world = world_of_three("throttled")

    world.work(*THREE)

    assert world.posting_of("i-1").state is PostingState.DONE
    assert world.posting_of("i-2").state is PostingState.PENDING


def test_one_bad_record_parks_no_other() -> None:
    world = world_of_three("rejected", "rejected")  # together, and then the first alone

    world.work(*THREE)

    states = [world.posting_of(each).state for each in THREE]
    assert states == [PostingState.PARKED, PostingState.DONE, PostingState.DONE]


def test_what_another_worker_holds_is_left_to_it() -> None:
    world = world_of_three()
    world.ledger.hold("i-2", token="another", now=world.clock.now, lease_s=45)

    world.work(*THREE)

    assert sorted(revisions(world)) == ["i-1", "i-3"]


def test_a_table_that_fails_for_one_row_costs_only_that_row_its_turn() -> None:
    world = world_of_three()
    world.ledger.refuses_to_save = "i-2"

    posted = world.posted(*THREE)

    assert isinstance(posted["i-2"], StateUnavailable)
    assert sorted(revisions(world)) == ["i-1", "i-3"]


def test_no_call_is_begun_late_in_a_lease_and_nothing_is_lost_for_it() -> None:
    world = world_of_three()
    world.crm.batch_most = 2
    world.crm.meanwhile = lambda: world.clock.advance(timedelta(seconds=26))

    world.work(*THREE)

    assert list(revisions(world)) == ["i-1", "i-2"]
    world.crm.meanwhile = lambda: None
    world.settle()
    assert revisions(world) == dict.fromkeys(THREE, 1)


class HangingMemory(InMemoryLookupMemory):
    """Our own table, which fails after twelve seconds each time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.is_down = True
        self.outdated: list[int] = []

    def outdate(self, asked: Collection[tuple[str, Identity]], *, now: datetime) -> None:
        self.outdated.append(len(asked))
        self._clock.advance(timedelta(seconds=12))
        super().outdate(asked, now=now)


@pytest.mark.parametrize("at_once", [1, 100])
@pytest.mark.parametrize("idempotency", list(Idempotency))
def test_a_lookup_memory_that_hangs_costs_no_row_its_lease(
    at_once: int, idempotency: Idempotency
) -> None:
    world = World(idempotency=idempotency)
    world.crm.batch_most = at_once
    world.memory = memory = HangingMemory(world.clock)
    five = [f"i-{number}" for number in range(5)]
    for number, each in enumerate(five):
        world.end_call(interaction_id=each, contact=f"+1 415 555 010{number}")

    posted = world.posted(*five)

    for each in five:
        (posting,) = cast("tuple[Posting]", posted[each])
        assert posting.state is PostingState.DONE
    assert memory.outdated == [5]
    assert sorted(revisions(world)) == five


def test_what_several_results_say_of_one_customer_is_outdated_once() -> None:
    world = world_of_three()
    world.memory = memory = HangingMemory(world.clock)
    memory.is_down = False

    world.work(*THREE)

    assert memory.outdated == [1]


@pytest.mark.parametrize("first", FATES)
def test_any_two_mishaps_of_a_batch_end_well(first: str) -> None:
    for before, second in product(BEFORE, FATES):
        world = world_of_three(first)
        world.work(*THREE)
        if before == "amended":
            world.end_call(interaction_id="i-2", remarks="amended")
        if before == "swept":
            world.wait(minutes=2)
        world.crm.next_fate(second)
        world.work(*THREE)
        world.crm.next_fate("written")
        world.settle()

        wanted = dict.fromkeys(THREE, 1) | ({"i-2": 2} if before == "amended" else {})
        parked = [each for each in THREE if world.posting_of(each).state is PostingState.PARKED]
        stands = revisions(world)
        assert len(world.records) == len(stands), (before, second, "doubled")
        assert {e: r for e, r in wanted.items() if e not in parked} == {
            e: r for e, r in stands.items() if e not in parked
        }, (before, second)
        assert not parked or "rejected" in {first, second}, (before, second)


class Directory(FaultyCrm):
    """A CRM whose connector finds people and writes nothing."""

    connector = "directory"

    @property
    def idempotency(self) -> Idempotency:
        raise Misconfigured("the connector directory has no method log_interaction")

    @idempotency.setter
    def idempotency(self, _: Idempotency) -> None:
        """It has none."""


def test_a_connector_that_cannot_write_stops_no_other_and_loses_nothing() -> None:
    both = (PostingProfile("directory"), PostingProfile("sandbox"))
    world = World(profiles=both)
    world.crms["directory"] = Directory(world.clock, Idempotency.NONE, (), 0)
    world.end_call()

    world.work()

    assert world.posting.state is PostingState.DONE
    # Kept, until somebody has mended the configuration.
    assert world.ledger.due(now=world.clock.now + timedelta(minutes=6), limit=1) == ("i-1",)


CONTACTS = PostingProfile("sandbox", unknown_customer="create")
CONTACT_FATES = ("written", "lost", "never arrived", "throttled", "dies before", "dies after")


def world_of_strangers(*script: str, idempotency: Idempotency = Idempotency.UPSERT) -> World:
    """Nobody in the CRM has the number; its search does not see new contacts for two minutes."""
    world = World(*script, idempotency=idempotency, profiles=(CONTACTS,))
    world.crm.customers = ()
    return world


def test_a_stranger_becomes_a_contact_and_the_record_is_theirs() -> None:
    world = world_of_strangers()
    world.end_call()

    world.work()

    (record,) = world.records
    assert record.customer
    assert record.customer.id == "N-1"


def test_a_profile_that_does_not_ask_for_it_makes_no_contact() -> None:
    world = World()
    world.crm.customers = ()
    world.end_call()

    world.work()

    assert world.crm.contacts == []
    assert len(world.records) == 1


def test_two_calls_of_one_stranger_make_one_contact() -> None:
    world = world_of_strangers()
    world.end_call(interaction_id="i-1")
    world.end_call(interaction_id="i-2")

    world.work("i-1", "i-2")
    world.settle()

    assert len(world.crm.contacts) == 1
    assert {record.customer.id for record in world.records if record.customer} == {"N-1"}
    assert len(world.records) == 2


@pytest.mark.parametrize("fate", ["lost", "never arrived"])
def test_a_contact_whose_answer_is_lost_parks_no_record_that_was_never_sent(fate: str) -> None:
    world = world_of_strangers(fate, idempotency=Idempotency.NONE)
    world.end_call()

    world.work()
    world.settle()

    assert world.posting.state is PostingState.DONE
    assert len(world.crm.contacts) == 1
    assert len(world.records) == 1


class SlowToMakeContacts(FaultyCrm):
    """Gives no answer in time, makes the contact a minute later, and finds it only after that."""

    def create_contact(self, identity: Identity, *, reference: str, deadline: Deadline) -> Customer:
        self.asked_to_make.append(identity)
        self._clock.advance(timedelta(seconds=15))
        seen_at = self._clock.now + timedelta(seconds=60 + self.contact_settle_s)
        self.contacts.append((replace(ADA, id=f"N-{len(self.contacts) + 1}"), seen_at))
        raise UpstreamUnknown("sandbox", "no answer in time")


@pytest.mark.parametrize("after_s", range(15, 195, 20))
def test_a_contact_that_is_made_long_after_we_gave_up_gets_no_second_one(after_s: int) -> None:
    world = world_of_strangers()
    world.crms["sandbox"] = crm = SlowToMakeContacts(world.clock, Idempotency.UPSERT, (), 120)
    crm.customers = ()
    world.end_call(interaction_id="i-1")
    world.work("i-1")

    world.wait(seconds=after_s - 15)
    world.end_call(interaction_id="i-2")
    world.work("i-2")
    world.settle()

    assert len(crm.contacts) == 1
    assert {w.record.customer.id for w in crm.records if w.record.customer} == {"N-1"}


@pytest.mark.parametrize("idempotency", [Idempotency.UPSERT, Idempotency.SEARCH_FIRST])
def test_whatever_goes_wrong_twice_there_is_one_contact_and_one_record(
    idempotency: Idempotency,
) -> None:
    for first, second, before in product(CONTACT_FATES, CONTACT_FATES, BEFORE):
        world = world_of_strangers(first, idempotency=idempotency)
        world.end_call()
        world.work()
        if before == "amended":
            world.amend()
        if before == "swept":
            world.wait(minutes=2)
        world.crm.next_fate(second)
        world.work()
        world.crm.next_fate("written")
        world.settle()

        assert len(world.crm.contacts) == 1, (first, second, before)
        assert len(world.records) == 1, (first, second, before)
        assert world.posting.state is PostingState.DONE, (first, second, before)
