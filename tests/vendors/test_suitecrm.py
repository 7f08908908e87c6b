"""SuiteCRM's V8 API, judged by PySuiteCRM 2022.8.13 (MIT, a third party's).

Three differences are the client's own: it proves itself with Basic where we put the credentials
into the body, as SuiteCRM's documentation does; it makes up the ids of new records where we have a
UUID of the interaction; and it knows no `like`, so the search by number is compared in its shape
only.
"""

import uuid
from typing import Any

import pytest

from tests.vendors.both_sides import OurSide, VendorClient
from tests.vendors.recorder import Answer, Sent

pytestmark = pytest.mark.vendor

TOKEN = Answer({"token_type": "Bearer", "expires_in": 3600, "access_token": "token-1"})
NOBODY = Answer({"meta": {"message": "…"}, "data": []})
ADA = "6f0f5a0e-0b5a-4a66-9f1c-0a2b3c4d5e6f"
OF_I_1 = "0d264ce8-b839-5b94-b89d-460a2e8a2b04"
CALL = {
    "id": "i-1",
    "revision": 1,
    "channel": "voice",
    "direction": "inbound",
    "started_at": "2026-01-05T10:00:00Z",
    "duration_s": 3725,
    "remarks": "said yes",
    "customer": {"id": ADA, "kind": "Contacts"},
}
ATTRIBUTES = {
    "name": "inbound voice",
    "status": "Held",
    "direction": "Inbound",
    "date_start": "2026-01-05 10:00:00",
    "duration_hours": 1,
    "duration_minutes": 3,
    "parent_type": "Contacts",
    "parent_id": ADA,
    "description": "Began: 2026-01-05T10:00:00Z\nDuration: 3725 s\nsaid yes",
}
MADE = Answer({"data": {"type": "Call", "id": OF_I_1, "attributes": {}}}, status=201)
THERE = Answer(
    {
        "errors": {
            "status": 400,
            "title": None,
            "detail": f"Bean Calls with id {OF_I_1} is already exist",
        }
    },
    status=400,
)
RELATED = Answer({"meta": {"message": "Relationship has been created"}}, status=201)


@pytest.fixture
def ours() -> OurSide:
    return OurSide("suitecrm", {"base": "https://crm.example.com"})


def without_token(sent: tuple[Sent, ...]) -> tuple[Sent, ...]:
    return tuple(request for request in sent if not request.path.endswith("/access_token"))


def without_id(document: Any) -> Any:
    data = document["data"]
    assert str(uuid.UUID(data["id"])) == data["id"]
    return {name: value for name, value in data.items() if name != "id"}


def test_the_token_is_fetched_where_the_client_fetches_it(
    ours: OurSide, vendor: VendorClient
) -> None:
    ours.find("ada@example.com", TOKEN, NOBODY, NOBODY, NOBODY)
    theirs = vendor.does(
        "suitecrm", "find", TOKEN, NOBODY, module="Contacts", fields=["name"], email1="x"
    ).sent[0]

    assert ours.sent[0].line == theirs.line
    assert ours.sent[0].form["grant_type"] == theirs.form["grant_type"] == "client_credentials"
    assert (
        ours.sent[0].headers["content-type"].partition(";")[0]
        == (theirs.headers["content-type"].partition(";")[0])
    )


@pytest.mark.parametrize("module", ["Contacts", "Leads", "Accounts"])
def test_an_address_is_searched_as_the_client_searches(
    ours: OurSide, vendor: VendorClient, module: str
) -> None:
    ours.find("ada@example.com", TOKEN, NOBODY, NOBODY, NOBODY)
    mine = next(sent for sent in ours.sent if sent.path.endswith(module))
    query = dict(mine.query)
    fields = query[f"fields[{module}]"].split(",")
    _, theirs = vendor.does(
        "suitecrm", "find", TOKEN, NOBODY, module=module, fields=fields, email1="ada@example.com"
    ).sent

    assert mine.line == theirs.line
    assert mine.headers["authorization"] == theirs.headers["authorization"] == "Bearer token-1"
    # The client asks for a page only where it reads all.
    assert query.pop("page[size]") == "20"
    assert query == dict(theirs.query)


def test_a_number_is_searched_in_the_fields_and_form_the_client_would_use(
    ours: OurSide, vendor: VendorClient
) -> None:
    ours.find("+1 415 555 0142", TOKEN, NOBODY, NOBODY, NOBODY)
    mine = next(sent for sent in ours.sent if sent.path.endswith("Contacts"))
    for field in ("phone_mobile", "phone_work", "phone_home", "phone_other"):
        filters: dict[str, Any] = {field: "4155550142"}
        _, theirs = vendor.does(
            "suitecrm",
            "find",
            TOKEN,
            NOBODY,
            module="Contacts",
            fields=["name"],
            **filters,
        ).sent

        assert mine.line == theirs.line
        assert f"filter[{field}][eq]" in dict(theirs.query)
        assert f"filter[{field}][like]" in dict(mine.query)


def test_a_call_is_made_as_the_client_makes_it(ours: OurSide, vendor: VendorClient) -> None:
    ours.write("log_interaction", CALL, TOKEN, MADE, RELATED)
    _, theirs = vendor.does(
        "suitecrm", "create", TOKEN, MADE, module="Calls", attributes=ATTRIBUTES
    ).sent

    made, _ = without_token(ours.sent)
    assert made.line == theirs.line
    assert made.headers["content-type"] == theirs.headers["content-type"]
    assert without_id(made.document) == without_id(theirs.document)
    assert made.document["data"]["id"] == OF_I_1


def test_a_call_that_is_there_is_changed_as_the_client_changes_it(
    ours: OurSide, vendor: VendorClient
) -> None:
    logged = ours.write("log_interaction", CALL, TOKEN, THERE, MADE, RELATED)
    _, theirs = vendor.does(
        "suitecrm", "update", TOKEN, MADE, module="Calls", record=OF_I_1, attributes=ATTRIBUTES
    ).sent

    _, changed, _ = without_token(ours.sent)
    assert changed.line == theirs.line
    assert changed.document == theirs.document
    assert logged == {"id": OF_I_1, "created": False}


def test_a_call_is_linked_to_its_contact_as_the_client_links_it(
    ours: OurSide, vendor: VendorClient
) -> None:
    ours.write("log_interaction", CALL, TOKEN, MADE, RELATED)
    _, theirs = vendor.does(
        "suitecrm",
        "relate",
        TOKEN,
        RELATED,
        module="Calls",
        record=OF_I_1,
        to_module="Contacts",
        to_record=ADA,
    ).sent

    _, linked = without_token(ours.sent)
    assert linked.line == theirs.line
    assert linked.document == theirs.document


def test_a_chat_and_a_new_contact_are_records_the_client_could_make(
    ours: OurSide, vendor: VendorClient
) -> None:
    ours.write("log_interaction", {"id": "i-2", "revision": 1, "channel": "chat"}, TOKEN, MADE)
    (note,) = without_token(ours.sent)
    ours.write(
        "create_contact",
        {"phone": None, "email": "ada@example.com", "name": "Ada Byron", "reference": "i-1"},
        TOKEN,
        MADE,
    )
    (contact,) = without_token(ours.sent)

    for mine, module, attributes in (
        (note, "Notes", {"name": "contact chat", "description": ""}),
        (
            contact,
            "Contacts",
            {"first_name": "Ada", "last_name": "Byron", "email1": "ada@example.com"},
        ),
    ):
        _, theirs = vendor.does(
            "suitecrm", "create", TOKEN, MADE, module=module, attributes=attributes
        ).sent
        assert mine.line == theirs.line
        assert without_id(mine.document) == without_id(theirs.document)


def test_the_client_reads_the_contacts_in_our_sample(ours: OurSide, vendor: VendorClient) -> None:
    read = vendor.does(
        "suitecrm",
        "find",
        TOKEN,
        *ours.sample_answers("an address"),
        module="Contacts",
        fields=["email1"],
        email1="ada@example.com",
    ).result

    assert [(row["id"], row["attributes"]["email1"]) for row in read] == [(ADA, "ada@example.com")]
