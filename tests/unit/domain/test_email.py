"""Addresses are read the way people and mail programs write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.email import EmailAddress, read_email
from switchboard.domain.identity import read_contact

ADA = EmailAddress("ada@example.com")


@pytest.mark.parametrize(
    "written",
    [
        "ada@example.com",
        " Ada@Example.COM ",
        "ada@example.com.",
        '"Ada" <ada@example.com>',
        "Ada <ADA@example.com>",
        "<ada@example.com>",
        "Byron, Ada <ada@example.com>",
        '"Byron, Ada @ home" <ada@example.com>',
        "Ada @ home <ada@example.com>",
        r'"Ada \"Countess\" Byron" <ada@example.com>',
        "ada@example.com (Ada Byron)",
        "ada(the countess)@example.com",
        '"ada"@example.com',
        "mailto:ada@example.com",
        "MAILTO:ada%40example.com",
        "mailto:ada@example.com?subject=Hello%20there&cc=bob@example.com",
        "ada@example.com, bob@example.com",
        "ada@example.com; bob@example.com",
        "ada@example.com, Bob <bob@example.com>",
        "Ada <ada@example.com>, Bob <bob@example.com>",
        "sip:ada@example.com",
        "ada\uff20example.com",
        "\u200bada@example.com\u200b",
    ],
)
def test_an_address_is_read_in_every_form(written: str) -> None:
    assert read_contact(written, default_region="US") == ADA
    assert read_email(written) == ADA


def test_what_stands_behind_a_plus_is_part_of_who_it_is() -> None:
    tagged = read_email("Ada+Shop@example.com")

    assert tagged == EmailAddress("ada+shop@example.com")
    assert tagged != ADA


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("ada@münchen.example", "ada@xn--mnchen-3ya.example"),
        ("ada@MÜNCHEN.example", "ada@xn--mnchen-3ya.example"),
        ("ada@mu\u0308nchen.example", "ada@xn--mnchen-3ya.example"),
        ("ada@xn--mnchen-3ya.example", "ada@xn--mnchen-3ya.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("用户@例子.example", "用户@xn--fsqu00a.example"),
        ("ada@例子。example", "ada@xn--fsqu00a.example"),
        ("JOSÉ@example.com", "josé@example.com"),
        ("jose\u0301@example.com", "josé@example.com"),
    ],
)
def test_one_address_has_one_form_in_every_alphabet(written: str, kept: str) -> None:
    assert read_email(written) == EmailAddress(kept)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('"ada byron"@example.com', '"ada byron"@example.com'),
        ('"ada@home"@example.com', '"ada@home"@example.com'),
        (r'"ad\a"@example.com', "ada@example.com"),
        ("o'brien/50%=x@example.com", "o'brien/50%=x@example.com"),
        ("a..b@example.com", "a..b@example.com"),
        ("ada@[192.0.2.7]", "ada@[192.0.2.7]"),
        ("ada@sub.domain.example", "ada@sub.domain.example"),
    ],
)
def test_unusual_local_parts_and_hosts_are_kept(written: str, kept: str) -> None:
    assert read_email(written) == EmailAddress(kept)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "a@b",
        "two@at@example.com",
        "ada byron@example.com",
        "ada@exa mple.com",
        "ada@-example.com",
        "ada@example..com",
        "ada@.example.com",
        "ada@example.123",
        "ada@pbx.invalid",
        "ad\ud800a@example.com",
        "ada@xn--\u00fc.example",
        "ada@" + "a" * 64 + ".example",
        "a" * 65 + "@example.com",
        "ada@" + "a." * 130 + "example",
        "ada@example.com" * 100,
        "ada<ada@example",
        '"ada@example.com',
    ],
)
def test_what_is_no_address_is_none(written: str) -> None:
    assert read_email(written) is None


def test_a_mailbox_called_private_is_somebody() -> None:
    written = "private@example.com"

    assert read_contact(written, default_region="US") == EmailAddress(written)
    assert read_contact("mailto:Anonymous@example.com", default_region="US") == EmailAddress(
        "anonymous@example.com"
    )


@given(st.emails())
def test_every_address_of_the_standard_is_read_and_read_again(written: str) -> None:
    read = read_email(written)

    if read is not None:
        assert read_email(read.address) == read
        assert read_email(f'"Somebody" <{written}>') == read
        assert read_email(written.swapcase()) == read


@given(st.text(max_size=60) | st.text('ab@.<>"\\(),; \u00fc[]', max_size=60))
def test_anything_at_all_is_an_address_or_none(written: str) -> None:
    read = read_email(written)

    assert read is None or read_email(read.address) == read
