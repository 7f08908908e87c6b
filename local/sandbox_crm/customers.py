"""Customers: what is kept of one, and how they are found and changed."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import Field

from .api_errors import invalid_field
from .database import Database
from .fields import EmptyAsNone, Line, Moment, Name, Record, TimeZone, read_record
from .moments import Clock, as_text
from .outbox import Outbox, StatusChange
from .record_ids import CUSTOMER, number_in

Status = Literal["active", "call_me_back", "do_not_call", "closed"]
STATUSES: tuple[str, ...] = get_args(Status)


class CustomerFields(Record):
    """What people write about a customer; numbers and addresses stay as they were typed."""

    name: Name
    company: Line = None
    phone: Line = None
    mobile: Line = None
    email: Line = None
    tier: Literal["high", "standard", "low"] = "standard"
    balance_due: Annotated[str, Field(pattern=r"^-?\d{1,10}\.\d{2}$")] = "0.00"
    days_past_due: Annotated[int, Field(ge=0, le=100_000)] = 0
    language: Annotated[Annotated[str, Field(max_length=35)] | None, EmptyAsNone] = None
    open_complaint: bool = False
    products: Annotated[list[Name], Field(max_length=50, default_factory=list)]
    time_zone: TimeZone = None
    owner_extension: Line = None
    transaction_status: Literal["none", "in_progress", "in_jeopardy", "disputed", "complete"] = (
        "none"
    )
    lifetime_value: Annotated[str, Field(pattern=r"^\d{1,10}\.\d{2}$")] = "0.00"
    status: Status = "active"
    call_after: Moment = None


@dataclass(frozen=True)
class Customer:
    """One customer as stored."""

    number: int
    fields: CustomerFields
    updated_at: str

    @property
    def id(self) -> str:
        """The id callers know."""
        return f"{CUSTOMER}{self.number}"

    def as_json(self) -> dict[str, object]:
        """The customer as the API shows it."""
        return {"id": self.id, **self.fields.model_dump(), "updated_at": self.updated_at}


@dataclass(frozen=True)
class CustomerSearch:
    """What to look for; None asks nothing. Several conditions must all hold."""

    phone: str | None = None
    email: str | None = None
    id: str | None = None


def digits_of(text: str | None) -> str:
    """Only the digits: `+44 1632 960 123` becomes `441632960123`."""
    return "".join(character for character in text or "" if character in "0123456789")


class Customers:
    """The customers in the database."""

    def __init__(self, database: Database, outbox: Outbox, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock

    def search(self, search: CustomerSearch, *, after: int = 0, limit: int = -1) -> list[Customer]:
        """Customers in the order they were entered, from the first behind `after`.

        A phone matches where its digits stand *anywhere* in the digits stored, as in many real
        applications: short or lengthened numbers find strangers, and callers have to check.
        """
        condition = {
            "after": after,
            "limit": limit,
            "phone": None if search.phone is None else digits_of(search.phone),
            "email": None if search.email is None else search.email.casefold(),
            "id": search.id,
            "number": None if search.id is None else number_in(search.id, CUSTOMER),
        }
        with self._database.reading() as connection:
            rows = connection.execute(
                """
                SELECT * FROM customers
                WHERE number > :after
                  AND (:phone IS NULL
                       OR instr(phone_digits, :phone) OR instr(mobile_digits, :phone))
                  AND (:email IS NULL OR email_key = :email)
                  AND (:id IS NULL OR number = :number)
                ORDER BY number LIMIT :limit
                """,
                condition,
            ).fetchall()
        return [_customer(row) for row in rows]

    def get(self, customer_id: str) -> Customer | None:
        """The customer with this id."""
        with self._database.reading() as connection:
            return _get(connection, customer_id)

    def create(self, body: dict[str, object]) -> Customer:
        """Enter a new customer.

        Raises: ApiError 422.
        """
        fields = read_record(CustomerFields, body)
        with self._database.writing() as connection:
            return self._insert(connection, fields)

    def create_all_if_none(self, bodies: Sequence[dict[str, object]], first_number: int) -> bool:
        """Fill a new database, all at once; one that ever had customers is left as it is.

        True when it was new.
        """
        with self._database.writing() as connection:
            if connection.execute(
                "SELECT 1 FROM sqlite_sequence WHERE name = 'customers'"
            ).fetchone():
                return False
            connection.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES ('customers', ?)",
                (first_number - 1,),
            )
            for body in bodies:
                self._insert(connection, read_record(CustomerFields, body))
        return True

    def change(self, customer_id: str, changes: dict[str, object]) -> Customer | None:
        """Change some fields; a new status is announced to the webhook in the same transaction.

        None when there is no such customer. Raises: ApiError 422.
        """
        with self._database.writing() as connection:
            before = _get(connection, customer_id)
            if before is None:
                return None
            after = self._replace(connection, before, _merged(before.fields, changes))
            if after.fields.status != before.fields.status:
                self._outbox.announce(connection, _status_change(before, after))
        self._outbox.wake()
        return after

    def _insert(self, connection: sqlite3.Connection, fields: CustomerFields) -> Customer:
        updated_at = as_text(self._clock())
        cursor = connection.execute(
            """
            INSERT INTO customers (fields, phone_digits, mobile_digits, email_key, updated_at)
            VALUES (?, ?, ?, ?, ?)
            """,
            (*_columns(fields), updated_at),
        )
        return Customer(cursor.lastrowid or 0, fields, updated_at)

    def _replace(
        self, connection: sqlite3.Connection, customer: Customer, fields: CustomerFields
    ) -> Customer:
        updated_at = as_text(self._clock())
        connection.execute(
            """
            UPDATE customers
            SET fields = ?, phone_digits = ?, mobile_digits = ?, email_key = ?, updated_at = ?
            WHERE number = ?
            """,
            (*_columns(fields), updated_at, customer.number),
        )
        return Customer(customer.number, fields, updated_at)


def existing_customer(connection: sqlite3.Connection, customer_id: str) -> int:
    """The number of the customer whom a record names.

    Raises: ApiError 422 when there is none.
    """
    number = number_in(customer_id, CUSTOMER)
    if (
        number is not None
        and connection.execute("SELECT 1 FROM customers WHERE number = ?", (number,)).fetchone()
    ):
        return number
    raise invalid_field("customer_id", f"there is no such customer; ids look like {CUSTOMER}1001")


def _get(connection: sqlite3.Connection, customer_id: str) -> Customer | None:
    row = connection.execute(
        "SELECT * FROM customers WHERE number = ?", (number_in(customer_id, CUSTOMER),)
    ).fetchone()
    return _customer(row) if row else None


def _customer(row: sqlite3.Row) -> Customer:
    fields = CustomerFields.model_validate_json(row["fields"])
    return Customer(row["number"], fields, row["updated_at"])


def _columns(fields: CustomerFields) -> tuple[str, str, str, str]:
    email_key = (fields.email or "").casefold()
    return (
        fields.model_dump_json(),
        digits_of(fields.phone),
        digits_of(fields.mobile),
        email_key,
    )


def _merged(fields: CustomerFields, changes: dict[str, object]) -> CustomerFields:
    merged = read_record(CustomerFields, {**fields.model_dump(), **changes})
    if merged.status != "call_me_back":
        return merged.model_copy(update={"call_after": None})
    return merged


def _status_change(before: Customer, after: Customer) -> StatusChange:
    fields = after.fields
    return StatusChange(
        customer_id=after.id,
        status=fields.status,
        previous_status=before.fields.status,
        name=fields.name,
        phone=fields.mobile or fields.phone,
        time_zone=fields.time_zone,
        call_after=fields.call_after,
    )
