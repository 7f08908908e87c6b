"""A record is posted to whom the lookup would have named: numbers are read as on arrival."""

from dataclasses import replace

from switchboard.domain.customer import Customer
from switchboard.domain.identity import EmailAddress, PhoneNumber
from switchboard.domain.posting_profile import PostingProfile
from tests.unit.use_cases.people import ADA, NOW
from tests.unit.use_cases.posting_world import World

OUR_NUMBER_IN_INDIA, OUR_NUMBER_IN_FRANCE = "+91 22 6123 4567", "+33 1 23 45 67 89"
IN_NEW_YORK = replace(ADA, id="C-NY", phones=("+1 917 654 3210",), emails=())
IN_INDIA = replace(ADA, id="C-IN", phones=("+91 91765 43210",), emails=())


def world_of(*customers: Customer, makes_contacts: bool = False) -> World:
    """Numbers of ours in two countries, neither of them the default region's."""
    world = World(
        profiles=(
            PostingProfile("sandbox", unknown_customer="create" if makes_contacts else "leave"),
        )
    )
    world.regions = {"+91": "IN", "+33": "FR"}
    world.crm.customers = customers
    return world


def posted_to(world: World) -> list[str]:
    return [record.customer.id if record.customer else "" for record in world.records]


def test_a_national_number_is_dialled_where_its_caller_lives() -> None:
    world = world_of(IN_NEW_YORK, IN_INDIA)
    world.end_call(contact="9176543210", dialed_number=OUR_NUMBER_IN_INDIA)

    world.work()

    assert posted_to(world) == ["C-IN"]


def test_nobody_else_s_customer_is_taken_for_a_caller_from_abroad() -> None:
    world = world_of(IN_NEW_YORK)
    world.end_call(contact="9176543210", dialed_number=OUR_NUMBER_IN_INDIA)

    world.work()

    assert posted_to(world) == [""]


def test_without_a_dialled_number_the_default_region_counts() -> None:
    world = world_of(IN_NEW_YORK, IN_INDIA)
    world.end_call(contact="9176543210")

    world.work()

    assert posted_to(world) == ["C-NY"]


def test_a_contact_is_made_with_the_number_of_its_own_country() -> None:
    world = world_of(makes_contacts=True)
    world.end_call(contact="0612345678", dialed_number=OUR_NUMBER_IN_FRANCE)

    world.work()

    assert world.crm.asked_to_make == [PhoneNumber("+33612345678")]


def test_digits_before_an_at_are_a_mailbox_where_mail_was_written() -> None:
    digits = replace(ADA, id="C-@", phones=(), emails=("4155550142@example.com",))
    world = world_of(ADA, digits)
    world.end_call(contact="4155550142@example.com", channel="email")

    world.work()

    assert posted_to(world) == ["C-@"]


def test_a_mailbox_of_digits_makes_a_contact_with_that_address() -> None:
    world = world_of(makes_contacts=True)
    world.end_call(contact="4155550142@example.com", channel="email")

    world.work()

    assert world.crm.asked_to_make == [EmailAddress("4155550142@example.com")]


def test_what_the_lookup_remembers_is_outdated_under_the_same_number() -> None:
    world, number = world_of(IN_INDIA), PhoneNumber("+919176543210")
    world.memory.remember("sandbox", number, (IN_INDIA,), asked_at=NOW, fresh_s=600, keep_s=3600)
    world.end_call(contact="9176543210", dialed_number=OUR_NUMBER_IN_INDIA)

    world.work()

    assert world.memory.recall("sandbox", number, now=world.clock.now, lease_s=1).is_ours
