"""Rows of a ruleset as flat text, one text for each column of a table, and back.

A document may write a cell as a list or a mapping, a number as text or typed. Flat, there is one
way, so two rows decide the same if their texts are equal. CSV files and the editing page use it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from switchboard.domain.cells import Attribute, read_cell
from switchboard.domain.outcome_reader import ADDING_KEYS, ROUTE_KEYS
from switchboard.domain.ruleset import Ruleset

ROUTE: Final = "route"
NONE: Final = "none"
LISTS: Final = ("prompts", "views", "flags")
WHEN: Final = "when."
THEN: Final = "then."
_ROW: Final = ("id", "note")
_FREE_TEXT: Final = ("flow", "on_fail", "remark")
_AGING: Final = re.compile(r"(\S+)(?:\s+\+\s*(\S+)/min)?(?:\s+max\s+(\S+))?")
_AGING_KEYS: Final = ("start", "gain_per_min", "max")

Document = Mapping[str, Any]
Record = Mapping[str, str]


def column_of(attribute: str) -> str:
    """The attribute's column: its name, unless that is another column's."""
    taken = attribute in _ROW or attribute.startswith((WHEN, THEN))
    return f"{WHEN}{attribute}" if taken else attribute


def outcome_columns(table_id: str) -> tuple[str, ...]:
    """The columns of what a row decides or adds."""
    return tuple(f"{THEN}{key}" for key in (ROUTE_KEYS if table_id == ROUTE else ADDING_KEYS))


def record_of(row: Document, ruleset: Ruleset) -> dict[str, str]:
    """The texts of a row by column; a column that says nothing is left out.

    Raises: ValueError for what no text of a cell can say.
    """
    then = row.get("then") or {}
    texts = {"id": _one_line(row.get("id")), "note": _note(row.get("note"))}
    for name, raw in (row.get("when") or {}).items():
        if raw != "":
            texts[column_of(str(name))] = _cell_text(ruleset.attributes[str(name)], raw)
    for key in ROUTE_KEYS:
        texts[f"{THEN}{key}"] = _outcome_text(key, then.get(key), ruleset)
    return {column: text for column, text in texts.items() if text}


def row_of(record: Record, ruleset: Ruleset) -> dict[str, Any]:
    """The row that the texts describe. Its conditions stand in the order of the catalogue."""
    names = ruleset.attributes
    when = {name: record[column_of(name)] for name in names if record.get(column_of(name))}
    then = {
        key: _outcome_value(key, text, ruleset)
        for key in ROUTE_KEYS
        if (text := record.get(f"{THEN}{key}"))
    }
    row: dict[str, Any] = {"id": record.get("id", ""), "when": when, "then": then}
    return {**row, "note": record["note"]} if record.get("note") else row


def tables_of(document: Document) -> dict[str, Sequence[Document]]:
    """The rows of each table by its id, as the document has them."""
    return {_one_line(table["id"]): table.get("rows") or () for table in document["tables"]}


def with_rows(document: Document, rows: Mapping[str, Sequence[Document]]) -> dict[str, Any]:
    """The document with these rows in these tables, and everything else as it was."""
    tables = [
        {**table, "rows": list(rows[_one_line(table["id"])])}
        if _one_line(table["id"]) in rows
        else table
        for table in document["tables"]
    ]
    return {**document, "tables": tables}


def names_in(text: str) -> list[str]:
    """The names of a list in one cell. `none` says that there are none."""
    names = [name.strip() for name in text.split(",")]
    return [] if text.strip() == NONE else [name for name in names if name]


def _cell_text(attribute: Attribute, raw: object) -> str:
    cell = read_cell(attribute, raw)
    try:
        is_exact = read_cell(attribute, cell.text) == cell
    except ValueError:
        is_exact = False
    if not is_exact:
        raise ValueError(f"{attribute.name}: {raw!r} cannot be written as the text of a cell")
    return cell.text


def _outcome_text(key: str, raw: Any, ruleset: Ruleset) -> str:
    if raw is None or raw == "":
        return ""
    if key in LISTS:
        return _list_text(raw, empty=NONE if key == "prompts" else "")
    if isinstance(raw, Mapping):
        return _aging_text(raw, ruleset)
    return _one_line(raw) if key in _FREE_TEXT else _plain(raw)


def _list_text(raw: Any, *, empty: str) -> str:
    names = names_in(raw) if isinstance(raw, str) else [str(name).strip() for name in raw]
    # A prompt that is called none is told from no prompt by its comma.
    return f"{NONE}," if names == [NONE] else ", ".join(names) or empty


def _aging_text(aging: Mapping[str, Any], ruleset: Ruleset) -> str:
    """`5 +2/min max 45`"""
    start, gain, most = (_plain(aging.get(key) or 0) for key in _AGING_KEYS)
    growth = f" +{gain}/min" if gain != "0" else ""
    text = f"{start}{growth}" + (f" max {most}" if most != "0" else "")
    if text in ruleset.priority_classes:
        raise ValueError(f"priority: {text!r} is the name of a class too; rename the class")
    return text


def _outcome_value(key: str, text: str, ruleset: Ruleset) -> Any:
    if key in LISTS:
        return names_in(text)
    if key != "priority" or text in ruleset.priority_classes:
        return text
    aging = _AGING.fullmatch(text)
    if aging is None or aging.groups()[1:] == (None, None):
        return text
    said = zip(_AGING_KEYS, aging.groups(), strict=True)
    return {name: number for name, number in said if number is not None}


def _plain(raw: object) -> str:
    return str(int(raw)) if isinstance(raw, float) and raw.is_integer() else str(raw)


def _one_line(raw: object) -> str:
    return "" if raw is None else " ".join(str(raw).split())


def _note(raw: object) -> str:
    """Notes may have several lines."""
    return "" if raw is None else "\n".join(str(raw).splitlines()).strip()
