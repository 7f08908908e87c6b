"""Who is calling, asked of applications that store and search numbers in their own ways."""

import pytest

from local.peers import RunningCrm, SeededCustomer
from local.peers.roundup import Roundup
from local.peers.tryton import Tryton
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import EmailAddress
from tests.peers.our_side import find

pytestmark = pytest.mark.peer


@pytest.mark.parametrize(
    "arriving", ["+14155550142", "(415) 555-0142", "tel:+1-415-555-0142", "sip:4155550142@pbx"]
)
def test_the_caller_is_found_however_her_number_arrives(
    switchboard: RestCrm, ada: SeededCustomer, arriving: str
) -> None:
    found = find(switchboard, arriving)

    assert [(customer.id, customer.name) for customer in found] == [(ada.id, "Ada Byron")]


@pytest.mark.parametrize("arriving", ["ada@example.com", "ADA@Example.COM"])
def test_the_caller_is_found_by_her_address_in_any_case(
    switchboard: RestCrm, ada: SeededCustomer, arriving: str
) -> None:
    assert [customer.id for customer in find(switchboard, arriving)] == [ada.id]


@pytest.mark.parametrize("nobody", ["+14155550199", "nobody@example.com", "da@example.com"])
def test_a_number_or_address_that_nobody_has_finds_nobody(
    switchboard: RestCrm, nobody: str
) -> None:
    assert find(switchboard, nobody) == ()


def test_the_neighbour_is_herself_by_her_own_address(switchboard: RestCrm) -> None:
    assert [customer.name for customer in find(switchboard, "grada@example.com")] == [
        "Grace Neighbour"
    ]


def test_nothing_that_was_searched_for_is_in_the_applications_log(
    crm: Tryton | Roundup, switchboard: RestCrm, ada: SeededCustomer
) -> None:
    find(switchboard, ada.e164)

    assert "/rest/" not in crm.log()
    assert ada.email not in crm.log()


def test_an_address_full_of_wildcards_and_quotes_finds_nobody(switchboard: RestCrm) -> None:
    # The reader refuses such an address; the query must hold all the same.
    asked = EmailAddress("%'&\\_]}*@example.com")

    assert switchboard.find(asked, deadline=Deadline.after(15)) == ()


def test_the_link_leads_to_the_customer(crm: RunningCrm, switchboard: RestCrm) -> None:
    (found,) = find(switchboard, "ada@example.com")

    assert found.url.startswith(crm.connector_settings()["base"])
    assert found.url.endswith(found.id)


def test_roundup_itself_returns_the_neighbour_whose_number_contains_hers(
    running_roundup: Roundup, switchboard_on_roundup: RestCrm
) -> None:
    asked = running_roundup.search("user", {"phone": "(415) 555-0142"})

    assert len(asked) == 2
    assert [customer.name for customer in find(switchboard_on_roundup, "+14155550142")] == [
        "Ada Byron"
    ]


@pytest.mark.parametrize(
    ("arriving", "name"), [("+14155550143", "Charles Faraway"), ("+14155550144", "Mary Upwards")]
)
def test_roundup_finds_a_number_in_each_form_people_type(
    switchboard_on_roundup: RestCrm, arriving: str, name: str
) -> None:
    assert [customer.name for customer in find(switchboard_on_roundup, arriving)] == [name]


def test_tryton_stores_the_typed_number_in_e164_because_it_knows_the_country(
    running_tryton: Tryton,
) -> None:
    ada = running_tryton.seed()

    stored = running_tryton.search(
        "party.contact_mechanism",
        [["party", "=", ada.id], ["type", "=", "phone"]],
        ["value", "value_compact"],
    )

    assert [(row["value"], row["value_compact"]) for row in stored] == [
        ("+1 415-555-0142", "+14155550142")
    ]
