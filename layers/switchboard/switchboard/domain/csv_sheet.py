"""A sheet of texts as spreadsheets save it: with a BOM, semicolons or tabs, and empty lines."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_SEPARATORS: Final = (",", ";", "\t")
# The wide forms of = + - @ count as well in East Asian editions.
_SIGNS: Final = "=+@\uff1d\uff0b\uff0d\uff20-"
_FORMULA: Final = (*_SIGNS, "\t", "\r")
# What begins a cell where a spreadsheet splits at another separator than ours, quoted or not.
_GAP: Final = r'(?<![;,\s"])([;,\s"]++)'
_BEGINS_INSIDE: Final = re.compile(rf"{_GAP}('*+)(?=[{_SIGNS}])")
_GUARDED_INSIDE: Final = re.compile(rf"{_GAP}'('*+)(?=[{_SIGNS}])")
_ENDS_CELLS: Final = frozenset(";,\t\r\n")
_MONTH: Final = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
# A spreadsheet makes 007 a 7, 1-2 and MAR1 a date, and 123456789012 a 1.23457E+11.
_REWRITTEN: Final = re.compile(
    rf"0\d+|\d{{12,}}|\d+(?:\.\d+)?e[+-]?\d+|\d+(?:[-/:.]\d+){{1,2}}"
    rf"|{_MONTH}[-/ .]?\d{{1,4}}|\d{{1,2}}[-/ .]?{_MONTH}",
    re.ASCII | re.IGNORECASE,
)
# Where semicolons separate, the decimals have a comma, and a point may stand between thousands.
_THOUSANDS: Final = re.compile(r"(?<![\d.])\d{1,3}\.\d{3}(?!\d)", re.ASCII)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """The texts of one line by column. `number` is where it begins in the file."""

    number: int
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The lines that say anything. `separator` tells whose habits the numbers may follow."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    separator: str


def decoded(raw: bytes) -> str:
    """The text of a file that a spreadsheet saved.

    Raises: ValueError that says how to save it.
    """
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("is no UTF-8 text; save it as `CSV UTF-8`") from None


def sheet_text(columns: Sequence[str], lines: Sequence[Mapping[str, str]], separator: str) -> str:
    """CSV whose texts no spreadsheet runs or rewrites."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=separator)
    writer.writerow([guarded(column) for column in columns])
    writer.writerows([[guarded(line.get(column, "")) for column in columns] for line in lines])
    return written.getvalue()


def read_sheet(text: str, known: frozenset[str]) -> Sheet:
    """The sheet in the text. Texts stay guarded, so that their reader knows that they were.

    Raises: ValueError for text that is no sheet with a line of `known` columns at its top.
    """
    text = text.removeprefix("\ufeff")
    head = next((line for line in text.splitlines() if line.strip(" ,;\t")), "")
    separator = max(_SEPARATORS, key=lambda by: len(known.intersection(_names(head, by))))
    records = _records(text, separator)
    _, first = next(records, (1, []))
    columns = tuple(_name(column) for column in first)
    if known.isdisjoint(columns):
        raise ValueError("line 1: the first line must name the columns, beginning with id")
    while columns and not columns[-1]:
        columns = columns[:-1]
    return Sheet(columns, tuple(_line(columns, *record) for record in records), separator)


def guarded(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run or rewrite.

    Also within it: who opens commas where semicolons separate gets a cell after each semicolon.
    """
    text = _BEGINS_INSIDE.sub(lambda found: _after_gap(found, "'"), text)
    return f"'{text}" if _is_touched(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    text = text[1:] if text.startswith("'") and _is_touched(text[1:]) else text
    return _GUARDED_INSIDE.sub(lambda found: _after_gap(found, ""), text)


def _after_gap(found: re.Match[str], guard: str) -> str:
    gap, apostrophes = found.groups()
    return found[0] if _ENDS_CELLS.isdisjoint(gap) else f"{gap}{guard}{apostrophes}"


def _is_touched(text: str) -> bool:
    bare = text.lstrip("'")  # what has an apostrophe already needs one more, or it would lose it
    rewritten = _REWRITTEN.fullmatch(bare) or _THOUSANDS.search(bare)
    return bare.startswith(_FORMULA) or rewritten is not None


def two_numbers(raw: str, separator: str) -> tuple[str, str] | None:
    """The two ways to read a number that was not guarded, as an office of that separator may."""
    found = _THOUSANDS.search(raw)
    if separator != ";" or found is None or raw.startswith("'"):
        return None
    return found.group().replace(".", ""), f"{found.group()}0"


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Every record that says anything, with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        for texts in reader:
            if any(text.strip() for text in texts):
                yield begins, texts
            begins = reader.line_num + 1
    except csv.Error:
        raise ValueError(
            f"line {begins}: a quotation mark is missing or stands alone; "
            'write a quotation mark within a text twice, as ""'
        ) from None


def _line(columns: tuple[str, ...], number: int, texts: list[str]) -> Line:
    beyond = [text for text in texts[len(columns) :] if text.strip()]
    nameless = [text for column, text in zip(columns, texts, strict=False) if not column and text]
    if beyond or nameless:
        said = (beyond or nameless)[0]
        raise ValueError(f"line {number}: {said[:40]!r} stands in a column that has no name")
    return Line(number, dict(zip(columns, texts, strict=False)))


def _names(head: str, separator: str) -> list[str]:
    return [_name(name) for name in next(csv.reader([head], delimiter=separator), [])]


def _name(raw: str) -> str:
    return unguarded(raw.strip())
