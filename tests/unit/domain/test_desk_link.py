"""A desk link opens one interaction until it expires, and only if we made it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.desk_link import DeskLink, sign, verify

KEY = b"k" * 32
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
LINK = DeskLink("i-1", NOW + timedelta(hours=8))
TOKEN = sign(LINK, key=KEY)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=128))
def test_a_link_comes_back_as_it_was_signed(interaction_id: str) -> None:
    link = DeskLink(interaction_id, LINK.expires_at)

    assert verify(sign(link, key=KEY), key=KEY, now=NOW) == link


def test_a_token_needs_no_escaping_in_a_url() -> None:
    token = sign(DeskLink("?>~/+ ", LINK.expires_at), key=KEY)

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


def test_a_longer_life_cannot_be_written_into_it() -> None:
    encoded_id, expiry, signature = TOKEN.split(".")

    assert verify(f"{encoded_id}.{int(expiry) + 1}.{signature}", key=KEY, now=NOW) is None


@pytest.mark.parametrize(
    ("passed", "is_good"),
    [(timedelta(hours=8) - timedelta(seconds=1), True), (timedelta(hours=8), False)],
)
def test_it_expires(passed: timedelta, is_good: bool) -> None:
    assert (verify(TOKEN, key=KEY, now=NOW + passed) == LINK) is is_good


def test_a_link_of_another_deployment_is_refused() -> None:
    assert verify(sign(LINK, key=b"x" * 32), key=KEY, now=NOW) is None


@given(st.text() | st.text("ab.-_=é\ud800\x00", max_size=20))
def test_junk_is_refused_and_never_raises(junk: str) -> None:
    assert verify(junk, key=KEY, now=NOW) is None


@given(st.text())
def test_junk_at_the_end_is_refused(junk: str) -> None:
    if junk:
        assert verify(TOKEN + junk, key=KEY, now=NOW) is None
