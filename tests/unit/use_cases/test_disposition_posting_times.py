"""Moments count from when something happened, not from when the worker began."""

from datetime import timedelta
from typing import Any

import pytest

from switchboard.domain.customer import Customer
from switchboard.domain.posting import Idempotency, PostingState
from switchboard.domain.posting_filter import PostingFilter
from switchboard.domain.posting_profile import PostingProfile
from switchboard.errors import StateUnavailable
from tests.unit.use_cases.posting_world import World


def test_a_search_is_trusted_only_so_long_after_we_hung_up() -> None:
    world = World("lost", idempotency=Idempotency.SEARCH_FIRST, settle_s=5)
    world.crm.meanwhile = lambda: world.clock.advance(timedelta(seconds=10))
    world.end_call()

    world.work()
    world.crm.meanwhile = lambda: None
    world.work()
    assert len(world.records) == 1, "a pointer that comes at once must not search yet"

    world.settle()
    assert world.posting.state is PostingState.DONE
    assert len(world.records) == 1


@pytest.mark.parametrize("idempotency", list(Idempotency))
def test_a_secret_that_cannot_be_read_costs_time_and_nothing_else(
    idempotency: Idempotency,
) -> None:
    world = World(idempotency=idempotency)

    def unreadable() -> None:
        world.crm.meanwhile = lambda: None
        raise StateUnavailable("the secret cannot be read now")

    world.crm.meanwhile = unreadable
    world.end_call()
    world.work()
    world.settle()

    assert world.posting.state is PostingState.DONE
    assert len(world.records) == 1


def test_nobody_waits_for_the_patience_of_a_profile_that_does_not_want_the_call() -> None:
    emails = PostingProfile(
        "sandbox", only=PostingFilter(channels=("email",)), wrap_up_timeout_s=3600
    )
    world = World(profiles=(PostingProfile("sandbox"), emails))
    world.end_call(disposition_code="")

    world.work()

    assert world.posting.state is PostingState.DONE


@pytest.mark.parametrize("idempotency", list(Idempotency))
def test_a_call_that_was_claimed_and_never_begun_was_no_attempt(idempotency: Idempotency) -> None:
    stranger = PostingProfile("sandbox", unknown_customer="create")
    world = World(idempotency=idempotency, profiles=(stranger,))
    world.crm.customers = ()
    slowly = world.crm.create_contact

    def create_contact(*args: Any, **options: Any) -> Customer:
        world.clock.advance(timedelta(seconds=21))
        return slowly(*args, **options)

    world.crm.create_contact = create_contact  # type: ignore[method-assign]
    world.end_call()
    world.work()
    assert (world.records, world.posting.attempted_at) == ([], None)

    world.settle()

    assert world.posting.state is PostingState.DONE
    assert len(world.records) == 1
