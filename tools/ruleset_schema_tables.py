"""The part of the ruleset's schema for tables, cells, outcomes and stories."""

from typing import Final

from switchboard.domain.outcome_reader import ADDING_KEYS, ROUTE_KEYS
from switchboard.domain.ruleset import ACTIONS, MOST_ROWS, Hit
from switchboard.domain.ruleset_reader import EXPECT_KEYS, ROW_KEYS, STORY_KEYS, TABLE_KEYS
from tools.schema_parts import NAME, Schema, choice, code, listed, mapping, optional, record, text

_SCALAR: Final[Schema] = {"type": ["string", "number", "boolean"]}
_NOTHING: Final[Schema] = {"enum": [None, ""]}
_ROUTE: Final[Schema] = {"properties": {"id": {"const": "route"}}, "required": ["id"]}
_MOST_POINTS: Final = 1000


def tables() -> Schema:
    """One table decides, the others add to it."""
    deciding = _table("The first row that matches decides.", ("first",), _deciding(), least=1)
    adding = _table("Rows that add prompts, views and flags.", Hit, _adding(), least=0)
    return {
        "type": "array",
        "description": "Tables of rows; `id: route` decides, the others add to it.",
        "items": {"type": "object", "if": _ROUTE, "then": deciding, "else": adding},
        "contains": _ROUTE,
        "minContains": 1,
        "maxContains": 1,
    }


def stories() -> Schema:
    """Tests inside the file."""
    value: Schema = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}, {"type": "null"}]}
    expect = record(
        "What must be decided.",
        {
            "row": text("The row that decides."),
            "do": choice("What it does.", (*ACTIONS, "")),
            "queue": text("The queue."),
            "priority": text("Points, or the name of a class."),
            "prompts": _names_or_none("All that is played, in order."),
            "last_agent": text('The profile of the last agent; "" is none.'),
            "views": _names_or_none("What the agent's page shows first."),
            "flags": _names_or_none("The flags that are true."),
        },
        EXPECT_KEYS,
    ) | {"minProperties": 1}
    story = record(
        "With these facts, at that moment, this must be decided.",
        {
            "name": text("A sentence."),
            "given": optional(mapping("The facts that are known.", value, NAME)),
            "expect": expect,
            "at": text("When, as 2026-12-24 18:30; then the calendars tell their facts."),
        },
        STORY_KEYS,
    ) | {"required": ["expect"]}
    return {"type": "array", "items": story, "description": "Tests that the ruleset must keep."}


def cell() -> Schema:
    """One condition, as text or as YAML has lists and pairs."""
    words: Schema = {
        "anyOf": [
            {"type": ["string", "number", "boolean"]},
            {"type": "array", "items": _SCALAR, "minItems": 1},
        ]
    }
    tests = [
        ("not", "None of these words, and a listed one."),
        ("has", "This word is in the set."),
        ("has_any", "At least one of these words is in the set."),
        ("has_all", "All of these words are in the set."),
        ("has_none", "None of these words is in the set."),
    ]
    pairs = record("One test.", {key: {**words, "description": told} for key, told in tests})
    return {
        "description": "A word, a list of words, true, `>= 5`, `15..59`, `not x`, `has any x, y`, "
        "`within 14d`, `older than 90d`, `missing` or `present`.",
        "anyOf": [*words["anyOf"], {**pairs, "minProperties": 1, "maxProperties": 1}],
    }


def _table(told: str, hits: object, row: Schema, *, least: int) -> Schema:
    rows: Schema = {
        "type": "array",
        "description": "From top to bottom.",
        "items": row,
        "minItems": least,
        "maxItems": MOST_ROWS,
    }
    keys = {
        "id": {**code(NAME), "description": "Its name; `route` is the one that decides."},
        "hit": choice("Whether the first row that matches counts, or all of them.", hits),
        "rows": rows if least else optional(rows),
    }
    required = ["id", "hit", *(["rows"] if least else [])]
    return record(told, keys, TABLE_KEYS) | {"required": required}


def _row(told: str, then: Schema, *, needs_outcome: bool) -> Schema:
    keys = {
        "id": {**code(NAME), "description": "Its name, in answers and reports. Never used twice."},
        "when": optional(mapping("All must hold; {} matches everybody.", cell(), NAME)),
        "then": then if needs_outcome else optional(then),
        "note": text("For people; nothing reads it."),
    }
    required = ["id", "then"] if needs_outcome else ["id"]
    return record(told, keys, ROW_KEYS) | {"required": required}


def _deciding() -> Schema:
    keys = {
        "do": choice("What happens to the contact.", ACTIONS),
        "queue": text("Where it waits, or where a callback is done."),
        "priority": _priority(),
        "prompts": _names_or_none("What is played; not said: what other tables add; []: nothing."),
        "last_agent": text("The profile by which the agent of last time is preferred."),
        "not_agent": {"enum": ["last", "", None], "description": "Never the agent of last time."},
        "flow": text("The self-service flow."),
        "on_fail": text("The row that decides when self-service did not help."),
        "views": _names_or_none("What the agent's page shows first."),
        "flags": _names_or_none("What the flow is told as true."),
        "remark": text("Stands with the interaction."),
    }
    said: Schema = {"not": _NOTHING}
    then = record("What is decided.", keys, ROUTE_KEYS) | {
        "required": ["do"],
        "allOf": [
            _needs("queue", ["queue", "callback"]),
            _needs("flow", ["self_service"]),
        ],
        "not": {
            "required": ["last_agent", "not_agent"],
            "properties": {"last_agent": said, "not_agent": said},
        },
    }
    return _row("Decides, if all its cells hold and no earlier row's do.", then, needs_outcome=True)


def _adding() -> Schema:
    keys = {key: _names_or_none(f"{key.capitalize()} to add.") for key in ADDING_KEYS}
    return _row("Adds, if all its cells hold.", record("What it adds.", keys), needs_outcome=False)


def _needs(key: str, actions: list[str]) -> Schema:
    needed: Schema = {"required": [key], "properties": {key: {"not": _NOTHING}}}
    return {"if": {"properties": {"do": {"enum": actions}}}, "then": needed}


def _names_or_none(told: str) -> Schema:
    """A list of names; `none` and [] are no names."""
    return optional(listed(told, code(NAME)))


def _priority() -> Schema:
    number: Schema = {"type": "number", "minimum": 0, "maximum": _MOST_POINTS}
    points: Schema = {"anyOf": [number, {"type": "string"}, {"type": "null"}]}
    growing = record(
        "A priority that grows, in points.",
        {
            "start": {**points, "description": "Where it begins."},
            "gain_per_min": {**points, "description": "What each minute of waiting adds."},
            "max": {**points, "description": "Where it stops."},
        },
    )
    return {
        "description": "Points from 0 to 1000, the name of a Priority Class, or one that grows.",
        "anyOf": [*points["anyOf"], growing],
    }
