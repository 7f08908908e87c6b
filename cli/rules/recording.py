"""Recorded contacts of a period, from a Switchboard's ledger into a file."""

import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from botocore.exceptions import BotoCoreError, ClientError

from cli.deployment import Target
from cli.rules.period import Period
from cli.rules.progress import watched
from cli.rules.recorded_lines import line_of
from switchboard.adapters.dynamodb_recorded import DynamoDbRecordedContacts
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.ports import RecordedPage

READ_UNITS: Final = 1000
_TABLE: Final = "Interactions"
_SALT_BYTES: Final = 32
_DAY: Final = slice(len('{"at":"'), len('{"at":"2026-11-01'))


@dataclass(frozen=True, slots=True)
class Written:
    """How many contacts were found, among how many rows of the ledger."""

    contacts: int
    looked_at: int


def record(
    where: Target, period: Period, out: Path, *, now: datetime, with_ids: bool, units_per_s: float
) -> Written:
    """Write the period's contacts in the order of time, and show how far it is meanwhile.

    Raises: StateUnavailable, OSError.
    """
    table = DynamoDbTable(where.client("dynamodb"), where.tables[_TABLE])
    contacts = DynamoDbRecordedContacts(table, units_per_s=units_per_s)
    pages = watched(
        contacts.pages(period.start, period.end, now=now),
        "rows of the ledger",
        total=_rows_about(where),
        size=lambda page: page.looked_at,
    )
    return write(pages, out, with_ids=with_ids)


def write(pages: Iterable[RecordedPage], out: Path, *, with_ids: bool) -> Written:
    """The contacts of the pages, sorted. Only whoever runs the command can read the file.

    They are sorted a day at a time, so a month need not fit into memory. Without contacts there is
    no file; when it breaks off, a file that was there stays as it was.
    """
    salt = secrets.token_bytes(_SALT_BYTES)
    found = looked_at = 0
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        with ExitStack() as files:
            days = _Days(Path(folder), files)
            for page in pages:
                looked_at += page.looked_at
                found += len(page.contacts)
                for contact in page.contacts:
                    days.add(line_of(contact, salt=salt, with_id=with_ids))
        if found:
            days.join(out)
    return Written(found, looked_at)


class _Days:
    """Lines, each in the file of its day."""

    def __init__(self, folder: Path, files: ExitStack) -> None:
        self._folder = folder
        self._files = files
        self._open: dict[str, IO[str]] = {}

    def add(self, line: str) -> None:
        day = line[_DAY]
        if day not in self._open:
            file = (self._folder / day).open("w", encoding="utf-8")
            self._open[day] = self._files.enter_context(file)
        self._open[day].write(f"{line}\n")

    def join(self, out: Path) -> None:
        whole = self._folder / "whole"
        whole.touch(mode=0o600)
        with whole.open("w", encoding="utf-8") as lines:
            lines.writelines(self._sorted())
        whole.replace(out)

    def _sorted(self) -> Iterator[str]:
        for day in sorted(self._open):
            with (self._folder / day).open(encoding="utf-8") as lines:
                yield from sorted(lines)


def _rows_about(where: Target) -> int | None:
    """How many rows the ledger had some hours ago; None when we may not ask, or it is new."""
    try:
        described = where.client("dynamodb").describe_table(TableName=where.tables[_TABLE])
    except (BotoCoreError, ClientError):
        return None
    return int(described["Table"].get("ItemCount", 0)) or None
