"""A small ruleset to spoil in one place at a time."""

from copy import deepcopy
from typing import Any

_GOOD: dict[str, Any] = {
    "format": "routing/1",
    "name": "main",
    "timezone": "America/New_York",
    "priority_point": "6s",
    "attributes": {
        "tier": {"type": "choice", "values": ["high", "low"], "from": "crm.tier"},
        "known": {"type": "flag", "from": "lookup.known"},
        "days": {"type": "number", "unit": "days", "from": "crm.days_past_due"},
        "channel": {"type": "choice", "values": ["voice", "email"], "from": "ecs.channel"},
        "recent": {"type": "number", "from": "history.contacts_7d"},
        "products": {"type": "set", "values": ["mobile", "tv"], "from": "crm.products"},
        "seen": {"type": "instant", "from": "history.last_contact_at"},
        "open": {"type": "flag", "from": "calendar.open"},
        "closed": {"type": "flag", "from": "switch.closed"},
    },
    "names": {
        "queues": {
            "care": "Customer Care",
            "debts": {"business_process": "Collections", "demand": "Debts"},
        },
        "prompts": ["full", "short", "balance"],
        "views": ["days", "products"],
        "flags": ["skip_menu"],
        "priority_classes": {"Normal": "0s", "Urgent": "2m", "Front": 600},
    },
    "last_agent": {"rapport": {"seen_within": "14d", "never_if": ["closed"]}},
    "calendars": {"main": {"weekly": {"mon-fri": ["09:00-17:00"]}}},
    "tables": [
        {
            "id": "route",
            "hit": "first",
            "rows": [
                {
                    "id": "late",
                    "when": {"days": ">= 15", "known": True},
                    "then": {"do": "queue", "queue": "debts", "priority": 20, "prompts": []},
                },
                {
                    "id": "high",
                    "when": {"tier": "high"},
                    "then": {
                        "do": "queue",
                        "queue": "care",
                        "priority": "Front",
                        "prompts": ["short"],
                        "last_agent": "rapport",
                        "flags": ["skip_menu"],
                    },
                },
                {
                    "id": "rest",
                    "when": {},
                    "then": {"do": "queue", "queue": "care"},
                },
            ],
        },
        {
            "id": "prompts",
            "hit": "all",
            "rows": [
                {"id": "p-balance", "when": {"days": "> 0"}, "then": {"prompts": ["balance"]}},
                {"id": "p-full", "when": {}, "then": {"prompts": ["full"]}},
            ],
        },
        {
            "id": "views",
            "hit": "first",
            "rows": [
                {"id": "v-days", "when": {"days": "present"}, "then": {"views": ["days"]}},
                {"id": "v-set", "when": {"products": "has tv"}, "then": {"views": ["products"]}},
            ],
        },
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
