"""The published JSON Schema: editors complete, explain and refuse what `check` would."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.unit.connector.examples import document
from tools import connector_schema

ROOT = Path(__file__).parents[3]
FILES = sorted(
    [
        *(ROOT / "layers/switchboard/switchboard/connectors").glob("*.yaml"),
        *(ROOT / "config/ecs").glob("*.yaml"),
    ]
)
SCHEMA = json.loads(connector_schema.FILE.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def complaints(tree: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(tree)]


def keys(schema: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for key, inner in (schema.get("properties") or {}).items():
            yield f"{place}.{key}", inner
        for inner in schema.values():
            yield from keys(inner, place)
    elif isinstance(schema, list):
        for inner in schema:
            yield from keys(inner, place)


def test_the_published_schema_is_the_formats_own() -> None:
    assert connector_schema.main(["--check"]) == 0
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == "connector.schema.json"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_fits_and_names_the_schema_in_its_first_line(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert complaints(yaml.safe_load(text)) == []
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (file.parent / first.partition("=")[2]).resolve() == connector_schema.FILE


def test_every_key_has_a_title_and_an_explanation() -> None:
    untold = [
        place
        for name, schema in SCHEMA["$defs"].items()
        for place, inner in keys(schema, name)
        if not inner.get("title") or not inner.get("description")
    ]

    assert untold == []


def test_every_object_of_the_format_refuses_unknown_keys() -> None:
    objects = [schema for schema in SCHEMA["$defs"].values() if schema.get("type") == "object"]

    assert len(objects) > 30
    assert all(schema["additionalProperties"] is False for schema in objects)


@pytest.mark.parametrize(
    "changes",
    [
        {"lookup": {}},
        {"timeouts": {"conect_s": 1}},
        {"connector": 2},
        {"id": "Has Spaces"},
        {"auth": {"scheme": "digest"}},
        {"auth": {"scheme": "bearer", "tokn": "x"}},
        {"errors": [{"when": "status == `1`", "class": "gone"}]},
        {"errors": [{"class": "auth"}]},
        {"methods": {"x": {"request": {"path": "/x", "verb": "GET"}}}},
        {"methods": {"x": {"request": {"path": "/x"}, "idempotency": "maybe"}}},
        {"limits": [{"bucket": "a", "calls": 1}]},
        {"samples": [{"find": "phone"}]},
    ],
)
def test_a_typing_mistake_does_not_fit(changes: dict[str, Any]) -> None:
    assert complaints(document()) == []
    assert complaints(document(**changes)) != []
