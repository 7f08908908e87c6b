"""Zoho CRM: Zoho's own client and our connector ask and write the same."""

from typing import Any

import pytest

from switchboard.errors import Misconfigured
from tests.vendors.both_sides import Heard, OurSide, VendorClient
from tests.vendors.recorder import Answer, Sent, shape

pytestmark = pytest.mark.vendor

TOKEN = Answer(
    {
        "access_token": "token-of-the-test",
        "api_domain": "https://www.zohoapis.com",
        "token_type": "Bearer",
        "expires_in": 3600,
    }
)
NOBODY = Answer(status=204)
ADA = "554023000000101001"
CALL = {
    "id": "i-1",
    "revision": 1,
    "channel": "voice",
    "direction": "inbound",
    "contact": "+14155550142",
    "agent_name": "Bob",
    "business_process": "Sales",
    "disposition_code": "SALE",
    "remarks": 'said "yes"',
    "duration_s": 125,
    "started_at": "2026-01-05T10:00:00Z",
    "customer": {"id": ADA, "kind": "Contacts"},
}
CHAT_OF_A_LEAD = {
    "id": "i-4",
    "revision": 2,
    "channel": "chat",
    "direction": "outbound",
    "started_at": "2026-01-05T11:00:00Z",
    "customer": {"id": "554023000000102001", "kind": "Leads"},
}
# What the account answers when the client asks for a module's fields: name and Zoho's data type.
FIELDS = {
    "Contacts": {
        "Full_Name": "text",
        "Last_Name": "text",
        "Phone": "phone",
        "Mobile": "phone",
        "Email": "email",
        "ECS_Interaction_ID": "text",
    },
    "Leads": {"Full_Name": "text", "Phone": "phone", "Email": "email"},
    "Calls": {
        "ECS_Interaction_ID": "text",
        "Subject": "text",
        "Call_Type": "picklist",
        "Call_Start_Time": "datetime",
        "Call_Duration": "text",
        "Call_Result": "picklist",
        "Description": "textarea",
        "Who_Id": "lookup",
        "What_Id": "lookup",
        "$se_module": "text",
    },
}


@pytest.fixture
def ours() -> OurSide:
    return OurSide("zoho", {"org": "7001"})


def fields_of(module: str) -> Answer:
    rows = [
        {"id": str(place), "api_name": name, "data_type": kind, "json_type": "string"}
        for place, (name, kind) in enumerate(FIELDS[module].items(), start=1)
    ]
    return Answer({"fields": rows})


def theirs(vendor: VendorClient, operation: str, *answers: Answer, **arguments: Any) -> Heard:
    """The client gets a token and the module's fields first."""
    before = (TOKEN, fields_of(arguments["module"]))
    return vendor.does("zoho", operation, *before, *answers, **arguments)


def written(document: Any) -> Any:
    """A body with its ids as texts: the client writes them as numbers, Zoho's pages as texts.

    They are longer than a double can hold, so ours stay texts.
    """
    match document:
        case dict():
            return {
                name: str(value) if name == "id" else written(value)
                for name, value in document.items()
            }
        case list():
            return [written(item) for item in document]
    return document


def parameters(sent: Sent) -> dict[str, str]:
    return dict(sent.query)


def test_a_token_is_renewed_as_the_client_renews_it(vendor: VendorClient, ours: OurSide) -> None:
    ours.find("ada@example.com", TOKEN, NOBODY, NOBODY)
    heard = theirs(vendor, "search", NOBODY, module="Contacts", parameters={"phone": "1"})

    own, their = ours.sent[0], heard.sent[0]

    assert (own.line, own.origin) == (their.line, their.origin)
    assert own.form == their.form


def test_a_token_for_another_data_centre_is_not_used(ours: OurSide) -> None:
    """The client goes where the token names; ours says that the setting is wrong."""
    elsewhere = Answer({**TOKEN.body, "api_domain": "https://www.zohoapis.eu"})

    with pytest.raises(Misconfigured):
        ours.find("ada@example.com", elsewhere, NOBODY, NOBODY)

    assert len(ours.sent) == 1


@pytest.mark.parametrize(("place", "module"), [(1, "Contacts"), (2, "Leads")])
def test_a_number_is_searched_for_as_the_client_searches(
    vendor: VendorClient, ours: OurSide, place: int, module: str
) -> None:
    ours.find("+1 415 555 0142", TOKEN, NOBODY, NOBODY, NOBODY, NOBODY)
    own = ours.sent[place]

    asked = {**parameters(own), "phone": "4155550142", "per_page": 20}
    their = theirs(vendor, "search", NOBODY, module=module, parameters=asked).sent[-1]

    assert (own.line, own.origin) == (their.line, their.origin)
    assert own.query == their.query
    assert own.headers["authorization"] == their.headers["authorization"]


def test_an_address_is_searched_for_as_the_client_searches(
    vendor: VendorClient, ours: OurSide
) -> None:
    ours.find("ada+1@example.com", TOKEN, NOBODY, NOBODY)
    own = ours.sent[1]

    asked = {**parameters(own), "email": "ada+1@example.com", "per_page": 20}
    their = theirs(vendor, "search", NOBODY, module="Contacts", parameters=asked).sent[-1]

    assert (own.line, own.query) == (their.line, their.query)


def test_the_client_has_a_parameter_for_every_one_of_ours(
    vendor: VendorClient, ours: OurSide
) -> None:
    """The client refuses a parameter that the search does not have."""
    ours.find("+1 415 555 0142", TOKEN, NOBODY, NOBODY, NOBODY, NOBODY)
    criteria = {**parameters(ours.sent[3]), "per_page": 20}

    their = theirs(vendor, "search", NOBODY, module="Contacts", parameters=criteria).sent[-1]

    assert ours.sent[3].query == their.query


def test_the_client_reads_our_sample_of_an_answer_as_our_engine_does(
    vendor: VendorClient, ours: OurSide
) -> None:
    name = (
        "a contact whose number was typed in national form; the longer number that contains hers "
        "is dropped"
    )
    (answer,) = ours.sample_answers(name)

    heard = theirs(vendor, "search", answer, module="Contacts", parameters={"phone": "4155550142"})

    row, (expected,) = heard.result[0], ours.sample(name)["result"]
    assert (row["id"], row["Full_Name"], row["Phone"]) == (
        expected["id"],
        expected["name"],
        expected["phones"][0],
    )


@pytest.mark.parametrize("record", [CALL, CHAT_OF_A_LEAD], ids=["contact", "lead"])
def test_a_call_is_inserted_as_the_client_inserts_it(
    vendor: VendorClient, ours: OurSide, record: dict[str, Any]
) -> None:
    """The client wants moments, references and choices as such and writes them in Zoho's form."""
    (made,) = ours.sample_answers("the first record of a call")
    logged = ours.write("log_interaction", record, TOKEN, made)
    own = ours.sent[1]

    heard = theirs(vendor, "create", made, module="Calls", records=own.document["data"])

    their = heard.sent[-1]
    (outcome,) = heard.result
    assert own.line == their.line
    assert own.document == written(their.document)
    assert logged == {"id": outcome["details"]["id"], "created": True}


def test_a_duplicate_is_read_and_updated_as_the_client_does(
    vendor: VendorClient, ours: OurSide
) -> None:
    refused, changed = ours.sample_answers(
        "the same interaction again is refused, and the record that is there is updated"
    )
    logged = ours.write("log_interaction", {**CALL, "revision": 2}, TOKEN, refused, changed)
    _, insertion, own = ours.sent

    duplicate = theirs(
        vendor, "create", refused, module="Calls", records=insertion.document["data"]
    )
    (outcome,) = duplicate.result
    heard = theirs(
        vendor,
        "update_one",
        changed,
        module="Calls",
        record_id=outcome["details"]["duplicate_record"],
        fields=own.document["data"][0],
    )

    assert (outcome["kind"], outcome["code"]) == ("APIException", "DUPLICATE_DATA")
    assert own.line == heard.sent[-1].line
    # The client writes the id into the body as well as into the path.
    assert own.document["data"] == [
        {name: value for name, value in row.items() if name != "id"}
        for row in written(heard.sent[-1].document)["data"]
    ]
    assert logged == {"id": heard.result[0]["details"]["id"], "created": False}


def test_a_batch_is_inserted_updated_and_read_as_the_client_does(
    vendor: VendorClient, ours: OurSide
) -> None:
    name = "a batch of three, of which one is new, one was there and one is refused"
    mixed, changed = ours.sample_answers(name)
    records = ours.sample(name)["input"]["records"]
    rows = ours.write("log_interactions", {"records": records}, TOKEN, mixed, changed)
    _, insertion, own = ours.sent

    inserted = theirs(vendor, "create", mixed, module="Calls", records=insertion.document["data"])
    updated = theirs(vendor, "update", changed, module="Calls", records=own.document["data"])

    assert insertion.line == inserted.sent[-1].line
    assert insertion.document == written(inserted.sent[-1].document)
    assert own.line == updated.sent[-1].line
    assert own.document == written(updated.sent[-1].document)
    assert [row["id"] for row in own.document["data"]] == [
        row["details"]["duplicate_record"]
        for row in inserted.result
        if row["code"] == "DUPLICATE_DATA"
    ]
    by_key = {row["key"]: row for row in rows}
    assert [by_key[record["id"]]["code"] for record in records] == [
        "SUCCESS",
        "SUCCESS",
        "MANDATORY_NOT_FOUND",
    ]
    assert [row["code"] for row in inserted.result] == [
        "SUCCESS",
        "DUPLICATE_DATA",
        "MANDATORY_NOT_FOUND",
    ]
    assert by_key["i-4"]["id"] == inserted.result[1]["details"]["duplicate_record"]


def test_the_kinds_of_a_batch_are_those_of_a_record_alone(ours: OurSide) -> None:
    made = Answer({"data": [{"code": "SUCCESS", "details": {"id": "1"}, "status": "success"}]})
    ours.write("log_interaction", CALL, TOKEN, made)
    alone = ours.sent[1].document
    ours.write("log_interactions", {"records": [CALL, CALL]}, TOKEN, made)

    assert ours.sent[1].document["data"] == alone["data"] * 2
    assert shape(ours.sent[1].document) == shape(alone)


def test_a_contact_is_upserted_as_the_client_upserts_it(
    vendor: VendorClient, ours: OurSide
) -> None:
    (answer,) = ours.sample_answers("a caller without a name becomes a contact")
    phone = {"e164": "+14155550142", "international": "+1 415-555-0142"}
    made = ours.write("create_contact", {"reference": "i-1", "phone": phone}, TOKEN, answer)
    own = ours.sent[1]

    heard = theirs(
        vendor,
        "upsert",
        answer,
        module="Contacts",
        records=own.document["data"],
        duplicate_check_fields=["ECS_Interaction_ID"],
    )

    assert own.line == heard.sent[-1].line
    assert own.document == heard.sent[-1].document
    assert made["id"] == heard.result[0]["details"]["id"]
