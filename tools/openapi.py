"""Write docs/openapi.json from the code: ``python -m tools.openapi``, with ``--check`` in CI.

Routes and summaries come from the functions' resolvers, shapes from the contracts. What a route
asks and answers stands beside it, in its `openapi_extensions`:

    x-asks              the contract that it reads; `dict` for words that are not ours
    x-answers           the contract that it answers with; `str` for a page
                        (both by name, `ecs.Arrival`, where a caller would wait for loading it)
    x-status            of that answer, if it is not 200
    x-path              the words that a path parameter may be, as an enum
    x-query             the parameters in its query, and what each is
    x-idempotency-key   required or optional
    x-refuses           statuses beside those that every such route may answer
    x-gives             which value of the answer is which path parameter of other routes
    x-acknowledges      true where some senders wait for an acknowledgement in XML

What the document promises is proved by a tester that knows nothing else: tests/api.
"""

import importlib
import json
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aws_lambda_powertools.event_handler.api_gateway import Route

from switchboard.contracts.answers import FlatAnswer
from switchboard.contracts.ecs import EcsContract
from switchboard.contracts.named import contract_named
from switchboard.edges.direct_api import DirectRoute
from switchboard.edges.http_api import KEY_HEADER
from switchboard.edges.served_routes import served_routes
from tools import openapi_answers as answers
from tools.generated_file import write_or_check
from tools.openapi_shapes import REF, Schema, answered_shapes, asked_shapes, query_parameters

ROOT: Final = Path(__file__).resolve().parents[1]
FILE: Final = ROOT / "docs" / "openapi.json"

_WITHOUT_KEY: Final = frozenset({"webhooks", "desk"})


@dataclass(frozen=True)
class Described:
    """One route and what stands beside it."""

    route: Route | DirectRoute
    method: str

    @property
    def name(self) -> str:
        return f"{self.method.lower()}_{self.route.func.__name__}"

    @property
    def path(self) -> str:
        return str(self.route.openapi_path)

    @property
    def asks(self) -> Any:
        return contract_named(self._said("x-asks", None))

    @property
    def answers(self) -> Any:
        return contract_named(self._said("x-answers", None))

    @property
    def is_page(self) -> bool:
        return self.answers is str

    @property
    def is_guarded(self) -> bool:
        return not _WITHOUT_KEY.intersection(self.route.tags)

    @property
    def is_for_ecs(self) -> bool:
        return isinstance(self.asks, type) and issubclass(self.asks, EcsContract)

    @property
    def answers_anything(self) -> bool:
        """A caller waits: whatever was sent, there is an answer, and it says what was wrong."""
        return isinstance(self.answers, type) and issubclass(self.answers, FlatAnswer)

    @property
    def status(self) -> int:
        return int(self._said("x-status", 200))

    @property
    def query(self) -> dict[str, str]:
        return dict(self._said("x-query", {}))

    @property
    def idempotency_key(self) -> str:
        return str(self._said("x-idempotency-key", ""))

    @property
    def gives(self) -> dict[str, str]:
        return dict(self._said("x-gives", {}))

    @property
    def acknowledges(self) -> bool:
        return bool(self._said("x-acknowledges", False))

    def words(self, parameter: str) -> list[str]:
        """What a path parameter may be; empty for anything."""
        return [str(word) for word in self._said("x-path", {}).get(parameter, ())]

    @property
    def refuses(self) -> list[int]:
        statuses = {405, answers.THROTTLED, 503, *self._said("x-refuses", ())}
        if self.is_guarded:
            statuses |= {401, 403}
        if self.asks is not None and not self.answers_anything:
            statuses |= {400, 413, 422}
        return sorted(statuses)

    def _said(self, name: str, otherwise: Any) -> Any:
        return (self.route.openapi_extensions or {}).get(name, otherwise)


def document() -> Schema:
    """The whole description, OpenAPI 3.1."""
    routes = list(described_routes())
    schemas: Schema = {}
    paths: Schema = {}
    for one in routes:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas, routes)
    schemas.update(answers.shapes())
    refused = {status for one in routes for status in one.refuses}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Switchboard",
            "version": _version(),
            "description": (
                "The CRM side of an ECS contact centre. Answers to ECS are flat: every value is "
                "text, every key is always there. Errors are flat on every route. Answers on "
                "arrival also carry the attributes that the deployment configured. "
                'API Gateway itself answers with `{"message": "…"}`: 404 at a path that is not '
                "here, 429 when a stage gets more than it allows, and 500, 503 or 504 if a "
                "function breaks, which no request should bring about."
            ),
        },
        "servers": [{"url": "/", "description": "The stack's `ApiUrl`."}],
        "paths": dict(sorted(paths.items())),
        "components": {
            **answers.components(refused),
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": KEY_HEADER,
                    "description": "`<key id>.<secret>`, from `switchboard keys create`.",
                }
            },
        },
    }


def described_routes() -> Iterator[Described]:
    """Every route that a function describes. Those that only refuse a method say nothing."""
    for folder in sorted((ROOT / "functions").iterdir()):
        if not (folder / "app.py").is_file():
            continue
        app = importlib.import_module(f"functions.{folder.name}.app")
        for route in served_routes(getattr(app, "api", None)):
            if route.openapi_extensions:
                yield Described(route, route.method)


def text_of(description: Schema) -> str:
    return json.dumps(description, indent=2, ensure_ascii=False) + "\n"


def _operation(one: Described, schemas: Schema, routes: list[Described]) -> Schema:
    operation: Schema = {
        "operationId": one.name,
        "summary": one.route.summary,
        "tags": list(one.route.tags),
        "security": [{"key": []}] if one.is_guarded else [],
    }
    if parameters := _parameters(one):
        operation["parameters"] = parameters
    if one.asks is not None and one.method != "GET":
        operation["requestBody"] = _request_body(one, schemas)
    operation["responses"] = _responses(one, schemas, routes)
    return operation


def _parameters(one: Described) -> list[Schema]:
    names = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
    return [
        *(_path_parameter(name, one.words(name)) for name in names),
        *(_query_parameter(name, told) for name, told in one.query.items()),
        *_idempotency_key(one),
        *(query_parameters(one.asks) if one.is_for_ecs and one.method == "GET" else ()),
    ]


def _path_parameter(name: str, words: list[str]) -> Schema:
    schema: Schema = {"type": "string", **({"enum": words} if words else {})}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameter(name: str, told: str) -> Schema:
    schema: Schema = {"type": "string"}
    return {"name": name, "in": "query", "required": False, "description": told, "schema": schema}


def _idempotency_key(one: Described) -> Iterator[Schema]:
    if one.idempotency_key:
        yield {
            "name": "idempotency-key",
            "in": "header",
            "required": one.idempotency_key == "required",
            "description": "The same key again is the same request, and nothing is done twice.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }


def _request_body(one: Described, schemas: Schema) -> Schema:
    if one.asks is dict:
        # A sender's own words: an object or a list, and one vendor's are XML.
        anything: Schema = {"schema": {}}
        return {"required": True, "content": {answers.JSON: anything, answers.XML: anything}}
    schemas.update(asked_shapes(one.asks))
    schema: Schema = {"$ref": REF.format(model=one.asks.__name__)}
    kinds = (answers.JSON, answers.FORM) if one.is_for_ecs else (answers.JSON,)
    # What ECS sends may be in the query, and a command may need no more than its path.
    required = bool(schemas[one.asks.__name__].get("required"))
    return {"required": required, "content": {kind: {"schema": schema} for kind in kinds}}


def _responses(one: Described, schemas: Schema, routes: list[Described]) -> Schema:
    if one.is_page:
        return {str(status): answers.page(status) for status in (one.status, *one.refuses)}
    schemas.update(answered_shapes(one.answers))
    done = answers.done(one.answers, one.status)
    if links := dict(_links(one, routes)):
        done["links"] = links
    responses = {
        str(one.status): done,
        **{str(status): answers.refusal(status) for status in one.refuses},
    }
    if one.acknowledges:
        responses["200"] = answers.acknowledgement()
        responses["503"] = answers.unavailable_to_such_a_sender()
    return dict(sorted(responses.items()))


def _links(one: Described, routes: list[Described]) -> Iterator[tuple[str, Schema]]:
    """Where an answer's id leads to."""
    for parameter, value in one.gives.items():
        for other in routes:
            if f"{{{parameter}}}" in other.path:
                parameters = {parameter: f"$response.body#/{value}"}
                yield other.name, {"operationId": other.name, "parameters": parameters}


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def main(arguments: list[str]) -> int:
    return write_or_check(FILE, text_of(document()), arguments, tool="openapi", told=__doc__ or "")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
