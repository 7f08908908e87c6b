"""Odoo 14 to 18 over JSON-RPC, judged by OdooRPC 0.10.1 (LGPL, a third party's).

The client logs in with a name first and learns the user's number; the connector has the number in
its settings, so those two calls are not compared. It judges the envelope and the errors: methods
and their parameters are passed on as they are.
"""

from typing import Any

import pytest

from tests.vendors.both_sides import OurSide, VendorClient
from tests.vendors.recorder import Answer

pytestmark = pytest.mark.vendor

LOGGED_IN = (
    Answer({"jsonrpc": "2.0", "id": 1, "result": 6}),
    Answer({"jsonrpc": "2.0", "id": 1, "result": {"lang": "en_US", "tz": "UTC"}}),
)
COLUMNS = ["id", "name", "start", "stop", "show_as", "partner_ids/.id", "description"]
QUIETLY = {"tz": "UTC", "no_mail_to_attendees": True, "tracking_disable": True}
CALL = {"id": "i-1", "revision": 1, "channel": "voice", "started_at": "2026-01-05T10:00:00Z"}
ROW = [
    "switchboard.0d264ce8-b839-5b94-b89d-460a2e8a2b04",
    "contact call",
    "2026-01-05 10:00:00",
    "2026-01-05 10:00:00",
    "free",
    "",
    "",
]


@pytest.fixture
def ours() -> OurSide:
    return OurSide(
        "odoo_rpc", {"base": "https://odoo.example.com", "database": "acme", "user_id": 6}
    )


def result(said: object) -> Answer:
    return Answer({"jsonrpc": "2.0", "id": 1, "result": said})


def without_its_number(document: Any) -> Any:
    """Every call has a number of the caller's choice."""
    return {name: value for name, value in document.items() if name != "id"}


def test_a_number_is_searched_as_the_client_searches(ours: OurSide, vendor: VendorClient) -> None:
    spellings = ["+14155550142", "+1 415-555-0142", "(415) 555-0142", "4155550142"]
    domain = [
        "|",
        "|",
        ["phone_sanitized", "=", "+14155550142"],
        ["phone", "in", spellings],
        ["mobile", "in", spellings],
    ]
    fields = [
        "name",
        "phone",
        "mobile",
        "phone_sanitized",
        "email",
        "email_normalized",
        "lang",
        "commercial_company_name",
        "user_id",
    ]
    ours.find("+1 415 555 0142", result([]))
    *_, theirs = vendor.does(
        "odoo_rpc",
        "execute_kw",
        *LOGGED_IN,
        result([]),
        model="res.partner",
        method="search_read",
        args=[domain],
        kwargs={"fields": fields, "limit": 10},
    ).sent

    (sent,) = ours.sent
    assert sent.line == theirs.line
    assert without_its_number(sent.document) == without_its_number(theirs.document)


def test_a_call_is_written_as_the_client_writes_it(ours: OurSide, vendor: VendorClient) -> None:
    loaded = result({"ids": [101], "messages": [], "nextrow": 0})
    logged = ours.write("log_interaction", CALL, loaded)
    heard = vendor.does(
        "odoo_rpc",
        "execute_kw",
        *LOGGED_IN,
        loaded,
        model="calendar.event",
        method="load",
        args=[COLUMNS, [ROW]],
        kwargs={"context": QUIETLY},
    )

    (sent,) = ours.sent
    assert sent.line == heard.sent[-1].line
    assert without_its_number(sent.document) == without_its_number(heard.sent[-1].document)
    assert logged["id"] == str(heard.result["ids"][0])


def test_several_calls_are_one_call_of_the_client(ours: OurSide, vendor: VendorClient) -> None:
    loaded = result({"ids": [101, 101], "messages": [], "nextrow": 0})
    ours.write("log_interactions", {"records": [CALL, CALL]}, loaded)
    *_, theirs = vendor.does(
        "odoo_rpc",
        "execute_kw",
        *LOGGED_IN,
        loaded,
        model="calendar.event",
        method="load",
        args=[COLUMNS, [ROW, ROW]],
        kwargs={"context": QUIETLY},
    ).sent

    assert without_its_number(ours.sent[0].document) == without_its_number(theirs.document)


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        ("the key was withdrawn, said with a 200", "odoo.exceptions.AccessDenied"),
        ("a user who may not read partners", "odoo.exceptions.AccessError"),
        ("a field that this Odoo does not have", "builtins.ValueError"),
        ("a row of the database is locked", "psycopg2.errors.SerializationFailure"),
    ],
)
def test_the_client_finds_the_errors_name_where_our_rules_look(
    ours: OurSide, vendor: VendorClient, sample: str, name: str
) -> None:
    said = vendor.does(
        "odoo_rpc",
        "name_of_the_error",
        *LOGGED_IN,
        *ours.sample_answers(sample),
        model="res.partner",
        method="search_read",
        args=[[]],
        kwargs={},
    ).result

    assert said == name
