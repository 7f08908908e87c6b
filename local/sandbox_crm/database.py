"""The SQLite file: opened for reading, or for one transaction at a time."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = Path(__file__).with_name("schema.sql")
BUSY_TIMEOUT_S = 10


class Database:
    """One SQLite file, safe under threads and under `kill -9`.

    What was committed survives the end of the process; a power cut may take the last commits,
    which a sandbox can afford and a disk flush per request it cannot.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # SQLite lets waiting writers poll, unfairly and with pauses; a lock queues them.
        self._writer = threading.Lock()
        # SQLite tidies the whole log away when the last connection closes; this one stays open
        # so that it does not happen after every request.
        self._keeper = self._connect()
        try:
            self._keeper.execute("PRAGMA journal_mode = WAL")
            self._keeper.executescript(SCHEMA.read_text("utf-8"))
        except sqlite3.Error:
            self._keeper.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._keeper.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that only reads."""
        connection = self._connect()
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one transaction: everything of it is kept, or nothing."""
        with self._writer, self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection
