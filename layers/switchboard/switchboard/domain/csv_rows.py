"""Reads the rows of a table from a spreadsheet's lines, with the habits that spreadsheets have."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from switchboard.domain.cells import Attribute, read_cell, unknown
from switchboard.domain.csv_sheet import Line, Sheet, read_sheet, two_numbers, unguarded
from switchboard.domain.outcome_reader import Names, OutcomeReader
from switchboard.domain.reading import Reading
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_document import (
    ROUTE,
    THEN,
    column_of,
    outcome_columns,
    row_of,
)

_WRITTEN_FREELY: Final = ("note", f"{THEN}remark", f"{THEN}flow")
_PRIORITY: Final = f"{THEN}priority"
# What office programs type for a person: curly quotation marks, and spaces that do not break.
_STRAIGHT: Final = str.maketrans("\u201c\u201d\u201e\u2018\u2019\u00a0\u202f", '"""\'\'  ')
_GROUPED: Final = re.compile(r"\d,\d|\d[ '\u2019\u00a0\u202f]\d|\d\.\d{3}\.\d")


class RowsReader:
    """Collects the problems of every text that it reads."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        self._reading = Reading()
        self._columns = {column_of(name): each for name, each in ruleset.attributes.items()}
        self._outcomes = OutcomeReader(self._reading, _names(ruleset))

    @property
    def problems(self) -> list[str]:
        return self._reading.problems

    def rows(self, table_id: str, text: str) -> list[dict[str, Any]]:
        """The rows in a text; what cannot be used is in `problems`."""
        known = frozenset({"id", "note", *self._columns, *outcome_columns(table_id)})
        try:
            sheet = read_sheet(text, known)
        except ValueError as error:
            self.problems.append(f"{table_id}, {error}")
            return []
        told = list(_header_problems(table_id, sheet.columns, known))
        self.problems.extend(told)
        return [] if told else self._rows(table_id, sheet)

    def _rows(self, table_id: str, sheet: Sheet) -> list[dict[str, Any]]:
        rows, lines = [], dict[str, int]()
        for line in sheet.lines:
            where = f"{table_id}, line {line.number}"
            row = self._row(where, line, sheet, table_id)
            if not row["id"]:
                self.problems.append(f"{where}, id: nothing stands here; give the row an id")
            elif row["id"] in lines:
                told = f"{row['id']!r} stands in line {lines[row['id']]} too; give each its own"
                self.problems.append(f"{where}, id: {told}")
            lines[row["id"]] = line.number
            rows.append(row)
        return rows

    def _row(self, where: str, line: Line, sheet: Sheet, table_id: str) -> dict[str, Any]:
        texts = {}
        for column, raw in line.texts.items():
            try:
                texts[column] = self._text(column, raw, sheet)
            except ValueError as error:
                self.problems.append(f"{where}, {column}: {error}")
        row = row_of(texts, self._ruleset)
        outcome = self._outcomes.deciding if table_id == ROUTE else self._outcomes.adding
        outcome(where, row["then"])
        return row

    def _text(self, column: str, raw: str, sheet: Sheet) -> str:
        text = unguarded(raw.strip())
        if not text:
            return ""
        if attribute := self._columns.get(column):
            _check_number(attribute.type in ("number", "instant"), raw, sheet)
            return _cell(attribute, text)
        if column in _WRITTEN_FREELY:
            return "\n".join(text.splitlines())
        if text in self._own_names(column):
            return text
        _check_number(column == _PRIORITY, raw, sheet)
        return _straightened(text)

    def _own_names(self, column: str) -> Collection[str]:
        """Names that may be written in any way at all."""
        if column == _PRIORITY:
            return self._ruleset.priority_classes
        return self._ruleset.queues if column == f"{THEN}queue" else ()


def _header_problems(
    table_id: str, columns: Sequence[str], known: Collection[str]
) -> Iterator[str]:
    needed = ("id", f"{THEN}do") if table_id == ROUTE else ("id",)
    for column in needed:
        if column not in columns:
            yield f"{table_id}, line 1: there is no column {column}; add it"
    for column in dict.fromkeys(columns):
        if column and column not in known:
            yield f"{table_id}, line 1: column {unknown(column, sorted(known))}"
        if column and columns.count(column) > 1:
            yield f"{table_id}, line 1: the column {column} stands twice; remove one"


def _cell(attribute: Attribute, text: str) -> str:
    """The cell's text in its one form. What is written exactly so in the catalogue goes first."""
    try:
        return read_cell(attribute, text).text
    except ValueError:
        straight = _straightened(text)
        # Office programs make any true a TRUE, also where it is one of the words of a choice.
        word = straight.lower() if straight in ("TRUE", "FALSE") else straight
        return read_cell(attribute, word).text


def _straightened(text: str) -> str:
    return text.translate(_STRAIGHT).strip().strip("\"'").strip()


def _check_number(is_number: bool, raw: str, sheet: Sheet) -> None:
    if not is_number:
        return
    if _GROUPED.search(raw):
        raise ValueError(
            f"{raw!r} is not written as numbers are here; write a point before the decimals and "
            "nothing between the thousands, as 1000.5"
        )
    if two := two_numbers(raw, sheet.separator):
        raise ValueError(f"{raw!r} can mean two numbers in this file; write {two[0]}, or {two[1]}")


def _names(ruleset: Ruleset) -> Names:
    return Names(
        queues=ruleset.queues,
        prompts=ruleset.prompts,
        views=ruleset.views,
        flags=ruleset.flags,
        priority_classes=ruleset.priority_classes,
        priority_point_s=ruleset.priority_point_s,
        last_agents=tuple(ruleset.last_agents),
    )
