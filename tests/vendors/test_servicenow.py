"""ServiceNow: a client that others wrote and our connector ask and write the same."""

import pytest

from switchboard.errors import UpstreamError, UpstreamRejected, UpstreamThrottled
from tests.vendors.both_sides import OurSide, VendorClient
from tests.vendors.recorder import Answer, Sent

pytestmark = pytest.mark.vendor

TOKEN = Answer({"token_type": "Bearer", "access_token": "t", "expires_in": 1799})
NOBODY = Answer({"result": []})
CALL = {
    "id": "i-1",
    "revision": 1,
    "channel": "voice",
    "direction": "inbound",
    "contact": "+14155550142",
    "started_at": "2026-01-05T10:00:00Z",
    "customer": {"id": "9a1f0000000000000000000000000101", "kind": "customer_contact"},
}


@pytest.fixture
def ours() -> OurSide:
    return OurSide("servicenow", {"instance": "https://example.service-now.com"})


# What the client says although it goes without saying.
SAID_BY_DEFAULT = {
    ("sysparm_display_value", "false"),
    ("sysparm_offset", "0"),
    ("sysparm_suppress_pagination_header", "false"),
    ("sysparm_view", ""),
}


def parameters(sent: Sent) -> set[tuple[str, str]]:
    """The parameters that say more than the default; the client writes a capital True."""
    said = {(name, value.lower() if value == "True" else value) for name, value in sent.query}
    return {(name, value) for name, value in said if (name, value.lower()) not in SAID_BY_DEFAULT}


def fields_of(sent: Sent) -> list[str]:
    return dict(sent.query)["sysparm_fields"].split(",")


def test_a_number_is_asked_for_as_the_client_asks(vendor: VendorClient, ours: OurSide) -> None:
    ours.find("+1 415 555 0142", TOKEN, NOBODY)
    own = ours.sent[1]
    e164, national = "+14155550142", "(415) 555-0142"
    spellings = [e164, national, "+1 415-555-0142", "4155550142"]

    theirs = vendor.does(
        "servicenow",
        "find",
        NOBODY,
        table="customer_contact",
        conditions=[
            *[["phone", spelling] for spelling in spellings],
            *[["mobile_phone", spelling] for spelling in spellings],
            *[["home_phone", spelling] for spelling in (e164, national)],
        ],
        fields=fields_of(own),
    ).only

    assert own.line == theirs.line
    assert parameters(own) == parameters(theirs)


def test_an_address_is_asked_for_as_the_client_asks(vendor: VendorClient, ours: OurSide) -> None:
    ours.find("ada@example.com", TOKEN, NOBODY)
    own = ours.sent[1]

    theirs = vendor.does(
        "servicenow",
        "find",
        NOBODY,
        table="customer_contact",
        conditions=[["email", "ada@example.com"]],
        fields=fields_of(own),
    ).only

    assert own.line == theirs.line
    assert parameters(own) == parameters(theirs)
    assert own.headers["accept"] == theirs.headers["accept"] == "application/json"
    assert "authorization" in own.headers.keys() & theirs.headers.keys()


def test_the_client_reads_our_sample_of_an_answer_as_our_engine_does(
    vendor: VendorClient, ours: OurSide
) -> None:
    name = "a contact whose number was typed in national form"
    (answer,) = ours.sample_answers(name)

    heard = vendor.does(
        "servicenow",
        "find",
        answer,
        table="customer_contact",
        conditions=[["phone", "(415) 555-0142"]],
        fields=["sys_id", "name"],
    )

    (row,), (expected,) = heard.result, ours.sample(name)["result"]
    assert (row["sys_id"], row["name"], row["email"]) == (
        expected["id"],
        expected["name"],
        expected["emails"][0],
    )


def test_an_interaction_is_searched_for_and_created_as_the_client_does(
    vendor: VendorClient, ours: OurSide
) -> None:
    seen, made = ours.sample_answers("the first record of a call")
    logged = ours.write("log_interaction", CALL, TOKEN, seen, made)
    _, search, creation = ours.sent

    asked = vendor.does(
        "servicenow",
        "find",
        seen,
        table="interaction",
        conditions=[["u_ecs_interaction_id", "i-1"]],
        fields=fields_of(search),
        active_only=False,
    ).only
    created = vendor.does(
        "servicenow",
        "create",
        made,
        table="interaction",
        record=creation.document,
        fields=fields_of(creation),
    )

    assert search.line == asked.line
    assert dict(search.query)["sysparm_query"] == dict(asked.query)["sysparm_query"]
    assert creation.line == created.only.line
    assert parameters(creation) <= parameters(created.only)
    assert creation.document == created.only.document
    assert creation.headers["content-type"] == created.only.headers["content-type"]
    assert logged == {"id": created.result["sys_id"], "created": True}


def test_an_interaction_is_updated_where_the_client_updates_it(
    vendor: VendorClient, ours: OurSide
) -> None:
    """The client says PUT and we say PATCH: the Table API takes both for some of the columns."""
    seen, changed = ours.sample_answers("a later revision updates the row, and adds a note")
    ours.write("log_interaction", {**CALL, "revision": 2}, TOKEN, seen, changed)
    own = ours.sent[2]

    theirs = vendor.does(
        "servicenow",
        "update",
        seen,
        changed,
        table="interaction",
        sys_id="9a1f0000000000000000000000000301",
        changes=own.document,
        fields=fields_of(own),
    ).sent[-1]

    assert (own.method, theirs.method) == ("PATCH", "PUT")
    assert own.path == theirs.path
    assert own.document == theirs.document


@pytest.mark.parametrize(
    ("sample", "refusal"),
    [
        ("the table is not there", UpstreamRejected),
        ("a role is missing", UpstreamError),
        ("the hour's requests are used up", UpstreamThrottled),
    ],
)
def test_a_refusal_is_one_to_the_client_too(
    vendor: VendorClient, ours: OurSide, sample: str, refusal: type[UpstreamError]
) -> None:
    (answer,) = ours.sample_answers(sample)

    with pytest.raises(refusal):
        ours.find("ada@example.com", TOKEN, answer)
    heard = vendor.does(
        "servicenow",
        "find",
        answer,
        may_raise=True,
        table="customer_contact",
        conditions=[["email", "ada@example.com"]],
        fields=["sys_id"],
    )

    assert heard.raised is not None
    assert heard.raised["type"] == "HTTPError"
