"""A lookup whose answer comes in pages."""

import json
from typing import Any

import pytest

from switchboard.adapters.connector.compile import ConnectorMistakes
from switchboard.errors import UpstreamRejected, UpstreamUnavailable
from tests.unit.connector.examples import ROWS, Reaction, answer, compiled, engine, methods, soon

PHONE = {"phone": {"nsn": "4155550142"}}


def page(*ids: str, **more: Any) -> Reaction:
    return answer(json.dumps({"customers": [{"id": each} for each in ids], **more}))


def ids_and_addresses(
    *pages: Reaction, page: dict[str, Any], request: dict[str, Any] | None = None
) -> tuple[list[str], list[str], list[bytes | None]]:
    asked = request or {"path": "/customers", "query": {"phone": "${input.phone.nsn}"}}
    finding = {"request": asked, "map": ROWS, "page": page}
    built, transport = engine(*pages, methods={**methods(), "find_phone": finding})
    rows = built.read("find_phone", PHONE, deadline=soon())
    sent = transport.requests
    return [row["id"] for row in rows], [each.url for each in sent], [each.body for each in sent]


def test_a_cursor_goes_into_the_query_from_the_second_page_on() -> None:
    found, addresses, _ = ids_and_addresses(
        page("1", "2", next="c/2"),
        page("3"),
        page={"next": "body.next", "into": "query.cursor"},
    )

    assert found == ["1", "2", "3"]
    assert addresses == [
        "https://crm.example.com/customers?phone=4155550142",
        "https://crm.example.com/customers?phone=4155550142&cursor=c%2F2",
    ]


def test_a_cursor_replaces_what_the_body_began_with() -> None:
    search = {"path": "/search", "body": {"query": {"phone": "1"}, "after": "0"}}
    _, _, bodies = ids_and_addresses(
        page("1", next=7),
        page("2"),
        page={"next": "body.next", "into": "body.after"},
        request=search,
    )

    assert [json.loads(body or b"")["after"] for body in bodies] == ["0", 7]


def test_an_address_of_the_servers_is_followed() -> None:
    found, addresses, _ = ids_and_addresses(
        page("1", next="/customers?page=2"),
        page("2", next=None),
        page={"next": "body.next", "follow": True},
    )

    assert found == ["1", "2"]
    assert addresses[1] == "https://crm.example.com/customers?page=2"


@pytest.mark.parametrize("elsewhere", ["https://evil.example.com/", "//169.254.169.254/", "ftp:x"])
def test_an_address_elsewhere_is_not(elsewhere: str) -> None:
    with pytest.raises(UpstreamRejected):
        ids_and_addresses(page("1", next=elsewhere), page={"next": "body.next", "follow": True})


def test_pages_are_counted_for_crms_that_number_them() -> None:
    _, addresses, _ = ids_and_addresses(
        page("1", more=True),
        page("2", more=True),
        page("3", more=False),
        page={"next": "body.more && plus(page, `1`)", "into": "query.page"},
    )

    assert [each.partition("&")[2] for each in addresses] == ["", "page=2", "page=3"]


def test_more_pages_than_the_file_allows_are_no_answer() -> None:
    with pytest.raises(UpstreamUnavailable, match="more pages than `max_pages`"):
        ids_and_addresses(
            page("1", next="a"),
            page("2", next="b"),
            page={"next": "body.next", "into": "query.cursor", "max_pages": 2},
        )


def test_a_server_that_gives_the_same_page_for_ever_is_left() -> None:
    found, _, _ = ids_and_addresses(
        page("1", next="a"),
        page("1", next="a"),
        page={"next": "body.next", "into": "query.cursor", "max_pages": 20},
    )

    assert found == ["1", "1"]


def test_a_page_that_fails_fails_the_lookup() -> None:
    """Half of the rows would make one customer out of an ambiguous number."""
    with pytest.raises(UpstreamUnavailable):
        ids_and_addresses(
            page("1", next="a"),
            answer(status=500),
            page={"next": "body.next", "into": "query.cursor"},
        )


@pytest.mark.parametrize(
    "declared",
    [
        {"next": "body.next"},
        {"next": "body.next", "into": "query.a", "follow": True},
        {"next": "body.next", "into": "headers.a"},
    ],
)
def test_a_page_that_leads_nowhere_is_refused(declared: dict[str, Any]) -> None:
    finding = {"request": {"path": "/customers"}, "map": ROWS, "page": declared}

    with pytest.raises(ConnectorMistakes):
        compiled(methods={**methods(), "find_phone": finding})
