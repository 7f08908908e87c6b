"""A file of past interactions, read line by line: CSV or JSON lines, of any length."""

import hashlib
import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import yaml

from cli.yaml_text import KeysTwice, read_yaml_text
from switchboard.contracts.applications import read_contract
from switchboard.contracts.ecs import Trigger
from switchboard.domain.interaction import TriggerKind
from switchboard.domain.past_interaction import past_interaction
from switchboard.domain.report_csv import encoding_of, header_of, report_rows
from switchboard.domain.report_header import (
    SHORT_NAMES,
    Header,
    NoReport,
    checked_columns,
    columns_in,
)
from switchboard.edges.ecs_request import MOST_FIELDS, parameters_in
from switchboard.errors import InvalidRequest
from switchboard.use_cases.backfill import Line

KNOWN: Final = tuple(Trigger.model_fields)
_CSV: Final = ".csv"
_JSON_LINES: Final = (".jsonl", ".ndjson")
_CHUNK: Final = 1 << 20
_LONGEST_LINE: Final = 256 * 1024


@dataclass(frozen=True)
class PastFile:
    """What there is to read: where, written how, about how many lines, and a digest of all that
    decides what comes of it.

    `kept` are columns that stay under their own names; `unused` are those that nobody reads.
    """

    path: Path
    encoding: str
    lines: int
    digest: str
    columns: Mapping[str, str]
    zone: ZoneInfo
    kept: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    def read(self, *, from_line: int, now: datetime) -> Generator[Line]:
        """Every interaction from that line on, or why a line is none.

        Raises: NoReport when it cannot be read on.
        """
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            texts = _csv(file, self.columns) if _is_csv(self.path) else _json(file, self.columns)
            for number, sent in texts:
                if number >= from_line:
                    yield self._line(number, sent, now)

    def _line(self, number: int, sent: Mapping[str, str] | InvalidRequest, now: datetime) -> Line:
        try:
            if isinstance(sent, InvalidRequest):
                raise sent
            said = parameters_in(sent, b"", "")
            trigger = read_contract(Trigger, dict(said))
            kind = TriggerKind.INTERACTION_ENDS
            event = trigger.to_event(kind, received_at=now, zone=self.zone)
            return Line(number, past_interaction(event, now=now))
        except InvalidRequest as error:
            return Line(number, None, str(error))


def opened(path: Path, columns: str, zone: ZoneInfo) -> PastFile:
    """Look the file over once, and its header. Raises: NoReport, OSError."""
    if not _is_csv(path) and path.suffix.lower() not in _JSON_LINES:
        raise NoReport("the file must end in .csv, or in .jsonl with one JSON object a line")
    named = columns_of(columns)
    digest = hashlib.sha256(json.dumps([sorted(named.items()), str(zone)]).encode())
    lines = 0

    def chunks() -> Iterator[bytes]:
        nonlocal lines
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                lines += chunk.count(b"\n")
                yield chunk

    reading = chunks()
    encoding = encoding_of(reading)
    for _ in reading:  # what it did not need, the digest does
        pass
    header = _header(path, encoding, named)
    return PastFile(
        path, encoding, lines, digest.hexdigest(), named, zone, header.kept, header.unused
    )


def columns_of(columns: str) -> Mapping[str, str]:
    """Which column has which field: as written on the command line, or in a YAML file.

    Raises: NoReport.
    """
    if not columns or "=" in columns:
        return columns_in(columns, KNOWN)
    try:
        named = read_yaml_text(Path(columns).read_text(encoding="utf-8"))
    except KeysTwice as error:
        raise NoReport(f"{columns}: {error}") from None
    except OSError as error:
        raise NoReport(f"{columns}: {error.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise NoReport(
            f"{columns} cannot be read as YAML; write field: column, a line each"
        ) from None
    if not isinstance(named, dict) or not named:
        raise NoReport(f"{columns} must name a column for each field, as interaction_id: Call ID")
    return checked_columns({str(name): str(column) for name, column in named.items()}, KNOWN)


def _header(path: Path, encoding: str, columns: Mapping[str, str]) -> Header:
    """What becomes of the columns of the whole file; of JSON, of the names in its first line.

    Raises: NoReport, OSError.
    """
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        if not _is_csv(path):
            return _header_of_json(file, columns)
        header = header_of(file, columns, known=KNOWN, keeps_others=True)
    if len(header.places) > MOST_FIELDS:
        raise NoReport(
            f"it has {len(header.places)} columns, and one interaction has room for "
            f"{MOST_FIELDS}; choose some with --columns"
        )
    return header


def _header_of_json(lines: Iterable[str], columns: Mapping[str, str]) -> Header:
    first = next((line.strip().strip("\ufeff") for line in lines if line.strip()), "")
    try:
        names = list(_object(first))
    except InvalidRequest:
        names = []
    known = {*KNOWN, *SHORT_NAMES}
    kept = [] if columns else [name for name in names if name not in known]
    unused = [name for name in names if name not in columns.values()] if columns else []
    return Header({}, tuple(kept), tuple(unused))


def _csv(
    lines: Iterator[str], columns: Mapping[str, str]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    for row in report_rows(lines, columns, known=KNOWN, keeps_others=True):
        yield row.number, row.texts


def _json(
    lines: Iterator[str], columns: Mapping[str, str]
) -> Iterator[tuple[int, Mapping[str, str] | InvalidRequest]]:
    for number, line in enumerate(lines, start=1):
        if text := line.strip().strip("\ufeff"):
            try:
                yield number, _named(_object(text), columns)
            except InvalidRequest as error:
                yield number, error


def _object(text: str) -> Mapping[str, str]:
    if len(text) > _LONGEST_LINE:
        raise InvalidRequest("The line is too long for one interaction.")
    return parameters_in({}, text.encode(), "application/json")


def _named(said: Mapping[str, str], columns: Mapping[str, str]) -> Mapping[str, str]:
    if columns:
        return {name: said[column] for name, column in columns.items() if column in said}
    told: dict[str, str] = {}
    for name, text in said.items():
        whole = SHORT_NAMES.get(name, name)
        if whole in told:
            raise InvalidRequest(f"It says {whole} twice, also by its short name; leave one out.")
        told[whole] = text
    return told


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == _CSV
