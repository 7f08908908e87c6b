"""What a person sees of a live exchange: no secret, and of people only a hint."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.masking import Mask, masked, masked_phone

SECRET = "kT9xQ2mVb7Lp"


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("phone", "+1 415 555 0142", "+1 415 *** **42"),
        ("phone", "+14155550142", "+1415*****42"),
        ("phone", "(415) 555-0142", "(415) 5**-**42"),
        ("mobileNo", "0170 1234567", "0170 *****67"),
        ("name", "Ada Byron", "A*** B***"),
        ("nachname", "Müller-Lüdenscheidt", "M***-L***"),
        ("email", "ada@example.com", "a***@***.com"),
        ("remarks", "wants her money", "*** (15 characters)"),
        ("text", "call +1 415 555 0142", "*** (20 characters)"),
        ("company", "Analytical Engines", "A*** E***"),
        ("dateOfBirth", "1815-12-10", "****-**-**"),
        ("whatever", "Somewhere 5, London", "S*** 5***, L***"),
        ("id", "C-1001", "C-1001"),
        ("status", "call_me_back", "call_me_back"),
        ("updated_at", "2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z"),
        ("language", "en-US", "en-US"),
        ("balance", "412.50", "412.50"),
        ("zip", "94105", "9***"),
    ],
)
def test_a_value_is_shown_as_far_as_it_tells_of_nobody(name: str, text: str, shown: str) -> None:
    assert masked(name, text) == shown


def test_a_secret_is_hidden_wherever_it_turns_up_and_however_it_is_written() -> None:
    mask = Mask({"api_key": SECRET, "user": "desk-client"})
    basic = "ZGVzay1jbGllbnQ6a1Q5eFEybVZiN0xw"

    shown = json.dumps(
        [
            mask.value({"id": SECRET, "nested": [f"see {SECRET}!"]}),
            mask.address(f"https://crm.example.com/x?k={SECRET}"),
            mask.headers({"X-Trace": SECRET, "X-Other": basic}),
        ]
    )

    assert SECRET not in shown
    assert basic not in shown
    assert "<api_key>" in shown


def test_asking_for_personal_data_shows_people_and_still_no_secret() -> None:
    mask = Mask({"api_key": SECRET}, show_people=True)

    assert mask.value({"name": "Ada Byron", "k": SECRET}) == {"name": "Ada Byron", "k": "<api_key>"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {SECRET}"},
        {"authorization": SECRET},
        {"X-Api-Key": SECRET},
        {"Cookie": f"sid={SECRET}"},
        {"X-Desk-Key": SECRET},
    ],
)
def test_headers_that_prove_who_asks_are_never_shown(headers: dict[str, str]) -> None:
    assert SECRET not in str(Mask({}, show_people=True).headers(headers, ["x-desk-key"]))


def test_a_token_that_was_just_given_is_a_secret_too() -> None:
    mask = Mask({})
    mask.learn("access_token", SECRET)

    assert mask.text(f"it was {SECRET}") == "it was <access_token>"
    assert mask.value({"refresh_token": "other"}) == {"refresh_token": "<hidden>"}


def test_an_address_stays_readable_without_the_person_in_it() -> None:
    shown = Mask({}).address(
        "https://crm.example.com/customers/ada%40example.com/notes?phone=%2B14155550142"
        "&q=phone%3A4155550142&limit=50"
    )

    assert shown == (
        "https://crm.example.com/customers/a***@***.com/notes?phone=+1415*****42"
        "&q=phone:4155****42&limit=50"
    )


@given(st.from_regex(r"\+[1-9][0-9]{9,14}", fullmatch=True))
def test_of_no_number_more_than_six_digits_are_shown(number: str) -> None:
    assert sum(character.isdigit() for character in masked_phone(number)) <= 6


@given(st.text(min_size=12, alphabet=st.characters(categories=["L", "N"])), st.text(), st.text())
def test_no_secret_ever_comes_through(secret: str, before: str, after: str) -> None:
    shown = Mask({"key": secret}, show_people=True).text(before + secret + after)

    assert secret not in shown
