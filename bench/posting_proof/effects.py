"""What was really done in the CRMs, written down before anybody is told: the checker's truth."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS effects (
    number INTEGER PRIMARY KEY, crm TEXT, record TEXT, reference TEXT, made INTEGER,
    revision INTEGER, body TEXT, at REAL, fault TEXT
)
"""


@dataclass(frozen=True, slots=True)
class Effect:
    """One change of one record. `made`: there was none before. `at` is the run's own time."""

    number: int
    crm: str
    record: str
    reference: str
    made: bool
    revision: int
    body: Mapping[str, Any]
    at: float
    fault: str


class EffectLog:
    """An SQLite file. Every effect is committed on its own before `note` returns."""

    def __init__(self, file: Path) -> None:
        self._rows = sqlite3.connect(file, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode=WAL")
        self._rows.execute("PRAGMA synchronous=NORMAL")
        self._rows.execute(_TABLE)

    def note(
        self, crm: str, record: str, *, made: bool, body: Mapping[str, Any], at: float, fault: str
    ) -> None:
        revision = body.get("revision")
        values = (crm, record, str(body.get("reference")), made, revision, json.dumps(body), at)
        self._rows.execute(
            "INSERT INTO effects (crm, record, reference, made, revision, body, at, fault)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, fault),
        )

    def all(self) -> Iterator[Effect]:
        """In the order in which they happened."""
        rows = self._rows.execute("SELECT * FROM effects ORDER BY number")
        for number, crm, record, reference, made, revision, body, at, fault in rows:
            yield Effect(
                number, crm, record, reference, bool(made), revision, json.loads(body), at, fault
            )

    def close(self) -> None:
        self._rows.close()
