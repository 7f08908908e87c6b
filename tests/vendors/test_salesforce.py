"""A client library that others use with Salesforce judges our two connectors.

It names the endpoints, quotes values for SOQL, signs in, and has an exception for each kind of
refusal. It has no call for collections and no list of a Task's fields; for those the files follow
the documentation alone, and say so.
"""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.vendors.both_sides import OurSide, VendorClient
from tests.vendors.recorder import Answer, Sent

pytestmark = pytest.mark.vendor

SETTINGS = {"instance_url": "https://acme.my.salesforce.com"}
TOKEN = Answer(
    {
        "access_token": "token-1",
        "instance_url": "https://acme.my.salesforce.com",
        "token_type": "Bearer",
    }
)
NO_ROWS = Answer({"totalSize": 0, "done": True, "records": []})
HOSTILE = ["ada@example.com", "o'brien@example.com", "a\\b@example.com", '"a b"@example.com']
RECORD = {
    "id": "i'1/..",
    "revision": 1,
    "channel": "voice",
    "direction": "outbound",
    "started_at": "2026-01-05T10:00:00Z",
    "duration_s": 125,
    "customer": {"id": "003000000000001AAA", "kind": "contact", "name": "Ada", "url": ""},
}


@pytest.fixture
def ours() -> OurSide:
    return OurSide("salesforce", SETTINGS)


@pytest.fixture
def by_key() -> OurSide:
    return OurSide("salesforce-upsert", SETTINGS)


def test_signing_in_is_what_the_client_does(vendor: VendorClient, ours: OurSide) -> None:
    ours.find("ada@example.com", TOKEN, NO_ROWS, NO_ROWS)

    theirs = vendor.does("salesforce", "log_in", TOKEN)
    token_request = ours.sent[0]
    assert (token_request.origin, token_request.line) == (theirs.only.origin, theirs.only.line)
    assert token_request.form == theirs.only.form
    assert token_request.headers["authorization"] == theirs.only.headers["authorization"]
    assert f"Bearer {theirs.result['token']}" == ours.sent[1].headers["authorization"]


def test_signing_in_with_a_statement_claims_what_the_client_claims(
    vendor: VendorClient,
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    settings = {**SETTINGS, "jwt_key": "alias/crm", "username": "integration@example.com"}
    ours = OurSide("salesforce", settings, auth="oauth2_jwt_bearer", signing_key=key)

    ours.find("ada@example.com", TOKEN, NO_ROWS, NO_ROWS)

    theirs = vendor.does("salesforce", "log_in_with_a_statement", TOKEN, private_key=_as_pem(key))
    our_form, their_form = ours.sent[0].form, theirs.only.form
    assert our_form.keys() == their_form.keys()
    assert our_form["grant_type"] == their_form["grant_type"]
    our_claims, their_claims = _claims(our_form), _claims(their_form)
    for name in ("iss", "sub", "aud"):
        assert our_claims[name] == their_claims[name]
    # Theirs writes the moment as text; ours as the number that RFC 7519 asks for.
    assert abs(our_claims["exp"] - int(their_claims["exp"])) < 60


def test_a_search_goes_where_the_client_sends_it(vendor: VendorClient, ours: OurSide) -> None:
    name = ours.document["samples"][0]["name"]
    (answer,) = ours.sample_answers(name)

    found = ours.find("+14155550142", TOKEN, answer)

    sosl = dict(ours.sent[-1].query)["q"]
    theirs = vendor.does("salesforce", "search", answer, sosl=sosl)
    assert _same(ours.sent[-1], theirs.only)
    assert found[0].id == theirs.result["searchRecords"][0]["Id"]


@pytest.mark.parametrize("address", HOSTILE[:3])
def test_an_address_is_quoted_as_the_client_quotes_it(
    vendor: VendorClient, ours: OurSide, address: str
) -> None:
    ours.read("find_contact_email", {"email": address}, TOKEN, NO_ROWS)

    theirs = vendor.does(
        "salesforce",
        "query",
        NO_ROWS,
        template="SELECT Id, Name, Phone, MobilePhone, Email, AccountId, OwnerId "
        "FROM Contact WHERE Email = {} LIMIT 10",
        values=[address],
    )
    assert _same(ours.sent[-1], theirs.only)


def test_every_spelling_of_a_number_is_quoted_as_the_client_quotes_it(
    vendor: VendorClient, ours: OurSide
) -> None:
    nobody = Answer({"searchRecords": []})

    ours.find("+14155550142", TOKEN, nobody, NO_ROWS)

    spellings = ["+14155550142", "(415) 555-0142", "+1 415-555-0142", "4155550142"]
    columns = "Id, Name, Phone, MobilePhone, Email, AccountId, OwnerId"
    listed = "({}, {}, {}, {})"
    theirs = vendor.does(
        "salesforce",
        "query",
        NO_ROWS,
        template=f"SELECT {columns} FROM Contact WHERE Phone IN {listed} "
        f"OR MobilePhone IN {listed} LIMIT 10",
        values=[*spellings, *spellings],
    )
    assert _same(ours.sent[-1], theirs.only)


def test_a_task_is_searched_made_and_changed_where_the_client_does_it(
    vendor: VendorClient, ours: OurSide
) -> None:
    created = Answer({"id": "00T1", "success": True, "errors": []}, status=201)
    known = Answer({"totalSize": 1, "done": True, "records": [{"Id": "00T1"}]})

    ours.write("log_interaction", RECORD, TOKEN, NO_ROWS, created)
    _, search, create = ours.sent
    ours.write("log_interaction", {**RECORD, "revision": 2}, TOKEN, known, Answer(status=204))
    update = ours.sent[-1]

    their_search = vendor.does(
        "salesforce",
        "query",
        NO_ROWS,
        template="SELECT Id FROM Task WHERE CallObject = {} ORDER BY CreatedDate LIMIT 1",
        values=["ecs:i'1/.."],
    )
    their_create = vendor.does("salesforce", "create", created, kind="Task", fields=create.document)
    their_update = vendor.does(
        "salesforce",
        "update",
        Answer(status=204),
        kind="Task",
        record="00T1",
        fields=update.document,
    )
    assert _same(search, their_search.only)
    assert _same(create, their_create.only)
    assert _same(update, their_update.only)
    assert their_update.result == 204


@pytest.mark.parametrize("status", [200, 201])
def test_a_task_is_upserted_where_the_client_does_it(
    vendor: VendorClient, by_key: OurSide, status: int
) -> None:
    is_new = status == 201
    answer = Answer({"id": "00T1", "success": True, "errors": [], "created": is_new}, status=status)

    said = by_key.write("log_interaction", RECORD, TOKEN, answer)

    theirs = vendor.does(
        "salesforce",
        "upsert",
        answer,
        kind="Task",
        field="ECS_Interaction_Id__c",
        key=RECORD["id"],
        fields=by_key.sent[-1].document,
    )
    assert _same(by_key.sent[-1], theirs.only)
    assert said == {"id": theirs.result["id"], "created": theirs.result["created"]}


def test_contacts_are_made_and_read_where_the_client_does_it(
    vendor: VendorClient, ours: OurSide
) -> None:
    made = Answer({"id": "0031", "success": True, "errors": []}, status=201)
    shown = Answer({"Id": "0031", "Name": "Ada", "Phone": "(415) 555-0142"})

    ours.write("create_contact", {"email": "ada@example.com", "name": "Ada Byron"}, TOKEN, made)
    create = ours.sent[-1]
    ours.read("get_contact", {"customer_id": "0031"}, TOKEN, shown)
    read = ours.sent[-1]

    theirs = vendor.does("salesforce", "create", made, kind="Contact", fields=create.document)
    fields = dict(read.query)["fields"]
    asked = vendor.does("salesforce", "get_contact", shown, contact="0031", fields=fields)
    assert _same(create, theirs.only)
    assert _same(read, asked.only)
    assert create.document == {
        "FirstName": "Ada",
        "LastName": "Byron",
        "Email": "ada@example.com",
    }


@pytest.mark.parametrize(
    ("name", "exception"),
    [
        ("the organisation's calls of the day are used up, said with 403", "RefusedRequest"),
        ("a duplicate rule says that the contact is there", "MalformedRequest"),
        ("several tasks have the id", "MoreThanOneRecord"),
        ("a version of the API that the organisation does not have", "ResourceNotFound"),
    ],
)
def test_the_client_takes_our_samples_errors_for_the_same_errors(
    vendor: VendorClient, by_key: OurSide, name: str, exception: str
) -> None:
    heard = vendor.does(
        "salesforce",
        "create",
        by_key.sample_answers(name)[-1],
        kind="Task",
        fields={},
        may_raise=True,
    )

    assert heard.raised is not None
    assert heard.raised["type"] == f"Salesforce{exception}"


def test_the_client_reads_the_days_use_from_the_header_that_our_budget_reads(
    vendor: VendorClient, ours: OurSide
) -> None:
    (answer,) = ours.sample_answers(ours.document["samples"][0]["name"])

    theirs = vendor.does("salesforce", "usage", answer)

    assert theirs.result == [14, 15000]
    assert ours.budget(answer) == (15000 - 14, 15000)


def _same(ours: Sent, theirs: Sent) -> bool:
    """The client writes a slash after the name of an object; Salesforce does not mind."""
    return (ours.origin, ours.method, ours.path.rstrip("/"), ours.query, ours.document) == (
        theirs.origin,
        theirs.method,
        theirs.path.rstrip("/"),
        theirs.query,
        theirs.document,
    )


def _claims(form: dict[str, str]) -> dict[str, Any]:
    payload = form["assertion"].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


def _as_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")
