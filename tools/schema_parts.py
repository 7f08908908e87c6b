"""Pieces of a JSON Schema for files whose scalars are read as text.

An editor reads `true` and `7` with their types, our reader as they are written. So both fit.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

Schema = dict[str, Any]

NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
_DURATION: Final = r"^\s*[0-9]{1,9}(\.[0-9]{1,3})?\s*[smhdw]\s*$"


def record(told: str, keys: Mapping[str, Schema], expected: Sequence[str] = ()) -> Schema:
    """Pairs of these keys alone; they are the reader's, where those are given.

    Raises: ValueError when the reader knows other keys.
    """
    if expected and set(expected) != set(keys):
        raise ValueError(f"the reader knows {sorted(expected)}, the schema {sorted(keys)}")
    titled = {key: {"title": key, **schema} for key, schema in keys.items()}
    return {
        "type": "object",
        "description": told,
        "properties": titled,
        "additionalProperties": False,
    }


def mapping(told: str, each: Schema, names: str = "") -> Schema:
    """Pairs whose names people choose."""
    allowed = {"propertyNames": {"pattern": names}} if names else {}
    return {"type": "object", "description": told, "additionalProperties": each, **allowed}


def listed(told: str, each: Schema) -> Schema:
    """A list of words, or one text with commas."""
    return {"description": told, "anyOf": [{"type": "array", "items": each}, {"type": "string"}]}


def code(pattern: str = "") -> Schema:
    """A word of a list. Blanks around it count for nothing."""
    if not pattern:
        return {"type": ["string", "number", "boolean"]}
    inside = pattern.removeprefix("^").removesuffix("$")
    return {"type": ["string", "number", "boolean"], "pattern": rf"^\s*({inside})?\s*$"}


def choice(told: str, words: Any) -> Schema:
    return {
        "enum": list(words if isinstance(words, tuple) else get_args(words)),
        "description": told,
    }


def text(told: str) -> Schema:
    return {"type": ["string", "number", "boolean", "null"], "description": told}


def duration(told: str) -> Schema:
    return {"type": "string", "pattern": _DURATION, "description": told}


def flag(told: str) -> Schema:
    return {
        "anyOf": [
            {"type": "boolean"},
            {"type": "string", "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"},
        ],
        "description": told,
    }


def whole(told: str, least: int, most: int) -> Schema:
    return {
        "anyOf": [
            {"type": "integer", "minimum": least, "maximum": most},
            {"type": "string", "pattern": r"^\s*[0-9]{1,9}\s*$"},
        ],
        "description": told,
    }


def optional(schema: Schema) -> Schema:
    """Also nothing, which says no more than a key that is not there."""
    told = {key: schema[key] for key in ("description",) if key in schema}
    return {**told, "anyOf": [schema, {"enum": [None, ""]}]}
