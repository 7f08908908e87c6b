"""A client library that others use with Zendesk judges our connector.

It names the endpoints, the fields of a ticket, a comment and a person, and reads our samples'
answers. It knows no Idempotency-Key, no `updated_stamp` and no OAuth token endpoint; for those the
file follows the documentation alone, and says so.
"""

from typing import Any

import pytest

from tests.vendors.both_sides import OurSide, VendorClient
from tests.vendors.recorder import Answer, Sent

pytestmark = pytest.mark.vendor

SETTINGS = {"subdomain": "acme"}
TOKEN = Answer({"access_token": "token-1", "token_type": "bearer", "scope": "read write"})
FOUND = "a caller whose number was typed with dots; a longer one that ends alike is dropped"
CHANGED = "more became known; the same ticket gets another comment"
RECORD = {
    "id": "i-1",
    "revision": 2,
    "channel": "voice",
    "direction": "inbound",
    "contact": "+14155550142",
    "disposition_code": "SOLD",
    "remarks": 'said "yes"',
    "customer": {"id": "35436", "kind": "end-user", "name": "Ada Byron", "url": ""},
}


@pytest.fixture
def ours() -> OurSide:
    return OurSide("zendesk", SETTINGS)


def test_a_caller_is_searched_as_the_client_would_and_its_answer_is_read_alike(
    vendor: VendorClient, ours: OurSide
) -> None:
    (answer,) = ours.sample_answers(FOUND)

    found = ours.find("+14155550142", TOKEN, answer)

    theirs = vendor.does("zendesk", "find_phone", answer, digits="4155550142")
    sent = ours.sent[-1]
    assert (sent.origin, sent.line) == (theirs.only.origin, theirs.only.line)
    # The client says the type twice; we ask for one page of fifty.
    assert dict(sent.query)["query"] == dict(theirs.only.query)["query"]
    assert sent.headers["authorization"] == theirs.only.headers["authorization"]
    assert [(one.id, one.name) for one in found] == [
        (str(theirs.result[0]["id"]), theirs.result[0]["name"])
    ]
    # Both rows came back to the client; the second is not the caller, and only we looked.
    assert len(theirs.result) == 2


def test_an_address_is_searched_as_the_client_would_and_quoted_besides(
    vendor: VendorClient, ours: OurSide
) -> None:
    empty = Answer({"count": 0, "next_page": None, "results": []})

    ours.find("ada@example.com", TOKEN, empty)

    theirs = vendor.does("zendesk", "find_email", empty, address="ada@example.com")
    # The client quotes only what has a space in it, and so lets an address widen the query.
    assert dict(theirs.only.query)["query"] == "type:user email:ada@example.com"
    assert dict(ours.sent[-1].query)["query"] == 'type:user email:"ada@example.com"'
    assert ours.sent[-1].line == theirs.only.line


def test_a_ticket_is_made_as_the_client_would(vendor: VendorClient, ours: OurSide) -> None:
    nothing = Answer({"tickets": [], "count": 0, "next_page": None})
    made = Answer({"ticket": {"id": 7001}, "audit": {"id": 1, "events": []}}, status=201)

    said = ours.write("log_interaction", RECORD, TOKEN, nothing, made)

    _, search, create = ours.sent
    ticket = create.document["ticket"]
    fields = {name: value for name, value in ticket.items() if name != "comment"}
    theirs = vendor.does("zendesk", "create_ticket", made, fields=fields, comment=ticket["comment"])
    assert _same(create, theirs.only)
    assert said == {"id": str(theirs.result["id"]), "created": True}
    assert set(fields) <= _known_fields(theirs.result)
    listed = vendor.does(
        "zendesk", "tickets_by_external_id", nothing, external_id=ticket["external_id"]
    )
    assert search.line == listed.only.line
    assert dict(search.query) == {"external_id": dict(listed.only.query)["external_id"]}


def test_a_later_revision_changes_the_ticket_as_the_client_would(
    vendor: VendorClient, ours: OurSide
) -> None:
    listed, commented, changed = ours.sample_answers(CHANGED)

    ours.write("log_interaction", RECORD, TOKEN, listed, commented, changed)

    _, _, comments, update = ours.sent
    ticket = update.document["ticket"]
    theirs = vendor.does(
        "zendesk",
        "update_ticket",
        changed,
        ticket=7001,
        stamp=ticket["updated_stamp"],
        comment=ticket["comment"],
    )
    assert update.line == theirs.only.line
    # The client repeats the id of the address in the body.
    assert {"id": 7001, **ticket} == theirs.only.document["ticket"]
    their_list = vendor.does("zendesk", "comments", commented, ticket=7001)
    assert comments.line == their_list.only.line
    assert [comment["body"] for comment in their_list.result] == ["Call\n[ecs i-1 r1]"]
    known = vendor.does("zendesk", "tickets_by_external_id", listed, external_id="ecs:i-1")
    assert [ticket["external_id"] for ticket in known.result] == ["ecs:i-1"]


@pytest.mark.parametrize(
    "asked",
    [
        {"phone": {"e164": "+14155550177", "international": "+1 415-555-0177"}},
        {"email": "grace@example.com"},
    ],
)
def test_a_person_is_made_and_read_as_the_client_would(
    vendor: VendorClient, ours: OurSide, asked: dict[str, Any]
) -> None:
    (answer,) = ours.sample_answers("a person for an unknown caller")

    row = ours.write("create_contact", {**asked, "reference": "i-9", "name": ""}, TOKEN, answer)
    create = ours.sent[-1]
    ours.read("get_contact", {"customer_id": "35438"}, TOKEN, answer)
    read = ours.sent[-1]

    fields = create.document["user"]
    theirs = vendor.does("zendesk", "create_or_update_user", answer, fields=fields)
    assert _same(create, theirs.only)
    assert row["id"] == str(theirs.result["id"])
    # Its model is older than `skip_verify_email`, and passes it on all the same.
    assert set(fields) - {"skip_verify_email"} <= _known_fields(theirs.result)
    shown = vendor.does("zendesk", "get_user", answer, user=35438)
    assert (read.origin, read.line) == (shown.only.origin, shown.only.line)


def test_an_api_token_that_still_lives_is_sent_as_the_client_would(vendor: VendorClient) -> None:
    empty = Answer({"count": 0, "next_page": None, "results": []})
    ours = OurSide("zendesk", {**SETTINGS, "email": "agent@example.com"}, auth="basic")

    ours.find("ada@example.com", empty)

    theirs = vendor.does("zendesk", "find_with_an_api_token", empty, address="ada@example.com")
    assert ours.sent[0].headers["authorization"] == theirs.only.headers["authorization"]


@pytest.mark.parametrize(
    "name",
    ["the client's scope is too small", "a wrong subdomain is no unknown caller"],
)
def test_the_client_takes_our_samples_errors_for_errors(
    vendor: VendorClient, ours: OurSide, name: str
) -> None:
    heard = vendor.does(
        "zendesk", "get_user", *ours.sample_answers(name), user=35436, may_raise=True
    )

    assert heard.raised is not None
    assert heard.raised["type"] in {"APIException", "RecordNotFoundException"}


def _same(ours: Sent, theirs: Sent) -> bool:
    return (ours.origin, ours.line, ours.query, ours.document) == (
        theirs.origin,
        theirs.line,
        theirs.query,
        theirs.document,
    )


def _known_fields(read: dict[str, Any]) -> set[str]:
    """The attributes of the client's model of a record; it shows all of them, null or not."""
    return set(read)
