"""The courier: one thread that carries the outbox to the webhook, signed.

Source of the signature and its headers: Standard Webhooks 1.0.
"""

import base64
import hashlib
import hmac
import logging
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from .moments import Clock, as_text
from .outbox import Attempt, Event, Outbox
from .webhook import Webhook, secret_key

ANSWER_WITHIN_S = 5.0
LONGEST_SLEEP_S = 60.0
AFTER_A_STORAGE_FAULT_S = 1.0

logger = logging.getLogger(__name__)


def signature(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """What stands in `webhook-signature`."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret_key(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


class Courier:
    """Delivers each event at least once, always under the same `webhook-id`."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver, what is left from before first."""
        self._thread.start()

    def stop(self, within_s: float) -> None:
        """Stop between two deliveries; one that hangs is left, and repeated after a restart."""
        self._stopping.set()
        self._outbox.wake()
        self._thread.join(within_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._deliver_what_is_due()
                self._outbox.wait(self._pause_s())
            except sqlite3.OperationalError as error:
                logger.warning("outbox not readable, trying again: %s", error)
                self._stopping.wait(AFTER_A_STORAGE_FAULT_S)

    def _pause_s(self) -> float:
        webhook = self._outbox.webhook()
        if webhook is None or not webhook.active:
            return LONGEST_SLEEP_S
        until_due_s = self._outbox.seconds_until_due()
        return LONGEST_SLEEP_S if until_due_s is None else min(until_due_s, LONGEST_SLEEP_S)

    def _deliver_what_is_due(self) -> None:
        while not self._stopping.is_set():
            webhook, event = self._outbox.webhook(), self._outbox.due()
            if webhook is None or not webhook.active or event is None:
                return
            attempt = self._attempt(webhook, event)
            state = self._outbox.record(event, attempt)
            logger.info("webhook %s: %s, now %s", event.webhook_id, attempt.outcome, state)

    def _attempt(self, webhook: Webhook, event: Event) -> Attempt:
        at, started = self._clock(), time.monotonic()
        body = event.body.encode()
        timestamp = int(at.timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": event.webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(webhook.secret, event.webhook_id, timestamp, body),
        }
        status, outcome = _post(webhook.url, body, headers)
        return Attempt(as_text(at), status, outcome, round((time.monotonic() - started) * 1000))


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int | None, str]:
    """POST without following redirects: the status, or None and what went wrong."""
    started = time.monotonic()
    connection = _connection(url)
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.connect()
        left_s = max(0.1, ANSWER_WITHIN_S - (time.monotonic() - started))
        with _cut_off_after(connection.sock, left_s):
            connection.request("POST", target, body, dict(headers))
            status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        late = time.monotonic() - started >= ANSWER_WITHIN_S
        return None, "timed out" if late else f"no answer ({type(error).__name__})"
    finally:
        connection.close()
    return status, f"answered {status}"


def _connection(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=ANSWER_WITHIN_S)


@contextmanager
def _cut_off_after(connected: socket.socket, seconds: float) -> Iterator[None]:
    # A socket's timeout starts anew with every byte; a receiver that drips would outlive it.
    timer = threading.Timer(seconds, _hang_up, (connected,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        logger.debug("the receiver had hung up already")
