"""docs/openapi.json says what the code does: nothing less, nothing more, and nothing old."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from switchboard.edges.served_routes import served_routes
from tests.integration import template
from tests.integration.answers import new_interaction, the_end_of
from tests.integration.canaries import NUMBER
from tests.integration.deployment import Answer, Deployment, deployed
from tools.openapi import FILE, described_routes, document, main, text_of

Schema = dict[str, Any]
METHODS: Final = {"get", "post", "put", "patch", "delete"}
OUR_ERRORS: Final = {400, 401, 403, 404, 405, 409, 413, 422, 502, 503, 504}
API_GATEWAYS: Final = {429}


@pytest.fixture(scope="module")
def description() -> Schema:
    written: Schema = json.loads(FILE.read_text(encoding="utf-8"))
    return written


def operations(description: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def without_names(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


def test_the_committed_file_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == text_of(document())


def test_an_old_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.openapi.ROOT", tmp_path)
    monkeypatch.setattr("tools.openapi.FILE", tmp_path / "openapi.json")
    monkeypatch.setattr("tools.openapi.document", lambda: {"openapi": "3.1.0"})

    assert main(["--check"]) == 1
    assert main([]) == 0
    assert main(["--check"]) == 0


def test_every_route_of_the_template_is_described_and_no_other(description: Schema) -> None:
    # What the editing page asks its server is between the two of them; see docs/editing.md.
    of_the_template = {
        without_names(route.path) for route in template.routes() if route.job != "rules_editor"
    }

    assert {without_names(path) for path in description["paths"]} == of_the_template


def test_a_route_asks_for_a_key_exactly_if_the_template_guards_it(description: Schema) -> None:
    guarded = {without_names(r.path) for r in template.routes() if r.is_guarded}

    said = {without_names(path) for path, _, one in operations(description) if one["security"]}

    assert said == guarded
    assert all(one["security"] in ([], [{"key": []}]) for _, _, one in operations(description))


def test_every_route_that_a_function_serves_is_described() -> None:
    """A route that forgot its `openapi_extensions` would be missing without a word."""
    served = set()
    for job in template.jobs():
        routes = served_routes(
            getattr(importlib.import_module(f"functions.{job}.app"), "api", None)
        )
        served |= {
            (r.method, r.openapi_path) for r in routes if not r.func.__name__.startswith("refuse")
        }

    assert {(one.method, one.path) for one in described_routes()} == served


def test_it_is_an_openapi_3_1_document(description: Schema) -> None:
    assert description["openapi"].startswith("3.1.")
    assert set(description) == {"openapi", "info", "servers", "paths", "components"}
    assert {"title", "version"} <= set(description["info"])
    names = [one["operationId"] for _, _, one in operations(description)]
    assert len(names) == len(set(names))
    for path, method, one in operations(description):
        assert path.startswith("/")
        assert method in METHODS
        assert one["summary"]
        assert one["responses"]
        assert all(re.fullmatch(r"\d{3}", status) for status in one["responses"])
        responses = one["responses"].values()
        assert all("description" in resolved(description, response) for response in responses)


def test_every_path_parameter_is_declared_once(description: Schema) -> None:
    for path, _, one in operations(description):
        declared = [p["name"] for p in one.get("parameters", ()) if p["in"] == "path"]
        assert sorted(declared) == sorted(re.findall(r"{(\w+)}", path))
        assert all(p["required"] for p in one.get("parameters", ()) if p["in"] == "path")


def test_every_reference_leads_somewhere_and_every_component_is_used(description: Schema) -> None:
    references = set(re.findall(r'"\$ref": "([^"]+)"', text_of(description)))

    components = {
        f"#/components/{kind}/{name}"
        for kind in ("headers", "responses", "schemas")
        for name in description["components"][kind]
    }
    assert references == components


def test_a_choice_of_words_is_an_enum(description: Schema) -> None:
    events = description["paths"]["/v1/triggers/{event}"]["post"]["parameters"][0]
    actions = description["paths"]["/v1/calls/{call_id}/{action}"]["post"]["parameters"][1]

    assert set(events["schema"]["enum"]) == {
        "interaction-starts", "interaction-ends", "internal-transfer", "segment-change",
    }  # fmt: skip
    assert set(actions["schema"]["enum"]) == {"hold", "retrieve", "transfer", "hang-up"}


@pytest.mark.parametrize(
    "path", ["/v1/arrivals/lookup", "/v1/arrivals/route", "/v1/triggers/{event}"]
)
def test_ecs_may_send_query_json_or_form_and_gets_text(description: Schema, path: str) -> None:
    get, post = description["paths"][path]["get"], description["paths"][path]["post"]
    query = {p["name"] for p in get["parameters"] if p["in"] == "query"}
    (status,) = [s for s in post["responses"] if s.startswith("2")]
    media = post["responses"][status]["content"]["application/json"]
    answer = resolved(description, media["schema"])

    assert {"interaction_id", "contact"} <= query
    assert set(post["requestBody"]["content"]) == {
        "application/json", "application/x-www-form-urlencoded",
    }  # fmt: skip
    assert {said["type"] for said in answer["properties"].values()} == {"string"}
    assert set(answer["required"]) == set(answer["properties"])


def test_only_errors_of_ours_are_promised(description: Schema) -> None:
    statuses = {int(s) for _, _, one in operations(description) for s in one["responses"]}

    assert statuses - {200, 202} == OUR_ERRORS | API_GATEWAYS


def test_a_caller_who_waits_is_refused_for_the_key_and_nothing_else(description: Schema) -> None:
    """Whatever else is wrong with a request stands in its answer."""
    for path in ("/v1/arrivals/lookup", "/v1/arrivals/route"):
        for one in description["paths"][path].values():
            assert set(one["responses"]) == {"200", "401", "403", "405", "429", "503"}


def test_an_id_that_is_told_leads_to_where_it_is_used(description: Schema) -> None:
    told = description["paths"]["/v1/outbound-requests"]["post"]["responses"]["202"]
    ids = {one["operationId"] for _, _, one in operations(description)}

    assert {link["operationId"] for link in told["links"].values()} == {"get_read", "delete_cancel"}
    assert {link["operationId"] for link in told["links"].values()} <= ids
    assert told["links"]["get_read"]["parameters"] == {"outbound_id": "$response.body#/id"}


@pytest.fixture(scope="module")
def switchboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("switchboard")) as deployment:
        deployment.clean()
        yield deployment


def resolved(description: Schema, said: Schema) -> Schema:
    """What is said, or what it refers to."""
    if "$ref" not in said:
        return said
    found: Any = description
    for part in said["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def keeps_the_description(description: Schema, path: str, method: str, answer: Answer) -> bool:
    """Status, headers and shape are as described."""
    promised = description["paths"][path][method]["responses"]
    assert str(answer.status) in promised, answer.text
    response = resolved(description, promised[str(answer.status)])
    headers = {name.lower() for name in answer.headers}
    assert set(response["headers"]) <= headers
    schema = response["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": description["components"]}).validate(answer.json)
    return True


ASKED: Final = {
    "/v1/arrivals/lookup": {"contact": NUMBER},
    "/v1/arrivals/route": {"contact": NUMBER},
    "/v1/triggers/{event}": the_end_of(new_interaction()),
    "/v1/outbound-requests": {"contact": NUMBER},
}
BAD: Final = (b"{", b'{"contact": ["list"]}', b"{}".ljust(256 * 1024 + 1))


@pytest.mark.parametrize("path", ASKED)
def test_real_answers_are_as_described(
    switchboard: Deployment, description: Schema, path: str
) -> None:
    real = path.replace("{event}", "interaction-ends")
    headers = {"idempotency-key": "openapi"}
    bodies = [json.dumps(ASKED[path]).encode(), *BAD]

    answers = [switchboard.http("POST", real, body=body, headers=headers) for body in bodies]
    answers.append(switchboard.http("POST", real, body=bodies[0], headers=headers, key=""))

    is_waited_for = path.startswith("/v1/arrivals/")
    refused = [200, 200, 200] if is_waited_for else [400, 422, 413]
    assert [answer.status for answer in answers][1:] == [*refused, 401]
    assert all(keeps_the_description(description, path, "post", answer) for answer in answers)


def test_the_answer_to_a_command_is_as_described(
    switchboard: Deployment, description: Schema
) -> None:
    call = switchboard.ecs.calls(NUMBER, manual=True)
    switchboard.ecs.waits(call, "Handling")
    held = switchboard.http("POST", f"/v1/calls/{call}/hold")
    again = switchboard.http("POST", f"/v1/calls/{call}/hold")
    unknown = switchboard.http("POST", "/v1/calls/int-0/hold")

    assert [held.status, again.status, unknown.status] == [200, 409, 404]
    path = "/v1/calls/{call_id}/{action}"
    assert all(
        keeps_the_description(description, path, "post", answer)
        for answer in (held, again, unknown)
    )
