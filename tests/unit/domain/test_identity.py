"""Numbers and addresses are read the way people and PBXs write them, and never shown."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.identity import (
    EmailAddress,
    PhoneNumber,
    Unreadable,
    Withheld,
    read_contact,
    read_phone,
    same_identity,
)

US = PhoneNumber("+14155550142")
GB = PhoneNumber("+441632960123")
ADA = EmailAddress("ada@example.com")


def read(raw: str | None, region: str = "US") -> object:
    return read_contact(raw, default_region=region)


@pytest.mark.parametrize(
    "written",
    [
        "+14155550142",
        "4155550142",
        "(415) 555-0142",
        "1-415-555-0142",
        "+1 415.555.0142",
        "  +1 (415) 555-0142  ",
        "011 1 415 555 0142",
        "415-555-0142 ext. 12",
        "(415) 555-0142 x12",
        "tel:+1-415-555-0142;ext=5",
        "TEL:+14155550142",
        "sip:+14155550142@pbx.example.com",
        "sips:+14155550142@pbx.example.com;user=phone",
        "sip:4155550142;phone-context=+1@pbx.example.com",
        '"Ada Example" <sip:+14155550142@pbx.example.com>',
        "<+14155550142>",
        "4155550142@pbx.example.com",
        "٤١٥٥٥٥٠١٤٢",
        "\uff14\uff11\uff15\uff15\uff15\uff15\uff10\uff11\uff14\uff12",
    ],
)
def test_a_number_is_read_in_every_form(written: str) -> None:
    assert read(written) == US


@pytest.mark.parametrize("written", ["+441632960123", "01632 960123", "(01632) 960 123"])
def test_a_number_without_country_code_is_one_of_the_default_region(written: str) -> None:
    assert read(written, "GB") == GB


@pytest.mark.parametrize(
    "written",
    ["ada@example.com", " Ada@Example.COM ", '"Ada" <ada@example.com>', "Ada <ADA@example.com>"],
)
def test_an_address_is_read_in_every_form_and_kept_in_lower_case(written: str) -> None:
    assert read(written) == ADA


@pytest.mark.parametrize(
    "address",
    ["jane5550142@example.com", "ada.4155550142@example.com", "4155550142ada@example.com"],
)
def test_digits_in_an_address_do_not_make_it_a_number(address: str) -> None:
    assert read(address) == EmailAddress(address)


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        "   ",
        "anonymous",
        "Anonymous",
        "PRIVATE",
        "restricted",
        "Unavailable",
        "unknown",
        "withheld",
        "blocked",
        "sip:anonymous@anonymous.invalid",
        '"Anonymous" <sip:anonymous@anonymous.invalid>',
        "<>",
    ],
)
def test_a_contact_that_does_not_say_who_it_is_is_withheld(written: str | None) -> None:
    assert read(written) == Withheld()


@pytest.mark.parametrize(
    "written",
    [
        "hello",
        "911",
        "+",
        "@",
        "a@b",
        "two@at@example.com",
        "4" * 5_000,
        "a" * 5_000,
        "\x00",
        "²²²²²²²²²²",
        "\ud800",
        "+999 415 555 0142",
    ],
)
def test_what_is_neither_a_number_nor_an_address_is_unreadable(written: str) -> None:
    assert read(written) == Unreadable()


@given(st.text() | st.text('+0123456789 ()-.;@<>":xtelsip,#*²\x00', max_size=40))
def test_anything_at_all_is_read_as_something(written: str) -> None:
    contact = read(written)

    assert isinstance(contact, PhoneNumber | EmailAddress | Withheld | Unreadable)


@given(st.integers(200, 999), st.integers(0, 99))
def test_what_was_read_once_is_read_the_same_again(area: int, line: int) -> None:
    number = read_phone(f"({area}) 555-01{line:02}", default_region="US")
    if number is None:
        return

    for form in (number.e164, number.national, number.international, number.national_digits):
        assert read_phone(form, default_region="US") == number
    assert number.e164 == f"+{number.country_code}{number.national_digits}" == f"+{number.digits}"


def test_a_number_knows_its_forms() -> None:
    assert US.national == "(415) 555-0142"
    assert US.international == "+1 415-555-0142"
    assert US.region == "US"


@pytest.mark.parametrize("form", [str, repr, "{}".format, "{0!r:}".format])
@pytest.mark.parametrize("identity", [US, ADA], ids=["number", "address"])
def test_an_identity_never_prints_itself(
    identity: PhoneNumber | EmailAddress, form: Callable[[object], str]
) -> None:
    shown = form(identity)

    assert "4155550" not in shown
    assert "ada" not in shown.lower().replace("emailaddress", "")
    assert "example.com" not in shown


@pytest.mark.parametrize(
    ("stored", "is_same"),
    [
        ("(415) 555-0142", True),
        ("+1 415 555 0142 ext 9", True),
        ("415-555-0143", False),
        ("555-0142", False),
        ("14155550142000", False),
        ("", False),
        ("call after six", False),
        ("ada@example.com", False),
    ],
)
def test_a_stored_number_is_compared_by_what_it_means(stored: str, is_same: bool) -> None:
    assert same_identity(US, stored, default_region="US") is is_same


@pytest.mark.parametrize(
    ("stored", "is_same"),
    [
        ("ADA@example.com ", True),
        ("ada@example.com.evil.example", False),
        ("xada@example.com", False),
        ("", False),
    ],
)
def test_a_stored_address_is_compared_whole(stored: str, is_same: bool) -> None:
    assert same_identity(ADA, stored, default_region="US") is is_same


def test_a_mailbox_called_private_is_somebody() -> None:
    assert read("private@example.com") == EmailAddress("private@example.com")
    assert read("mailto:Anonymous@example.com") == EmailAddress("anonymous@example.com")


@pytest.mark.parametrize("sent", ["sip:anonymous@pbx.example.com", "anonymous@anonymous.invalid"])
def test_an_anonymous_caller_at_a_sip_host_is_withheld(sent: str) -> None:
    assert read(sent) == Withheld()
