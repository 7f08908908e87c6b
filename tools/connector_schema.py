"""Write docs/connector.schema.json from the format: ``python -m tools.connector_schema``.

With ``--check`` it only says whether the file is current. Editors complete and explain connector
files with it; every file names it in its first line.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from switchboard.adapters.connector.format import ConnectorFile, EcsProfileFile
from tools.generated_file import write_or_check

ROOT: Final = Path(__file__).resolve().parents[1]
FILE: Final = ROOT / "docs" / "connector.schema.json"

Schema = dict[str, Any]

_EVERYWHERE: Final = {"scheme": "Which of the kinds it is; the other keys depend on it."}
_REF: Final = "#/$defs/{model}"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def document() -> Schema:
    """A connector file, or an ECS profile: which of them, its first key says."""
    kinds: list[type[BaseModel]] = [ConnectorFile, EcsProfileFile]
    definitions: Schema = {}
    for kind in kinds:
        schema = kind.model_json_schema(ref_template=_REF, by_alias=True)
        definitions.update(schema.pop("$defs", {}))
        definitions[kind.__name__] = schema
    return {
        "$schema": _DIALECT,
        "$id": "connector.schema.json",
        "title": "Switchboard connector, format 1",
        "description": "A CRM as a file, or the profile of the contact centre's own API.",
        "type": "object",
        "if": {"required": ["ecs_profile"]},
        "then": {"$ref": _REF.format(model="EcsProfileFile")},
        "else": {"$ref": _REF.format(model="ConnectorFile")},
        "$defs": {name: _told(inner, name) for name, inner in sorted(definitions.items())},
    }


def text_of(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _told(schema: Schema, name: str) -> Schema:
    """The definition with every key explained, so that an editor has something to show."""
    result = {**schema, "title": _words(name)}
    if "properties" in schema:
        result["properties"] = {
            key: _explained(inner, key) for key, inner in schema["properties"].items()
        }
    if "description" in result:
        result["description"] = _one_line(result["description"])
    return result


def _explained(schema: Schema, key: str) -> Schema:
    told = _one_line(str(schema.get("description") or _EVERYWHERE.get(key, "")))
    described = {"description": told} if told else {}
    return {**schema, "title": key, **described}


def _words(name: str) -> str:
    return " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+", name)).capitalize()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main(arguments: list[str]) -> int:
    return write_or_check(
        FILE, text_of(document()), arguments, tool="connector_schema", told=__doc__ or ""
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
