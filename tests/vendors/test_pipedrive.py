"""Pipedrive's API v2, judged by the vendor's own client for Node (pipedrive 33.7.0, MIT).

Two judges in one package: the client's requests, and the declarations of its models, which are
generated from Pipedrive's API description and name every field with its type. Needs `node` and
`npm`, which a machine may not have.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.venvs import one_at_a_time
from tests.vendors.both_sides import REPOSITORY, OurSide, VendorClient
from tests.vendors.recorder import Answer, shape

pytestmark = pytest.mark.vendor

LOCKED = Path(__file__).with_name("node")
HOME = REPOSITORY / ".local" / "vendors-node"
NOBODY = Answer({"success": True, "data": {"items": []}})
NO_ACTIVITY = Answer({"success": True, "data": []})
CALL = {
    "id": "i-1",
    "revision": 1,
    "channel": "voice",
    "direction": "inbound",
    "started_at": "2026-01-05T10:00:00Z",
    "duration_s": 125,
    "agent_name": "Bob",
    "customer": {"id": "71", "kind": "person"},
}
ACTIVITY = {
    "subject": "inbound voice",
    "type": "call",
    "done": True,
    "due_date": "2026-01-05",
    "due_time": "10:00",
    "duration": "00:03",
    "participants": [{"person_id": 71, "primary": True}],
    "note": "Agent: Bob<br>Duration: 125 s<br>Interaction 0d264ce8-b839-5b94-b89d-460a2e8a2b04",
}


@pytest.fixture(scope="module")
def package() -> Path:
    """The vendor's package, installed as its lock says."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Pipedrive's client needs node and npm")
    with one_at_a_time(HOME.with_suffix(".lock")):
        for name in ("package.json", "package-lock.json"):
            HOME.mkdir(parents=True, exist_ok=True)
            shutil.copy(LOCKED / name, HOME / name)
        if not (HOME / "node_modules" / "pipedrive").exists():
            install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(install, cwd=HOME, check=True, capture_output=True)
    return HOME / "node_modules" / "pipedrive"


@pytest.fixture
def client(package: Path, vendor: VendorClient, monkeypatch: pytest.MonkeyPatch) -> VendorClient:
    monkeypatch.setenv("SWITCHBOARD_VENDORS_NODE", str(package.parent))
    return vendor


@pytest.fixture
def ours() -> OurSide:
    return OurSide("pipedrive", {"company": "example"})


def fields_of(package: Path, model: str) -> dict[str, str]:
    """The fields of one of the client's models with the kinds of their values."""
    file = package / "dist" / "versions" / "v2" / "models" / f"{model}.d.ts"
    declared = re.findall(r"^ +'(\w+)'\??: (.+);$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: _kind(kind) for name, kind in declared}


def _kind(declared: str) -> str:
    plain = {"string": "text", "number": "number", "boolean": "boolean"}
    return plain.get(declared, "list" if declared.startswith("Array<") else "object")


def assert_declared(package: Path, model: str, document: dict[str, Any]) -> None:
    declared = fields_of(package, model)
    for name, value in document.items():
        if value is not None:
            assert (name, declared.get(name)) == (name, _kind_of(value))


def _kind_of(value: object) -> str:
    match value:
        case list():
            return "list"
        case dict():
            return "object"
    return str(shape(value))


@pytest.mark.parametrize(
    ("contact", "asked"),
    [
        ("+1 415 555 0142", {"term": "4155550142", "fields": "phone", "limit": 10}),
        (
            "ada@example.com",
            {"term": "ada@example.com", "fields": "email", "exact_match": True, "limit": 10},
        ),
    ],
)
def test_a_person_is_searched_as_the_client_searches(
    ours: OurSide, client: VendorClient, contact: str, asked: dict[str, Any]
) -> None:
    ours.find(contact, NOBODY, NOBODY)
    theirs = client.does("pipedrive", "search_persons", NOBODY, **asked).only

    mine = ours.sent[0]
    assert mine.line == theirs.line
    assert sorted(mine.query) == sorted(theirs.query)
    assert mine.headers["x-api-token"] == theirs.headers["x-api-token"] == "api_token"


def test_a_call_is_written_as_the_client_writes_it(
    ours: OurSide, client: VendorClient, package: Path
) -> None:
    made = Answer({"success": True, "data": {"id": 901}}, status=201)
    ours.write("log_interaction", CALL, NO_ACTIVITY, made)
    listed = client.does(
        "pipedrive",
        "activities",
        NO_ACTIVITY,
        person_id=71,
        sort_by="add_time",
        sort_direction="desc",
        limit=100,
    ).only
    theirs = client.does("pipedrive", "add_activity", made, activity=ACTIVITY).only

    seen, written = ours.sent
    assert (seen.line, sorted(seen.query)) == (listed.line, sorted(listed.query))
    assert written.line == theirs.line
    assert written.headers["content-type"] == theirs.headers["content-type"]
    assert written.document == theirs.document
    assert_declared(package, "add-activity-request", written.document)
    (participant,) = written.document["participants"]
    assert_declared(package, "add-activity-request-participants-inner", participant)


def test_a_later_revision_changes_it_as_the_client_does(
    ours: OurSide, client: VendorClient
) -> None:
    answer = Answer({"success": True, "data": {"id": 901, "note": ACTIVITY["note"]}})
    listed = Answer({"success": True, "data": [{"id": 901, "note": ACTIVITY["note"]}]})
    logged = ours.write("log_interaction", CALL, listed, answer)
    theirs = client.does("pipedrive", "update", answer, id=901, activity=ACTIVITY).only

    _, changed = ours.sent
    assert changed.line == theirs.line
    assert changed.document == theirs.document
    assert logged == {"id": "901", "created": False}


def test_an_activity_that_we_were_told_of_is_read_and_given_to_another_person_as_the_client_does(
    ours: OurSide, client: VendorClient, package: Path
) -> None:
    told, changed = ours.sample_answers(
        "it turns out to be another person's, and becomes theirs instead of a second one"
    )
    hers = {**CALL, "record_id": "901", "customer": {"id": "73", "kind": "person"}}
    logged = ours.write("log_interaction", hers, told, changed)
    activity = {**ACTIVITY, "participants": [{"person_id": 73, "primary": True}]}
    read = client.does("pipedrive", "get_activity", told, id=901).only
    moved = client.does("pipedrive", "update", changed, id=901, activity=activity).only

    mine, written = ours.sent
    assert (mine.line, mine.query) == (read.line, read.query)
    assert (written.line, written.document) == (moved.line, moved.document)
    assert_declared(package, "add-activity-request", written.document)
    assert logged == {"id": "901", "created": False}


def test_a_person_is_made_as_the_client_makes_one(
    ours: OurSide, client: VendorClient, package: Path
) -> None:
    made = Answer({"success": True, "data": {"id": 74}}, status=201)
    asked = {
        "phone": {"e164": "+14155550142", "international": "+1 415-555-0142"},
        "email": "ada@example.com",
        "name": "",
        "reference": "i-1",
    }
    ours.write("create_contact", asked, NOBODY, made)
    _, written = ours.sent
    person = {
        "name": "+1 415-555-0142",
        "phones": [{"value": "+14155550142", "primary": True, "label": "work"}],
        "emails": [{"value": "ada@example.com", "primary": True, "label": "work"}],
    }
    theirs = client.does("pipedrive", "add_person", made, person=person).only

    assert written.line == theirs.line
    assert written.document == theirs.document
    assert_declared(package, "add-person-request", written.document)
    assert_declared(package, "person-item-phone", written.document["phones"][0])
    assert_declared(package, "person-item-email", written.document["emails"][0])


def test_a_person_is_read_as_the_client_reads_one(
    ours: OurSide, client: VendorClient, package: Path
) -> None:
    (answer,) = ours.sample_answers("somebody planned a call back")
    ours.read("person", {"customer_id": "71"}, answer)
    theirs = client.does("pipedrive", "get_person", answer, id=71)

    assert ours.sent[0].line == theirs.only.line
    assert_declared(package, "person", theirs.result["data"])


def test_the_answers_of_our_samples_have_the_clients_fields(
    ours: OurSide, client: VendorClient, package: Path
) -> None:
    found = "a number; somebody whose number only contains the digits is dropped"
    (answer,) = ours.sample_answers(found)
    read = client.does("pipedrive", "search_persons", answer, term="4155550142").result
    search = "get-person-search-response-all-of-data-items-inner"
    for row in read["data"]["items"]:
        assert_declared(package, search, row)
        assert_declared(package, f"{search}-item", row["item"])
        if row["item"]["organization"]:
            assert_declared(package, f"{search}-item-organization", row["item"]["organization"])
    listed, written = ours.sample_answers("a call")
    for activity in (*listed.body["data"], written.body["data"]):
        assert_declared(package, "activity-item", activity)
