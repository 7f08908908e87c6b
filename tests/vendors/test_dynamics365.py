"""Dynamics 365: Microsoft's own client and our connector ask and write the same."""

import re
from typing import Any

import pytest

from switchboard.errors import UpstreamThrottled
from tests.vendors.both_sides import Heard, OurSide, VendorClient
from tests.vendors.recorder import Answer, Sent, shape

pytestmark = pytest.mark.vendor

TOKEN = Answer({"token_type": "Bearer", "access_token": "token-of-the-test", "expires_in": 3599})
NOBODY = Answer({"value": []})
ODATA_HEADERS = ("accept", "odata-version", "odata-maxversion")
ADA = "3f4e2a10-0000-4000-8000-000000000101"
CALL = {
    "id": "i-1",
    "revision": 1,
    "channel": "voice",
    "direction": "inbound",
    "contact": "+14155550142",
    "business_process": "Sales",
    "disposition_code": "SALE",
    "remarks": "said yes",
    "duration_s": 125,
    "started_at": "2026-01-05T10:00:00Z",
    "ended_at": "2026-01-05T10:02:05Z",
    "customer": {"id": ADA, "kind": "contact"},
}


@pytest.fixture
def ours() -> OurSide:
    return OurSide(
        "dynamics365",
        {"org": "https://contoso.crm.dynamics.com", "tenant": "example", "app_id": "app"},
    )


def of_table(table: str, entity_set: str) -> Answer:
    """What the client reads first: the name of the table's entity set."""
    row = {"LogicalName": table, "EntitySetName": entity_set, "PrimaryIdAttribute": f"{table}id"}
    return Answer({"value": [row]})


NO_PICKLISTS = Answer({"value": []})


def asked(heard: Heard | OurSide) -> Sent:
    """The request for rows; the client's metadata and our token come before it."""
    return heard.sent[1]


def flat(condition: str) -> str:
    """An OData condition without the parentheses that `or` needs not; literals stay whole."""
    literals: list[str] = []

    def away(found: re.Match[str]) -> str:
        literals.append(found.group())
        return f"#{len(literals) - 1}#"

    bare = re.sub(r"'(?:[^']|'')*'", away, condition)
    while (shorter := re.sub(r"\(\(((?:(?! and )[^()])*)\) or ", r"(\1 or ", bare)) != bare:
        bare = shorter
    if bare.startswith("(") and bare.endswith("))"):
        bare = bare[1:-1]
    return re.sub(r"#(\d+)#", lambda found: literals[int(found.group(1))], bare)


def same_question(theirs: Sent, own: Sent) -> bool:
    def told(sent: Sent) -> dict[str, str]:
        return {**dict(sent.query), "$filter": flat(dict(sent.query)["$filter"])}

    return (theirs.line, told(theirs)) == (own.line, told(own))


@pytest.mark.parametrize(
    ("place", "table", "entity_set", "columns"),
    [
        (1, "contact", "contacts", ["telephone1", "mobilephone", "telephone2"]),
        (2, "lead", "leads", ["telephone1", "mobilephone"]),
        (3, "account", "accounts", ["telephone1", "telephone2"]),
    ],
)
def test_a_number_is_asked_for_as_the_client_asks(
    vendor: VendorClient,
    ours: OurSide,
    place: int,
    table: str,
    entity_set: str,
    columns: list[str],
) -> None:
    ours.find("+1 415 555 0142", TOKEN, NOBODY, NOBODY, NOBODY)
    own = ours.sent[place]
    spellings = ["+14155550142", "(415) 555-0142", "+1 415-555-0142", "4155550142"]

    theirs = asked(
        vendor.does(
            "dynamics365",
            "find",
            of_table(table, entity_set),
            NOBODY,
            table=table,
            columns=columns,
            values=spellings,
            select=dict(own.query)["$select"].split(","),
        )
    )

    assert same_question(theirs, own)
    assert {name: own.headers[name] for name in ODATA_HEADERS} == {
        name: theirs.headers[name] for name in ODATA_HEADERS
    }
    assert own.headers["authorization"] == theirs.headers["authorization"]


def test_an_address_with_an_apostrophe_is_escaped_as_the_client_escapes_it(
    vendor: VendorClient, ours: OurSide
) -> None:
    ours.find("ada.o'brien@example.com", TOKEN, NOBODY, NOBODY, NOBODY)

    theirs = asked(
        vendor.does(
            "dynamics365",
            "find",
            of_table("contact", "contacts"),
            NOBODY,
            table="contact",
            columns=["emailaddress1", "emailaddress2"],
            values=["ada.o'brien@example.com"],
            select=dict(ours.sent[1].query)["$select"].split(","),
        )
    )

    assert same_question(theirs, ours.sent[1])


def test_the_token_is_asked_for_the_scope_that_the_client_asks_for(
    vendor: VendorClient, ours: OurSide
) -> None:
    ours.find("ada@example.com", TOKEN, NOBODY, NOBODY, NOBODY)
    heard = vendor.does(
        "dynamics365",
        "find",
        of_table("contact", "contacts"),
        NOBODY,
        table="contact",
        columns=["emailaddress1"],
        values=["ada@example.com"],
        select=["contactid"],
    )

    token = ours.sent[0]

    assert [token.form["scope"]] == heard.result["scopes"]
    assert (token.origin, token.path) == (
        "https://login.microsoftonline.com",
        "/example/oauth2/v2.0/token",
    )
    assert token.form["grant_type"] == "client_credentials"


def test_the_client_reads_our_sample_of_an_answer_as_our_engine_does(
    vendor: VendorClient, ours: OurSide
) -> None:
    name = "a contact whose number was typed in national form"
    (answer,) = ours.sample_answers(name)

    heard = vendor.does(
        "dynamics365",
        "find",
        of_table("contact", "contacts"),
        answer,
        table="contact",
        columns=["telephone1"],
        values=["(415) 555-0142"],
        select=["contactid", "fullname"],
    )

    (row,) = heard.result["rows"]
    (expected,) = ours.sample(name)["result"]
    assert (row["contactid"], row["fullname"]) == (expected["id"], expected["name"])


def test_one_record_is_read_where_the_client_reads_it(vendor: VendorClient, ours: OurSide) -> None:
    (answer,) = ours.sample_answers("the contact of a call-back")
    found = ours.read("get_contact", {"customer_id": ADA}, TOKEN, answer)
    own = ours.sent[1]

    heard = vendor.does(
        "dynamics365",
        "read",
        of_table("contact", "contacts"),
        answer,
        table="contact",
        record_id=ADA,
        select=dict(own.query)["$select"].split(","),
    )

    assert (own.line, own.query) == (asked(heard).line, asked(heard).query)
    assert found["name"] == heard.result["fullname"]


def logged(ours: OurSide, data: dict[str, Any]) -> tuple[Sent, Sent]:
    written = Answer({"activityid": "a"}, status=201)
    ours.write("log_interaction", data, TOKEN, written, Answer(status=204))
    return ours.sent[1], ours.sent[2]


@pytest.mark.parametrize(
    ("channel", "table", "entity_set"),
    [("voice", "phonecall", "phonecalls"), ("chat", "task", "tasks")],
)
def test_a_record_is_changed_as_the_client_changes_it(
    vendor: VendorClient, ours: OurSide, channel: str, table: str, entity_set: str
) -> None:
    written, completed = logged(ours, {**CALL, "channel": channel})
    record_id = completed.path.rpartition("(")[2].rstrip(")")

    theirs = vendor.does(
        "dynamics365",
        "update",
        of_table(table, entity_set),
        Answer(status=204),
        table=table,
        record_id=record_id,
        changes=completed.document,
    ).sent[-1]

    assert completed.line == theirs.line
    assert completed.document == theirs.document
    assert completed.headers["if-match"] == theirs.headers["if-match"] == "*"
    assert written.line == completed.line


def test_a_record_is_upserted_as_the_client_upserts_it(vendor: VendorClient, ours: OurSide) -> None:
    """The client knows upserts by alternate key only; we use the primary key. All else is one."""
    written, _ = logged(ours, CALL)

    theirs = vendor.does(
        "dynamics365",
        "upsert",
        of_table("phonecall", "phonecalls"),
        NO_PICKLISTS,
        Answer(status=204),
        table="phonecall",
        key={"ecs_interactionid": "i-1"},
        record=written.document,
    ).sent[-1]

    assert written.method == theirs.method
    assert written.path.partition("(")[0] == theirs.path.partition("(")[0]
    assert "if-match" not in written.headers
    assert "if-match" not in theirs.headers
    # It writes keys in lower case: a column of ours in another case would show here.
    assert written.document == theirs.document


def test_what_is_written_has_the_kinds_of_dataverse(ours: OurSide) -> None:
    """Source of the kinds: phonecall EntityType, Web API reference."""
    written, _ = logged(ours, CALL)

    kinds = shape(written.document)

    assert kinds["directioncode"] == "boolean"
    assert kinds["actualdurationminutes"] == "number"
    assert isinstance(written.document["actualdurationminutes"], int)
    assert {kinds[name] for name in kinds if "duration" not in name} == {"text", "boolean"}


def test_the_client_and_we_wait_as_long_after_a_429(vendor: VendorClient, ours: OurSide) -> None:
    (throttled,) = ours.sample_answers("too many requests in five minutes")

    with pytest.raises(UpstreamThrottled) as refused:
        ours.find("ada@example.com", TOKEN, throttled)
    heard = vendor.does(
        "dynamics365",
        "find",
        of_table("contact", "contacts"),
        throttled,
        may_raise=True,
        table="contact",
        columns=["emailaddress1"],
        values=["ada@example.com"],
        select=["contactid"],
    )

    assert heard.raised is not None
    assert heard.raised["status"] == 429
    assert refused.value.retry_after_s == 29
