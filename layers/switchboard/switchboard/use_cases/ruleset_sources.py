"""Whether routing rules are fit to decide, with the sources that Switchboard itself can tell."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from switchboard.domain.cells import Attribute, unknown
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_check import Checked, check
from switchboard.use_cases.customer_history import FACTS
from switchboard.use_cases.routing_decision import lookup_facts


def checked_with_sources(ruleset: Ruleset, *, now: datetime) -> Checked:
    """All that refuses the rules, and what is worth a look on the day that it is there."""
    found = check(ruleset, today=now.astimezone(ZoneInfo(ruleset.time_zone)).date())
    return Checked((*source_problems(ruleset.attributes), *found.problems), found.warnings)


def source_problems(attributes: Mapping[str, Attribute]) -> Iterator[str]:
    """One line for each attribute whose source is ours and does not give it: always missing."""
    ours = {"lookup": tuple(lookup_facts("unknown")), "history": FACTS}
    for attribute in attributes.values():
        origin, _, name = attribute.source.partition(".")
        if origin in ours and name not in ours[origin]:
            yield f"attributes.{attribute.name}.from: {origin}: {unknown(name, ours[origin])}"
