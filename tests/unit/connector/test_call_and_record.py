"""`connector call` and `record`: the real engine against a real socket, and nobody's data shown."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from cli.connector import app
from tests.unit.connector.scripted_server import ScriptedCrm, scripted_crm

TOKEN = "eyJhbGciOiJub25lIn0.tokentokentoken"
SECRET = "kT9xQ2mVb7LpR4wZ"
ROWS = (
    "body.customers[].{id: id, kind: 'customer', name: name, phones: [phone][?@], "
    "emails: [email][?@], attributes: {tier: tier}}"
)
MARGARET = {
    "id": "C-7",
    "name": "Margaret Real",
    "phone": "(212) 555-2671",
    "email": "margaret@real.net",
    "tier": "gold",
    "notes": "is often ill",
}
NEIGHBOUR = {**MARGARET, "id": "C-8", "name": "Paul Other", "phone": "+44 1632 21255526710"}
PRIVATE = (SECRET, TOKEN, "Margaret", "Real", "Paul", "2671", "margaret", "ill", "refund")

FILE = f"""\
# My CRM. This comment stays.
connector: 1
id: mine
settings: {{base: {{description: Address}}}}
secrets: [client_id, client_secret]
server: ${{settings.base}}
auth: {{scheme: oauth2_client_credentials, token_url: "${{settings.base}}/token"}}
errors:
  - {{when: "status == `422`", class: invalid, detail: body.error}}
lookups: {{by_phone: [find_phone], by_email: [find_email], by_account: [find_account]}}
methods:
  find_phone:
    request: {{path: /customers, query: {{phone: "${{input.phone.nsn}}"}}}}
    map: &rows "{ROWS}"
  find_email:
    request: {{path: "/customers/${{input.email}}"}}
    map: *rows
  find_account:
    request: {{path: "/customers/C-${{digits(input.account)}}"}}
    map: "body.customers[].{{id: id, name: name, accounts: [id]}}"
  log_interaction:
    idempotency: upsert
    steps:
      - id: find
        request: {{path: /notes, query: {{ref: "${{input.id}}"}}}}
        map: body.notes[0]
      - id: add
        when: "!(steps.find)"
        request:
          method: POST
          path: /notes
          body: {{ref: "${{input.id}}", text: "${{input.remarks}}", who: "${{input.customer.id}}"}}
    map: "{{id: steps.add.id || steps.find.id, created: !(steps.find)}}"
  log_interactions:
    idempotency: upsert
    batch: {{most: 10}}
    request: {{path: /batch, body: {{for_each: input.records, make: {{ref: "${{item.id}}"}}}}}}
    map: "body[].{{key: ref, id: id, created: created, class: error && 'invalid'}}"
  create_contact:
    request: {{path: /customers, body: {{phone: "${{input.phone.e164}}"}}}}
    map: "{{id: body.id, phones: [input.phone.e164]}}"
  get_contact:
    request: {{path: "/customers/${{input.customer_id}}"}}
    map: "body.customers[].{{id: id, name: name, phones: [phone][?@]}}"
# samples follow
samples:
  - name: nobody   # as it should be
    find: phone
    value: "+1 415 555 0142"
    settings: {{base: "https://crm.example.com"}}
    exchange:
      - response: {{body: {{customers: []}}}}
    result: []
"""


@pytest.fixture
def crm() -> Iterator[ScriptedCrm]:
    answers = {
        "POST /token": ("200 OK", {"access_token": TOKEN, "expires_in": 600}),
        "GET /customers?phone=2125552671": ("200 OK", {"customers": [MARGARET, NEIGHBOUR]}),
        "GET /customers?phone": ("200 OK", {"customers": []}),
        "GET /customers/margaret%40real.net": (
            "200 OK",
            {"customers": [MARGARET], "next": "?after=margaret%40real.net"},
        ),
        "GET /customers/broken": ("200 OK", b"<h1>Margaret Real</h1>"),
        "GET /customers/refused": ("422 No", {"error": "bad_input", "message": "Margaret Real"}),
        "GET /notes?ref=old": ("200 OK", {"notes": [{"id": "N-1"}]}),
        "GET /notes": ("200 OK", {"notes": []}),
        "POST /notes": ("201 Created", {"id": "N-2"}),
        "POST /batch": (
            "200 OK",
            [{"ref": "b-1", "id": "N-3", "created": True}, {"ref": "b-2", "error": "bad_ref"}],
        ),
        "POST /customers": ("201 Created", {"id": "C-9", "phone": "+12125552671"}),
        "GET /customers/C-7": ("200 OK", {"customers": [MARGARET]}),
    }
    with scripted_crm(answers=answers) as server:
        yield server


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SWITCHBOARD_SECRET_CLIENT_ID", "desk-client")
    monkeypatch.setenv("SWITCHBOARD_SECRET_CLIENT_SECRET", SECRET)
    written = tmp_path / "mine.yaml"
    written.write_text(FILE, encoding="utf-8")
    return written


def run(crm: ScriptedCrm, file: Path, command: str, *words: str) -> Result:
    options = ["--settings", f"base={crm.base}", "--secrets-from", "env"]
    return CliRunner().invoke(app, [command, str(file), *words, *options])


def sample_of(file: Path, name: str) -> dict[str, Any]:
    document = yaml.safe_load(file.read_text())
    return next(one for one in document["samples"] if one["name"] == name)


def test_a_call_shows_requests_answers_classes_mappings_and_each_rows_fate(
    crm: ScriptedCrm, file: Path
) -> None:
    called = run(crm, file, "call", "find", "phone=+12125552671")

    assert called.exit_code == 0, called.output
    for line in (
        f"→ POST {crm.base}/token",
        "a token (not shown)",
        f"→ GET {crm.base}/customers?phone=2125****71",
        "Authorization: Bearer <hidden>",
        "class ok, by the status 200",
        "map (find_phone) body.customers[].{id: id",
        "row C-7: kept, carries the number",
        "row C-8: dropped, its 1 number is not the one asked for",
        "ok 1 record C-7",
    ):
        assert line in called.output


def test_a_customer_is_found_by_account_number_too(crm: ScriptedCrm, file: Path) -> None:
    called = run(crm, file, "call", "find", "account=c 7")

    assert called.exit_code == 0, called.output
    assert f"→ GET {crm.base}/customers/C-7" in called.output
    assert "row C-7: kept, carries the account number" in called.output


def test_a_row_with_another_account_number_is_said_to_be_dropped(
    crm: ScriptedCrm, file: Path
) -> None:
    called = run(crm, file, "call", "find", "account=x-7")

    assert "row C-7: dropped, its 1 account number is not the one asked for" in called.output
    assert "like C-1001" in run(crm, file, "call", "find", "account=").output


def test_a_search_by_account_number_is_not_recorded(crm: ScriptedCrm, file: Path) -> None:
    recorded = run(crm, file, "record", "find", "account=c7", "--name", "by account")

    assert recorded.exit_code != 0
    assert "write this sample by hand" in " ".join(recorded.output.split())
    assert "by account" not in file.read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("find", "phone=+12125552671"),
        ("find", "email=margaret@real.net"),
        ("find", "email=broken@real.net"),
        ("find_email", "email=refused@real.net"),
        ("log_interaction", "id=new", "remarks=wants a refund", "customer.id=C-7",
         "customer.name=Margaret Real", "--yes"),
    ],
)  # fmt: skip
def test_no_call_shows_a_secret_or_a_person(
    crm: ScriptedCrm, file: Path, words: tuple[str, ...]
) -> None:
    called = run(crm, file, "call", *words)

    assert "  ← " in called.output
    for private in PRIVATE:
        assert private not in called.output, private


def test_steps_that_ran_and_did_not_are_shown_with_their_condition(
    crm: ScriptedCrm, file: Path
) -> None:
    old = run(crm, file, "call", "log_interaction", "id=old", "--yes")
    new = run(crm, file, "call", "log_interaction", "id=new", "--yes")

    assert "step add, when: !(steps.find) → false" in old.output
    assert "'created': False" in old.output
    assert "step add, when: !(steps.find) → true" in new.output
    assert "'created': True" in new.output


def test_a_refusal_names_its_class_and_the_rule_that_gave_it(crm: ScriptedCrm, file: Path) -> None:
    called = run(crm, file, "call", "find", "email=refused@real.net")

    assert called.exit_code == 1
    assert "class invalid: bad_input, by errors[0]: status == `422`" in called.output
    assert "failed as invalid" in called.output


def test_what_writes_needs_a_yes(crm: ScriptedCrm, file: Path) -> None:
    called = run(crm, file, "call", "log_interaction", "id=new")

    assert called.exit_code == 2
    assert "say --yes" in called.output
    assert crm.requests == []


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("find_phne",), "did you mean find_phone?"),
        (("find",), "say `find phone="),
        (("find", "phone=Margaret"), "cannot be read"),
        (("find", "phone"), "must be key=value"),
        (("log_interaction", "a=1", "a.b=2"), "a has a value of its own already"),
        (("log_interaction", "chanel=chat"), "has no `chanel`; did you mean `channel`?"),
        (("log_interactions", "records=[1]"), "say records="),
        (("find", "phone=12"), "say --region (now US)"),
        (("create_contact", "name=Margaret"), "say `create_contact phone="),
    ],
)
def test_a_command_that_means_nothing_is_refused_in_a_line(
    crm: ScriptedCrm, file: Path, words: tuple[str, ...], problem: str
) -> None:
    called = run(crm, file, "call", *words)

    assert called.exit_code != 0
    assert problem in called.output
    assert "Margaret" not in called.output
    assert crm.requests == []


def test_another_machine_is_only_reached_on_purpose(file: Path) -> None:
    called = CliRunner().invoke(
        app,
        ["call", str(file), "find", "email=a@b.example", "-s", "base=https://crm.example.com",
         "--secrets-from", "env"],
    )  # fmt: skip

    assert called.exit_code == 1
    assert "is a live system: say --live" in called.output


def test_a_missing_secret_is_named_with_the_way_to_give_it(
    crm: ScriptedCrm, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SWITCHBOARD_SECRET_CLIENT_SECRET")

    called = run(crm, file, "call", "find", "email=a@b.example")

    assert called.exit_code == 1
    assert "no value for the secret client_secret" in called.output
    assert "SWITCHBOARD_SECRET_CLIENT_SECRET" in called.output


def test_secrets_come_from_a_file_as_well(crm: ScriptedCrm, file: Path, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"client_id": "c", "client_secret": SECRET}))

    called = CliRunner().invoke(
        app,
        ["call", str(file), "find", "phone=+12125552671", "-s", f"base={crm.base}",
         "--secrets-from", str(secrets)],
    )  # fmt: skip

    assert called.exit_code == 0
    assert SECRET not in called.output


def test_personal_data_is_not_for_pipes(crm: ScriptedCrm, file: Path) -> None:
    called = run(crm, file, "call", "find", "phone=+12125552671", "--show-personal-data")

    assert called.exit_code == 2
    assert "for a terminal" in called.output


@pytest.mark.parametrize(
    "words",
    [
        ("find", "phone=+12125552671"),
        ("find", "email=margaret@real.net"),
        ("log_interaction", "id=new", "remarks=wants a refund", "contact=+12125552671",
         "agent_name=Paul Other", "customer.id=C-7", "customer.name=Margaret Real", "--yes"),
        ("log_interaction", "id=old", "--yes"),
        ("log_interactions", 'records=[{"id": "b-1", "remarks": "ill"}, {"id": "b-2"}]', "--yes"),
        ("create_contact", "phone=+12125552671", "--yes"),
        ("get_contact", "customer_id=C-7"),
        ("find", "email=refused@real.net"),
        ("find", "email=broken@real.net"),
    ],
)  # fmt: skip
def test_a_recorded_exchange_plays_at_once_and_tells_of_nobody(
    crm: ScriptedCrm, file: Path, words: tuple[str, ...]
) -> None:
    recorded = run(crm, file, "record", *words, "--name", "live one")

    assert recorded.exit_code == 0, recorded.output
    assert "it plays" in recorded.output
    told = yaml.safe_dump(sample_of(file, "live one"), allow_unicode=True)
    for private in (*PRIVATE, crm.base, "127.0.0.1"):
        assert private not in told, private
    assert CliRunner().invoke(app, ["test", str(file)]).exit_code == 0


def test_a_recorded_search_keeps_the_row_that_matched_and_the_one_that_did_not(
    crm: ScriptedCrm, file: Path
) -> None:
    run(crm, file, "record", "find", "phone=+12125552671", "--name", "by phone")

    sample = sample_of(file, "by phone")
    (exchange,) = sample["exchange"]
    assert sample["value"] == "+1 415-555-0142"
    assert exchange["request"]["url"] == "https://crm.example.com/customers?phone=4155550142"
    assert "headers" not in exchange["response"]  # the file's expressions read none of them
    first, second = exchange["response"]["body"]["customers"]
    assert first["phone"] == "(415) 555-0142"
    assert "4155550142" in second["phone"].replace(" ", "")
    assert [row["id"] for row in sample["result"]] == ["C-7"]
    assert sample["result"][0]["attributes"] == {"tier": "gold"}


def test_a_recorded_write_says_all_that_was_sent(crm: ScriptedCrm, file: Path) -> None:
    file.write_text(file.read_text().replace('{ref: "${input.id}",', '{by: "${input.channel}",'))

    run(crm, file, "record", "log_interaction", "id=new", "--yes", "--name", "written")

    sample = sample_of(file, "written")
    assert sample["exchange"][1]["request"]["body"] == json.loads(
        crm.requests[-1].split("\r\n\r\n")[1]
    )
    assert sample["input"] == {"id": "new", "channel": "voice"}


def test_a_record_that_needs_a_customer_is_not_written_without_one(
    crm: ScriptedCrm, file: Path
) -> None:
    text = file.read_text().replace("    steps:\n", "    needs_customer: true\n    steps:\n", 1)
    file.write_text(text)

    called = run(crm, file, "call", "log_interaction", "id=new", "--yes")

    assert called.exit_code == 1
    assert "say customer.id=" in called.output
    assert crm.requests == []


def test_a_number_without_a_country_code_is_shown_with_the_country_it_was_read_in(
    crm: ScriptedCrm, file: Path
) -> None:
    called = run(crm, file, "call", "find", "phone=+12125552671", "--region", "GB")

    assert "row C-7: dropped" in called.output
    assert "read in GB where no country code stands there: --region" in called.output


def test_a_setting_called_region_is_the_crms_own_and_no_country(
    crm: ScriptedCrm, file: Path
) -> None:
    text = file.read_text().replace("settings: {", "settings: {region: {default: eu-west}, ", 1)
    file.write_text(text.replace("path: /customers,", 'path: "/customers/${settings.region}",'))

    called = run(crm, file, "call", "find", "phone=212 555 2671")

    assert any("GET /customers/eu-west?phone=2125552671" in one for one in crm.requests)
    assert called.exit_code == 1, "nobody answers there"


def test_the_comments_of_the_file_stay(crm: ScriptedCrm, file: Path) -> None:
    run(crm, file, "record", "find", "phone=+12125552671", "--name", "by phone")

    after = file.read_text()
    assert after.startswith(FILE.rstrip("\n"))


def test_a_sample_can_go_into_another_file(crm: ScriptedCrm, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(FILE)

    recorded = run(
        crm, file, "record", "find", "phone=+12125552671", "--name", "x", "--into", str(other)
    )

    assert recorded.exit_code == 0
    assert file.read_text() == FILE
    assert sample_of(other, "x")


def test_a_name_that_is_taken_is_not_recorded_again(crm: ScriptedCrm, file: Path) -> None:
    recorded = run(crm, file, "record", "find", "phone=+12125552671", "--name", "nobody")

    assert recorded.exit_code == 1
    assert "already" in recorded.output
    assert file.read_text() == FILE


def test_an_exchange_that_would_end_otherwise_without_the_person_is_not_recorded(
    crm: ScriptedCrm, file: Path
) -> None:
    picky = FILE.replace("{id: id,", "{id: starts_with(notes, 'is often') && id || `null`,")
    file.write_text(picky)

    recorded = run(crm, file, "record", "find", "phone=+12125552671", "--name", "x")

    assert recorded.exit_code == 1
    assert "would end otherwise" in recorded.output
    assert file.read_text() == picky


def test_a_lookup_is_recorded_as_the_search_that_it_is_part_of(
    crm: ScriptedCrm, file: Path
) -> None:
    recorded = run(crm, file, "record", "find_phone", "phone=+12125552671", "--name", "x")

    assert recorded.exit_code == 1
    assert "record `find`" in recorded.output
    assert file.read_text() == FILE
