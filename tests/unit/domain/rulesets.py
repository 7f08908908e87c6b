"""A small ruleset to spoil in one place at a time."""

from copy import deepcopy
from typing import Any

_GOOD: dict[str, Any] = {
    "format": "routing/1",
    "name": "main",
    "attributes": {
        "tier": {"type": "choice", "values": ["high", "low"], "from": "crm.tier"},
        "known": {"type": "flag", "from": "lookup.known"},
        "days": {"type": "number", "from": "crm.days_past_due"},
        "channel": {"type": "choice", "values": ["voice", "email"], "from": "ecs.channel"},
        "recent": {"type": "number", "from": "history.contacts_7d"},
    },
    "names": {"business_processes": ["Care", "Collections"], "prompts": ["full", "short"]},
    "tables": [
        {
            "id": "route",
            "hit": "first",
            "rows": [
                {
                    "id": "late",
                    "when": {"days": ">= 15", "known": True},
                    "then": {"do": "queue", "business_process": "Collections"},
                },
                {
                    "id": "high",
                    "when": {"tier": "high"},
                    "then": {
                        "do": "queue",
                        "business_process": "Care",
                        "priority_class": "Front",
                        "priority_seconds": 600,
                        "prompts": ["short"],
                        "last_agent": True,
                    },
                },
                {
                    "id": "rest",
                    "when": {},
                    "then": {"do": "queue", "business_process": "Care", "prompts": ["full"]},
                },
            ],
        }
    ],
    "tests": [
        {"name": "high goes first", "given": {"tier": "high"}, "expect": {"row": "high"}},
        {"name": "nobody falls through", "given": {}, "expect": {"row": "rest", "do": "queue"}},
    ],
}
MISSING = object()


def good() -> dict[str, Any]:
    return deepcopy(_GOOD)


def with_change(path: str, value: object) -> dict[str, Any]:
    """The good ruleset with another value at ``tables.0.id``; `MISSING` takes the key away."""
    document = good()
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = document
    for part in parents:
        place = place[part]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return document
