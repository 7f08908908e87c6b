"""What a ruleset declares and no row uses."""

from collections.abc import Iterable, Iterator

from switchboard.domain.ruleset import Row, Ruleset

_MAIN = "main"  # the calendar whose sources need no name


def unused_names(ruleset: Ruleset) -> Iterator[str]:
    """One line for each: it is left over, or a row lacks it."""
    rows = [row for table in ruleset.tables for row in table.rows]
    prompts = _all(row.then.prompts or () for row in rows)
    views = _all(row.then.views for row in rows)
    flags = _all(row.then.flags for row in rows)
    profiles = {row.then.last_agent for row in rows}
    queues = {row.then.queue for row in rows}
    yield from _unused("attributes", ruleset.attributes, _looked_at(ruleset, rows) | views)
    yield from _unused("names.queues", ruleset.queues, queues)
    yield from _unused("names.prompts", ruleset.prompts, prompts)
    yield from _unused("names.views", ruleset.views, views)
    yield from _unused("names.flags", ruleset.flags, flags)
    yield from _unused("last_agent", ruleset.last_agents, profiles)
    yield from _unused("calendars", ruleset.calendars, _calendars(ruleset))


def _looked_at(ruleset: Ruleset, rows: Iterable[Row]) -> set[str]:
    guards = _all(profile.never_if for profile in ruleset.last_agents.values())
    return guards | {cell.attribute for row in rows for cell in row.cells}


def _calendars(ruleset: Ruleset) -> set[str]:
    """The calendars that some attribute is read from, as `calendar.open` or `calendar.x.open`."""
    sources = [attribute.source.split(".") for attribute in ruleset.attributes.values()]
    read = [parts[1:] for parts in sources if parts[0] == "calendar"]
    return {parts[0] if len(parts) > 1 else _MAIN for parts in read}


def _all(several: Iterable[Iterable[str]]) -> set[str]:
    return {word for words in several for word in words}


def _unused(where: str, declared: Iterable[str], used: set[str]) -> Iterator[str]:
    for name in declared:
        if name not in used:
            yield f"{where}.{name}: nothing uses it; delete it, or use it in a row"
