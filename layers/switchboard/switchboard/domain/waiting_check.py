"""Head starts that ECS does not give as asked, and holds that cost the service level."""

from collections.abc import Iterator

from switchboard.domain.durations import duration_text
from switchboard.domain.ruleset import Ruleset


def other_priorities(ruleset: Ruleset) -> Iterator[str]:
    """Rows whose head start is not what their Priority Class is worth in ECS."""
    rows: dict[tuple[float, str], list[str]] = {}
    for row in ruleset.route.rows:
        asked = row.then.priority
        if asked and asked.seconds != ruleset.priority_classes.get(asked.class_name, 0):
            rows.setdefault((asked.seconds, asked.class_name), []).append(row.id)
    for (seconds, name), ids in rows.items():
        worth = duration_text(ruleset.priority_classes.get(name, 0))
        given = f"as {name}, worth {worth}" if name else "without a Priority Class"
        yield (
            f"{_rows(ids)}, priority: {duration_text(seconds)} go to ECS {given}; "
            "ask for what a class is worth, or add one to names.priority_classes"
        )


def long_holds(ruleset: Ruleset) -> Iterator[str]:
    """Who is held for an agent that long is answered too late, and others wait meanwhile."""
    level = ruleset.service_level_s
    for profile in ruleset.last_agents.values():
        if profile.hold_s >= level and not profile.confirms_long_hold:
            yield (
                f"last_agent.{profile.id}.hold: {duration_text(profile.hold_s)} are not within the "
                f"service level of {duration_text(level)}; shorten it, or write "
                "`confirm_long_hold: true`"
            )


def _rows(ids: list[str]) -> str:
    return f"row {ids[0]}" if len(ids) == 1 else f"rows {', '.join(ids)}"
