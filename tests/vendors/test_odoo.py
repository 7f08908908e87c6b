"""Odoo 19 over JSON-2, judged by odoo-json2 0.2.0 (MIT, a third party's).

The client passes any method's parameters on, so it judges the envelope: address, headers, which
parameters are named how, and what it makes of answers and errors. Domains and columns are written
here once more, in Odoo's own terms.
"""

import pytest

from tests.vendors.both_sides import OurSide, VendorClient
from tests.vendors.recorder import Answer, Sent

pytestmark = pytest.mark.vendor

FIELDS = [
    "name",
    "phone",
    "phone_sanitized",
    "email",
    "email_normalized",
    "lang",
    "commercial_company_name",
    "user_id",
]
COLUMNS = ["id", "name", "start", "stop", "show_as", "partner_ids/.id", "description"]
QUIETLY = {"tz": "UTC", "no_mail_to_attendees": True, "tracking_disable": True}
CALL = {
    "id": "i-1",
    "revision": 1,
    "channel": "voice",
    "direction": "inbound",
    "started_at": "2026-01-05T10:00:00Z",
    "duration_s": 125,
    "customer": {"id": "7", "kind": "partner"},
}
ROW = [
    "switchboard.0d264ce8-b839-5b94-b89d-460a2e8a2b04",
    "inbound call",
    "2026-01-05 10:00:00",
    "2026-01-05 10:02:05",
    "free",
    "7",
    "Duration: 125 s",
]
LOADED = Answer({"ids": [101], "messages": [], "nextrow": 0})


@pytest.fixture
def ours() -> OurSide:
    return OurSide("odoo", {"base": "https://acme.odoo.com", "database": "acme"})


def proofs(sent: Sent) -> tuple[str, str, str]:
    """The scheme's name is written in either case; Odoo's own documentation does both."""
    scheme, _, key = sent.headers["authorization"].partition(" ")
    return scheme.lower(), key, sent.headers["x-odoo-database"]


def test_a_number_is_searched_as_the_client_searches(ours: OurSide, vendor: VendorClient) -> None:
    domain = [
        "|",
        ["phone_sanitized", "=", "+14155550142"],
        ["phone_mobile_search", "in", ["+14155550142", "4155550142", "4155550142"]],
    ]
    ours.find("+1 415 555 0142", Answer([]))
    theirs = vendor.does(
        "odoo",
        "search_read",
        Answer([]),
        model="res.partner",
        domain=domain,
        fields=FIELDS,
        limit=10,
    ).only

    (sent,) = ours.sent
    assert sent.line == theirs.line
    assert proofs(sent) == proofs(theirs)
    # The client always says where to begin.
    assert {**sent.document, "offset": 0} == theirs.document


def test_an_address_is_searched_as_the_client_searches(ours: OurSide, vendor: VendorClient) -> None:
    domain = [
        "|",
        ["email_normalized", "=", "a_da@example.com"],
        ["email", "=ilike", "a\\_da@example.com"],
    ]
    ours.find("A_da@example.com", Answer([]))
    theirs = vendor.does(
        "odoo",
        "search_read",
        Answer([]),
        model="res.partner",
        domain=domain,
        fields=FIELDS,
        limit=10,
    ).only

    (sent,) = ours.sent
    assert sent.line == theirs.line
    assert {**sent.document, "offset": 0} == theirs.document


def test_a_call_is_written_as_the_client_writes_it(ours: OurSide, vendor: VendorClient) -> None:
    logged = ours.write("log_interaction", CALL, LOADED)
    theirs = vendor.does(
        "odoo",
        "load",
        LOADED,
        model="calendar.event",
        context=QUIETLY,
        fields=COLUMNS,
        data=[ROW],
    )

    (sent,) = ours.sent
    assert sent.line == theirs.only.line
    assert proofs(sent) == proofs(theirs.only)
    assert sent.document == theirs.only.document
    assert logged["id"] == str(theirs.result["ids"][0])


def test_several_calls_are_one_call_of_the_client(ours: OurSide, vendor: VendorClient) -> None:
    answer = Answer({"ids": [101, 101], "messages": [], "nextrow": 0})
    ours.write("log_interactions", {"records": [CALL, CALL]}, answer)
    theirs = vendor.does(
        "odoo",
        "load",
        answer,
        model="calendar.event",
        context=QUIETLY,
        fields=COLUMNS,
        data=[ROW, ROW],
    ).only

    assert ours.sent[0].line == theirs.line
    assert ours.sent[0].document == theirs.document


def test_a_partner_is_made_as_the_client_makes_it(ours: OurSide, vendor: VendorClient) -> None:
    asked = {
        "phone": {"e164": "+14155550142", "international": "+1 415-555-0142"},
        "email": None,
        "name": "",
        "reference": "i-1",
    }
    ours.write("create_contact", asked, LOADED)
    row = [
        "switchboard.06387c9e-7dcf-51db-9832-f4d2a281e18f",
        "+1 415-555-0142",
        "+14155550142",
        "",
    ]
    theirs = vendor.does(
        "odoo",
        "load",
        LOADED,
        model="res.partner",
        context={"tracking_disable": True},
        fields=["id", "name", "phone", "email"],
        data=[row],
    ).only

    assert ours.sent[0].line == theirs.line
    assert ours.sent[0].document == theirs.document


def test_the_client_reads_the_partner_in_our_sample(ours: OurSide, vendor: VendorClient) -> None:
    name = "a number; somebody whose number only begins alike is dropped"
    read = vendor.does(
        "odoo",
        "search_read",
        *ours.sample_answers(name),
        model="res.partner",
        domain=[],
        fields=FIELDS,
        limit=10,
    ).result

    assert [partner["id"] for partner in read] == [7, 8]
    # What we ask for is what comes, and the number that Odoo adds.
    assert all(set(partner) == {"id", *FIELDS} for partner in read)


@pytest.mark.parametrize(
    ("sample", "raised"),
    [
        ("the key has ended", "OdooAuthError"),
        ("an Odoo before 19, or a wrong address", "OdooNotFoundError"),
        ("a value that Odoo refuses", "OdooValidationError"),
        ("a field that this Odoo does not have", "OdooServerException"),
        ("a user who may not read partners", "OdooServerException"),
    ],
)
def test_the_client_takes_the_errors_of_our_samples_for_errors(
    ours: OurSide, vendor: VendorClient, sample: str, raised: str
) -> None:
    heard = vendor.does(
        "odoo",
        "search_read",
        *ours.sample_answers(sample),
        may_raise=True,
        model="res.partner",
        domain=[],
        fields=FIELDS,
        limit=10,
    )

    assert heard.raised
    assert heard.raised["type"] == raised
