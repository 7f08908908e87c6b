"""The shapes in docs/openapi.json: contracts as JSON Schema, told as they travel.

Pydantic describes what our code holds after reading. On the wire that is wider for what ECS sends,
which may be text, a number, true or nothing, and narrower for what it gets, which is always text.
"""

from typing import Any, Final

from pydantic import TypeAdapter

from switchboard.contracts.answers import FlatAnswer, TriggerAnswer
from switchboard.contracts.ecs import EcsContract
from switchboard.edges import ecs_request
from switchboard.edges.flat import LONGEST_VALUE

REF: Final = "#/components/schemas/{model}"
_TEXT_FOR_ECS: Final = {"type": "string", "maxLength": LONGEST_VALUE}
# Read as absent when it is empty, and without the blanks around it.
_SCALARS: Final = ["string", "number", "boolean", "null"]

Schema = dict[str, Any]


def names_of(contract: Any) -> list[str]:
    """The names of a contract, or of each in a union of them."""
    return [part.__name__ for part in _parts(contract)]


def asked_shapes(contract: Any) -> dict[str, Schema]:
    """What a request may be, by name, with the schemas that it refers to."""
    shapes = _shapes(contract)
    for part in _parts(contract):
        if issubclass(part, EcsContract):
            shapes[part.__name__] = _as_ecs_sends(shapes[part.__name__])
    return shapes


def answered_shapes(contract: Any) -> dict[str, Schema]:
    """What an answer is: every field is there, also those that a request may leave out."""
    shapes = _shapes(contract)
    for part in _parts(contract):
        if issubclass(part, FlatAnswer | TriggerAnswer):
            shapes[part.__name__] = _as_ecs_gets(
                shapes[part.__name__], may_have_attributes=issubclass(part, FlatAnswer)
            )
    return {name: _complete(shape) for name, shape in shapes.items()}


def query_parameters(contract: Any) -> list[Schema]:
    """The fields of what ECS sends, as parameters in a URL, where everything is text."""
    properties = asked_shapes(contract)[contract.__name__]["properties"]
    return [_query_parameter(name, shape) for name, shape in properties.items()]


def _parts(contract: Any) -> tuple[Any, ...]:
    return getattr(contract, "__args__", (contract,))


def _shapes(contract: Any) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for part in _parts(contract):
        schema = TypeAdapter(part).json_schema(ref_template=REF)
        found.update({name: _tidy(inner) for name, inner in schema.pop("$defs", {}).items()})
        found[part.__name__] = _tidy(schema)
    return found


def _as_ecs_sends(shape: Schema) -> Schema:
    """ECS may send any of JSON's scalars for text, and fields that we do not know."""
    properties = {name: {**said, **_lenient(said)} for name, said in shape["properties"].items()}
    return {
        **shape,
        "properties": properties,
        "additionalProperties": _lenient({}),
        "maxProperties": ecs_request.MOST_FIELDS,
    }


def _lenient(said: Schema) -> Schema:
    lenient: Schema = {"type": _SCALARS, "maxLength": ecs_request.LONGEST_VALUE}
    if pattern := said.get("pattern"):
        bare = pattern.removeprefix("^").removesuffix("$")
        lenient["pattern"] = rf"^\s*({bare})?\s*$"
    return lenient


def _query_parameter(name: str, shape: Schema) -> Schema:
    told = {key: value for key, value in shape.items() if key == "description"}
    # How long an address may be is API Gateway's to say.
    kept = {key: value for key, value in shape.items() if key not in {"description", "maxLength"}}
    schema = {**kept, "type": "string"}
    return {"name": name, "in": "query", "required": False, **told, "schema": schema}


def _as_ecs_gets(shape: Schema, *, may_have_attributes: bool) -> Schema:
    """Text under every key, whatever it stands for; configured attributes beside our own keys."""
    properties = {
        name: {**_TEXT_FOR_ECS, **{key: v for key, v in said.items() if key == "description"}}
        for name, said in shape["properties"].items()
    }
    return {
        "type": "object",
        "description": shape.get("description", ""),
        "properties": properties,
        "additionalProperties": _TEXT_FOR_ECS if may_have_attributes else False,
    }


def _complete(shape: Schema) -> Schema:
    return {**shape, "required": list(shape["properties"])} if "properties" in shape else shape


def _tidy(schema: Schema) -> Schema:
    """Without the titles that pydantic makes of names, and "or null" said briefly."""
    kept = {name: value for name, value in schema.items() if name not in {"title", "default"}}
    if "properties" in kept:
        kept["properties"] = {name: _tidy(said) for name, said in kept["properties"].items()}
    choices: list[Schema] = kept.get("anyOf", [])
    if len(choices) == 2 and choices[1] == {"type": "null"} and "type" in choices[0]:
        del kept["anyOf"]
        kept = {**choices[0], "type": [choices[0]["type"], "null"], **kept}
    return kept
