"""Rules for a contact centre that is open at any hour, for stories that must play at night."""

from collections.abc import Mapping
from typing import Any, Final

_ALWAYS: Final = {"weekly": {"mon-sun": ["00:00-24:00"]}}


def open_at_any_hour(ruleset: Mapping[str, Any]) -> dict[str, Any]:
    """The ruleset's document with every calendar open and no holidays.

    Stories that say when they happen are left out: they are about the hours.
    """
    calendars = dict.fromkeys(ruleset.get("calendars") or {}, _ALWAYS)
    stories = [story for story in ruleset.get("tests") or [] if "at" not in story]
    return {**ruleset, "calendars": calendars, "tests": stories}
