"""Every contact is an identity or a reason why not; identities are compared, and never shown."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.identity import (
    AccountNumber,
    Contact,
    EmailAddress,
    Identity,
    PhoneNumber,
    dialled_region,
    read_contact,
    read_phone,
    same_identity,
)

US = PhoneNumber("+14155550142")
ADA = EmailAddress("ada@example.com")
C1001 = AccountNumber("C1001")
PHONE_MARKS = '+0123456789 ()-.;@<>":/xtelsip,#*²\x00'


@given(st.text() | st.text(PHONE_MARKS, max_size=40), st.sampled_from(["US", "GB", "DE", "IT"]))
def test_anything_at_all_is_read_as_something(written: str, region: str) -> None:
    contact = read_contact(written, default_region=region)

    assert isinstance(contact, Contact)


@given(st.text() | st.text(PHONE_MARKS, max_size=40), st.sampled_from(["US", "GB", "DE", "IT"]))
def test_what_was_read_once_is_read_the_same_everywhere(written: str, region: str) -> None:
    contact = read_contact(written, default_region=region)

    if isinstance(contact, PhoneNumber | EmailAddress):
        # Digits before an @ are a mailbox only where the channel says so.
        channel = "email" if isinstance(contact, EmailAddress) else ""
        for anywhere in (region, "US", "DE", "IT", "ZZ"):
            again = read_contact(contact.canonical, default_region=anywhere, channel=channel)
            assert again == contact


@given(st.integers(200, 999), st.integers(0, 99))
def test_a_number_is_read_out_of_each_of_its_forms(area: int, line: int) -> None:
    number = read_phone(f"({area}) 555-01{line:02}", default_region="US")
    if number is None:
        return

    for form in (number.e164, number.national, number.international, number.national_digits):
        assert read_phone(form, default_region="US") == number


def test_identities_of_different_kinds_never_share_a_key() -> None:
    identities: list[Identity] = [US, ADA, C1001, AccountNumber("+14155550142")]

    assert len({(one.kind, one.canonical) for one in identities}) == len(identities)
    assert [(one.kind, one.canonical) for one in identities[:3]] == [
        ("phone", "+14155550142"),
        ("email", "ada@example.com"),
        ("account", "C1001"),
    ]


@pytest.mark.parametrize("form", [str, repr, "{}".format, "{0!r:}".format])
@pytest.mark.parametrize("identity", [US, ADA, C1001], ids=["number", "address", "account"])
def test_an_identity_never_prints_itself(identity: Identity, form: Callable[[object], str]) -> None:
    shown = form(identity).lower().replace("emailaddress", "")

    assert not any(part in shown for part in ("4155550", "ada", "example.com", "1001"))


@pytest.mark.parametrize(
    ("stored", "is_same"),
    [
        ("(415) 555-0142", True),
        ("+1 415 555 0142 ext 9", True),
        ("415.555.0142 (home)", True),
        ("tel:+1-415-555-0142", True),
        ("415-555-0143", False),
        ("555-0142", False),
        ("14155550142000", False),
        ("", False),
        ("call after six", False),
        ("ada@example.com", False),
        ("4155550142@example.com", False),
    ],
)
def test_a_stored_number_is_compared_by_what_it_means(stored: str, is_same: bool) -> None:
    assert same_identity(US, stored, default_region="US") is is_same


@pytest.mark.parametrize(
    ("stored", "is_same"),
    [
        ("ADA@example.com ", True),
        ("Ada <ada@example.com>", True),
        ("ada+shop@example.com", False),
        ("ada@example.com.evil.example", False),
        ("xada@example.com", False),
        ("", False),
    ],
)
def test_a_stored_address_is_compared_whole(stored: str, is_same: bool) -> None:
    assert same_identity(ADA, stored, default_region="US") is is_same


@pytest.mark.parametrize(
    ("dialled", "region"),
    [
        ("+441632960123", "GB"),
        ("0044 1632 960123", "GB"),
        ("+14155550100", "US"),
        ("(415) 555-0100", "US"),
        ("+12125550100", "CA"),
        ("sip:+441632960123@pbx.example.com", "GB"),
        ("+4930123456", "FR"),
        ("2001", "FR"),
        ("support@example.com", "FR"),
        ("", "FR"),
        (None, "FR"),
    ],
)
def test_callers_of_a_number_are_read_where_it_is_dialled(dialled: str | None, region: str) -> None:
    regions: Mapping[str, str] = {"+44": "GB", "+1": "CA", "+1415": "US"}
    # The deployment is French, but what is dialled may be written as in the United States.
    at_home = "US" if dialled and dialled.startswith("(") else "FR"
    found = dialled_region(dialled, regions, default_region=at_home)

    assert found == region
