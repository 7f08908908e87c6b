"""HubSpot's own Python client judges our connector: what we send, and the answers we expect.

The client's models refuse operators, missing fields and answers that HubSpot does not have. What
they cannot know is which properties exist: those are names in a map to them.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from switchboard.adapters.connector.events import connector_events
from switchboard.edges.webhook_schemes import Delivery
from switchboard.edges.webhooks import authentic_events
from switchboard.errors import Unauthorized
from tests.vendors.both_sides import OurSide, VendorClient
from tests.vendors.recorder import Answer, Sent

pytestmark = pytest.mark.vendor

SETTINGS = {"portal_id": "7654321"}
SECRET = "client_secret"
NOBODY = Answer({"total": 0, "results": []})
LINKED = "a call, made and tied to its contact"
RECORD = {
    "id": "i-1",
    "revision": 1,
    "channel": "voice",
    "direction": "inbound",
    "contact": "+14155550142",
    "started_at": "2026-01-05T10:00:00Z",
    "duration_s": 125,
    "disposition_code": "CONNECTED",
    "remarks": 'said "<b>"',
    "customer": {"id": "101", "kind": "contact", "name": "Ada Byron", "url": ""},
}


@pytest.fixture
def ours() -> OurSide:
    return OurSide("hubspot", SETTINGS)


@pytest.mark.parametrize("contact", ["+14155550142", "o'brien@example.com"])
def test_a_search_is_one_that_the_vendors_client_would_send(
    vendor: VendorClient, ours: OurSide, contact: str
) -> None:
    assert ours.find(contact, NOBODY) == ()

    (sent,) = ours.sent
    theirs = vendor.does(
        "hubspot",
        "search",
        NOBODY,
        groups=[[list(one) for one in group] for group in _groups(sent)],
        properties=sent.document["properties"],
        limit=sent.document["limit"],
    )

    assert _without_origin(sent) == _without_origin(theirs.only)
    assert sent.headers["authorization"] == theirs.only.headers["authorization"]


def test_what_the_search_asks_for_is_what_hubspot_documents(ours: OurSide) -> None:
    ours.find("+14155550142", NOBODY)
    ours_by_phone = _groups(ours.sent[0])
    ours.find("ada@example.com", NOBODY)

    assert ours_by_phone == [
        [("hs_searchable_calculated_phone_number", "EQ", "4155550142")],
        [("hs_searchable_calculated_mobile_number", "EQ", "4155550142")],
        [("phone", "EQ", "+14155550142")],
        [("mobilephone", "EQ", "+14155550142")],
    ]
    assert _groups(ours.sent[0])[0] == [("email", "EQ", "ada@example.com")]


def test_the_vendors_client_reads_the_search_answer_of_our_sample(
    vendor: VendorClient, ours: OurSide
) -> None:
    name = next(s["name"] for s in ours.document["samples"] if s.get("find") == "phone")

    read = vendor.does(
        "hubspot", "search", *ours.sample_answers(name), groups=[], properties=[], limit=20
    )

    (found,) = ours.find("+14155550142", *ours.sample_answers(name))
    first = read.result["results"][0]
    assert (found.id, found.phones[-1]) == (first["id"], first["properties"]["phone"])


@pytest.mark.parametrize(("channel", "kind"), [("voice", "calls"), ("chat", "notes")])
def test_an_interaction_is_upserted_as_the_vendors_client_would(
    vendor: VendorClient, ours: OurSide, channel: str, kind: str
) -> None:
    answers = ours.sample_answers(LINKED)

    said = ours.write("log_interaction", {**RECORD, "channel": channel}, *answers)

    upsert, link = ours.sent
    properties = upsert.document["inputs"][0]["properties"]
    theirs = vendor.does("hubspot", "upsert", answers[0], kind=kind, inputs=[["i-1", properties]])
    tied = vendor.does(
        "hubspot", "associate", answers[1], kind=kind, record=said["id"], contact="101"
    )
    assert _without_origin(upsert) == _without_origin(theirs.only)
    assert (link.line, link.query) == (tied.only.line, tied.only.query)
    assert {type(value) for value in properties.values()} == {str}
    first = theirs.result["results"][0]
    assert said == {"id": first["id"], "created": first["new"]} == {"id": "901", "created": True}


def test_a_batch_is_upserted_and_tied_as_the_vendors_client_would(
    vendor: VendorClient, ours: OurSide
) -> None:
    done = {"status": "COMPLETE", "startedAt": _AT, "completedAt": _AT}
    rows = [_row("901", "i-1", new=True), _row("902", "i-2", new=False)]
    written = Answer({**done, "results": rows})
    tied = Answer({**done, "results": [_pair("901", "101"), _pair("902", "102")]})
    second = {**RECORD, "id": "i-2", "customer": {"id": "102"}}

    said = ours.write("log_interactions", {"records": [RECORD, second]}, written, tied)

    upsert, link = ours.sent
    inputs = [[one["id"], one["properties"]] for one in upsert.document["inputs"]]
    theirs = vendor.does("hubspot", "upsert", written, kind="calls", inputs=inputs)
    their_link = vendor.does(
        "hubspot", "associate_many", tied, kind="calls", pairs=[["901", "101"], ["902", "102"]]
    )
    assert _without_origin(upsert) == _without_origin(theirs.only)
    assert _without_origin(link) == _without_origin(their_link.only)
    assert [(row["key"], row["created"]) for row in said] == [
        (row["object_write_trace_id"], row["new"]) for row in theirs.result["results"]
    ]


def test_the_partly_refused_batch_of_our_sample_is_one_that_the_vendors_client_reads(
    vendor: VendorClient, ours: OurSide
) -> None:
    name = "three at once; one is refused and the others are written"

    read = vendor.does(
        "hubspot", "upsert", ours.sample_answers(name)[0], kind="calls", inputs=[["i-6", {}]]
    )

    # For a 207 the client has a model of its own, with the errors.
    assert read.result["num_errors"] == 1
    assert read.result["errors"][0]["context"] == {"objectWriteTraceId": ["i-7"]}


def test_contacts_are_made_and_read_as_the_vendors_client_would(
    vendor: VendorClient, ours: OurSide
) -> None:
    (created,) = ours.sample_answers("a contact for an unknown caller")
    (shown,) = ours.sample_answers("a contact is read again")

    new = ours.write("create_contact", {"phone": {"e164": "+14155550177"}}, created)
    (made,) = ours.sent
    row = ours.read("get_contact", {"customer_id": "101"}, shown)
    (asked,) = ours.sent

    properties = made.document["properties"]
    their_make = vendor.does("hubspot", "create_contact", created, properties=properties)
    names = [value for _, value in asked.query]
    their_read = vendor.does("hubspot", "get_contact", shown, contact="101", properties=names)
    assert _without_origin(made) == _without_origin(their_make.only)
    assert _without_origin(asked) == _without_origin(their_read.only)
    assert (new["id"], row["id"]) == (their_make.result["id"], their_read.result["id"])


def test_the_vendors_signature_opens_our_door_and_nothing_else_does(
    vendor: VendorClient, ours: OurSide
) -> None:
    moment, body = datetime(2026, 1, 5, 12, 0, tzinfo=UTC), b'[{"eventId": 1}]'
    delivery = _delivery(body, moment, signature="")
    signature = vendor.does(
        "hubspot",
        "sign",
        secret=SECRET,
        method="POST",
        url=delivery.url(),
        body=body.decode(),
        moment_ms=delivery.headers["x-hubspot-request-timestamp"],
    ).result
    events = connector_events(ours.definition, SETTINGS)
    secrets = {"client_secret": SECRET}

    assert authentic_events(events, _delivery(body, moment, signature=signature), secrets)
    with pytest.raises(Unauthorized):
        authentic_events(events, _delivery(body + b" ", moment, signature=signature), secrets)


def test_the_alternative_sign_in_of_the_file_asks_for_tokens_as_the_vendors_client_does(
    vendor: VendorClient, ours: OurSide
) -> None:
    token = Answer({"access_token": "t", "expires_in": 1800, "token_type": "bearer"})
    public_app = OurSide("hubspot", SETTINGS, auth="oauth2_refresh")

    public_app.find("ada@example.com", token, NOBODY)

    theirs = vendor.does(
        "hubspot",
        "refresh_token",
        Answer({**token.body, "refresh_token": "r"}),
    )
    assert public_app.sent[0].line == theirs.only.line
    assert public_app.sent[0].form == theirs.only.form


_AT = "2026-01-05T10:00:00.000Z"


def _groups(sent: Sent) -> list[list[tuple[str, str, str]]]:
    return [
        [(one["propertyName"], one["operator"], one["value"]) for one in group["filters"]]
        for group in sent.document["filterGroups"]
    ]


def _without_origin(sent: Sent) -> tuple[Any, ...]:
    """The client is given the recorder as its host, so hosts differ; ours is fixed in the file."""
    return (sent.line, sent.query, sent.document)


def _row(record: str, key: str, *, new: bool) -> dict[str, Any]:
    return {
        "id": record,
        "new": new,
        "archived": False,
        "createdAt": _AT,
        "updatedAt": _AT,
        "objectWriteTraceId": key,
        "properties": {},
    }


def _pair(record: str, contact: str) -> dict[str, Any]:
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}
    return {"from": {"id": record}, "to": {"id": contact}, "associationSpec": spec}


def _delivery(body: bytes, moment: datetime, *, signature: str) -> Delivery:
    return Delivery(
        method="POST",
        host="hooks.example.com",
        path="/v1/webhooks/hubspot",
        headers={
            "x-hubspot-signature-v3": signature,
            "x-hubspot-request-timestamp": str(int(moment.timestamp() * 1000)),
        },
        raw_body=body,
        received_at=moment,
    )
