"""Write docs/routing.schema.json from the format: ``python -m tools.ruleset_schema``.

With ``--check`` it only says whether the file is current. Editors complete and explain rulesets
with it. It refuses nothing that the reader takes; which attributes, queues and prompts there are,
and whether a cell fits its attribute, only `switchboard rules check` can say.
"""

import json
import sys
from pathlib import Path
from typing import Final

from switchboard.domain.catalogue_reader import ATTRIBUTE_KEYS, NAMES_KEYS
from switchboard.domain.cells import TYPES
from switchboard.domain.facts import SOURCES
from switchboard.domain.hours import DAY_NAMES
from switchboard.domain.profile_reader import IF_UNKNOWN, MUSTS, PROFILE_KEYS
from switchboard.domain.ruleset import FORMAT, MOST_ATTRIBUTES, AgentForm
from switchboard.domain.ruleset_reader import FILE_KEYS
from tools.generated_file import write_or_check
from tools.ruleset_schema_tables import stories, tables
from tools.schema_parts import (
    NAME,
    Schema,
    choice,
    code,
    duration,
    flag,
    listed,
    mapping,
    optional,
    record,
    text,
    whole,
)

ROOT: Final = Path(__file__).resolve().parents[1]
FILE: Final = ROOT / "docs" / "routing.schema.json"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_CLOCK: Final = r"([01]?\d|2[0-3]):[0-5]\d"
_SPAN: Final = rf"^\s*{_CLOCK}\s*-\s*({_CLOCK}|24:00)\s*$"
_IN_ANY_CASE: Final = "|".join(
    "".join(f"[{letter.upper()}{letter}]" for letter in day) for day in DAY_NAMES
)
_DAY: Final = rf"\s*({_IN_ANY_CASE})\s*"
_DAYS: Final = rf"^{_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)*$"
_DATE: Final = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"


def document() -> Schema:
    """The schema of a ruleset's file."""
    keys = {
        "format": {"const": FORMAT, "description": "Which format this is."},
        "name": text("What this ruleset is called, for people."),
        "timezone": {
            "type": "string",
            "description": "Where hours and holidays are read, as America/New_York.",
        },
        "priority_point": optional(duration("What a point of priority is worth in waiting: 6s.")),
        "service_level": optional(
            duration("Answered within this is answered in time: 20s. Long holds are warned of.")
        ),
        "agent_form": optional(
            choice("How Assign Agent is told an agent: by extension or by name.", AgentForm)
        ),
        "attributes": optional(_attributes()),
        "names": optional(_names()),
        "last_agent": optional(_profiles()),
        "calendars": optional(_calendars()),
        "tables": tables(),
        "tests": optional(stories()),
    }
    return {
        "$schema": _DIALECT,
        "$id": "routing.schema.json",
        "title": "Switchboard routing rules, format 1",
        **record("Where contacts go: see docs/routing.md.", keys, FILE_KEYS),
        "required": ["format", "tables"],
    }


def _attributes() -> Schema:
    values = listed("The words that it may be. Only a choice and a set have them.", code())
    none: Schema = {"enum": [[], "", None]}
    source = {
        "type": "string",
        "pattern": rf"^\s*({'|'.join(SOURCES)})\.",
        "description": "Where the value comes from, as crm.tier; which there are: docs/routing.md.",
    }
    keys = {
        "type": choice("What it is; it says which cells it may have.", TYPES),
        "values": values,
        "from": source,
        "unit": text("For people, as USD or days."),
    }
    attribute = {
        **record("One thing that rules may look at.", keys, ATTRIBUTE_KEYS),
        "required": ["type", "from"],
        "allOf": [
            {
                "if": {"properties": {"type": {"enum": ["choice", "set"]}}},
                "then": {"required": ["values"], "properties": {"values": {"not": none}}},
                "else": {"properties": {"values": none}},
            },
            {
                "if": {"properties": {"from": {"pattern": r"^\s*(calendar|switch)\."}}},
                "then": {"properties": {"type": {"const": "flag"}}},
            },
        ],
    }
    return mapping("The only things that a row may look at.", attribute, NAME) | {
        "maxProperties": MOST_ATTRIBUTES
    }


def _names() -> Schema:
    queue = record(
        "Where contacts wait.",
        {
            "business_process": text("ECS's Business Process. The queue's own name if not said."),
            "demand": text("The Demand to ask for there."),
        },
    )
    by_name = mapping(
        "Queues by name.", optional({"anyOf": [{"type": "string"}, queue]}), r"^[^\s].{0,63}$"
    )
    worth: Schema = {
        "anyOf": [
            duration("A length of time."),
            {"type": "string", "pattern": r"^\s*[0-9]{1,6}\s*$"},
            {"type": "integer", "minimum": 0, "maximum": 999_999},
        ]
    }
    keys = {
        "queues": {
            "anyOf": [by_name, listed("Business Processes by their names.", code())],
            "description": "Where contacts may be sent.",
        },
        "prompts": listed("What a flow may play.", code(NAME)),
        "views": listed("What the agent's page may show first.", code(NAME)),
        "flags": listed("What a flow may be told as true or false.", code(NAME)),
        "priority_classes": mapping(
            "ECS's Priority Classes and what each is worth.", optional(worth)
        ),
    }
    every = {key: optional(schema) for key, schema in keys.items()}
    return record("The names that rows may use.", every, NAMES_KEYS)


def _profiles() -> Schema:
    keys = {
        "from": listed("Who that is, in this order: history, or crm.owner and the like.", {
            "type": "string", "pattern": r"^\s*(history|crm\..*)?\s*$"}),
        "seen_within": duration("How long ago they may have talked at most: 14d."),
        "min_talk": duration("How long they must have talked: 60s."),
        "hold": duration("How long the contact waits for that agent before anybody takes it: 15s."),
        "must": listed("What that agent must be.", {"enum": [*MUSTS, ""]}),
        "never_if": listed("Flags of the catalogue that forbid it, as open_complaint.", code()),
        "not_after": listed("Dispositions of last time that forbid it.", code()),
        "outbound": flag("Whether calls that we made count as well."),
        "max_waiting_per_agent": whole("How many may wait for one agent.", 1, 20),
        "max_per_day": whole("How many an agent gets in a day this way; 0 is no limit.", 0, 1000),
        "if_unknown": choice("What to do when nobody can say whether they are there.", IF_UNKNOWN),
        "confirm_long_hold": flag("That a hold as long as the service level is meant."),
    }  # fmt: skip
    every = {key: optional(schema) for key, schema in keys.items()}
    profile = record("When the agent of last time is preferred.", every, PROFILE_KEYS)
    return mapping("Guards that a row names by one word.", optional(profile), NAME)


def _calendars() -> Schema:
    hours = optional(
        {
            "type": "array",
            "items": {"type": "string", "pattern": _SPAN},
            "description": 'When it is open, as ["09:00-18:00"]; [] is closed.',
        }
    )
    day = record(
        "A date whose weekly hours do not count.",
        {
            "date": {"type": "string", "pattern": _DATE, "description": "As 2026-12-25."},
            "name": text("For people."),
            "open": hours,
        },
    ) | {"required": ["date"]}
    weekly = mapping("Hours by day, or by days as mon-fri.", hours, _DAYS)
    calendar = record(
        "A site's hours. What is not said is closed.",
        {
            "timezone": optional(
                {
                    "type": "string",
                    "description": "Where its hours are read; the file's if not said.",
                }
            ),
            "weekly": optional(weekly),
            "holidays": optional(
                {"type": "array", "description": "Dates with other hours.", "items": day}
            ),
        },
    )
    return mapping(
        "Hours by site; `main` is calendar.open.", optional(calendar), "^[a-z][a-z0-9_]*$"
    )


def text_of(schema: Schema) -> str:
    """The file's text."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    return write_or_check(
        FILE, text_of(document()), arguments, tool="ruleset_schema", told=__doc__ or ""
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
