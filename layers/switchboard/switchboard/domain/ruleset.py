"""A routing ruleset: typed attributes, rows of cells, and the stories that it must keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from switchboard.domain.cells import Attribute, Cell, read_cell, unknown
from switchboard.domain.customer import Scalar

FORMAT: Final = "routing/1"
Action = Literal["queue", "self_service", "message", "callback"]
ACTIONS: Final = ("queue", "self_service", "message", "callback")
SOURCES: Final = ("ecs", "lookup", "crm", "history")
MOST_ROWS: Final = 500

_FILE_KEYS: Final = ("format", "name", "attributes", "names", "tables", "tests")
_ATTRIBUTE_KEYS: Final = ("type", "values", "from")
_NAMES_KEYS: Final = ("business_processes", "prompts")
_TABLE_KEYS: Final = ("id", "hit", "rows")
_STORY_KEYS: Final = ("name", "given", "expect")
_EXPECT_KEYS: Final = ("row", "do", "business_process", "prompts")
_ROW_KEYS: Final = ("id", "when", "then")
_THEN_KEYS: Final = (
    "do", "business_process", "priority_class", "priority_seconds", "prompts", "last_agent",
)  # fmt: skip


class RulesetProblem(ValueError):
    """The file cannot be used; every problem is one line that names the place and the way out."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a row decides."""

    action: Action
    business_process: str
    priority_class: str = ""
    priority_seconds: int = 0
    prompts: tuple[str, ...] = ()
    last_agent: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """All cells must hold for the row to decide."""

    id: str
    cells: tuple[Cell, ...]
    then: Outcome


@dataclass(frozen=True, slots=True)
class Story:
    """A test inside the file: with these facts, this must be decided."""

    name: str
    given: Mapping[str, Scalar]
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A checked ruleset. The last row has no cells, so that every caller is decided."""

    name: str
    attributes: Mapping[str, Attribute]
    rows: tuple[Row, ...]
    stories: tuple[Story, ...]


def read_ruleset(document: object) -> Ruleset:
    """The ruleset in a parsed file.

    Raises: RulesetProblem, with every problem found and not only the first.
    """
    reader = _Reader(document)
    ruleset = reader.ruleset()
    if reader.problems:
        raise RulesetProblem(reader.problems)
    return ruleset


class _Reader:
    """Collects problems while it reads, so that a person mends a file once."""

    def __init__(self, document: object) -> None:
        self.problems: list[str] = []
        self.document = self._mapping("the file", document)
        self._known_keys("the file", self.document, _FILE_KEYS)
        names = self._optional_mapping("names", self.document.get("names"))
        self._known_keys("names", names, _NAMES_KEYS)
        self.names = {kind: self._words(f"names.{kind}", names.get(kind)) for kind in _NAMES_KEYS}

    def ruleset(self) -> Ruleset:
        if self.document.get("format") != FORMAT:
            self.problems.append(f"format: write `format: {FORMAT}`")
        attributes = {a.name: a for a in self._attributes()}
        rows = tuple(self._rows(attributes))
        self._check_rows(rows)
        told = self._list("tests", self.document.get("tests"))
        stories = tuple(self._story(spec, attributes) for spec in told)
        return Ruleset(str(self.document.get("name", "")), attributes, rows, stories)

    def _attributes(self) -> Sequence[Attribute]:
        found = []
        every = self._optional_mapping("attributes", self.document.get("attributes"))
        self._words("attributes", list(every))
        for name, raw in every.items():
            where = f"attributes.{name}"
            spec = self._mapping(where, raw)
            self._known_keys(where, spec, _ATTRIBUTE_KEYS)
            kind = self._one_of(f"{where}.type", spec.get("type"), ("flag", "choice", "number"))
            source = str(spec.get("from", ""))
            if not source.partition(".")[2]:
                self.problems.append(f"{where}.from: say which value, for example crm.tier")
            self._one_of(f"{where}.from", source.split(".")[0], SOURCES)
            values = self._words(f"{where}.values", spec.get("values"))
            if kind == "choice" and not values:
                self.problems.append(f"{where}: a choice needs `values: […]`")
            found.append(Attribute(name, kind, source, values))
        return found

    def _rows(self, attributes: Mapping[str, Attribute]) -> Sequence[Row]:
        tables = [
            self._mapping("tables", t) for t in self._list("tables", self.document.get("tables"))
        ]
        if len(tables) != 1 or tables[0].get("id") != "route" or tables[0].get("hit") != "first":
            self.problems.append("tables: needs exactly one, with `id: route` and `hit: first`")
            return ()
        self._known_keys("tables", tables[0], _TABLE_KEYS)
        rows = self._list("rows", tables[0].get("rows"))
        return [self._row(spec, attributes) for spec in rows]

    def _row(self, raw: object, attributes: Mapping[str, Attribute]) -> Row:
        spec = self._mapping("rows", raw)
        row_id = str(spec.get("id", "?"))
        where = f"row {row_id}"
        self._known_keys(where, spec, _ROW_KEYS)
        cells = [
            self._cell(f"{where}, {name}", attributes[name], raw)
            for name, raw in self._mapping(f"{where}: when", spec.get("when")).items()
            if self._one_of(f"{where}: attribute", name, tuple(attributes)) in attributes
        ]
        return Row(
            row_id,
            tuple(cells),
            self._outcome(where, self._mapping(f"{where}: then", spec.get("then"))),
        )

    def _outcome(self, where: str, then: Mapping[str, Any]) -> Outcome:
        self._known_keys(f"{where}, then", then, _THEN_KEYS)
        action = self._one_of(f"{where}: do", then.get("do"), ACTIONS)
        process = str(then.get("business_process", ""))
        if process or action == "queue":
            allowed = self.names["business_processes"]
            self._one_of(f"{where}: business_process", process, allowed)
        prompts = self._words(f"{where}: prompts", then.get("prompts"))
        for prompt in prompts:
            self._one_of(f"{where}: prompt", prompt, self.names["prompts"])
        seconds = then.get("priority_seconds", 0)
        if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 0:
            self.problems.append(f"{where}: priority_seconds must be a whole number of seconds")
            seconds = 0
        return Outcome(
            action=action,
            business_process=process,
            priority_class=str(then.get("priority_class", "")),
            priority_seconds=seconds,
            prompts=prompts,
            last_agent=self._flag(f"{where}: last_agent", then.get("last_agent", False)),
        )

    def _cell(self, where: str, attribute: Attribute, raw: object) -> Cell:
        try:
            return read_cell(attribute, raw)
        except ValueError as error:
            self.problems.append(f"{where}: {error}")
            return Cell(attribute.name, str(raw), lambda _: False)

    def _check_rows(self, rows: Sequence[Row]) -> None:
        ids = [row.id for row in rows]
        for repeated in sorted({i for i in ids if ids.count(i) > 1}):
            self.problems.append(f"row {repeated}: the id stands twice; give each row its own")
        if not rows or rows[-1].cells:
            self.problems.append("the last row must be `when: {}`, so that nobody falls through")
        for row in rows[:-1]:
            if not row.cells:
                self.problems.append(f"row {row.id}: matches everybody; rows after it never decide")
        if len(rows) > MOST_ROWS:
            self.problems.append(f"{len(rows)} rows; at most {MOST_ROWS} are read")

    def _story(self, raw: object, attributes: Mapping[str, Attribute]) -> Story:
        spec = self._mapping("tests", raw)
        name = str(spec.get("name", "?"))
        where = f"test {name!r}"
        self._known_keys(where, spec, _STORY_KEYS)
        given = self._optional_mapping(f"{where}: given", spec.get("given"))
        for attribute, value in given.items():
            self._one_of(f"{where}: attribute", attribute, tuple(attributes))
            if not isinstance(value, str | int | float | bool | None):
                self.problems.append(f"{where}: {attribute} must be one value, not {value!r}")
        expect = self._mapping(f"{where}: expect", spec.get("expect"))
        self._known_keys(f"{where}: expect", expect, _EXPECT_KEYS)
        return Story(name, given, expect)

    def _mapping(self, where: str, value: object) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self.problems.append(f"{where}: write `name: value` pairs, not {value!r}")
        return {}

    def _optional_mapping(self, where: str, value: object) -> Mapping[str, Any]:
        return {} if value is None else self._mapping(where, value)

    def _list(self, where: str, value: object) -> Sequence[Any]:
        if value is None or isinstance(value, list):
            return value or []
        self.problems.append(f"{where}: write a list, not {value!r}")
        return []

    def _words(self, where: str, value: object) -> tuple[str, ...]:
        words = self._list(where, value)
        for word in words:
            if not isinstance(word, str):
                # YAML reads a bare yes, no or 7 as something else than a word.
                self.problems.append(f"{where}: write {word!r} as text, in quotes")
        return tuple(word for word in words if isinstance(word, str))

    def _flag(self, where: str, value: object) -> bool:
        if not isinstance(value, bool):
            self.problems.append(f"{where}: {value!r} is not a flag; write true or false")
        return value is True

    def _known_keys(self, where: str, spec: Mapping[str, Any], allowed: Sequence[str]) -> None:
        for key in spec:
            self._one_of(f"{where}: key", key, allowed)

    def _one_of(self, where: str, value: Any, allowed: Sequence[str]) -> Any:
        if value not in allowed:
            self.problems.append(f"{where}: {unknown(value, allowed)}")
        return value
