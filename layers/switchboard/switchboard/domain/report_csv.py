"""The rows of a CSV file that another system exported, line by line, whatever it was written with.

A title above the header, a byte order mark, semicolons or tabs, and rows that are too short or too
long are what exports look like. The file is never in memory as a whole.
"""

import codecs
import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

from switchboard.domain.report_header import Header, NoReport, fields_in, header_in, plain

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What office programs of the western world write where they do not write UTF-8.
_FALLBACK: Final = "cp1252"
_SEPARATORS: Final = (",", ";", "\t", "|")
_LINES_ABOVE: Final = 50
_HEAD: Final = 100


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What one row says, by our field names; `number` is the line of the file that it begins in."""

    number: int
    texts: Mapping[str, str] = field(repr=False)


def encoding_of(chunks: Iterable[bytes]) -> str:
    """What the bytes of a file are written in. Reads all of them, keeps none."""
    parts = iter(chunks)
    first = next(parts, b"")
    for mark, name in _MARKS:
        if first.startswith(mark):
            return name
    if b"\x00" in first[:_HEAD]:
        return "utf-16-be" if first[:1] == b"\x00" else "utf-16-le"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for part in chain((first,), parts):
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _FALLBACK
    return "utf-8"


def report_rows(
    lines: Iterable[str],
    columns: Mapping[str, str],
    *,
    known: Collection[str] = (),
    keeps_others: bool = False,
) -> Iterator[ReportRow]:
    """The rows below the header, those without any text left out.

    Without `columns` the headers themselves must be `known` fields, in their whole or short names;
    with `keeps_others`, columns of other names stay under these. A row that says nothing in the
    columns that are read has no texts.

    Raises: NoReport when no line names the columns, two name one field, or a quotation mark is
    never closed.
    """
    header, records = _begun(lines, columns, known, keeps_others=keeps_others)
    for number, texts in records:
        told = {
            name: text
            for name, place in header.places.items()
            if place < len(texts) and (text := plain(texts[place]))
        }
        yield ReportRow(number, told)


def header_of(
    lines: Iterable[str],
    columns: Mapping[str, str],
    *,
    known: Collection[str] = (),
    keeps_others: bool = False,
) -> Header:
    """What the header says. Reads the beginning alone. Raises: NoReport, as `report_rows`."""
    return _begun(lines, columns, known, keeps_others=keeps_others)[0]


def _begun(
    lines: Iterable[str],
    columns: Mapping[str, str],
    known: Collection[str],
    *,
    keeps_others: bool,
) -> tuple[Header, Iterator[tuple[int, list[str]]]]:
    """The header, and the records below it."""
    going = iter(lines)
    above = list(islice(going, _LINES_ABOVE))
    separator = _separator(above, columns, known)
    records = _records(chain(above, going), separator)
    texts = _header(records, columns, known)
    return header_in(texts, columns, known, keeps_others=keeps_others), records


def _separator(above: Sequence[str], columns: Mapping[str, str], known: Collection[str]) -> str:
    """Whichever names most columns in one line; of a file with one column it does not matter."""

    def named(separator: str) -> int:
        rows = _records(above, separator, is_strict=False)
        return max((len(fields_in(texts, columns, known)) for _, texts in rows), default=0)

    return max(_SEPARATORS, key=named)


def _header(
    records: Iterator[tuple[int, list[str]]], columns: Mapping[str, str], known: Collection[str]
) -> list[str]:
    """The first record that names all columns; what stands above it is a title.

    Takes it off the records. Raises: NoReport.
    """
    best: Collection[str] = ()
    for number, texts in records:
        found = fields_in(texts, columns, known)
        if found and (len(found) == len(columns) or not columns):
            return texts
        best = max(best, found.keys(), key=len)
        if number >= _LINES_ABOVE:
            break
    missing = [header for name, header in columns.items() if name not in best]
    if missing:
        raise NoReport(f"no line names the column {missing[0]!r}; look at the header of the file")
    raise NoReport("no line names columns that are known; say which is which with --columns")


def _records(
    lines: Iterable[str], separator: str, *, is_strict: bool = True
) -> Iterator[tuple[int, list[str]]]:
    """Every record that says anything, with the number of its first line."""
    is_over = False

    def lines_and_one_more() -> Iterator[str]:
        nonlocal is_over
        yield from lines
        is_over = True
        yield ""

    reader = csv.reader(lines_and_one_more(), delimiter=separator)
    begins = 1
    with suppress(csv.Error):  # a field that is too long
        for texts in reader:
            # A record that goes on behind the last line has a quotation mark that is never closed;
            # the reader itself would hand it out, with all rows that it swallowed.
            if is_over and texts:
                break
            if any(text.strip() for text in texts):
                yield begins, texts
            begins = reader.line_num + 1
        else:
            return
    if is_strict:
        raise NoReport(
            f"line {begins}: a quotation mark is never closed, or a field is longer than "
            "131,072 characters"
        )
