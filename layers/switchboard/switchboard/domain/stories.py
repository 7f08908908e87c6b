"""Stories: the tests inside a ruleset's file. Nobody who calls waits for them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from switchboard.domain.cells import Value
from switchboard.domain.expected_names import unknown_names
from switchboard.domain.facts import facts_of
from switchboard.domain.hours import calendar_facts
from switchboard.domain.outcome_reader import points_of
from switchboard.domain.routing import Decision, decide
from switchboard.domain.ruleset import Ruleset, Story


def failing_stories(ruleset: Ruleset) -> tuple[str, ...]:
    """One line for each story in the file that the ruleset does not keep."""
    return tuple(line for story in ruleset.stories if (line := unkept(ruleset, story)))


def unkept(ruleset: Ruleset, story: Story) -> str:
    """What a story expected and what came instead; empty when it is kept."""
    try:
        facts = story_facts(ruleset, story)
    except ValueError as error:
        return f"test {story.name!r}: {error}"
    decision = decide(ruleset, facts)
    wrong = [
        line
        for name, wanted in story.expect.items()
        if (line := _unlike(ruleset, decision, name, wanted))
    ]
    if not wrong:
        return ""
    return f"test {story.name!r}: expected {'; '.join(wrong)} (decided by {decision.because})"


def story_facts(ruleset: Ruleset, story: Story) -> dict[str, Value]:
    """The facts that a story gives; with `at`, the hours of that moment as well.

    Raises: ValueError when `at` is no moment.
    """
    given = {name: value for name, value in story.given.items() if value != "missing"}
    if not story.at:
        return facts_of(ruleset.attributes, given)
    now = _moment(story.at, ruleset.time_zone)
    hours = calendar_facts(ruleset.calendars, now)
    told = {
        attribute.name: hours.get(attribute.source.removeprefix("calendar."))
        for attribute in ruleset.attributes.values()
        if attribute.source.startswith("calendar.")
    }
    return facts_of(ruleset.attributes, {**told, **given}, now)


def _moment(written: str, time_zone: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise ValueError(f"at: {written!r} is no moment; write 2026-12-24 18:30") from error
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(time_zone))


def _told(ruleset: Ruleset, decision: Decision, name: str) -> Any:
    """What was decided, under the names that stories use."""
    then = decision.then
    match name:
        case "row":
            return decision.row
        case "do":
            return then.action
        case "queue":
            return then.queue
        case "priority":
            return then.priority.seconds if then.priority else 0.0
        case "last_agent":
            return then.last_agent
        case "prompts":
            return decision.prompts
        case "views":
            return decision.views
    return decision.flags


def _expected(ruleset: Ruleset, name: str, wanted: Any) -> Any:
    if name in ("prompts", "views", "flags"):
        listed = wanted if isinstance(wanted, list | tuple) else str(wanted or "").split(",")
        return tuple(str(word).strip() for word in listed if str(word).strip() not in ("", "none"))
    if name != "priority":
        return str(wanted)
    if str(wanted) in ruleset.priority_classes:
        return ruleset.priority_classes[str(wanted)]
    points = points_of(wanted)
    return wanted if points is None else points * ruleset.priority_point_s


def _in_points(ruleset: Ruleset, name: str, got: Any) -> Any:
    """A priority in the unit of the file as well; everything else as it is."""
    if name != "priority":
        return got
    point_s = ruleset.priority_point_s
    return f"{got / point_s:g} points ({got:g} s)" if point_s else f"{got:g} s"


def _unlike(ruleset: Ruleset, decision: Decision, name: str, wanted: Any) -> str:
    """One thing that came otherwise than it was expected; empty when it did not."""
    got, expected = _told(ruleset, decision, name), _expected(ruleset, name, wanted)
    if got == expected:
        return ""
    slip = unknown_names(ruleset, name, expected)
    told = f"{name} {_words(wanted)}{f' ({slip})' if slip else ''}"
    return f"{told}, got {_words(_in_points(ruleset, name, got))}"


def _words(value: object) -> str:
    return ", ".join(str(word) for word in value) or "none" if isinstance(
        value, tuple | list
    ) else str(value)  # fmt: skip
