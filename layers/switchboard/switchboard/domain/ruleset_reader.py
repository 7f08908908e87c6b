"""Reads a ruleset's document, whole: every problem is one line with its place and the way out."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast, get_args
from zoneinfo import ZoneInfo

from switchboard.domain.calendar_reader import read_calendars, read_zone
from switchboard.domain.catalogue_reader import (
    check_name,
    check_sources,
    read_attributes,
    read_names,
)
from switchboard.domain.cells import Attribute, Cell, read_cell, unknown
from switchboard.domain.given_facts import check_given
from switchboard.domain.outcome_reader import OutcomeReader
from switchboard.domain.profile_reader import read_profiles
from switchboard.domain.reading import Reading, TooManyProblems
from switchboard.domain.ruleset import (
    FORMAT,
    MOST_ROWS,
    AgentForm,
    Hit,
    Outcome,
    Row,
    Ruleset,
    Story,
    Table,
)

FILE_KEYS: Final = (
    "format", "name", "timezone", "priority_point", "service_level", "agent_form", "attributes",
    "names", "last_agent", "calendars", "tables", "tests",
)  # fmt: skip
TABLE_KEYS: Final = ("id", "hit", "rows")
ROW_KEYS: Final = ("id", "when", "then", "note")
STORY_KEYS: Final = ("name", "given", "expect", "at")
EXPECT_KEYS: Final = (
    "row", "do", "queue", "priority", "prompts", "last_agent", "views", "flags",
)  # fmt: skip
DEFAULT_ZONE: Final = "UTC"
DEFAULT_SERVICE_LEVEL_S: Final = 20.0

_ReadOutcome = Callable[[str, Mapping[str, Any]], Outcome]


class RulesetProblem(ValueError):
    """The file cannot be used; every problem is one line that names the place and the way out."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read_ruleset(document: object) -> Ruleset:
    """The ruleset in a parsed file.

    Raises: RulesetProblem, with every problem found and not only the first.
    """
    reader = _Reader()
    try:
        ruleset = reader.ruleset(document)
    except TooManyProblems:
        raise RulesetProblem(reader.problems) from None
    if reader.problems:
        raise RulesetProblem(reader.problems)
    return ruleset


class _Reader(Reading):
    def ruleset(self, written: object) -> Ruleset:
        """Raises: TooManyProblems."""
        document = self.mapping("the file", written)
        if document.get("format") != FORMAT:
            self.problem("format", f"write `format: {FORMAT}`")
        self.known_keys("the file", document, FILE_KEYS)
        self._attributes = attributes = read_attributes(self, document.get("attributes"))
        zone = self.read("timezone", read_zone, document.get("timezone", DEFAULT_ZONE), None)
        zone = zone or ZoneInfo(DEFAULT_ZONE)
        calendars, wrong = read_calendars(document.get("calendars"), default_zone=zone.key)
        self.problems.extend(wrong)
        check_sources(self, attributes, tuple(calendars))
        profiles = read_profiles(self, document.get("last_agent"), attributes)
        point = document.get("priority_point")
        names = read_names(self, document.get("names"), point=point, profiles=tuple(profiles))
        service_level = document.get("service_level")
        return Ruleset(
            name=self.text("name", document.get("name")),
            time_zone=zone.key,
            attributes=attributes,
            queues=names.queues,
            prompts=names.prompts,
            views=names.views,
            flags=names.flags,
            priority_classes=names.priority_classes,
            priority_point_s=names.priority_point_s,
            last_agents=profiles,
            calendars=calendars,
            tables=self._tables(document.get("tables"), OutcomeReader(self, names)),
            stories=tuple(map(self._story, self.entries("tests", document.get("tests")))),
            service_level_s=self.duration(
                "service_level", service_level, default=DEFAULT_SERVICE_LEVEL_S
            ),
            agent_form=self._agent_form(document.get("agent_form")),
        )

    def _agent_form(self, raw: object) -> AgentForm:
        forms = get_args(AgentForm)
        said = forms[0] if raw is None else self.one_of("agent_form", raw, forms)
        return cast("AgentForm", said)

    def _tables(self, written: object, outcomes: OutcomeReader) -> tuple[Table, ...]:
        specs = sorted(
            (self.mapping("tables", raw) for raw in self.entries("tables", written)),
            key=lambda spec: spec.get("id") != "route",
        )
        self._check_rows(specs)
        tables = tuple(self._table(spec, outcomes) for spec in specs)
        if [table.id for table in tables].count("route") != 1:
            self.problem("tables", "exactly one of them needs `id: route` and `hit: first`")
        self._check_ids("table", [table.id for table in tables])
        self._check_ids("row", [row.id for table in tables for row in table.rows])
        return tables

    def _check_rows(self, specs: Sequence[Mapping[str, Any]]) -> None:
        """Before any of them is read, which takes its time."""
        listed = [spec.get("rows") for spec in specs]
        rows = sum(len(rows) for rows in listed if isinstance(rows, list | tuple))
        if rows > MOST_ROWS:
            self.problem("tables", f"{rows} rows; at most {MOST_ROWS} are read")
            raise TooManyProblems

    def _table(self, spec: Mapping[str, Any], outcomes: OutcomeReader) -> Table:
        name = self.text("tables: id", spec.get("id"))
        is_route = name == "route"
        check_name(self, "tables: id", name)
        self.known_keys(f"table {name}", spec, TABLE_KEYS)
        hits = ("first",) if is_route else get_args(Hit)
        hit = self.one_of(f"table {name}, hit", spec.get("hit"), hits)
        read = outcomes.deciding if is_route else outcomes.adding
        listed = self.entries(f"table {name}, rows", spec.get("rows"))
        rows = tuple(self._row(name, raw, read) for raw in listed)
        if is_route and not rows:
            self.problem("table route", "has no rows; the last one should be `when: {}`")
        if is_route:
            self._check_on_fail(rows)
        return Table(name, "all" if hit == "all" else "first", rows)

    def _row(self, table: str, raw: object, read: _ReadOutcome) -> Row:
        spec = self.mapping(f"table {table}", raw)
        name = self.text(f"table {table}, id", spec.get("id"))
        where = f"row {name or '?'}"
        check_name(self, f"{where}, id", name)
        self.known_keys(where, spec, ROW_KEYS)
        return Row(
            id=name,
            cells=self._cells(where, spec.get("when")),
            then=read(where, self.mapping(f"{where}, then", spec.get("then"))),
            note=self.text(f"{where}, note", spec.get("note")),
        )

    def _cells(self, where: str, when: object) -> tuple[Cell, ...]:
        written = self.mapping(f"{where}, when", when)
        read = (self._cell(where, name, raw) for name, raw in written.items())
        return tuple(cell for cell in read if cell)

    def _cell(self, where: str, name: str, raw: object) -> Cell | None:
        attribute = self._attribute(where, name)
        if attribute is None or raw == "":
            return None
        return self.read(f"{where}, {name}", lambda cell: read_cell(attribute, cell), raw, None)

    def _attribute(self, where: str, name: str) -> Attribute | None:
        if name not in self._attributes:
            self.problem(where, f"attribute {unknown(name, tuple(self._attributes))}")
        return self._attributes.get(name)

    def _check_ids(self, kind: str, ids: Sequence[str]) -> None:
        for twice in sorted(name for name, times in Counter(ids).items() if times > 1):
            self.problem(f"{kind} {twice}", "the id stands twice; give each its own")

    def _check_on_fail(self, rows: Sequence[Row]) -> None:
        ids = tuple(row.id for row in rows)
        for row in rows:
            if row.then.on_fail:
                self.one_of(f"row {row.id}, on_fail", row.then.on_fail, ids)

    def _story(self, raw: object) -> Story:
        spec = self.mapping("tests", raw)
        name = self.text("tests, name", spec.get("name")) or "?"
        where = f"test {name!r}"
        self.known_keys(where, spec, STORY_KEYS)
        given = self.mapping(f"{where}, given", spec.get("given"))
        check_given(self, where, self._attributes, given)
        expect = self.mapping(f"{where}, expect", spec.get("expect"))
        self.known_keys(f"{where}, expect", expect, EXPECT_KEYS)
        if not expect:
            self.problem(where, "expects nothing; say at least which row decides")
        return Story(name, given, expect, self.text(f"{where}, at", spec.get("at")))
