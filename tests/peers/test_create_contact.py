"""Somebody nobody knows is entered into the application, once."""

import uuid

import pytest

from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import EmailAddress, Identity, PhoneNumber
from switchboard.domain.posting import InteractionRecord
from tests.peers.our_side import find

pytestmark = pytest.mark.peer


@pytest.fixture
def interaction() -> str:
    return f"i-{uuid.uuid4().hex}"


def create(crm: RestCrm, who: Identity, reference: str) -> Customer:
    return crm.create_contact(who, reference=reference, deadline=Deadline.after(15))


def test_an_unknown_caller_is_entered_and_found_afterwards(
    switchboard: RestCrm, interaction: str
) -> None:
    number = "+14155550161"
    assert find(switchboard, number) == ()

    entered = create(switchboard, PhoneNumber(number), interaction)

    assert [customer.id for customer in find(switchboard, number)] == [entered.id]


def test_an_unknown_address_is_entered_and_found_afterwards(
    switchboard: RestCrm, interaction: str
) -> None:
    address = f"{interaction}@example.com"

    entered = create(switchboard, EmailAddress(address), interaction)

    assert [customer.id for customer in find(switchboard, address)] == [entered.id]


def test_a_second_attempt_gives_the_same_contact(switchboard: RestCrm, interaction: str) -> None:
    who = EmailAddress(f"{interaction}@example.com")

    first = create(switchboard, who, interaction)
    second = create(switchboard, who, interaction)

    assert second.id == first.id
    assert len(find(switchboard, who.address)) == 1


def test_an_interaction_can_be_logged_for_the_new_contact(
    switchboard: RestCrm, interaction: str
) -> None:
    entered = create(switchboard, EmailAddress(f"{interaction}@example.com"), interaction)
    record = InteractionRecord(interaction, 1, {"channel": "email"}, entered)

    assert switchboard.log_interaction(record, deadline=Deadline.after(15)).created
