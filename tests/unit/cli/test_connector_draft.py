"""`connector new`: what a description or a few curl commands already say is in the draft."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from cli.connector import app
from cli.connector_draft import draft
from cli.draft_api import DraftError
from cli.draft_curl import read_curl
from cli.draft_openapi import read_openapi
from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.lint import findings
from switchboard.adapters.connector.samples import run_samples

HERE = Path(__file__).parent / "descriptions"
OPENAPI = HERE / "order_desk.yaml"
CURL = HERE / "order_desk.curl"
SECRETS = ("kT9xQ2mVb7LpR4wZ", "eyJhbGciOiJub25lIn0", "desk-client")
PEOPLE = ("Margaret", "Realperson", "555-2671", "5552671", "2671", "refund")


def drafted(text: str, *, curl: bool = False) -> tuple[dict[str, Any], list[str]]:
    return draft("desk", read_curl(text) if curl else read_openapi(yaml.safe_load(text)))


def from_openapi() -> tuple[dict[str, Any], list[str]]:
    return drafted(OPENAPI.read_text())


def from_curl() -> tuple[dict[str, Any], list[str]]:
    return drafted(CURL.read_text(), curl=True)


def new(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, ["new", *arguments], input=text)


def log_body(document: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = document["methods"]["log_interaction"]["request"]["body"]
    return body


@pytest.mark.parametrize("make", [from_openapi, from_curl])
def test_a_draft_passes_check_and_its_samples_play(make: Any) -> None:
    document, _ = make()

    assert findings(document) == []
    reports = run_samples(compile_connector(document), document["samples"])
    assert [report.differences for report in reports] == [()] * len(reports)
    assert len(reports) >= 10


def test_the_description_gives_server_credential_and_scopes() -> None:
    document, _ = from_openapi()

    assert document["settings"]["base"]["default"] == "https://eu.orderdesk.example.com/api/v4"
    assert document["auth"] == {
        "scheme": "oauth2_client_credentials",
        "token_url": "https://login.orderdesk.example.com/oauth/token",
        "scope": "clients.read contacts.write",
    }
    assert document["secrets"] == ["client_id", "client_secret"]


def test_searches_by_number_and_address_are_lookups_in_the_likeliest_order() -> None:
    document, decisions = from_openapi()

    assert document["lookups"] == {
        "by_phone": ["find_phone"],
        "by_email": ["find_email", "find_email_2"],
    }
    assert document["methods"]["find_phone"]["request"] == {
        "path": "/clients",
        "query": {"msisdn": "${input.phone.e164}", "depot": "${settings.depot}"},
    }
    assert (
        document["methods"]["find_email_2"]["request"]["path"] == "/clients/by-mail/${input.email}"
    )
    assert document["methods"]["find_email_2"]["empty_when"] == ["not_found"]
    assert any("Which lookup by email comes first?" in line for line in decisions)


def test_a_lookup_that_answers_with_one_record_expects_one_and_asks_whether_that_is_right() -> None:
    document, decisions = from_openapi()

    assert document["methods"]["find_email_2"]["expects"] == "body.clientId"
    assert "expects" not in document["methods"]["find_phone"]
    assert any("without `body.clientId` counts as an outage" in line for line in decisions)


def test_the_row_takes_the_customers_own_numbers_and_nobody_elses() -> None:
    row = from_openapi()[0]["methods"]["find_phone"]["map"]

    assert "id: clientId" in row
    assert "join(' ', [firstName, lastName][?@])" in row
    assert "[[mobileNo, contactInfo.whatsapp], (phones[].number || `[]`)][] | [?@]" in row
    assert "emails: [eMail][?@]" in row
    assert "tariffGroup: tariffGroup" in row
    assert "manager" not in row
    assert "emergencyContact" not in row
    assert "street" not in row


def test_the_record_of_a_contact_is_filled_by_meaning() -> None:
    document, decisions = from_openapi()
    log = document["methods"]["log_interaction"]

    assert (log["request"]["method"], log["request"]["path"]) == (
        "PUT",
        "/contact-events/${input.id}",
    )
    assert log["idempotency"] == "upsert"
    assert log_body(document) == {
        "kind": "${pick(tables.channel, input.channel, 'OTHER')}",
        "direction": "${pick(tables.direction, input.direction, `null`)}",
        "happenedAt": "${input.started_at}",
        "talkTimeMinutes": "${div_up(input.duration_s, `60`)}",
        "clientId": "${input.customer.id}",
        "headline": "${input.business_process || 'Contact'}:"
        " ${input.disposition_code || 'no result yet'}",
        "notes": "${first(input.remarks, `2000`)}",
        "outcome": "${input.disposition_code}",
        "seats": "${settings.seats}",
    }
    assert document["tables"]["channel"] == {
        "voice": "PHONE_CALL",
        "email": "E_MAIL",
        "chat": "CHAT",
    }
    assert any("`seats` is needed" in line for line in decisions)


def test_a_house_that_writes_visits_with_numbered_customers_gets_its_log_method() -> None:
    document, decisions = drafted((HERE / "visitbook.curl").read_text(), curl=True)

    log = document["methods"]["log_interaction"]
    assert log["request"]["path"] == "/visits"
    assert log_body(document)["custNo"] == "${whole(input.customer.id)}"
    assert log["map"] == "{id: body.data.visitNo, created: `true`}"
    assert any(
        """{when: "status == `200` && body.ok == `false`", class: invalid""" in line
        for line in decisions
    )


def test_an_error_rule_over_the_drafts_own_flag_leaves_its_samples_good() -> None:
    document, _ = drafted((HERE / "visitbook.curl").read_text(), curl=True)
    rule = {"when": "status == `200` && body.ok == `false`", "class": "invalid"}

    reports = run_samples(compile_connector({**document, "errors": [rule]}), document["samples"])

    assert [report.differences for report in reports] == [()] * len(reports)


def test_a_server_on_this_machine_may_speak_http() -> None:
    described = yaml.safe_load(OPENAPI.read_text())
    api = read_openapi({**described, "servers": [{"url": "http://127.0.0.1:4711/rest"}]})

    assert api.server == "http://127.0.0.1:4711/rest"
    assert not any("http" in line for line in api.decisions)


def test_writes_that_look_like_no_record_are_named() -> None:
    curl = (HERE / "visitbook.curl").read_text().replace("/visits", "/zettel")
    _, decisions = drafted(curl, curl=True)

    assert any("write `log_interaction` by hand" in one and "/zettel" in one for one in decisions)


def test_documented_refusals_become_rules_with_their_code_and_a_sample() -> None:
    document, _ = from_openapi()

    assert {"when": "status == `422`", "class": "invalid", "detail": "body.error.code"} in document[
        "errors"
    ]
    shown = {sample["fails"]["class"] for sample in document["samples"] if "fails" in sample}
    assert {"invalid", "conflict", "throttled", "auth", "transient", "unknown"} <= shown


def test_nothing_of_the_pasted_secrets_and_people_is_in_the_draft(tmp_path: Path) -> None:
    file = tmp_path / "desk.yaml"

    made = new("desk", "--curl", str(CURL), "--out", str(file))

    assert made.exit_code == 0, made.output
    for told in (*SECRETS, *PEOPLE):
        assert told not in file.read_text()
        assert told not in made.output


def test_curl_commands_and_their_answers_are_enough() -> None:
    document, decisions = from_curl()

    assert document["auth"] == {
        "scheme": "oauth2_client_credentials",
        "token_url": "https://login.orderdesk.example.com/oauth/token",
        "scope": "clients.read",
    }
    assert document["headers"] == {"X-Depot": "north"}
    assert document["settings"]["base"]["default"] == "https://eu.orderdesk.example.com/api/v4"
    assert document["methods"]["find_phone"]["request"]["query"] == {
        "phone": "${input.phone.national}"
    }
    assert document["methods"]["find_email"]["request"]["path"] == "/clients/by-mail/${input.email}"
    log = document["methods"]["log_interaction"]
    assert log["request"]["path"] == "/clients/${input.customer.id}/notes"
    assert log["needs_customer"] is True
    assert log["map"] == "{id: body.note.id, created: `true`}"
    assert "by" not in log_body(document)
    assert any("`by` was sent, is left out" in line for line in decisions)
    assert any("posted twice" in line for line in decisions)


@pytest.mark.parametrize(
    ("flags", "auth", "secrets"),
    [
        (
            "-u me:pw",
            {
                "scheme": "basic",
                "username": "${secret.username}",
                "password": "${secret.password}",
            },
            ["username", "password"],
        ),
        (
            "-H 'Authorization: Bearer abcdefgh12345678'",
            {"scheme": "bearer", "token": "${secret.access_token}"},
            ["access_token"],
        ),
        (
            "-H 'X-Api-Key: abcdefgh12345678'",
            {"scheme": "header", "name": "X-Api-Key", "value": "${secret.api_key}"},
            ["api_key"],
        ),
        (
            "-H 'Authorization: Token abcdefgh12345678'",
            {"scheme": "header", "name": "Authorization", "value": "Token ${secret.api_key}"},
            ["api_key"],
        ),
        (
            "-H 'A: b' -Gd api_key=abcdefgh12345678",
            {"scheme": "query", "name": "api_key", "value": "${secret.api_key}"},
            ["api_key"],
        ),
        ("-s", {"scheme": "none"}, []),
    ],
)
def test_the_credential_of_a_command_becomes_a_scheme_and_names(
    flags: str, auth: dict[str, Any], secrets: list[str]
) -> None:
    flags = flags.replace("-Gd", "-G -d")
    document, _ = drafted(
        f"curl {flags} 'https://crm.example.com/v1/contacts?phone=4155552671'", curl=True
    )

    assert document["auth"] == auth
    assert document["secrets"] == secrets
    assert "abcdefgh12345678" not in yaml.safe_dump(document)
    assert document["methods"]["find_phone"]["request"]["query"] == {"phone": "${input.phone.nsn}"}


def test_a_second_key_beside_the_credential_is_not_written_down() -> None:
    document, _ = drafted(
        "curl -H 'Authorization: Bearer abcdefgh12345678' -H 'X-Tenant-Token: ijklmnop12345678'"
        " -H 'X-Depot: north' 'https://c.example.com/people?phone=4155552671'",
        curl=True,
    )

    assert document["headers"] == {"X-Depot": "north"}
    assert "ijklmnop12345678" not in yaml.safe_dump(document)


@pytest.mark.parametrize(
    ("command", "request_"),
    [
        (
            "curl 'https://c.example.com/people?q=%2B14155552671'",
            {"path": "/people", "query": {"q": "${input.phone.e164}"}},
        ),
        (
            "curl https://c.example.com/people/14155552671",
            {"path": "/people/${input.phone.digits}"},
        ),
        (
            'curl https://c.example.com/search --json \'{"msisdn": "14155552671"}\'',
            {"method": "POST", "path": "/search", "body": {"msisdn": "${input.phone.digits}"}},
        ),
        (
            "curl -X POST https://c.example.com/search --data-urlencode 'tel=+1 415-555-2671'",
            {
                "method": "POST",
                "path": "/search",
                "form": {"tel": "${input.phone.international}"},
            },
        ),
    ],
)
def test_a_number_in_a_command_becomes_the_input_in_its_form(
    command: str, request_: dict[str, Any]
) -> None:
    document, _ = drafted(command, curl=True)

    (name,) = document["lookups"]["by_phone"]
    assert document["methods"][name]["request"] == request_


def test_swagger_two_is_read_as_well() -> None:
    old = {
        "swagger": "2.0",
        "info": {"title": "Old desk"},
        "host": "old.example.com",
        "basePath": "/v1",
        "securityDefinitions": {"k": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "definitions": {
            "Kunde": {
                "type": "object",
                "properties": {"kundennummer": {"type": "string"}, "telefon": {"type": "string"}},
            }
        },
        "paths": {
            "/kunden": {
                "get": {
                    "parameters": [{"name": "telefon", "in": "query", "type": "string"}],
                    "responses": {
                        "200": {
                            "description": "",
                            "schema": {"type": "array", "items": {"$ref": "#/definitions/Kunde"}},
                        }
                    },
                }
            },
            "/anrufe": {
                "post": {
                    "parameters": [
                        {
                            "name": "body",
                            "in": "body",
                            "schema": {
                                "type": "object",
                                "properties": {"notiz": {"type": "string"}},
                            },
                        }
                    ],
                    "responses": {"201": {"description": ""}},
                }
            },
        },
    }

    document, _ = drafted(json.dumps(old))

    assert document["auth"] == {"scheme": "header", "name": "X-Key", "value": "${secret.api_key}"}
    assert document["lookups"]["by_phone"] == ["find_phone"]
    assert document["methods"]["find_phone"]["map"].startswith("body[].{")
    assert document["methods"]["log_interaction"]["request"]["path"] == "/anrufe"
    assert log_body(document) == {"notiz": "${input.remarks}"}


def lookup_api(**more: Any) -> dict[str, Any]:
    get = {
        "parameters": [{"name": "phone", "in": "query", "schema": {"type": "string"}}],
        "responses": {"200": {"description": ""}},
    }
    return {"openapi": "3.1.0", "paths": {"/customers": {"get": get}}, **more}


def test_what_a_description_leaves_out_is_a_question_and_not_a_guess_in_silence() -> None:
    document, decisions = drafted(json.dumps(lookup_api()))

    text = "\n".join(decisions)
    assert "names no server" in text
    assert "names no authentication" in text
    assert "not described: write its `map`" in text
    assert "How does the CRM want the number in `phone`?" in text
    assert "Nothing finds a customer by email" in text
    assert "write `log_interaction` by hand" in text
    assert document["settings"]["base"]["default"] == "https://crm.example.com"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "no OpenAPI description"),
        ("a: 1", "no OpenAPI description"),
        ("openapi: 3.0.0", "no operation"),
        ("openapi: 3.0.0\npaths: [1]", "no operation"),
        ("openapi: 3.0.0\npaths: {/x: {get: {}}}", "nothing here finds a customer"),
        ("openapi: 3.0.0\npaths: {/x: {$ref: '#/paths/~1x'}}", "no operation"),
        ("openapi: 3.0.0\npaths: {/x: {$ref: 'https://evil.example.com/x'}}", "no operation"),
    ],
)
def test_a_description_that_says_nothing_is_refused_in_a_line(text: str, problem: str) -> None:
    with pytest.raises(DraftError, match=problem):
        drafted(text)


def test_a_description_that_refers_to_itself_or_explodes_is_read_in_bounds() -> None:
    wide = {f"p{n}": {"$ref": "#/components/schemas/Node"} for n in range(40)}
    api = lookup_api(
        components={"schemas": {"Node": {"allOf": [{"$ref": "#/components/schemas/Node"}],
                                         "properties": wide}}}
    )  # fmt: skip
    api["paths"]["/customers"]["get"]["responses"]["200"]["content"] = {
        "application/json": {"schema": {"$ref": "#/components/schemas/Node"}}
    }

    document, _ = drafted(json.dumps(api))

    assert document["lookups"]["by_phone"] == ["find_phone"]


def test_a_path_that_carries_our_own_syntax_does_not_become_a_template() -> None:
    api = lookup_api()
    api["paths"]["/${secret.key}/customers"] = api["paths"].pop("/customers")

    with pytest.raises(DraftError):
        drafted(json.dumps(api))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no curl command"),
        ("wget https://x", "no curl command"),
        ("curl 'https://x.example.com", "cannot be read"),
        ("curl -H 'A: b'", "no complete address"),
        ("curl -F a=@file https://x.example.com", "no counterpart"),
        ("curl -d @body.json https://x.example.com", "not here; paste its content"),
        ("curl https://a.example.com\ncurl https://b.example.com", "one connector has one server"),
        ("curl https://a.example.com/x\n{broken", "no JSON answer"),
        ("curl -d grant_type=client_credentials https://a.example.com", "only the request for"),
    ],
)
def test_commands_that_cannot_be_used_are_refused_in_a_line(text: str, problem: str) -> None:
    with pytest.raises(DraftError, match=problem):
        drafted(text, curl=True)


def test_the_command_writes_the_draft_with_its_decisions_on_top(tmp_path: Path) -> None:
    file = tmp_path / "orderdesk.yaml"

    made = new("orderdesk", "--from", str(OPENAPI), "--out", str(file))

    assert made.exit_code == 0, made.output
    text = file.read_text()
    assert text.startswith("# Drafted by `switchboard connector new orderdesk`.\n# decide: ")
    assert "decide Where does a person see a customer's record?" in made.output
    assert CliRunner().invoke(app, ["check", str(file)]).exit_code == 0
    assert CliRunner().invoke(app, ["test", str(file)]).exit_code == 0


def test_what_comes_on_stdin_is_recognised(tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"

    assert new("one", "--out", str(one), text=CURL.read_text()).exit_code == 0
    assert new("other", "--out", str(other), text=OPENAPI.read_text()).exit_code == 0
    assert yaml.safe_load(one.read_text())["id"] == "one"
    assert yaml.safe_load(other.read_text())["id"] == "other"


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "orderdesk.yaml"
    file.write_text("mine")

    made = new("orderdesk", "--from", str(OPENAPI), "--out", str(file))

    assert made.exit_code == 1
    assert "is there already" in made.output
    assert file.read_text() == "mine"


def test_a_name_that_cannot_be_an_id_is_refused() -> None:
    assert "is no id" in new("Order Desk", "--from", str(OPENAPI)).output


def test_the_page_about_ones_own_connector_shows_what_really_comes_of_its_commands(
    tmp_path: Path,
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "your-own-connector.md").read_text()
    commands = page.partition("```sh\n")[2].partition("```")[0]
    curl, file = tmp_path / "crm.curl", tmp_path / "mycrm.yaml"
    curl.write_text(commands)

    made = new("mycrm", "--curl", str(curl), "--out", str(file))

    for line in made.output.replace(str(file), "mycrm.yaml").splitlines():
        assert line in page
    method = yaml.safe_load(
        page.partition("The heart of it is short:\n\n```yaml\n")[2].partition("```")[0]
    )
    assert (
        yaml.safe_load(file.read_text())["methods"]["find_phone"] == method["methods"]["find_phone"]
    )
