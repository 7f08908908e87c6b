"""What a story expects and the rules do not have at all: most often a slip of the pen."""

from typing import Any

from switchboard.domain.cells import unknown
from switchboard.domain.ruleset import ACTIONS, Ruleset


def unknown_names(ruleset: Ruleset, key: str, expected: Any) -> str:
    """Which of the expected names are unknown, each with what was probably meant; else empty.

    `expected` is one name, several, or the seconds of a priority.
    """
    if isinstance(expected, float):
        return ""
    names = expected if isinstance(expected, tuple) else (expected,)
    known = _known(ruleset, key)
    return "; ".join(unknown(name, known) for name in names if name and name not in known)


def _known(ruleset: Ruleset, key: str) -> tuple[str, ...]:
    match key:
        case "row":
            return tuple(row.id for row in ruleset.route.rows)
        case "do":
            return ACTIONS
        case "queue":
            return tuple(ruleset.queues)
        case "priority":
            return tuple(ruleset.priority_classes)
        case "last_agent":
            return tuple(ruleset.last_agents)
        case "prompts":
            return ruleset.prompts
        case "views":
            return ruleset.views
    return ruleset.flags
