"""Numbers are read the way people and PBXs write them."""

import pytest

from switchboard.domain.identity import (
    EmailAddress,
    Internal,
    PhoneNumber,
    Unreadable,
    Withheld,
    read_contact,
    read_phone,
)

US = PhoneNumber("+14155550142")
GB = PhoneNumber("+441632960123")
DE = PhoneNumber("+4930123456")


def read(raw: str | None, region: str = "US") -> object:
    return read_contact(raw, default_region=region)


@pytest.mark.parametrize(
    "written",
    [
        "+14155550142",
        "14155550142",
        "4155550142",
        "(415) 555-0142",
        "1-415-555-0142",
        "+1 415.555.0142",
        "415/555-0142",
        "  +1 (415) 555-0142  ",
        "+1\u00a0415\u2011555\u20110142",
        "\u202a+1 415 555 0142\u202c",
        "011 1 415 555 0142",
        "001 415 555 0142",
        "00 1 (415) 555-0142",
        "*82 415 555 0142",
    ],
)
def test_a_number_is_read_with_every_prefix_and_separator(written: str) -> None:
    assert read(written) == US


@pytest.mark.parametrize(
    "written",
    [
        "415-555-0142 ext. 12",
        "415-555-0142 extension 12",
        "(415) 555-0142 x12",
        "415-555-0142x12",
        "415-555-0142 #12",
        "415-555-0142-12#",
        "415-555-0142#",
        "415-555-0142 ~ 1234567890",
        "415-555-0142;ext=12",
        "4155550142,,12",
        "4155550142;12#",
        "4155550142p12",
        "415-555-0142 доб. 12",
        "415-555-0142 Durchwahl 12",
        "+1 415 555 0142 (work)",
        "415 555 0142 home",
        "Tel.: 415 555 0142",
        "Mobile 415 555 0142",
        "my number is tel:415-555-0142;phone-context=+1",
        "415 555 0142 / 415 555 0143",
        "415 555 0142, 415 555 0143",
        "415 555 0142; 415 555 0143",
        "415 555 0142 or 415 555 0143",
    ],
)
def test_extensions_and_remarks_are_dropped_and_the_first_of_several_counts(written: str) -> None:
    assert read(written) == US


@pytest.mark.parametrize(
    "written",
    [
        "tel:+1-415-555-0142;ext=5",
        "TEL:+14155550142",
        "tel:+1-415-555-0142;isub=1411;postd=pp22",
        "tel:415-555-0142;phone-context=+1",
        "tel:5550142;phone-context=+1-415",
        "tel:4155550142;phone-context=pbx.example.com",
        "sip:+14155550142@pbx.example.com",
        "sips:+14155550142@pbx.example.com;user=phone",
        "sip:+14155550142@192.0.2.7:5060;transport=tcp?Subject=x",
        "sip:%2B14155550142@pbx.example.com",
        "sip:+1-415-555-0142;npdi;rn=+14155550199@pbx.example.com",
        "sip:4155550142;phone-context=+1@pbx.example.com",
        "sip:+14155550142:1234@pbx.example.com",
        "sip:+14155550142@[2001:db8::7]:5060",
        '"Ada Example" <sip:+14155550142@pbx.example.com>',
        '"Ada Example" <sip:+14155550142@pbx.example.com;user=phone>;tag=88sja8x',
        'Ada <tel:+14155550142>, "Ada" <sip:ada@example.com>',
        '"ada@example.com" <sip:+14155550142@pbx.example.com>',
        r'"Ada \"<Byron>\"" <sip:+14155550142@pbx.example.com>',
        "<+14155550142>",
        '"4155550142"',
        "4155550142@pbx.example.com",
    ],
)
def test_a_number_is_read_out_of_uris_and_headers(written: str) -> None:
    assert read(written) == US


@pytest.mark.parametrize(
    "written",
    [
        "٤١٥٥٥٥٠١٤٢",
        "۴۱۵۵۵۵۰۱۴۲",
        "४१५५५५०१४२",
        "\uff14\uff11\uff15\uff15\uff15\uff15\uff10\uff11\uff14\uff12",
        "\uff0b\uff11\uff08\uff14\uff11\uff15\uff09\uff15\uff15\uff15\uff0d\uff10\uff11\uff14\uff12",
    ],
)
def test_digits_of_every_script_are_digits(written: str) -> None:
    assert read(written) == US


@pytest.mark.parametrize(
    "written",
    [
        "+441632960123",
        "441632960123",
        "01632 960123",
        "(01632) 960 123",
        "+44 (0)1632 960123",
        "+44 (0) 1632 960123",
        "0044 1632 960123",
        "00 44 (0)1632 960123",
        "011 44 1632 960123",
    ],
)
def test_trunk_zeros_and_foreign_prefixes_do_not_count(written: str) -> None:
    assert read(written, "GB") == GB


def test_a_slash_inside_a_number_is_part_of_it() -> None:
    assert read("030/123456", "DE") == DE
    assert read("030 / 12 34 56", "DE") == DE
    assert read("030/123456 privat", "DE") == DE


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("1 800 flowers", "US", "+18003569377"),
        ("1-415-555-CALL", "US", "+14155552255"),
        ("+1-800-GO-FEDEX", "GB", "+18004633339"),
        ("0800 FLOWERS", "GB", "+448003569377"),
    ],
)
def test_letters_are_those_on_the_keypad(written: str, region: str, e164: str) -> None:
    assert read(written, region) == PhoneNumber(e164)


@pytest.mark.parametrize("remark", ["home", "HOME", "work", "privat", "ABC"])
def test_a_remark_behind_a_number_adds_no_digits_to_it(remark: str) -> None:
    assert read(f"030 123456 {remark}", "DE") == DE


def test_a_number_keeps_the_zero_that_belongs_to_it() -> None:
    assert read("06 1234 5678", "IT") == PhoneNumber("+390612345678")
    assert read("+39 06 1234 5678", "IT") == PhoneNumber("+390612345678")


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("2001", "US"),
        ("12", "US"),
        ("7", "US"),
        ("100100", "US"),
        ("911", "US"),
        ("112", "DE"),
        ("12345", "DE"),
        ("ext. 2001", "US"),
        ("x2001", "US"),
        ("*97", "US"),
        ("*100#", "US"),
        ("sip:2001@pbx.example.com", "US"),
        ('"Maya" <sip:2001@pbx.example.com>', "US"),
        ("tel:2001;phone-context=pbx.example.com", "US"),
        ("2001@pbx", "US"),
        ("٢٠٠١", "US"),
    ],
)
def test_extensions_and_service_codes_are_internal(written: str, region: str) -> None:
    assert read(written, region) == Internal()


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [("712345", "AD", "+376712345"), ("22158", "SH", "+29022158"), ("13 11 14", "AU", "+61131114")],
)
def test_where_subscribers_have_short_numbers_they_are_numbers(
    written: str, region: str, e164: str
) -> None:
    assert read(written, region) == PhoneNumber(e164)


@pytest.mark.parametrize(
    "written",
    [
        "hello",
        "+",
        "555-0142",  # which area?
        "C41555501420",
        "ada4155550142",
        "4" * 20,
        "4" * 5_000,
        "a" * 5_000,
        "\x00",
        "²²²²²²²²²²",
        "\ud800",
        "+999 415 555 0142",
        "+1 415 555",
        "2026-11-23T12:00:00Z",
    ],
)
def test_what_is_no_number_is_unreadable(written: str) -> None:
    assert read(written) == Unreadable()


@pytest.mark.parametrize("written", ["+490049301234", "00000000001"])
def test_zeros_too_many_are_not_guessed_at(written: str) -> None:
    assert read(written) in {Unreadable(), Withheld()}


@pytest.mark.parametrize(
    "address",
    ["jane5550142@example.com", "ada.4155550142@example.com", "4155550142ada@example.com"],
)
def test_digits_in_an_address_do_not_make_it_a_number(address: str) -> None:
    assert read(address) == EmailAddress(address)
    assert read_phone(address, default_region="US") is None


def test_digits_before_an_at_are_a_mailbox_where_the_channel_is_email() -> None:
    written = "4155550142@example.com"

    assert read_contact(written, default_region="US", channel="email") == EmailAddress(written)
    assert read_contact(written, default_region="US", channel="voice") == US
    assert read("2001@example.com") == EmailAddress("2001@example.com")


@pytest.mark.parametrize("stored", ["", "2001", "call after six", "ada@example.com", "n/a", "-"])
def test_a_field_that_should_hold_a_number_may_hold_none(stored: str) -> None:
    assert read_phone(stored, default_region="US") is None


def test_a_number_knows_its_forms() -> None:
    assert US.national == "(415) 555-0142"
    assert US.international == "+1 415-555-0142"
    assert US.region == "US"
    assert US.e164 == f"+{US.country_code}{US.national_digits}" == f"+{US.digits}" == US.canonical


def test_a_region_that_there_is_not_reads_international_numbers_only() -> None:
    assert read("+14155550142", "ZZ") == US
    assert read("01632 960123", "ZZ") == Unreadable()
