"""What a comparison came to: counted, kept for the table, and written to files as it comes."""

import csv
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TextIO

import typer
from rich.console import Console
from rich.table import Table

from switchboard.domain.csv_sheet import guarded

_SHOWN: Final = 40


@dataclass(slots=True)
class Differences:
    """Differences as rows of texts: all of them in a file, the first of them on the screen.

    With `keeps_all` none is left out, for an answer in JSON.
    """

    columns: Sequence[str]
    file: Path | None = None
    keeps_all: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    rows: list[dict[str, str]] = field(default_factory=list)
    number: int = 0
    _stream: TextIO | None = None
    _writer: Any = None

    def __enter__(self) -> Self:
        if self.file:
            self._stream = private_file(self.file)
            self._writer = csv.writer(self._stream)
            self._writer.writerow(self.columns)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream:
            self._stream.close()

    def add(self, row: Mapping[str, str]) -> None:
        self.number += 1
        if self._writer:
            self._writer.writerow([guarded(row.get(name, "")) for name in self.columns])
        if self.keeps_all or len(self.rows) < _SHOWN:
            self.rows.append(dict(row))


def private_file(file: Path) -> TextIO:
    """A new file that its owner alone can read. Raises: OSError."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(opened, "w", encoding="utf-8", newline="")


def show(
    differences: Differences,
    *,
    title: str,
    rows: Iterable[tuple[str, int]],
    notes: Sequence[str],
    columns: Sequence[str],
) -> None:
    """The counts, the first differences, and what else there is to say."""
    console = Console(highlight=False)
    console.print(title, markup=False, soft_wrap=True)
    summary = Table(show_header=False, box=None, pad_edge=False)
    summary.add_column()
    summary.add_column(justify="right")
    for name, number in rows:
        summary.add_row(name, f"{number:,}")
    console.print(summary)
    if differences.rows:
        console.print()
        for row in differences.rows:
            said = "  ".join(printable(row[name]) for name in columns if row.get(name))
            console.print(said, markup=False, soft_wrap=True)
        more = differences.number - len(differences.rows)
        if more:
            console.print(f"… and {more:,} more; all of them with --csv FILE or --json")
    for note in notes:
        console.print(printable(note), markup=False, soft_wrap=True)


def answer_json(said: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(said, indent=2, ensure_ascii=False))


def printable(text: str) -> str:
    """What a CRM or a report wrote must not steer the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
