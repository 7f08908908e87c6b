"""Whatever happens on the way, the interaction stands in the CRM once, as it was told last."""

from dataclasses import replace
from datetime import timedelta

import pytest

from switchboard.domain.ambiguity import AmbiguityRules
from switchboard.domain.customer import Customer
from switchboard.domain.posting import Idempotency, PostingState
from switchboard.domain.posting_filter import PostingFilter
from switchboard.domain.posting_profile import PostingProfile
from switchboard.ports import Arrival
from tests.unit.use_cases.people import ADA, BOB, MOBILE, NOW
from tests.unit.use_cases.posting_world import FaultyCrm, World

REPEATABLE = [Idempotency.UPSERT, Idempotency.SEARCH_FIRST, Idempotency.CLIENT_ID]
ANY = list(Idempotency)


def is_posted_once(world: World) -> bool:
    """One record, with everything that was told; and the ledger knows."""
    assert [record.fields for record in world.records] == [world.document.fields]
    assert world.posting.state is PostingState.DONE
    assert world.posting.revision == world.document.revision
    return True


def test_an_interaction_that_ended_stands_in_the_crm() -> None:
    world = World()
    world.end_call(remarks="called about a bill")

    (posting,) = world.work()

    assert is_posted_once(world)
    assert posting.record_id == "A-i-1"
    assert world.records[0].customer == ADA
    assert world.ledger.due(now=NOW + timedelta(days=30), limit=1) == ()


@pytest.mark.parametrize("idempotency", ANY)
def test_a_pointer_that_is_delivered_again_writes_nothing_more(idempotency: Idempotency) -> None:
    world = World(idempotency=idempotency)
    world.end_call()

    for _ in range(3):
        world.work()
        world.clock.advance(timedelta(minutes=5))

    assert is_posted_once(world)


@pytest.mark.parametrize("idempotency", ANY)
def test_a_second_worker_finds_the_row_held(idempotency: Idempotency) -> None:
    world = World(idempotency=idempotency)
    world.end_call()
    second: list[object] = []
    world.crm.meanwhile = lambda: second.append(world.work())

    world.work()

    assert second == [()]
    assert is_posted_once(world)


@pytest.mark.parametrize("idempotency", REPEATABLE)
@pytest.mark.parametrize("death", ["dies before", "dies after"])
def test_a_worker_that_dies_around_the_call_is_made_up_for(
    death: str, idempotency: Idempotency
) -> None:
    world = World(death, idempotency=idempotency)
    world.end_call()

    world.work()
    world.settle()

    assert is_posted_once(world)


@pytest.mark.parametrize("step", ["lease", "commit"])
@pytest.mark.parametrize("idempotency", ANY)
def test_a_worker_that_dies_around_the_ledger_is_made_up_for(
    step: str, idempotency: Idempotency
) -> None:
    world = World(idempotency=idempotency)
    world.end_call()
    world.ledger.dies_after = step

    world.work()
    world.settle()

    assert is_posted_once(world)


@pytest.mark.parametrize("outcome", ["lost", "never arrived"])
@pytest.mark.parametrize("idempotency", REPEATABLE)
def test_a_lost_answer_is_settled_by_writing_again(outcome: str, idempotency: Idempotency) -> None:
    world = World(outcome, idempotency=idempotency)
    world.end_call()

    (unsettled,) = world.work()
    world.settle()

    assert unsettled.state is PostingState.ATTEMPTING
    assert is_posted_once(world)


def test_a_search_is_not_trusted_before_the_record_can_be_found() -> None:
    world = World("lost", idempotency=Idempotency.SEARCH_FIRST, settle_s=600)
    world.end_call()
    world.work()

    for _ in range(5):
        world.clock.advance(timedelta(seconds=60))
        world.work()
    assert world.posting.state is PostingState.ATTEMPTING
    world.settle()

    assert is_posted_once(world)


@pytest.mark.parametrize("outcome", ["lost", "never arrived", "dies after", "dies before"])
def test_what_cannot_be_repeated_waits_for_a_person(outcome: str) -> None:
    world = World(outcome, idempotency=Idempotency.NONE)
    world.end_call()

    world.work()
    world.settle()

    assert world.posting.state is PostingState.PARKED
    assert world.posting.reason == "outcome_unknown"
    assert len(world.records) == (1 if outcome in {"lost", "dies after"} else 0)


def test_an_amendment_does_not_take_the_decision_from_that_person() -> None:
    world = World("lost", idempotency=Idempotency.NONE)
    world.end_call()
    world.work()
    world.settle()

    world.amend()
    world.settle()

    assert world.posting.reason == "outcome_unknown"
    assert len(world.records) == 1


def test_a_throttled_posting_waits_as_long_as_it_was_asked() -> None:
    world = World("throttled")
    world.end_call()

    (posting,) = world.work()
    assert posting.due_at == NOW + timedelta(seconds=7.7)  # and a little longer, so not all at once
    world.clock.advance(timedelta(seconds=7))
    world.work()
    assert world.records == []
    world.clock.advance(timedelta(seconds=1))
    world.work()

    assert is_posted_once(world)


def test_a_rejected_posting_is_parked_and_not_tried_again() -> None:
    world = World("rejected")
    world.end_call()

    world.work()
    world.settle()

    assert world.posting.state is PostingState.PARKED
    assert world.posting.reason == "upstream_rejected"
    assert world.records == []


def test_an_amendment_gives_a_rejected_posting_another_chance() -> None:
    world = World("rejected")
    world.end_call()
    world.work()

    world.amend()
    world.settle()

    assert is_posted_once(world)


@pytest.mark.parametrize("idempotency", ANY)
def test_a_crm_that_is_down_for_a_day_gets_everything_afterwards(idempotency: Idempotency) -> None:
    world = World(idempotency=idempotency)
    world.end_call()
    world.crm.is_down = True
    world.work()

    world.wait(days=1)
    assert world.posting.state is PostingState.PENDING
    world.crm.is_down = False
    world.settle()

    assert is_posted_once(world)


def test_a_crm_that_never_comes_back_is_given_up_after_days_not_minutes() -> None:
    world = World()
    world.end_call()
    world.crm.is_down = True
    world.work()

    world.wait(days=3)
    assert world.posting.reason == "upstream_unavailable"
    world.settle()

    assert world.posting.state is PostingState.PARKED
    assert world.posting.reason == "gave_up:upstream_unavailable"


@pytest.mark.parametrize("idempotency", REPEATABLE)
def test_an_amendment_while_a_worker_holds_the_row_is_written_afterwards(
    idempotency: Idempotency,
) -> None:
    world = World(idempotency=idempotency)
    world.end_call()

    def amend_once() -> None:
        world.crm.meanwhile = lambda: None
        world.amend()

    world.crm.meanwhile = amend_once
    world.work()
    assert [record.revision for record in world.records] == [1]
    world.settle()

    assert is_posted_once(world)


@pytest.mark.parametrize("idempotency", REPEATABLE)
def test_an_amendment_right_after_the_record_was_made_changes_that_record(
    idempotency: Idempotency,
) -> None:
    world = World(idempotency=idempotency)
    world.end_call()
    world.work()

    world.amend()
    world.work()
    world.settle()

    assert is_posted_once(world)


def test_who_sent_it_as_nobodys_does_not_hide_whose_another_found_it_to_be() -> None:
    world = World()
    world.crm.ignores_older = True
    world.crm.customers = ()
    world.end_call()

    def find_out() -> None:
        world.crm.meanwhile = lambda: None
        world.crm.customers = (ADA,)
        world.work()
        assert [record.customer for record in world.records] == [ADA]

    world.crm.meanwhile = find_out
    world.work()
    world.settle()

    assert [record.customer for record in world.records] == [ADA]


def outlived_by_its_heir(world: World) -> None:
    """A worker is so slow in its call that another takes the row over, and writes it first."""

    def be_slow() -> None:
        world.crm.meanwhile = lambda: None
        world.clock.advance(timedelta(minutes=2))
        world.amend()
        world.work()
        world.settle()
        assert is_posted_once(world)

    world.crm.meanwhile = be_slow
    assert world.work() == ()


def test_a_worker_that_lost_its_lease_tells_the_ledger_nothing() -> None:
    world = World()
    world.end_call()

    outlived_by_its_heir(world)

    assert world.posting.revision == 2


def test_what_a_worker_wrote_after_its_heir_is_written_over() -> None:
    world = World(ignores_no_older=True)
    world.end_call()

    outlived_by_its_heir(world)
    assert [record.fields for record in world.records] != [world.document.fields]
    world.settle()

    assert is_posted_once(world)


def test_a_contact_that_nobody_knows_is_posted_without_a_customer() -> None:
    world = World()
    world.crm.customers = ()
    world.end_call()

    world.work()

    assert world.records[0].customer is None


def test_a_contact_that_several_customers_share_is_nobodys_record() -> None:
    world = World()
    world.crm.customers = (ADA, BOB)
    world.end_call()

    world.work()

    assert world.records[0].customer is None


def test_the_customer_that_ecs_sends_back_is_believed_among_those_who_have_the_number() -> None:
    world = World()
    world.crm.customers = (ADA, BOB)
    world.end_call(customer_id=BOB.key)

    world.work()

    assert world.records[0].customer == BOB


def test_by_a_shared_number_nobody_is_written_to_and_no_contact_made() -> None:
    world = World(profiles=(PostingProfile("sandbox", unknown_customer="create"),))
    world.ambiguity = AmbiguityRules(policy="unknown", shared_numbers=frozenset({MOBILE.e164}))
    world.end_call()

    world.work()

    assert world.records[0].customer is None
    assert world.crm.contacts == []


@pytest.mark.parametrize("found", [(BOB, ADA), (BOB,)], ids=["with its survivor", "alone"])
def test_the_record_of_a_merged_customer_is_written_on_the_survivor(
    found: tuple[Customer, ...],
) -> None:
    world = World()
    world.crm.customers = tuple(
        replace(one, merged_into=ADA.id) if one == BOB else one for one in found
    )
    world.end_call()

    world.work()

    assert world.records[0].customer is not None
    assert world.records[0].customer.key == ADA.key


def test_without_a_customer_a_crm_that_needs_one_gets_a_person_to_look() -> None:
    world = World()
    world.crm.customers = ()
    world.crm.needs_customer = True
    world.end_call()

    (posting,) = world.work()

    assert (posting.state, posting.reason) == (PostingState.PARKED, "no_customer")
    assert world.records == []


def test_the_customer_that_was_found_on_arrival_is_not_looked_up_again() -> None:
    world = World()
    world.crm.customers = ()
    world.ledger.note_arrival("i-1", Arrival("r-1", NOW, "known", customer=ADA))
    world.end_call()

    world.work()

    assert world.records[0].customer == ADA


def test_a_crm_that_is_down_while_the_customer_is_looked_up_costs_only_time() -> None:
    world = World()
    world.end_call()
    world.crm.is_down = True

    (posting,) = world.work()
    assert posting.state is PostingState.PENDING
    world.crm.is_down = False
    world.settle()

    assert is_posted_once(world)


def test_a_disposition_that_comes_late_is_waited_for_and_written_at_once() -> None:
    world = World(profiles=(PostingProfile("sandbox", wrap_up_timeout_s=60),))
    world.end_call(disposition_code="")
    assert world.work() == ()
    world.clock.advance(timedelta(seconds=10))

    world.end_call(disposition_code="Paid")
    world.work()

    assert is_posted_once(world)
    assert world.records[0].fields["disposition_code"] == "Paid"


def test_a_disposition_that_never_comes_is_not_waited_for_longer_than_agreed() -> None:
    world = World(profiles=(PostingProfile("sandbox", wrap_up_timeout_s=60),))
    world.end_call(disposition_code="")
    world.work()
    assert world.records == []

    world.wait(seconds=60)

    assert is_posted_once(world)


def test_while_the_queue_is_down_the_sweeper_finishes_the_work() -> None:
    world = World("unavailable")
    world.queue.is_down = True
    world.end_call()

    world.work()
    world.settle()

    assert world.queue.sent == []
    assert is_posted_once(world)


def test_while_the_ledger_is_down_nothing_is_written_and_nothing_is_lost() -> None:
    world = World()
    world.end_call()
    world.ledger.is_down = True
    world.work()
    assert world.records == []

    world.ledger.is_down = False
    world.settle()

    assert is_posted_once(world)


def test_a_ledger_that_goes_down_during_the_call_leads_to_one_record() -> None:
    world = World(idempotency=Idempotency.SEARCH_FIRST)
    world.end_call()

    def go_down() -> None:
        world.crm.meanwhile = lambda: None
        world.ledger.is_down = True

    world.crm.meanwhile = go_down
    world.work()
    world.ledger.is_down = False
    world.settle()

    assert is_posted_once(world)


def test_a_retry_is_queued_when_the_queue_can_hold_it_so_long() -> None:
    world = World("throttled")
    world.end_call()
    world.queue.sent.clear()

    world.work()

    assert [(pointer.work_id, pointer.delay_s) for pointer in world.queue.sent] == [("i-1", 8)]


def test_two_profiles_that_want_the_same_interaction_lead_to_one_record() -> None:
    both = (
        PostingProfile("sandbox", only=PostingFilter(channels=("voice",))),
        PostingProfile("sandbox", only=PostingFilter(business_processes=("Collections",))),
    )
    world = World(idempotency=Idempotency.NONE, profiles=both)
    world.end_call(business_process="Collections")

    world.work()

    assert is_posted_once(world)


def test_an_interaction_that_no_profile_wants_is_not_written() -> None:
    world = World(profiles=(PostingProfile("sandbox", only=PostingFilter(channels=("email",))),))
    world.end_call()

    assert world.work() == ()
    world.settle()

    assert world.records == []


def test_an_interaction_that_is_not_there_is_no_work() -> None:
    assert World().work() == ()


def test_the_adversary_really_doubles_what_is_written_carelessly() -> None:
    """The proof above is worth something only if this CRM can be made to hold two records."""
    world = World(idempotency=Idempotency.SEARCH_FIRST)
    world.end_call()
    world.work()
    (record,) = world.records
    naive: FaultyCrm = world.crm

    naive._write(record)

    assert len(world.records) == 2
