"""An operator's link is good for its name, its rights and its time, and only if we made it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain import desk_link
from switchboard.domain.operator_link import OperatorLink, sign, verify
from switchboard.domain.signed_text import in_base64, signed

KEY = b"k" * 32
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
LINK = OperatorLink("Grace", may_publish=True, expires_at=NOW + timedelta(hours=8))
TOKEN = sign(LINK, key=KEY)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.booleans())
def test_a_link_comes_back_as_it_was_signed(name: str, may_publish: bool) -> None:
    link = OperatorLink(name, may_publish, LINK.expires_at)

    assert verify(sign(link, key=KEY), key=KEY, now=NOW) == link


def test_a_token_needs_no_escaping_in_a_url_or_a_cookie() -> None:
    token = sign(OperatorLink("Zoë; ?>~/+ ", True, LINK.expires_at), key=KEY)

    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize("position", range(len(TOKEN)))
def test_one_changed_character_spoils_it(position: int) -> None:
    other = "A" if TOKEN[position] != "A" else "B"
    for changed in (
        TOKEN[:position] + other + TOKEN[position + 1 :],
        TOKEN[:position] + TOKEN[position + 1 :],
        TOKEN[:position] + "." + TOKEN[position:],
    ):
        assert verify(changed, key=KEY, now=NOW) is None


def test_who_may_look_cannot_write_himself_the_right_to_publish() -> None:
    token = sign(OperatorLink("Grace", False, LINK.expires_at), key=KEY)

    assert verify(token.replace(".look.", ".edit."), key=KEY, now=NOW) is None


@pytest.mark.parametrize(
    ("passed", "is_good"),
    [(timedelta(hours=8) - timedelta(seconds=1), True), (timedelta(hours=8), False)],
)
def test_it_expires(passed: timedelta, is_good: bool) -> None:
    assert (verify(TOKEN, key=KEY, now=NOW + passed) == LINK) is is_good


def test_a_link_of_another_deployment_is_refused() -> None:
    assert verify(TOKEN, key=b"x" * 32, now=NOW) is None


def test_a_link_to_the_agents_desk_opens_no_editor_even_under_one_key() -> None:
    desk = desk_link.sign(desk_link.DeskLink("i-1", LINK.expires_at), key=KEY)

    assert verify(desk, key=KEY, now=NOW) is None


@pytest.mark.parametrize(
    "claim",
    ["", "..", f"{in_base64('')}.edit.9999999999", f"{in_base64('x')}.own.9999999999",
     f"{in_base64('x')}.edit.-1", f"{in_base64('x')}.edit.9999999999.1", "é.edit.1", "A.edit.1"],
)  # fmt: skip
def test_a_claim_that_is_none_is_refused_although_it_is_signed(claim: str) -> None:
    assert verify(signed(claim, key=KEY), key=KEY, now=NOW) is None


@given(st.text() | st.text("ab.-_=é\ud800\x00", max_size=20))
def test_junk_is_refused_and_never_raises(junk: str) -> None:
    assert verify(junk, key=KEY, now=NOW) is None
