"""Write docs/openapi.json from the code: ``python -m tools.openapi``, with ``--check`` in CI.

Routes and summaries come from the functions' resolvers, shapes from the contracts. What a route
asks and answers stands beside it, in its `openapi_extensions`:

    x-asks              the contract that it reads; `dict` for words that are not ours
    x-answers           the contract that it answers with; `str` for a page
    x-status            of that answer, if it is not 200
    x-path              the words that a path parameter may be, as an enum
    x-idempotency-key   required or optional
    x-refuses           statuses beside those that every such route may answer
"""

import argparse
import importlib
import json
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.api_gateway import Route
from pydantic import BaseModel, TypeAdapter

from switchboard.contracts.answers import ErrorAnswer, FlatAnswer, TriggerAnswer
from switchboard.contracts.ecs import EcsContract
from switchboard.edges.flat import LONGEST_VALUE
from switchboard.edges.http_api import KEY_HEADER

ROOT: Final = Path(__file__).resolve().parents[1]
FILE: Final = ROOT / "docs" / "openapi.json"

_WITHOUT_KEY: Final = frozenset({"webhooks", "desk"})
_JSON, _FORM, _HTML = "application/json", "application/x-www-form-urlencoded", "text/html"
_REF: Final = "#/components/schemas/{model}"
_REFUSALS: Final = {
    400: "The body is neither JSON nor, where one is read, a form.",
    401: "No key, or one that is not good; for a webhook, no good signature.",
    403: "A known key or link, used where it may not be.",
    404: "Nothing has this id or name.",
    405: "The path exists, for another method.",
    409: "Not in a state that allows this, or a contradiction to what is known.",
    413: "More than 256 KiB.",
    422: "A field is missing, wrong or not ours; the message names it.",
    502: "The contact centre refused this.",
    503: "Our tables or the contact centre do not answer; try again.",
    504: "Sent, and no answer came: it may have happened.",
}

Schema = dict[str, Any]


@dataclass(frozen=True)
class Described:
    """One route and what stands beside it."""

    route: Route
    method: str

    @property
    def path(self) -> str:
        return str(self.route.openapi_path)

    @property
    def asks(self) -> Any:
        return self._said("x-asks", None)

    @property
    def answers(self) -> Any:
        return self._said("x-answers", None)

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
    def status(self) -> int:
        return int(self._said("x-status", 200))

    @property
    def idempotency_key(self) -> str:
        return str(self._said("x-idempotency-key", ""))

    def words(self, parameter: str) -> list[str]:
        """What a path parameter may be; empty for anything."""
        return [str(word) for word in self._said("x-path", {}).get(parameter, ())]

    @property
    def refuses(self) -> list[int]:
        statuses = set(self._said("x-refuses", ()))
        if not self.is_page:
            statuses |= {405, 503}
        if self.is_guarded:
            statuses |= {401, 403}
        if self.asks is not None:
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
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    schemas.update(_schemas_of(ErrorAnswer))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Switchboard",
            "version": _version(),
            "description": (
                "The CRM side of an ECS contact centre. Answers to ECS are flat: every value is "
                "text, every key is always there. Errors are flat on every route. Answers on "
                "arrival also carry the attributes that the deployment configured."
            ),
        },
        "servers": [{"url": "/", "description": "The stack's `ApiUrl`."}],
        "paths": dict(sorted(paths.items())),
        "components": {
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
        api = getattr(app, "api", None)
        if not isinstance(api, APIGatewayHttpResolver):
            continue
        for route in [*api._static_routes, *api._dynamic_routes]:
            if route.openapi_extensions:
                yield Described(route, route.method)


def text_of(description: Schema) -> str:
    return json.dumps(description, indent=2, ensure_ascii=False) + "\n"


def _operation(one: Described, schemas: Schema) -> Schema:
    operation: Schema = {
        "operationId": f"{one.method.lower()}_{one.route.func.__name__}",
        "summary": one.route.summary,
        "tags": list(one.route.tags),
        "security": [{"key": []}] if one.is_guarded else [],
    }
    if parameters := _parameters(one):
        operation["parameters"] = parameters
    if one.asks is not None and one.method != "GET":
        operation["requestBody"] = _request_body(one, schemas)
    operation["responses"] = {str(one.status): _answer(one, schemas), **_refusals(one)}
    return operation


def _parameters(one: Described) -> list[Schema]:
    names = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
    return [
        *(_path_parameter(name, one.words(name)) for name in names),
        *_idempotency_key(one),
        *(_query_parameters(one.asks) if one.is_for_ecs and one.method == "GET" else ()),
    ]


def _path_parameter(name: str, words: list[str]) -> Schema:
    schema: Schema = {"type": "string", **({"enum": words} if words else {})}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _idempotency_key(one: Described) -> Iterator[Schema]:
    if one.idempotency_key:
        yield {
            "name": "idempotency-key",
            "in": "header",
            "required": one.idempotency_key == "required",
            "description": "The same key again is the same request, and nothing is done twice.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }


def _query_parameters(contract: type[BaseModel]) -> Iterator[Schema]:
    for name, schema in _schemas_of(contract)[contract.__name__]["properties"].items():
        told = {key: value for key, value in schema.items() if key in {"description"}}
        shape = {key: value for key, value in schema.items() if key not in {"description"}}
        yield {"name": name, "in": "query", "required": False, **told, "schema": shape}


def _request_body(one: Described, schemas: Schema) -> Schema:
    if one.asks is dict:
        # A sender's own words: an object or a list, and one vendor's are XML.
        anything: Schema = {"schema": {}}
        return {"required": True, "content": {_JSON: anything, "text/xml": anything}}
    schemas.update(_schemas_of(one.asks))
    schema: Schema = {"$ref": _REF.format(model=one.asks.__name__)}
    kinds = (_JSON, _FORM) if one.is_for_ecs else (_JSON,)
    # What ECS sends may be in the query, and a command may need no more than its path.
    required = bool(schemas[one.asks.__name__].get("required"))
    return {"required": required, "content": {kind: {"schema": schema} for kind in kinds}}


def _answer(one: Described, schemas: Schema) -> Schema:
    if one.is_page:
        return {"description": "The page.", "content": {_HTML: {"schema": {"type": "string"}}}}
    # A request may leave out what has a default; an answer always holds every field.
    for name, schema in _schemas_of(one.answers).items():
        is_object = "properties" in schema
        schemas[name] = {**schema, "required": list(schema["properties"])} if is_object else schema
    references = [{"$ref": _REF.format(model=name)} for name in _names(one.answers)]
    schema = references[0] if len(references) == 1 else {"anyOf": references}
    description = "Taken, and kept." if one.status == 202 else "Done."
    return {"description": description, "content": {_JSON: {"schema": schema}}}


def _refusals(one: Described) -> Schema:
    error: Schema = {_JSON: {"schema": {"$ref": _REF.format(model=ErrorAnswer.__name__)}}}
    content = {_HTML: {"schema": {"type": "string"}}} if one.is_page else error
    return {
        str(status): {"description": _REFUSALS[status], "content": content}
        for status in one.refuses
    }


def _names(contract: Any) -> list[str]:
    return [part.__name__ for part in getattr(contract, "__args__", (contract,))]


def _schemas_of(contract: Any) -> dict[str, Schema]:
    """The contract's schema by its name, and the schemas that it refers to."""
    found: dict[str, Schema] = {}
    for part in getattr(contract, "__args__", (contract,)):
        schema = TypeAdapter(part).json_schema(ref_template=_REF)
        found.update({name: _tidy(inner) for name, inner in schema.pop("$defs", {}).items()})
        is_flat = issubclass(part, FlatAnswer | TriggerAnswer)
        found[part.__name__] = _flat(schema) if is_flat else _tidy(schema)
    return found


def _flat(schema: Schema) -> Schema:
    """As ECS gets it: text under every key, whatever it stands for."""
    text: Schema = {"type": "string", "maxLength": LONGEST_VALUE}
    properties = {
        name: {**text, **{k: v for k, v in said.items() if k == "description"}}
        for name, said in schema["properties"].items()
    }
    return {
        "type": "object",
        "description": schema.get("description", ""),
        "properties": properties,
        "required": list(properties),
        "additionalProperties": text,
    }


def _tidy(schema: Schema) -> Schema:
    """Without the titles that pydantic makes of names, and without null where text is read."""
    kept = {name: value for name, value in schema.items() if name not in {"title", "default"}}
    if "properties" in kept:
        kept["properties"] = {name: _tidy(said) for name, said in kept["properties"].items()}
    choices = [choice for choice in kept.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        del kept["anyOf"]
        kept = {**choices[0], **kept}
    return kept


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether it is current")
    written = FILE.read_text(encoding="utf-8") if FILE.is_file() else ""
    current = text_of(document())
    if parser.parse_args(arguments).check:
        if written != current:
            sys.stderr.write(f"{FILE.relative_to(ROOT)} is not current: python -m tools.openapi\n")
        return int(written != current)
    FILE.write_text(current, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
