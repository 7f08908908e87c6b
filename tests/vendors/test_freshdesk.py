"""Freshdesk: a client that others wrote and our connector ask and write the same."""

import pytest

from switchboard.errors import UpstreamError, UpstreamThrottled
from tests.vendors.both_sides import OurSide, VendorClient
from tests.vendors.recorder import Answer, Sent, shape

pytestmark = pytest.mark.vendor

NOTHING = Answer({"total": 0, "results": []})
NONE = Answer([])
ADA = "43001000101"
CALL = {
    "id": "i-1",
    "revision": 1,
    "channel": "voice",
    "direction": "inbound",
    "contact": "+14155550142",
    "remarks": "said yes",
    "customer": {"id": ADA, "kind": "contact"},
}


@pytest.fixture
def ours() -> OurSide:
    return OurSide("freshdesk", {"base": "https://example.freshdesk.com"})


def without_pages(sent: Sent) -> dict[str, str]:
    """The client always says which page of which size it wants; we take the first as it comes."""
    return {name: value for name, value in sent.query if name not in {"page", "per_page"}}


def test_a_number_is_searched_for_as_the_client_searches(
    vendor: VendorClient, ours: OurSide
) -> None:
    """The client puts the quotes around the query, which are part of the parameter.

    It leaves a plus sign in an address as it is, where it means a space; its user must escape it.
    """
    ours.find("+1 415 555 0142", NOTHING, NONE, NONE)
    own = ours.sent[0]
    query = dict(own.query)["query"]

    # Written here as Freshdesk's pages write a query, and not as our file does.
    spellings = ["+14155550142", "(415) 555-0142", "+1 415-555-0142", "4155550142"]
    wanted = " OR ".join(f"phone:'{each}' OR mobile:'{each}'" for each in spellings)
    theirs = vendor.does("freshdesk", "search", NOTHING, query=wanted.replace("+", "%2B")).only

    assert own.line == theirs.line
    assert without_pages(own) == without_pages(theirs)
    assert query.startswith('"')
    assert query.endswith('"')
    # The client refuses longer ones, as Freshdesk does.
    assert len(query) <= 512
    assert own.headers["authorization"].startswith("Basic ")
    assert theirs.headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("place", "filters"), [(1, {"mobile": "+14155550142"}), (2, {"phone": "+14155550142"})]
)
def test_a_number_is_filtered_for_as_the_client_filters(
    vendor: VendorClient, ours: OurSide, place: int, filters: dict[str, str]
) -> None:
    ours.find("+1 415 555 0142", NOTHING, NONE, NONE)

    theirs = vendor.does("freshdesk", "find", NONE, filters=filters).only

    assert ours.sent[place].line == theirs.line
    assert without_pages(ours.sent[place]) == without_pages(theirs)


def test_an_address_is_filtered_for_as_the_client_filters(
    vendor: VendorClient, ours: OurSide
) -> None:
    ours.find("ada+1@example.com", NONE)

    theirs = vendor.does("freshdesk", "find", NONE, filters={"email": "ada+1@example.com"}).only

    assert ours.sent[0].line == theirs.line
    assert without_pages(ours.sent[0]) == without_pages(theirs)


def test_the_client_reads_our_sample_of_an_answer_as_our_engine_does(
    vendor: VendorClient, ours: OurSide
) -> None:
    name = (
        "a contact whose number was typed in national form; another that the index found is dropped"
    )
    (answer,) = ours.sample_answers(name)

    heard = vendor.does("freshdesk", "search", answer, query="phone:'(415) 555-0142'")

    row, (expected,) = heard.result[0], ours.sample(name)["result"]
    assert (str(row["id"]), row["name"], row["phone"]) == (
        expected["id"],
        expected["name"],
        expected["phones"][0],
    )


def test_a_ticket_is_created_as_the_client_creates_it(vendor: VendorClient, ours: OurSide) -> None:
    listed, searched, made = ours.sample_answers("the first record of a call")
    logged = ours.write("log_interaction", CALL, listed, searched, made)
    own = ours.sent[2]

    # Freshdesk echoes what was written.
    echoed = Answer({**made.body, **own.document}, status=201)
    heard = vendor.does("freshdesk", "create_ticket", echoed, record=own.document)

    assert own.line == heard.only.line
    assert own.document == heard.only.document
    assert own.headers["content-type"] == heard.only.headers["content-type"]
    assert logged == {"id": str(heard.result["id"]), "created": True}
    # The kinds are those in which Freshdesk answers.
    common = own.document.keys() & made.body.keys()
    assert {name: shape(own.document[name]) for name in common} == {
        name: shape(made.body[name]) for name in common
    }
    assert "requester_id" in common
    # What the client calls our numbers.
    assert (heard.result["status"], heard.result["source"]) == ("closed", "phone")


@pytest.mark.parametrize(
    ("channel", "source"), [("email", "email"), ("chat", "chat"), ("fax", "phone")]
)
def test_a_channel_is_the_source_that_the_client_calls_so(
    vendor: VendorClient, ours: OurSide, channel: str, source: str
) -> None:
    *_, made = ours.sample_answers("the first record of a call")
    ours.write("log_interaction", {**CALL, "channel": channel}, NONE, NOTHING, made)
    written = ours.sent[2].document
    echoed = Answer({**made.body, "source": written["source"]}, status=201)

    heard = vendor.does("freshdesk", "create_ticket", echoed, record=written)

    assert heard.result["source"] == source


def test_a_ticket_is_updated_as_the_client_updates_it(vendor: VendorClient, ours: OurSide) -> None:
    listed, changed = ours.sample_answers("a later revision updates the same ticket")
    ours.write("log_interaction", {**CALL, "revision": 2}, listed, changed)
    own = ours.sent[1]

    heard = vendor.does("freshdesk", "update_ticket", changed, ticket_id=71, changes=own.document)

    assert own.line == heard.only.line
    assert own.document == heard.only.document


def test_a_ticket_is_searched_for_as_the_client_searches(
    vendor: VendorClient, ours: OurSide
) -> None:
    _, made = ours.sample_answers("a call of nobody we know")
    ours.write("log_interaction", {"id": "i-2", "revision": 1, "channel": "voice"}, NOTHING, made)

    theirs = vendor.does(
        "freshdesk", "search_tickets", NOTHING, query="cf_ecs_interaction_id:'i-2'"
    ).only

    assert ours.sent[0].line == theirs.line
    assert without_pages(ours.sent[0]) == without_pages(theirs)


def test_the_requester_of_a_ticket_is_read_as_the_client_reads_it(
    vendor: VendorClient, ours: OurSide
) -> None:
    (answer,) = ours.sample_answers("the requester of a ticket")
    found = ours.read("get_ticket", {"customer_id": "71"}, answer)

    heard = vendor.does("freshdesk", "read_ticket", answer, ticket_id=71)

    assert (ours.sent[0].line, ours.sent[0].query) == (heard.only.line, heard.only.query)
    assert found["name"] == heard.result["name"]


def test_a_contact_is_created_as_the_client_creates_it(vendor: VendorClient, ours: OurSide) -> None:
    (answer,) = ours.sample_answers("a caller becomes a contact")
    phone = {"e164": "+14155550142", "international": "+1 415-555-0142"}
    made = ours.write("create_contact", {"reference": "i-1", "phone": phone}, answer)
    own = ours.sent[0]

    heard = vendor.does("freshdesk", "create_contact", answer, record=own.document)

    # The client adds two fields of its own to every contact.
    added = {"view_all_tickets", "description"}
    theirs = {name: value for name, value in heard.only.document.items() if name not in added}
    assert own.line == heard.only.line
    assert own.document == theirs
    assert made["id"] == str(heard.result["id"])


@pytest.mark.parametrize(
    ("sample", "refusal", "called"),
    [
        ("the plan's calls are used up", UpstreamThrottled, "FreshdeskRateLimited"),
        ("a wrong key", UpstreamError, "FreshdeskUnauthorized"),
        ("an agent who may not see contacts", UpstreamError, "FreshdeskAccessDenied"),
    ],
)
def test_a_refusal_is_the_same_one_to_the_client(
    vendor: VendorClient, ours: OurSide, sample: str, refusal: type[UpstreamError], called: str
) -> None:
    (answer,) = ours.sample_answers(sample)

    with pytest.raises(refusal):
        ours.find("ada@example.com", answer)
    heard = vendor.does(
        "freshdesk", "find", answer, may_raise=True, filters={"email": "ada@example.com"}
    )

    assert heard.raised is not None
    assert heard.raised["type"] == called
