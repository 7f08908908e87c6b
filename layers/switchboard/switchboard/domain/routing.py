"""Where a contact goes, and why. Facts are gathered first; deciding does no I/O."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from switchboard.domain.cells import Attribute, Cell, Value
from switchboard.domain.expected_names import unknown_names
from switchboard.domain.facts import fact_text, facts_of
from switchboard.domain.hours import calendar_facts
from switchboard.domain.outcome_reader import points_of
from switchboard.domain.ruleset import Outcome, Row, Ruleset, Story, Table

Read = tuple[Attribute, Value]


@dataclass(frozen=True, slots=True)
class Decision:
    """The first row that matched, and the values it read.

    `prompts`, `views` and `flags` are those of the row and of the `collected` rows together.
    """

    ruleset: str
    row: str
    then: Outcome
    values_read: tuple[Read, ...] = field(default=(), repr=False)
    prompts: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    collected: tuple[str, ...] = ()

    @property
    def because(self) -> str:
        """The row and its reasons, in one sentence."""
        reasons = " and ".join(_said(read) for read in self.values_read)
        return f"{self.row}: {reasons or 'no other rule applied'}"


class Passed(NamedTuple):
    """A row that did not decide, the first of its cells that failed, and the value that it read."""

    row: str
    cell: Cell
    of: Attribute
    value: Value

    @property
    def attribute(self) -> str:
        return self.cell.attribute

    @property
    def why(self) -> str:
        """In one sentence."""
        return f"{_said((self.of, self.value))}, needs {self.cell.text}"


def decide(ruleset: Ruleset, facts: Mapping[str, Value], *, digest: str = "") -> Decision:
    """The first row whose cells all hold.

    A checked ruleset always has one. In any other the last row decides: a caller must go somewhere.
    """
    rows = ruleset.route.rows
    number = ruleset.route.masks.first(facts)
    row = rows[-1] if number is None else rows[number]
    then = row.then
    asks = then.prompts is None
    added = [
        row
        for table in ruleset.tables[1:]
        for row in _matching(table, facts)
        if row.then.views or row.then.flags or (asks and row.then.prompts)
    ]
    prompts = then.prompts
    if prompts is None:
        prompts = _together([row.then.prompts or () for row in added])
    return Decision(
        ruleset=digest,
        row=row.id,
        then=then,
        values_read=() if number is None else _values_read(ruleset, row, facts),
        prompts=prompts,
        views=_together([then.views, *[row.then.views for row in added]]),
        flags=_together([then.flags, *[row.then.flags for row in added]]),
        collected=tuple([row.id for row in added]),
    )


def explain(ruleset: Ruleset, facts: Mapping[str, Value]) -> tuple[Passed, ...]:
    """Why each row before the deciding one did not match."""
    return tuple(_passed(ruleset, facts))


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


def _matching(table: Table, facts: Mapping[str, Value]) -> list[Row]:
    if table.hit == "all":
        return [table.rows[number] for number in table.masks.every(facts)]
    number = table.masks.first(facts)
    return [] if number is None else [table.rows[number]]


def _together(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """All of them in order, each once."""
    named = [words for words in lists if words]
    if len(named) < 2:
        return named[0] if named else ()
    return tuple(dict.fromkeys([word for words in named for word in words]))


def _passed(ruleset: Ruleset, facts: Mapping[str, Value]) -> Iterator[Passed]:
    for row in ruleset.route.rows:
        for cell in row.cells:
            value = facts.get(cell.attribute)
            if not cell.condition.admits(value):
                yield Passed(row.id, cell, ruleset.attributes[cell.attribute], value)
                break
        else:
            return


def _values_read(ruleset: Ruleset, row: Row, facts: Mapping[str, Value]) -> tuple[Read, ...]:
    attributes = ruleset.attributes
    return tuple([(attributes[cell.attribute], facts.get(cell.attribute)) for cell in row.cells])


def _said(read: Read) -> str:
    attribute, value = read
    return f"{attribute.name.replace('_', ' ')} {fact_text(attribute, value)}"


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
