"""A signed webhook, as Standard Webhooks 1.0 has it, sent from inside another application.

This file is copied beside the plug-ins and runs under the applications' own interpreters, so it
needs nothing but the standard library. Where to send, and the secret, are read at each delivery:
the receiver's address is known only after the application has started.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import http.client
import json
import logging
import os
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

HOOK_FILE_VARIABLE = "SWITCHBOARD_HOOK_FILE"
_WAITS_S = (0.0, 1.0, 3.0, 10.0, 30.0)
_TIMEOUT_S = 5.0
_GONE = 410
_logger = logging.getLogger("switchboard.delivery")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A signed body goes to the address that was given, and nowhere else."""

    def redirect_request(self, *_args: object, **_named: object) -> None:
        return None


def deliver_later(event_id: str, body: dict[str, object]) -> None:
    """Send in the background, so that the application's own save never waits for us or fails.

    Tried five times within a minute under the same id. What is not delivered by then, or when the
    application stops, is lost.
    """
    threading.Thread(
        target=_deliver, args=(event_id, json.dumps(body).encode()), daemon=True
    ).start()


def _deliver(event_id: str, body: bytes) -> None:
    for wait_s in _WAITS_S:
        time.sleep(wait_s)
        if _attempt(event_id, body):
            return
    _logger.error("webhook %s given up", event_id)


def _attempt(event_id: str, body: bytes) -> bool:
    """Whether nothing is left to do: it was taken, or there is nobody to take it."""
    hook = _hook()
    if hook is None:
        return True
    url, secret = hook
    request = urllib.request.Request(url, body, _headers(event_id, body, secret), method="POST")
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=_TIMEOUT_S):
            return True
    except urllib.error.HTTPError as refused:
        with refused:
            _logger.warning("webhook %s answered %s", event_id, refused.code)
            return refused.code == _GONE
    except (OSError, http.client.HTTPException) as failed:
        _logger.warning("webhook %s not sent: %s", event_id, type(failed).__name__)
        return False


def _hook() -> tuple[str, str] | None:
    """The address and the secret; None as long as nobody has said where to send."""
    try:
        hook = json.loads(Path(os.environ[HOOK_FILE_VARIABLE]).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return (hook["url"], hook["secret"]) if hook["url"] else None


def _headers(event_id: str, body: bytes, secret: str) -> dict[str, str]:
    sent_at = str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event_id}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": sent_at,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
