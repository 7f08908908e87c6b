"""The outbox: what the webhook is to be told, and how each attempt went."""

import json
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal

from .database import Database
from .moments import Clock, as_text, from_text
from .webhook import Webhook, WebhookFields

RETRY_AFTER_S = (1, 5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200)
GIVE_UP_AFTER = timedelta(days=3)
ATTEMPTS_SHOWN = 200

State = Literal["pending", "delivered", "gone", "expired"]


@dataclass(frozen=True)
class StatusChange:
    """What a receiver is told about a customer whose status changed."""

    customer_id: str
    status: str
    previous_status: str
    name: str
    phone: str | None
    time_zone: str | None
    call_after: str | None


@dataclass(frozen=True)
class Event:
    """One message of the outbox; its id and body are the same at every attempt."""

    webhook_id: str
    body: str
    attempts: int
    created_at: str


@dataclass(frozen=True)
class Attempt:
    """How one delivery went; `status` is None when there was no HTTP answer."""

    at: str
    status: int | None
    outcome: str
    latency_ms: int


class Outbox:
    """Events on their way to the webhook."""

    def __init__(self, database: Database, clock: Clock, new_id: Callable[[], str]) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._something_new = threading.Event()

    def subscribe(self, fields: WebhookFields) -> Webhook:
        """Send every later event to this receiver, in place of any other."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO webhook (only, url, secret, active) VALUES (1, ?, ?, 1)",
                (fields.url, fields.secret),
            )
        self.wake()
        return Webhook(fields.url, fields.secret, active=True)

    def webhook(self) -> Webhook | None:
        """The receiver, if one was ever named."""
        with self._database.reading() as connection:
            return _webhook(connection)

    def announce(self, connection: sqlite3.Connection, change: StatusChange) -> None:
        """Note the change in the caller's transaction, so that it is told if and only if it stays.

        With nobody to tell, nothing is kept: a receiver named later wants no old news.
        """
        webhook = _webhook(connection)
        if webhook is None or not webhook.active:
            return
        now = as_text(self._clock())
        body = {"type": "customer.status_changed", "timestamp": now, "data": asdict(change)}
        connection.execute(
            """
            INSERT INTO events (webhook_id, type, body, state, created_at, due_at)
            VALUES (?, 'customer.status_changed', ?, 'pending', ?, ?)
            """,
            (f"msg_{self._new_id()}", json.dumps(body), now, now),
        )

    def wake(self) -> None:
        """Let whoever waits look again."""
        self._something_new.set()

    def wait(self, timeout_s: float) -> None:
        """Sleep until something new may be due, at most `timeout_s`."""
        self._something_new.wait(timeout_s)
        self._something_new.clear()

    def due(self) -> Event | None:
        """The pending event that has waited longest past its time."""
        with self._database.reading() as connection:
            row = connection.execute(
                """
                SELECT webhook_id, body, attempts, created_at FROM events
                WHERE state = 'pending' AND due_at <= ? ORDER BY due_at, number LIMIT 1
                """,
                (as_text(self._clock()),),
            ).fetchone()
        return Event(**row) if row else None

    def seconds_until_due(self) -> float | None:
        """How long until the next pending event is due; None when none is pending."""
        with self._database.reading() as connection:
            (due_at,) = connection.execute(
                "SELECT min(due_at) FROM events WHERE state = 'pending'"
            ).fetchone()
        if due_at is None:
            return None
        return max(0.0, (from_text(due_at) - self._clock()).total_seconds())

    def record(self, event: Event, attempt: Attempt) -> State:
        """Keep how the attempt went, and when the next one is due if there is one."""
        state, due_at = self._next_step(event, attempt)
        with self._database.writing() as connection:
            connection.execute(
                """
                UPDATE events SET state = ?, due_at = ?, attempts = attempts + 1
                WHERE webhook_id = ?
                """,
                (state, due_at, event.webhook_id),
            )
            connection.execute(
                """
                INSERT INTO attempts (webhook_id, attempt, at, status, outcome, latency_ms)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                (
                    event.webhook_id,
                    event.attempts + 1,
                    attempt.at,
                    attempt.status,
                    attempt.outcome,
                    attempt.latency_ms,
                ),
            )
            if state == "gone":
                connection.execute("UPDATE webhook SET active = 0")
        return state

    def attempts(self) -> list[dict[str, object]]:
        """The latest attempts, newest first, each with what became of its event."""
        with self._database.reading() as connection:
            rows = connection.execute(
                """
                SELECT webhook_id, type, attempt, at, status, outcome, latency_ms, state,
                       CASE state WHEN 'pending' THEN due_at END AS next_attempt_at
                FROM attempts JOIN events USING (webhook_id)
                ORDER BY attempts.number DESC LIMIT ?
                """,
                (ATTEMPTS_SHOWN,),
            ).fetchall()
        return [dict(row) for row in rows]

    def _next_step(self, event: Event, attempt: Attempt) -> tuple[State, str]:
        now = self._clock()
        if attempt.status is not None and 200 <= attempt.status < 300:
            return "delivered", as_text(now)
        if attempt.status == 410:
            return "gone", as_text(now)
        wait_s = RETRY_AFTER_S[min(event.attempts, len(RETRY_AFTER_S) - 1)]
        due = now + timedelta(seconds=wait_s)
        expired = due > from_text(event.created_at) + GIVE_UP_AFTER
        return ("expired" if expired else "pending"), as_text(due)


def _webhook(connection: sqlite3.Connection) -> Webhook | None:
    row = connection.execute("SELECT url, secret, active FROM webhook").fetchone()
    return Webhook(row["url"], row["secret"], bool(row["active"])) if row else None
