"""A ruleset's tables as CSV for a spreadsheet, and back.

One text for each table, one line for each row: its id and note, a column for each attribute that
the table looks at, then what the row decides. Nothing in a cell means any value.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from switchboard.domain.cells import unknown
from switchboard.domain.csv_rows import RowsReader
from switchboard.domain.csv_sheet import sheet_text
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_document import (
    Document,
    Record,
    column_of,
    outcome_columns,
    record_of,
    tables_of,
    with_rows,
)
from switchboard.domain.ruleset_reader import RulesetProblem, read_ruleset


def tables_as_csv(
    document: Document, *, all_columns: bool = False, separator: str = ","
) -> dict[str, str]:
    """The text of each table by its id; `all_columns` also has those that no row uses.

    Raises: RulesetProblem when the document is no ruleset, or has what a table cannot say.
    """
    ruleset = read_ruleset(document)
    problems: list[str] = []
    texts = {}
    for table_id, rows in tables_of(document).items():
        records = [_record(row, ruleset, problems) for row in rows]
        columns = _columns(table_id, records, ruleset, all_columns=all_columns)
        texts[table_id] = sheet_text(columns, records, separator)
    if problems:
        raise RulesetProblem(problems)
    return texts


def with_csv(document: Document, texts: Mapping[str, str]) -> dict[str, Any]:
    """The document with the rows of these texts, by table; everything else stays as it is.

    A row that says what it said before also stays as it was written.

    Raises: RulesetProblem with every problem found: its table, line and column, and the way out.
    """
    ruleset = read_ruleset(document)
    before = tables_of(document)
    reader = RowsReader(ruleset)
    rows = {}
    for table_id, text in texts.items():
        if table_id not in before:
            reader.problems.append(f"{table_id}: no such table; {unknown(table_id, tuple(before))}")
            continue
        read = reader.rows(table_id, text)
        written = {_told(_record(row, ruleset, reader.problems)): row for row in before[table_id]}
        rows[table_id] = [
            written.get(_told(_record(row, ruleset, reader.problems)), row) for row in read
        ]
    if reader.problems:
        raise RulesetProblem(reader.problems)
    changed = with_rows(document, rows)
    read_ruleset(changed)
    return changed


def _record(row: Document, ruleset: Ruleset, problems: list[str]) -> Record:
    try:
        return record_of(row, ruleset)
    except ValueError as error:
        problems.append(f"row {row.get('id')}, {error}")
        return {}


def _columns(
    table_id: str, records: Sequence[Record], ruleset: Ruleset, *, all_columns: bool
) -> list[str]:
    used = {column for record in records for column in record}
    attributes = [column_of(name) for name in ruleset.attributes]
    shown = [column for column in attributes if all_columns or column in used]
    return ["id", "note", *shown, *outcome_columns(table_id)]


def _told(record: Record) -> frozenset[tuple[str, str]]:
    return frozenset(record.items())
