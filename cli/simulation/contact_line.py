"""One line of a recording as a contact; docs/replay.md has the keys."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

from cli.simulation.contacts import Contact
from switchboard.domain.cells import unknown

_ON_THE_LINE: Final = frozenset({"", "voice", "callback"})
_ACTIONS: Final = ("queue", "self_service", "message", "callback")
_NEEDED: Final = ("at", "queue", "waited_s", "handled_s", "abandoned", "agent", "facts")
_MOST_SECONDS: Final = 1e12


def contact_of(line: str) -> Contact | None:
    """None for a contact in writing. Raises: ValueError that says what is wrong with the line."""
    said = _object(line)
    for key in _NEEDED:
        if key not in said:
            raise ValueError(f"no `{key}`; `switchboard rules recorded` writes every key")
    if _text(said, "channel") not in _ON_THE_LINE:
        return None
    queue = _text(said, "queue")
    facts = said["facts"]
    if not isinstance(facts, dict):
        raise ValueError("`facts` is no object; write {} for none")  # noqa: TRY004  of the file
    return Contact(
        at_s=_moment(said["at"]),
        action=_action(said.get("action", "queue" if queue else "message"), queue),
        queue=queue,
        priority_s=_number(said, "priority_seconds") or 0,
        gain_per_min_s=_number(said, "gain_per_min_s") or 0,
        max_s=_number(said, "max_seconds") or 0,
        preferred_agent=_text(said, "preferred_agent"),
        hold_s=_number(said, "hold_s") or 0,
        waited_s=_number(said, "waited_s"),
        handled_s=_number(said, "handled_s"),
        abandoned=_told(said["abandoned"]),
        agent=_text(said, "agent"),
        customer=_text(said, "customer"),
        disposition=_text(said, "disposition_code"),
        facts=facts,
        ruleset=_text(said, "ruleset"),
        row=_text(said, "row"),
    )


def _object(line: str) -> dict[str, Any]:
    try:
        said = json.loads(line, parse_constant=_no_number)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError("not JSON; is the file cut off?") from error
    if not isinstance(said, dict):
        raise ValueError("no JSON object; write one contact a line")  # noqa: TRY004  of the file
    return said


def _no_number(written: str) -> NoReturn:
    raise ValueError(f"{written} is no number")


def _action(written: object, queue: str) -> str:
    if written not in _ACTIONS:
        raise ValueError(f"action: {unknown(written, _ACTIONS)}")
    if written == "queue" and not queue:
        raise ValueError("action is `queue`, but `queue` is empty")
    return str(written)


def _moment(written: object) -> float:
    try:
        at = datetime.fromisoformat(str(written))
        if at.tzinfo is not None:
            return at.timestamp()
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"at: {written!r} is no moment in UTC; write 2026-11-23T14:05:00Z")


def _number(said: Mapping[str, Any], key: str) -> float | None:
    value = said.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{key}: {value!r} is no number of seconds")  # noqa: TRY004  of the file
    # `inf` where JSON wrote 1e999; an int of a thousand digits fits no float.
    if abs(value) > _MOST_SECONDS:
        raise ValueError(f"{key}: too large for a number of seconds")
    if value < 0:
        raise ValueError(f"{key} is {value:g}: nothing lasts less than no time")
    return float(value)


def _told(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise ValueError(f"abandoned: {value!r} is neither true, false nor null")


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise ValueError(f"{key}: write {value!r} as text, in quotes")
