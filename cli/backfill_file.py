"""A file of past interactions, read line by line: CSV or JSON lines, of any length."""

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import yaml

from switchboard.contracts.applications import read_contract
from switchboard.contracts.ecs import Trigger
from switchboard.domain.interaction import TriggerKind
from switchboard.domain.past_interaction import past_interaction
from switchboard.domain.report_csv import (
    SHORT_NAMES,
    NoReport,
    checked_columns,
    columns_in,
    encoding_of,
    report_rows,
)
from switchboard.edges.ecs_request import parameters_in
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
    decides what comes of it."""

    path: Path
    encoding: str
    lines: int
    digest: str
    columns: Mapping[str, str]
    zone: ZoneInfo

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
    """Look the file over once. Raises: NoReport, OSError."""
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
    return PastFile(path, encoding, lines, digest.hexdigest(), named, zone)


def columns_of(columns: str) -> Mapping[str, str]:
    """Which column has which field: as written on the command line, or in a YAML file.

    Raises: NoReport.
    """
    if not columns or "=" in columns:
        return columns_in(columns, KNOWN)
    try:
        named = yaml.safe_load(Path(columns).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        raise NoReport(
            f"{columns} cannot be read as YAML; write field: column, a line each"
        ) from None
    if not isinstance(named, dict) or not named:
        raise NoReport(f"{columns} must name a column for each field, as interaction_id: Call ID")
    return checked_columns({str(name): str(column) for name, column in named.items()}, KNOWN)


def _csv(
    lines: Iterator[str], columns: Mapping[str, str]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    for row in report_rows(lines, columns, known=KNOWN):
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
    short = {SHORT_NAMES[name]: text for name, text in said.items() if name in SHORT_NAMES}
    return {**short, **{name: text for name, text in said.items() if name not in SHORT_NAMES}}


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == _CSV
