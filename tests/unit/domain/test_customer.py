"""A server's filter is never trusted, and several matches are never a guess."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.customer import Ambiguous, Customer, Known, Unknown, match_customers
from switchboard.domain.identity import EmailAddress, Identity, PhoneNumber

NUMBER = PhoneNumber("+14155550142")
ADA = Customer("crm", "1", "person", "Ada", phones=("(415) 555-0142",), emails=("Ada@Example.com",))
BOB = Customer("crm", "2", "person", "Bob", phones=("415-555-0143",), emails=("bob@example.com",))
EVE = Customer("crm", "3", "person", "Eve", phones=("4155550143", "+1 415 555 0142"))


def match(*rows: Customer, asked: Identity = NUMBER) -> Known | Unknown | Ambiguous:
    return match_customers(rows, asked, default_region="US")


def test_the_one_who_has_the_number_is_known() -> None:
    assert match(ADA) == Known(ADA)


def test_a_server_that_returns_everyone_is_seen_through() -> None:
    everyone = [
        replace(BOB, id=str(n), phones=(f"415555{n:04}",)) for n in range(200, 900) if n != 142
    ]

    assert match(*everyone) == Unknown()
    assert match(*everyone, ADA) == Known(ADA)


def test_a_server_that_matches_substrings_is_seen_through() -> None:
    longer = replace(BOB, phones=("+49 1 4155550142",))
    shorter = replace(BOB, phones=("5550142",))
    in_text = replace(BOB, emails=("x-ada@example.com", "ada@example.com.evil.example"))

    assert match(longer, shorter) == Unknown()
    assert match(in_text, asked=EmailAddress("ada@example.com")) == Unknown()


def test_the_same_record_twice_is_one_customer() -> None:
    assert match(ADA, ADA, replace(ADA)) == Known(ADA)


def test_the_same_id_in_two_crms_is_two_customers() -> None:
    other = replace(ADA, connector="other")

    assert match(ADA, other) == Ambiguous((ADA, other))


def test_several_customers_with_one_number_are_ambiguous() -> None:
    assert match(ADA, BOB, EVE) == Ambiguous((ADA, EVE))


def test_a_number_in_the_address_field_does_not_count() -> None:
    assert match(Customer("crm", "4", "person", "", emails=("+14155550142",))) == Unknown()


def test_a_customer_without_numbers_is_nobody() -> None:
    assert match(Customer("crm", "5", "person", "")) == Unknown()


@given(st.permutations([ADA, BOB, EVE, ADA, replace(ADA, id="9", phones=())]))
def test_the_order_of_the_rows_never_changes_who_is_found(rows: list[Customer]) -> None:
    found = match(*rows)

    assert isinstance(found, Ambiguous)
    assert {row.id for row in found.customers} == {"1", "3"}


def test_a_customer_never_prints_who_it_is() -> None:
    shown = repr(Known(ADA))

    assert "Ada" not in shown
    assert "0142" not in shown
    assert "xample" not in shown
