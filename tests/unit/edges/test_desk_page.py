"""The agent's page shows what others wrote, and does nothing that they wrote."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest

from switchboard.domain.customer import Customer
from switchboard.domain.interaction import Interaction, merge
from switchboard.domain.posting import Posting, PostingState
from switchboard.edges.desk_page import SECURITY_HEADERS, desk_page, refused_page
from switchboard.edges.history_cursor import places_in
from switchboard.ports import Arrival, HistoryPlace, LedgerRow
from switchboard.use_cases.agent_desk import DeskView
from tests.unit.use_cases.people import ADA, NOW, told

NEW_YORK = ZoneInfo("America/New_York")
HOSTILE = """"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;"""


def page(customer: Customer | None = ADA, *, outcome: str = "known", **fields: Any) -> str:
    earlier = LedgerRow(merge(Interaction("i-0"), told(**fields)), started_at=NOW)
    arrival = Arrival("r-1", NOW, outcome, customer=customer, decision={"reason": "high: tier"})
    row = LedgerRow(Interaction("i-1"), arrival)
    return desk_page(DeskView(row, (earlier,)), zone=NEW_YORK)


def test_the_page_says_who_why_and_what_was_before() -> None:
    shown = page(agent_name="Al", disposition_code="Paid", direction="inbound")

    assert "<h1>Ada Example</h1>" in shown
    assert "high: tier" in shown
    assert "<dt>Tier</dt><dd>high</dd>" in shown
    for cell in ("2026-03-04 12:00", "inbound voice", "Al", "Paid"):
        assert f"<td>{cell}</td>" in shown


def test_the_page_shows_first_what_the_rules_want_looked_at() -> None:
    decision = {"views": "balance due is 412.5 USD", "agent_reason": f"2001: {HOSTILE}"}
    arrival = Arrival("r-1", NOW, "known", customer=ADA, decision=decision)
    shown = desk_page(DeskView(LedgerRow(Interaction("i-1"), arrival)), zone=NEW_YORK)

    assert '<p id="first"><strong>Look at first:</strong> balance due is 412.5 USD</p>' in shown
    assert is_harmless(shown)
    assert 'id="first"' not in page()


@pytest.mark.parametrize("place", ["name", "id", "connector", "attribute", "value", "url"])
def test_what_a_crm_wrote_is_text(place: str) -> None:
    hostile = {
        "name": replace(ADA, name=HOSTILE),
        "id": replace(ADA, id=HOSTILE),
        "connector": replace(ADA, connector=HOSTILE, url="https://crm.example.com"),
        "attribute": replace(ADA, attributes={HOSTILE: "x"}),
        "value": replace(ADA, attributes={"x": HOSTILE}),
        "url": replace(ADA, url=f"https://crm.example.com/{HOSTILE}"),
    }[place]

    assert is_harmless(page(hostile))


@pytest.mark.parametrize(
    "field",
    ["remarks", "agent_name", "disposition_code", "business_process", "channel", "direction"],
)
def test_what_a_trigger_wrote_is_text(field: str) -> None:
    said: dict[str, Any] = {field: HOSTILE}

    assert is_harmless(page(**said))


def test_what_the_decision_or_an_error_says_is_text() -> None:
    arrival = Arrival("r-1", NOW, HOSTILE, decision={"reason": HOSTILE})
    view = DeskView(LedgerRow(Interaction(HOSTILE), arrival))

    assert is_harmless(desk_page(view, zone=NEW_YORK))
    assert is_harmless(refused_page(HOSTILE))


def is_harmless(shown: str) -> bool:
    """Nothing of the hostile text became an element or left its attribute."""
    seen = Elements()
    seen.feed(shown)
    assert seen.names
    assert not seen.names & {"script", "img"}
    assert not {name for name in seen.attributes if name.startswith("on")}
    return True


class Elements(HTMLParser):
    """Which elements and attributes a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "//evil.example.com",
        "vbscript:x",
        "",
    ],
)
def test_only_a_web_address_becomes_a_link(url: str) -> None:
    assert "<a " not in page(replace(ADA, url=url))


def test_a_link_into_the_crm_opens_without_telling_where_it_came_from() -> None:
    shown = page(replace(ADA, url="https://crm.example.com/c?id=1&x=2"))

    assert 'href="https://crm.example.com/c?id=1&amp;x=2"' in shown
    assert 'rel="noopener noreferrer"' in shown


@pytest.mark.parametrize("url", ["http://[", "https://[::1", "https://exa]mple.com"])
def test_an_address_that_cannot_be_read_becomes_no_link(url: str) -> None:
    assert "<a " not in page(replace(ADA, url=url))


def view_of(*past: LedgerRow, older: tuple[HistoryPlace, ...] = (), is_first: bool = True) -> str:
    row = LedgerRow(Interaction("i-1"), Arrival("r-1", NOW, "known", customer=ADA))
    return desk_page(DeskView(row, past, older, is_first), zone=NEW_YORK)


def test_older_contacts_are_behind_a_link_that_keeps_the_pages_own_address() -> None:
    places = (HistoryPlace("record", "2026-03-04T17:00:00+00:00", "i-0"),)

    first, later, last = view_of(older=places), view_of(older=places, is_first=False), view_of()

    (after,) = re.findall(r'<a id="older" href="[?]after=([^"]+)">Older</a>', first)
    assert places_in(unquote(after), ADA.key) == places
    assert 'id="newest"' not in first
    assert '<a id="newest" href="?">Newest</a>' in later
    assert 'id="older"' in later
    assert "<a " not in last


def test_the_page_says_which_crm_has_the_record() -> None:
    def posting(connector: str, state: PostingState, record: str) -> Posting:
        return Posting(connector, state, record_id=record)

    postings = {
        "sandbox": posting("sandbox", PostingState.DONE, "A-1"),
        "erp": posting("erp", PostingState.PENDING, ""),
        "other": posting("other", PostingState.DONE, ""),
    }

    shown = view_of(LedgerRow(Interaction("i-0"), postings=postings, started_at=NOW))

    assert "<td>sandbox</td>" in shown
    assert "erp" not in shown
    assert "other" not in shown


@pytest.mark.parametrize("outcome", ["unknown", "ambiguous", "withheld", "unreadable", "degraded"])
def test_without_a_customer_the_page_says_why_and_shows_no_history(outcome: str) -> None:
    shown = page(None, outcome=outcome, remarks="somebody else's")

    assert "<h1>Unknown contact</h1>" not in shown
    assert "somebody else" not in shown


def test_of_somebody_who_is_not_known_the_agent_sees_the_contact() -> None:
    arrival = Arrival("r-1", NOW, "ambiguous", contact=HOSTILE)

    shown = desk_page(DeskView(LedgerRow(Interaction("i-1"), arrival)), zone=NEW_YORK)

    assert 'id="contact"' in shown
    assert "<script" not in shown


def test_an_interaction_that_only_triggers_told_of_has_a_page() -> None:
    shown = desk_page(DeskView(LedgerRow(Interaction("i-1"))), zone=NEW_YORK)

    assert "No routing decision was asked for." in shown


def test_the_browser_is_told_to_load_and_run_nothing() -> None:
    policy = SECURITY_HEADERS["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert SECURITY_HEADERS["referrer-policy"] == "no-referrer"
    assert SECURITY_HEADERS["cache-control"] == "no-store"
    for reaching_out in ("src=", "@import", "url("):
        assert reaching_out not in page()
