"""Who is let into the editing page: whoever has a good cookie, and for questions our own page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchboard.domain.operator_link import OperatorLink, sign
from switchboard.edges import editor_login as login
from switchboard.errors import Forbidden, StateConflict, Unauthorized

KEY = b"k" * 32
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
LINK = OperatorLink("Grace", may_publish=True, expires_at=NOW + timedelta(hours=8))
TOKEN = sign(LINK, key=KEY)
OURS = {"x-switchboard-editor": "page"}


def event(cookies: list[str] | None = None, **headers: str) -> dict[str, Any]:
    sent: dict[str, Any] = {"headers": headers}
    return sent if cookies is None else {**sent, "cookies": cookies}


@pytest.mark.parametrize(
    "sent",
    [
        event([f"switchboard_editor={TOKEN}"]),
        event(["theirs=1", f"switchboard_editor={TOKEN}"]),
        event(cookie=f"theirs=1; switchboard_editor={TOKEN}"),
        event([], cookie=f"switchboard_editor={TOKEN}"),
        event(cookie=f'theirs={{"a": [1]}}; switchboard_editor={TOKEN}; odd; =;'),
        event([f"a b=c d;switchboard_editor={TOKEN}"]),
        event(['tschüß=ja; x="half', f"switchboard_editor={TOKEN}"]),
        event([f"not_switchboard_editor=x; switchboard_editor={TOKEN}"]),
    ],
)
def test_a_cookie_is_found_wherever_the_gateway_puts_it(sent: dict[str, Any]) -> None:
    assert login.operator(sent, key=KEY, now=NOW) == LINK


@pytest.mark.parametrize(
    "sent",
    [
        event(),
        event([]),
        event(["switchboard_editor="]),
        event([f"switchboard_editor={TOKEN[:-1]}"]),
        event([f"another={TOKEN}"]),
        event(["\x00;;;=\x7f"]),
        event(cookie="=;=;\ud800"),
    ],
)
def test_without_a_good_cookie_nobody_is_let_in(sent: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized, match="switchboard rules edit"):
        login.operator(sent, key=KEY, now=NOW)


def test_a_cookie_ends_with_its_link() -> None:
    with pytest.raises(Unauthorized):
        login.operator(event([f"switchboard_editor={TOKEN}"]), key=KEY, now=LINK.expires_at)


def test_a_question_without_our_header_is_another_sites() -> None:
    sent = event([f"switchboard_editor={TOKEN}"])

    with pytest.raises(Forbidden):
        login.operator_of_the_page(sent, key=KEY, now=NOW)
    with pytest.raises(Unauthorized):
        login.operator_of_the_page(event(None, **OURS), key=KEY, now=NOW)

    ours = {**sent, "headers": OURS}
    assert login.operator_of_the_page(ours, key=KEY, now=NOW) == LINK


def from_a_page_of(name: str) -> dict[str, Any]:
    headers = {**OURS, "x-switchboard-operator": name}
    return event([f"switchboard_editor={TOKEN}"], **headers)


def test_a_page_that_somebody_else_opened_does_nothing_in_our_name() -> None:
    with pytest.raises(StateConflict, match="Grace has logged in here since; this page is Zoë's"):
        login.operator_of_the_page(from_a_page_of("Zo%C3%AB"), key=KEY, now=NOW)


@pytest.mark.parametrize("name", ["Grace", "%47race", ""])
def test_our_own_page_goes_on_also_after_a_new_link(name: str) -> None:
    assert login.operator_of_the_page(from_a_page_of(name), key=KEY, now=NOW) == LINK


def test_the_cookie_is_for_our_own_pages_alone_and_for_no_script() -> None:
    made = str(login.cookie(TOKEN, LINK, now=NOW, over_tls=True)).split("; ")

    assert made[0] == f"switchboard_editor={TOKEN}"
    assert set(made[1:]) == {"Max-Age=28800", "HttpOnly", "Secure", "SameSite=Strict"}


def test_on_loopback_the_cookie_needs_no_tls() -> None:
    assert "Secure" not in str(login.cookie(TOKEN, LINK, now=NOW, over_tls=False))


def test_logging_out_takes_the_cookie_away() -> None:
    assert str(login.no_cookie(over_tls=True)).startswith("switchboard_editor=; Max-Age=0;")
