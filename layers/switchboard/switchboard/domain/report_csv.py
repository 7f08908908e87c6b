"""The rows of a CSV file that another system exported, line by line, whatever it was written with.

A title above the header, a byte order mark, semicolons or tabs, and rows that are too short or too
long are what exports look like. The file is never in memory as a whole.
"""

import codecs
import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import chain
from typing import Final

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
_PART: Final = re.compile(
    r'\s*(?P<field>[A-Za-z_]\w*)\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^,"=]*))\s*'
)

# Fields as people write them shortly, for `--columns id="Interaction ID",started=Start`.
SHORT_NAMES: Final = {
    "id": "interaction_id",
    "started": "started_at",
    "start": "started_at",
    "start_time": "started_at",
    "ended": "ended_at",
    "end": "ended_at",
    "end_time": "ended_at",
    "agent": "agent_name",
    "extension": "agent_extension",
    "duration": "duration_s",
    "disposition": "disposition_code",
    "customer": "customer_id",
}


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What one row says, by our field names; `number` is the line of the file that it begins in."""

    number: int
    texts: Mapping[str, str] = field(repr=False)


class NoReport(ValueError):
    """The file cannot be read as a report; says what to do, and nothing of its contents."""


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


def columns_in(text: str, known: Collection[str]) -> dict[str, str]:
    """The header of each field, from ``id="Interaction ID",started=Start``.

    Raises: NoReport that says how to write it.
    """
    columns: dict[str, str] = {}
    position = 0
    while position < len(text):
        found = _PART.match(text, position)
        header = (found["quoted"] or found["plain"] or "").strip() if found else ""
        at_end = found is not None and text[found.end() : found.end() + 1] in ("", ",")
        if found is None or not header or not at_end:
            raise NoReport('write the columns as id="Interaction ID",started=Start')
        columns[found["field"]] = header
        position = found.end() + 1
    return checked_columns(columns, known)


def checked_columns(columns: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """The header of each field, the fields by their whole names. Raises: NoReport."""
    checked: dict[str, str] = {}
    for name, header in columns.items():
        whole = SHORT_NAMES.get(name, name)
        if whole not in known:
            near = get_close_matches(name, [*SHORT_NAMES, *known], n=1)
            meant = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
            raise NoReport(f"there is no field {name}{meant}")
        if whole in checked:
            raise NoReport(f"two columns are given for {whole}; leave one out")
        checked[whole] = header
    return checked


def report_rows(
    lines: Iterable[str], columns: Mapping[str, str], *, known: Collection[str] = ()
) -> Iterator[ReportRow]:
    """The rows below the header, those that say nothing left out.

    Without `columns` the headers themselves must be `known` fields, in their whole or short names.

    Raises: NoReport when no line names the columns, or a quotation mark is never closed.
    """
    going = iter(lines)
    above: list[str] = []
    for line in going:
        above.append(line)
        if len(above) == _LINES_ABOVE:
            break
    separator = _separator(above, columns, known)
    records = _records(chain(above, going), separator)
    places = _places(records, columns, known)
    for number, texts in records:
        told = {
            name: text
            for name, place in places.items()
            if place < len(texts) and (text := _plain(texts[place]))
        }
        if told:
            yield ReportRow(number, told)


def _separator(above: Sequence[str], columns: Mapping[str, str], known: Collection[str]) -> str:
    """Whichever names most columns in one line; of a file with one column it does not matter."""

    def named(separator: str) -> int:
        rows = _records(above, separator, is_strict=False)
        return max((len(_found(texts, columns, known)) for _, texts in rows), default=0)

    return max(_SEPARATORS, key=named)


def _places(
    records: Iterator[tuple[int, list[str]]], columns: Mapping[str, str], known: Collection[str]
) -> dict[str, int]:
    """Which field stands where, from the first record that names all columns.

    What stands above it is a title. Takes the header off the records.
    """
    best: dict[str, int] = {}
    for number, texts in records:
        places = _found(texts, columns, known)
        if places and (len(places) == len(columns) or not columns):
            return places
        if len(places) > len(best):
            best = places
        if number >= _LINES_ABOVE:
            break
    missing = [header for name, header in columns.items() if name not in best]
    if missing:
        raise NoReport(f"no line names the column {missing[0]!r}; look at the header of the file")
    raise NoReport("no line names columns that are known; say which is which with --columns")


def _found(
    texts: Sequence[str], columns: Mapping[str, str], known: Collection[str]
) -> dict[str, int]:
    headers = [_folded(_plain(text)) for text in texts]
    if columns:
        wanted = {name: _folded(header) for name, header in columns.items()}
        return {name: headers.index(each) for name, each in wanted.items() if each in headers}
    places: dict[str, int] = {}
    for place, header in enumerate(headers):
        name = re.sub(r"\W+", "_", header).strip("_")
        whole = SHORT_NAMES.get(name, name)
        if whole in known:
            places.setdefault(whole, place)
    return places


def _records(
    lines: Iterable[str], separator: str, *, is_strict: bool = True
) -> Iterator[tuple[int, list[str]]]:
    """Every record that says anything, with the number of its first line."""
    reader = csv.reader(lines, delimiter=separator)
    begins = 1
    try:
        for texts in reader:
            if any(text.strip() for text in texts):
                yield begins, texts
            begins = reader.line_num + 1
    except csv.Error:
        if is_strict:
            raise NoReport(
                f"line {begins}: a quotation mark is never closed, or a field is longer than "
                "131,072 characters"
            ) from None


def _plain(text: str) -> str:
    """Without the blanks around it, and without what keeps a spreadsheet from rewriting it."""
    text = text.replace("\u00a0", " ").strip().strip("\ufeff")
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1]
    return text[1:] if text.startswith("'") else text


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
