"""A contact as a recording has it, with only what a test cares about said."""

from collections.abc import Mapping
from typing import Any

from cli.simulation.contacts import Contact
from cli.simulation.recording import recording_of
from cli.yaml_text import read_yaml_as_written
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_reader import read_ruleset
from tests.unit.simulation.recordings import as_text, recording, ruleset_text


def contact(at_s: float = 0, **said: Any) -> Contact:
    """Answered at once by 2001 in the queue general, unless said otherwise."""
    usual: dict[str, Any] = {
        "action": "queue",
        "queue": "general",
        "priority_s": 0,
        "gain_per_min_s": 0,
        "max_s": 0,
        "preferred_agent": "",
        "hold_s": 0,
        "waited_s": 0,
        "handled_s": 200,
        "abandoned": False,
        "agent": "2001",
        "customer": "",
        "disposition": "",
        "facts": {},
    }
    return Contact(**{**usual, "at_s": at_s, **said})


def facts(**crm: Any) -> Mapping[str, Any]:
    return {f"crm.{name}": value for name, value in crm.items()}


def rules(rows: str) -> Ruleset:
    return read_ruleset(read_yaml_as_written(ruleset_text(rows)))


def sample_contacts(days: int = 2) -> tuple[Contact, ...]:
    return recording_of(as_text(recording(days)).splitlines(), "month.jsonl").contacts
