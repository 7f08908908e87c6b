"""Activities: what happened with whom, each known by the id the sender gave it."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from .customers import existing_customer
from .database import Database
from .fields import LARGEST_INTEGER, EmptyAsNone, Line, Moment, Name, Record, read_record
from .moments import Clock, as_text
from .record_ids import ACTIVITY, CUSTOMER, number_in

Direction = Literal["inbound", "outbound", "internal"]


class ActivityFields(Record):
    """What a sender writes about an activity. `revision` grows as the sender learns more."""

    customer_id: Annotated[str | None, EmptyAsNone] = None
    type: Name
    direction: Annotated[Direction | None, EmptyAsNone] = None
    subject: Line = None
    started_at: Moment = None
    duration_s: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    agent: Line = None
    business_process: Line = None
    disposition: Line = None
    remarks: Annotated[Annotated[str, Field(max_length=10_000)] | None, EmptyAsNone] = None
    contact: Line = None
    revision: Annotated[int, Field(ge=0, le=LARGEST_INTEGER)] = 0


@dataclass(frozen=True)
class Activity:
    """One activity as stored."""

    number: int
    external_id: str
    fields: ActivityFields
    created_at: str
    updated_at: str

    @property
    def id(self) -> str:
        """The id this CRM gave it."""
        return f"{ACTIVITY}{self.number}"

    def as_json(self) -> dict[str, object]:
        """The activity as the API shows it."""
        return {
            "id": self.id,
            "external_id": self.external_id,
            **self.fields.model_dump(),
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


@dataclass(frozen=True)
class Upserted:
    """What a PUT did: created, updated, or nothing because it came too late (`stale`)."""

    number: int
    external_id: str
    created: bool
    stale: bool = False

    def as_json(self) -> dict[str, object]:
        """The answer to the sender."""
        answer: dict[str, object] = {
            "id": f"{ACTIVITY}{self.number}",
            "external_id": self.external_id,
            "created": self.created,
        }
        return {**answer, "stale": True} if self.stale else answer


@dataclass(frozen=True)
class ActivitySearch:
    """What to look for; None asks nothing."""

    external_id: str | None = None
    customer_id: str | None = None
    begun_from: datetime | None = None
    begun_before: datetime | None = None


class Activities:
    """The activities in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def upsert(self, external_id: str, body: dict[str, object]) -> Upserted:
        """Store the activity as sent, in place of what stood under its id before.

        One record per external id, however many send it at once. A revision older than the
        stored one changes nothing; the same one again may.

        Raises: ApiError 422, also when the customer does not exist.
        """
        fields = read_record(ActivityFields, body)
        with self._database.writing() as connection:
            customer = _customer_of(connection, fields)
            stored = connection.execute(
                "SELECT number, revision FROM activities WHERE external_id = ?", (external_id,)
            ).fetchone()
            if stored is None:
                number = self._insert(connection, external_id, customer, fields)
                return Upserted(number, external_id, created=True)
            if fields.revision < stored["revision"]:
                return Upserted(stored["number"], external_id, created=False, stale=True)
            self._replace(connection, stored["number"], customer, fields)
            return Upserted(stored["number"], external_id, created=False)

    def get(self, external_id: str) -> Activity | None:
        """The activity the sender knows by this id."""
        found = self.search(ActivitySearch(external_id=external_id), limit=1)
        return found[0] if found else None

    def search(
        self, search: ActivitySearch, *, before: int | None = None, limit: int
    ) -> list[Activity]:
        """Activities, the last entered first, from the first in front of `before`."""
        condition = {
            "before": before,
            "limit": limit,
            "external_id": search.external_id,
            "any_customer": search.customer_id is None,
            "customer": number_in(search.customer_id or "", CUSTOMER),
            "begun_from": as_text(search.begun_from) if search.begun_from else None,
            "begun_before": as_text(search.begun_before) if search.begun_before else None,
        }
        with self._database.reading() as connection:
            rows = connection.execute(
                """
                SELECT * FROM activities
                WHERE (:before IS NULL OR number < :before)
                  AND (:external_id IS NULL OR external_id = :external_id)
                  AND (:any_customer OR customer_number = :customer)
                  AND (:begun_from IS NULL OR coalesce(started_at, created_at) >= :begun_from)
                  AND (:begun_before IS NULL OR coalesce(started_at, created_at) < :begun_before)
                ORDER BY number DESC LIMIT :limit
                """,
                condition,
            ).fetchall()
        return [_activity(row) for row in rows]

    def delete(self, external_id: str) -> bool:
        """Forget it, as somebody does who tidies up; False when there is none."""
        with self._database.writing() as connection:
            done = connection.execute(
                "DELETE FROM activities WHERE external_id = ?", (external_id,)
            )
            return done.rowcount > 0

    def latest(self, customer_id: str | None, *, limit: int) -> list[Activity]:
        """The newest by when they began, of one customer or of all; without a begin by entry."""
        condition = {
            "any_customer": customer_id is None,
            "customer": number_in(customer_id or "", CUSTOMER),
            "limit": limit,
        }
        with self._database.reading() as connection:
            rows = connection.execute(
                """
                SELECT * FROM activities WHERE :any_customer OR customer_number = :customer
                ORDER BY coalesce(started_at, created_at) DESC, number DESC LIMIT :limit
                """,
                condition,
            ).fetchall()
        return [_activity(row) for row in rows]

    def _insert(
        self,
        connection: sqlite3.Connection,
        external_id: str,
        customer: int | None,
        fields: ActivityFields,
    ) -> int:
        now = as_text(self._clock())
        cursor = connection.execute(
            """
            INSERT INTO activities
            (external_id, customer_number, revision, started_at, fields, created_at, updated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            (external_id, *_columns(customer, fields), now, now),
        )
        return cursor.lastrowid or 0

    def _replace(
        self,
        connection: sqlite3.Connection,
        number: int,
        customer: int | None,
        fields: ActivityFields,
    ) -> None:
        connection.execute(
            """
            UPDATE activities
            SET customer_number = ?, revision = ?, started_at = ?, fields = ?, updated_at = ?
            WHERE number = ?
            """,
            (*_columns(customer, fields), as_text(self._clock()), number),
        )


def _columns(
    customer: int | None, fields: ActivityFields
) -> tuple[int | None, int, str | None, str]:
    return customer, fields.revision, fields.started_at, fields.model_dump_json()


def _customer_of(connection: sqlite3.Connection, fields: ActivityFields) -> int | None:
    if fields.customer_id is None:
        return None
    return existing_customer(connection, fields.customer_id)


def _activity(row: sqlite3.Row) -> Activity:
    fields = ActivityFields.model_validate_json(row["fields"])
    return Activity(row["number"], row["external_id"], fields, row["created_at"], row["updated_at"])
