"""Cases: what a customer is waiting for us to solve. Opened and closed, never deleted."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .api_errors import invalid_field
from .customers import existing_customer
from .database import Database
from .fields import Name, Record, read_record
from .moments import Clock, as_text
from .record_ids import CASE, CUSTOMER, number_in

Status = Literal["open", "closed"]


class NewCase(Record):
    """What people write to open a case."""

    customer_id: str
    subject: Name


class CaseChanges(Record):
    """What people may change of a case."""

    subject: Name | None = None
    status: Status | None = None


@dataclass(frozen=True)
class Case:
    """One case as stored; open until `closed_at`."""

    number: int
    customer_number: int
    subject: str
    opened_at: str
    closed_at: str | None

    @property
    def id(self) -> str:
        """The id callers know."""
        return f"{CASE}{self.number}"

    def as_json(self) -> dict[str, object]:
        """The case as the API shows it."""
        return {
            "id": self.id,
            "customer_id": f"{CUSTOMER}{self.customer_number}",
            "subject": self.subject,
            "status": "closed" if self.closed_at else "open",
            "opened_at": self.opened_at,
            "closed_at": self.closed_at,
        }


@dataclass(frozen=True)
class CaseSearch:
    """What to look for; None asks nothing. Several conditions must all hold."""

    customer_id: str | None = None
    status: str | None = None


class Cases:
    """The cases in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def open(self, body: dict[str, object]) -> Case:
        """Open a case.

        Raises: ApiError 422, also when the customer does not exist.
        """
        fields = read_record(NewCase, body)
        with self._database.writing() as connection:
            customer = existing_customer(connection, fields.customer_id)
            now = as_text(self._clock())
            cursor = connection.execute(
                "INSERT INTO cases (customer_number, subject, opened_at) VALUES (?, ?, ?)",
                (customer, fields.subject, now),
            )
            return Case(cursor.lastrowid or 0, customer, fields.subject, now, closed_at=None)

    def change(self, case_id: str, body: dict[str, object]) -> Case | None:
        """Close a case, open it again, or change its subject; closing it twice changes nothing.

        None when there is no such case. Raises: ApiError 422.
        """
        changes = read_record(CaseChanges, body)
        with self._database.writing() as connection:
            case = _get(connection, case_id)
            if case is None:
                return None
            closed_at = case.closed_at
            if changes.status:
                now = as_text(self._clock())
                closed_at = (closed_at or now) if changes.status == "closed" else None
            subject = changes.subject or case.subject
            connection.execute(
                "UPDATE cases SET subject = ?, closed_at = ? WHERE number = ?",
                (subject, closed_at, case.number),
            )
            return Case(case.number, case.customer_number, subject, case.opened_at, closed_at)

    def get(self, case_id: str) -> Case | None:
        """The case with this id."""
        with self._database.reading() as connection:
            return _get(connection, case_id)

    def search(
        self, search: CaseSearch, *, before: int | None = None, limit: int = -1
    ) -> list[Case]:
        """Cases, the last opened first, from the first in front of `before`.

        Raises: ApiError 422 for a status that no case can have.
        """
        if search.status not in (None, "open", "closed"):
            raise invalid_field("status", "open or closed")
        condition = {
            "before": before,
            "limit": limit,
            "any_customer": search.customer_id is None,
            "customer": number_in(search.customer_id or "", CUSTOMER),
            "status": search.status,
        }
        with self._database.reading() as connection:
            rows = connection.execute(
                """
                SELECT * FROM cases
                WHERE (:before IS NULL OR number < :before)
                  AND (:any_customer OR customer_number = :customer)
                  AND (:status IS NULL OR (closed_at IS NULL) = (:status = 'open'))
                ORDER BY number DESC LIMIT :limit
                """,
                condition,
            ).fetchall()
        return [_case(row) for row in rows]

    def open_of(self, customer_numbers: Sequence[int]) -> dict[int, list[Case]]:
        """The open cases of each of these customers, the last opened first."""
        places = ", ".join("?" * len(customer_numbers))
        with self._database.reading() as connection:
            rows = connection.execute(
                f"""
                SELECT * FROM cases WHERE closed_at IS NULL AND customer_number IN ({places})
                ORDER BY number DESC
                """,  # noqa: S608 - question marks only
                customer_numbers,
            ).fetchall()
        found: dict[int, list[Case]] = {number: [] for number in customer_numbers}
        for case in map(_case, rows):
            found[case.customer_number].append(case)
        return found


def _get(connection: sqlite3.Connection, case_id: str) -> Case | None:
    row = connection.execute(
        "SELECT * FROM cases WHERE number = ?", (number_in(case_id, CASE),)
    ).fetchone()
    return _case(row) if row else None


def _case(row: sqlite3.Row) -> Case:
    return Case(**row)
