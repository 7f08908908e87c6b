"""An exported report: its file, its columns, and each row in our terms."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import ValidationError

from cli.yaml_text import KeysTwice, read_yaml_text
from switchboard.contracts.ecs import Trigger, read_time
from switchboard.contracts.report_columns import KNOWN_FIELDS, read_report_columns
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.domain.report_comparison import FACTS, Reported
from switchboard.domain.report_csv import ReportRow, encoding_of, header_of, report_rows
from switchboard.domain.report_header import NoReport, columns_in
from switchboard.errors import InvalidRequest, Misconfigured
from switchboard.use_cases.report_comparison import ReportTerms, canonical_contact

_CHUNK: Final = 1024 * 1024
_TIMES: Final = ("occurred_at", "started_at", "ended_at")
_YAML: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report and how it is read. `columns` is empty where its headers speak for themselves.

    `unused` are columns that nobody reads.
    """

    file: Path
    columns: Mapping[str, str]
    zone: ZoneInfo
    unused: tuple[str, ...] = ()

    @contextmanager
    def opened(self) -> Iterator[TextIO]:
        """Its text, whatever it is encoded in. Raises: OSError."""
        with self.file.open("rb") as raw:
            encoding = encoding_of(iter(lambda: raw.read(_CHUNK), b""))
        with self.file.open(encoding=encoding, errors="replace", newline="") as text:
            yield text

    def rows(self, lines: Iterator[str]) -> Iterator[ReportRow]:
        """Raises: NoReport."""
        return report_rows(lines, self.columns, known=KNOWN_FIELDS)


def report_file(file: Path, columns: str, time_zone: str) -> ReportFile:
    """What `--report`, `--columns` and `--time-zone` say.

    Raises: NoReport, OSError.
    """
    mapping: Mapping[str, str] = {}
    if columns.endswith(_YAML):
        mapping, in_file = _from_yaml(Path(columns))
        time_zone = time_zone or in_file
    elif columns:
        mapping = columns_in(columns, KNOWN_FIELDS)
    try:
        zone = ZoneInfo(time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        raise NoReport(f"{time_zone!r} is no time zone; write it as America/New_York") from None
    read = ReportFile(file, mapping, zone)
    with read.opened() as text:
        return replace(read, unused=header_of(text, mapping, known=KNOWN_FIELDS).unused)


def reported(row: ReportRow, zone: ZoneInfo, terms: ReportTerms) -> Reported:
    """The row as the trigger that it should have been: read as leniently, joined by the same id."""
    event = event_of(row, zone)
    if event is None:
        # Without an id by which to join it; by whom and when it may still be found.
        event = event_of(row, zone, instead_of_id="-")
        if event is None:
            return Reported(row.number, "", has_own_id=False)
        return _reported(row, event, "", terms)
    return _reported(row, event, event.interaction_id, terms)


def with_moments(row: ReportRow, zone: ZoneInfo) -> dict[str, str]:
    """What the row says, its times as moments that mean the same in every time zone."""
    read = {name: read_time(row.texts[name], zone) for name in _TIMES if name in row.texts}
    return {**row.texts, **{name: at.isoformat() for name, at in read.items() if at}}


def event_of(row: ReportRow, zone: ZoneInfo, *, instead_of_id: str = "") -> TriggerEvent | None:
    """None when nothing says which interaction it was, or its id is none."""
    texts = dict(row.texts)
    if instead_of_id:
        texts["interaction_id"] = instead_of_id
    try:
        return Trigger.model_validate(texts).to_event(
            TriggerKind.INTERACTION_ENDS, received_at=datetime.now(UTC), zone=zone
        )
    except (ValidationError, InvalidRequest):
        return None


def _reported(
    row: ReportRow, event: TriggerEvent, interaction_id: str, terms: ReportTerms
) -> Reported:
    def said(name: str) -> str:
        return event.fields.get(name, "")

    started_at = _moment(said("started_at"))
    return Reported(
        line=row.number,
        interaction_id=interaction_id,
        has_own_id=bool(interaction_id) and "interaction_id" in row.texts,
        started_at=started_at,
        contact=canonical_contact(
            said("contact"), said("channel"), said("dialed_number"), terms=terms
        ),
        facts={name: said(name) for name in FACTS if name in row.texts},
    )


def _moment(text: str) -> datetime | None:
    """A start that could be read was written as a moment; anything else stayed as it was."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _from_yaml(file: Path) -> tuple[Mapping[str, str], str]:
    try:
        read = read_report_columns(read_yaml_text(file.read_text(encoding="utf-8")))
    except KeysTwice as error:
        raise NoReport(f"{file}: {error}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise NoReport(f"{file} cannot be read; write it as docs/reconciliation.md shows") from None
    except Misconfigured as error:
        raise NoReport(f"{file}: {error}") from None
    return read.columns, read.time_zone
