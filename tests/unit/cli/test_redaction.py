"""A live exchange becomes tellable: nobody is in it, and what matched before matches after."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli.redaction import Redactor
from switchboard.domain.identity import EmailAddress, PhoneNumber, same_identity

ASKED = PhoneNumber("+12125552671")
LONDON = PhoneNumber("+442079460018")
BERLIN = PhoneNumber("+4930123456789")


def redactor(identity: PhoneNumber | EmailAddress | None = ASKED, **more: Any) -> Redactor:
    return Redactor(identity, more.pop("region", "US"), **more)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("+12125552671", "+14155550142"),
        ("(212) 555-2671", "(415) 555-0142"),
        ("212.555.2671", "415.555.0142"),
        ("+1 212-555-2671", "+1 415-555-0142"),
        ("1 212 555 2671 ext. 12", "1 415 555 0142"),
        ("2125552671", "4155550142"),
    ],
)
def test_a_number_keeps_the_way_it_is_written(written: str, expected: str) -> None:
    assert redactor().text(written, "phone") == expected


@pytest.mark.parametrize(
    ("number", "region", "written"),
    [
        (ASKED, "US", "(212) 555-2671"),
        (ASKED, "US", "2125552671"),
        (LONDON, "GB", "020 7946 0018"),
        (LONDON, "GB", "+44 (0)20 7946 0018"),
        (LONDON, "US", "+44 20 7946 0018"),
        (BERLIN, "DE", "030 123456789"),
        (BERLIN, "DE", "+49 30 123456789"),
        (BERLIN, "DE", "004930123456789"),
    ],
)
def test_a_row_that_matched_still_matches(number: PhoneNumber, region: str, written: str) -> None:
    made = redactor(number, region=region)
    assert same_identity(number, written, default_region=region)

    after = made.text(written, "phone")

    asked_after = PhoneNumber(made.identity_text().replace(" ", "").replace("-", ""))
    assert same_identity(asked_after, after, default_region=made.sample_region)
    assert after != written


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1111 b", "1111"),
        ("12 Margaret", "11"),
        ("(212) 555-2671 Margaret Real", "(415) 555-0142"),
        ("Margaret: 212 555 2671", "415 555 0142"),
        ("212 555 2671 Durchwahl 12", "415 555 0142"),
        ("(212) 555-2671, (212) 555-9999", "(415) 555-0142"),
        ("+1 212 555 2671 / 212 555 9999", "+1 415 555 0142"),
        ("Margaret 44 1632 21255526719", "11 1111 41555501421"),
    ],
)
def test_what_is_said_beside_a_number_is_not_told(written: str, expected: str) -> None:
    assert redactor().text(written, "phone") == expected


def test_a_number_that_only_contains_the_callers_goes_on_containing_it() -> None:
    assert redactor().text("+44 1632 21255526719", "phone") == "+11 1111 41555501421"


def test_one_person_is_the_same_everywhere_and_others_are_others() -> None:
    made = redactor()
    tree = {
        "rows": [
            {"name": "Margaret Real", "mail": "m@real.net", "phone": "+12125552671"},
            {"name": "Paul Real", "mail": "p@real.net", "phone": "+12125552672"},
            {"name": "Margaret Real", "mail": "M@Real.net", "phone": "212 555 2671"},
        ]
    }

    first, second, third = made.tree(tree)["rows"]

    assert first == {"name": "Ada Byron", "mail": "ada@example.com", "phone": "+14155550142"}
    assert second == {
        "name": "Grace Example",
        "mail": "grace@example.com",
        "phone": "+14155550143",
    }
    assert third == {**first, "phone": "415 555 0142"}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("first_name", "Margaret", "Ada"),
        ("nachname", "Real", "Byron"),
        ("remarks", "she is ill", 'A remark with "quotes".'),
        ("birthday", "1950-02-03", "1990-01-01"),
        ("company", "Real Ltd", "Example Ltd"),
        ("anything", "Somewhere 5", "text"),
        ("id", "C-1001", "C-1001"),
        ("status", "active", "active"),
        ("created_at", "2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z"),
        ("phone", 12125552671, 14155550142),
        ("count", 3, 3),
        ("flag", True, True),
        ("nothing", None, None),
    ],
)
def test_what_is_not_surely_harmless_is_replaced(name: str, value: Any, expected: Any) -> None:
    assert redactor().tree(value, name) == expected


def test_a_code_that_the_connector_names_itself_is_no_persons() -> None:
    assert redactor(kept=frozenset({"Gold customer"})).text("Gold customer", "group") == (
        "Gold customer"
    )


def test_the_number_and_the_host_are_replaced_inside_addresses() -> None:
    made = redactor(replaced_texts={"https://crm.real.net": "https://crm.example.com"})

    told = made.text("https://crm.real.net/c?phone=%2B12125552671&after=C-1", "next")

    assert told == "https://crm.example.com/c?phone=%2B14155550142&after=C-1"


def test_somebody_who_is_left_in_the_sample_is_noticed() -> None:
    made = redactor()
    made.tree({"name": "Margaret Real", "text": "she is ill"})

    assert made.leaks("result: Margaret Real said")
    assert made.leaks("phone=2125552671")
    assert not made.leaks("Ada Byron, +1 415 555 0142")


@example({"phone": "1111 b"})
@example({"phone": "2125552671 b"})
@given(
    st.dictionaries(
        st.sampled_from(["name", "text", "phone", "email", "x", "vorname", "adresse"]),
        st.text(alphabet="abcdefgh äöü0123456789@.+-()", min_size=6),
    )
)
def test_no_free_text_of_six_characters_or_more_survives(tree: dict[str, str]) -> None:
    told = redactor().tree(tree)

    for name, before in tree.items():
        if any(c.isalpha() for c in before) and " " in before.strip():
            assert before not in told[name] or before.strip() in {"ada byron", "text"}
