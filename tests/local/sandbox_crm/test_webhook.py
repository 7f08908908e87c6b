import base64
import hashlib
import hmac
import json
import socket
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from local.sandbox_crm import courier
from local.sandbox_crm.crm import open_crm
from local.sandbox_crm.outbox import Attempt
from local.sandbox_crm.webhook import WebhookFields
from tests.local.sandbox_crm.harness import (
    ADA,
    CREDENTIALS,
    WEBHOOK_SECRET,
    Client,
    Receiver,
    TurnableClock,
    receiving,
    running_crm,
)


def subscribe(crm: Client, url: str) -> None:
    answer = crm.put("/api/webhook", {"url": url, "secret": WEBHOOK_SECRET})
    assert answer.status_code == 200


def set_status(crm: Client, status: str, **more: str) -> None:
    assert crm.patch(f"/api/customers/{ADA}", {"status": status, **more}).status_code == 200


def deliveries(crm: Client, count: int) -> list[dict[str, Any]]:
    """The deliveries, once there are `count` of them: they are noted after the answer."""
    for _ in range(200):
        found: list[dict[str, Any]] = crm.get("/api/deliveries").json()["deliveries"]
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never {count} deliveries")


def test_a_new_status_is_told_in_the_promised_form(crm: Client, receiver: Receiver) -> None:
    subscribe(crm, receiver.url)
    set_status(crm, "call_me_back", call_after="2026-12-01T09:00:00-08:00")

    body = json.loads(receiver.wait_for(1)[0].body)

    assert body["type"] == "customer.status_changed"
    assert body["timestamp"].endswith("Z")
    assert body["data"] == {
        "customer_id": ADA,
        "status": "call_me_back",
        "previous_status": "active",
        "name": "Ada Byron",
        "phone": "(415) 555-0142",
        "time_zone": "America/Los_Angeles",
        "call_after": "2026-12-01T17:00:00.000Z",
    }


def test_the_signature_agrees_with_one_computed_elsewhere(crm: Client, receiver: Receiver) -> None:
    subscribe(crm, receiver.url)
    set_status(crm, "call_me_back")

    received = receiver.wait_for(1)[0]

    headers = received.headers
    signed = b".".join(
        (headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), received.body)
    )
    key = base64.b64decode(WEBHOOK_SECRET[6:])
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 5
    assert headers["webhook-id"].startswith("msg_")


def test_the_published_example_of_standard_webhooks_is_signed_as_published() -> None:
    # Source: the example in the specification's signature section and its libraries' tests.
    made = courier.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_after_a_500_the_same_message_comes_again_under_the_same_id(
    crm: Client, receiver: Receiver
) -> None:
    receiver.answers = [500]
    subscribe(crm, receiver.url)
    set_status(crm, "call_me_back")

    first, second = receiver.wait_for(2)

    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    newest, oldest = deliveries(crm, 2)
    assert (oldest["attempt"], oldest["status"]) == (1, 500)
    assert (newest["attempt"], newest["status"], newest["state"]) == (2, 204, "delivered")
    assert newest["next_attempt_at"] is None


def test_gone_ends_the_message_and_the_subscription(crm: Client, receiver: Receiver) -> None:
    receiver.answers = [410]
    subscribe(crm, receiver.url)
    set_status(crm, "call_me_back")

    assert deliveries(crm, 1)[0]["state"] == "gone"
    assert crm.get("/api/webhook").json()["active"] is False
    set_status(crm, "active")
    subscribe(crm, receiver.url)
    set_status(crm, "closed")

    told = [json.loads(received.body)["data"]["status"] for received in receiver.wait_for(2)]
    assert told == ["call_me_back", "closed"]


def test_a_redirect_is_not_followed(crm: Client, receiver: Receiver) -> None:
    receiver.answers = [302]
    subscribe(crm, receiver.url)
    set_status(crm, "call_me_back")

    delivery = deliveries(crm, 1)[0]

    assert (delivery["status"], delivery["state"]) == (302, "pending")
    assert len(receiver.received) == 1


def test_a_receiver_that_drips_is_cut_off_in_time(
    crm: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "ANSWER_WITHIN_S", 0.4)
    hung_up = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    while True:
                        connection.sendall(b"H")
                        if hung_up.wait(0.1):
                            return
                except ConnectionError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            subscribe(crm, f"http://127.0.0.1:{listener.getsockname()[1]}/")
            set_status(crm, "call_me_back")
            delivery = deliveries(crm, 1)[0]
        finally:
            hung_up.set()
            thread.join()

    assert (delivery["status"], delivery["outcome"]) == (None, "timed out")
    assert delivery["latency_ms"] < 1500


def test_a_message_that_could_not_be_delivered_survives_a_restart(
    database: Path, clock: TurnableClock
) -> None:
    with running_crm(database, clock) as crm:
        with receiving() as receiver:
            unreachable = receiver.url
        subscribe(crm, unreachable)
        set_status(crm, "call_me_back")
        first = deliveries(crm, 1)[0]
        assert first["status"] is None

    with receiving() as receiver, running_crm(database, clock) as crm:
        subscribe(crm, receiver.url)
        received = receiver.wait_for(1)[0]

    assert received.headers["webhook-id"] == first["webhook_id"]


def test_nothing_is_told_when_the_status_stays_or_another_field_changes(
    crm: Client, receiver: Receiver
) -> None:
    subscribe(crm, receiver.url)
    set_status(crm, "active")
    crm.patch(f"/api/customers/{ADA}", {"company": "Elsewhere"})
    set_status(crm, "closed")

    told = [json.loads(received.body)["data"]["status"] for received in receiver.wait_for(1)]
    assert told == ["closed"]


def test_who_subscribes_later_is_told_no_old_news(crm: Client, receiver: Receiver) -> None:
    set_status(crm, "call_me_back")
    subscribe(crm, receiver.url)
    set_status(crm, "active")

    told = [json.loads(received.body)["data"]["status"] for received in receiver.wait_for(1)]
    assert told == ["active"]


def test_a_message_is_tried_for_three_days_at_growing_pauses(
    database: Path, clock: TurnableClock
) -> None:
    crm = open_crm(database, CREDENTIALS, clock=clock)
    crm.outbox.subscribe(WebhookFields(url="http://127.0.0.1:9/", secret=WEBHOOK_SECRET))
    crm.customers.change(ADA, {"status": "call_me_back"})
    pauses_s: list[float] = []
    while event := crm.outbox.due():
        crm.outbox.record(event, Attempt("2026-01-01T00:00:00.000Z", 503, "answered 503", 1))
        pause_s = crm.outbox.seconds_until_due()
        if pause_s is not None:
            pauses_s.append(round(pause_s))
            clock.advance(seconds=pause_s + 0.01)
    crm.database.close()

    assert pauses_s[:5] == [1, 5, 30, 120, 600]
    assert pauses_s == sorted(pauses_s)
    assert 2 * 86_400 < sum(pauses_s) <= 3 * 86_400
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT state FROM events").fetchall() == [("expired",)]
    connection.close()


def test_the_secret_is_never_shown_again(crm: Client, receiver: Receiver) -> None:
    assert crm.get("/api/webhook").status_code == 404
    subscribe(crm, receiver.url)

    shown = crm.get("/api/webhook").json()

    assert shown == {"url": receiver.url, "secret": "whsec_********", "active": True}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "ftp://example.com/"),
        ("url", "/hook"),
        ("url", "http://"),
        ("url", "http://a b/"),
        ("url", "http://127.0.0.1:99999/"),
        ("url", "http://[::1/"),
        ("url", "http://127.0.0.1/\r\nX: y"),
        ("secret", "plain"),
        ("secret", "whsec_c2hvcnQ="),
        ("secret", "whsec_!!!!"),
    ],
)
def test_a_receiver_that_cannot_work_is_refused(steady_crm: Client, field: str, value: str) -> None:
    good = {"url": "http://127.0.0.1:9/hook", "secret": WEBHOOK_SECRET}

    answer = steady_crm.put("/api/webhook", {**good, field: value})

    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert steady_crm.get("/api/webhook").status_code == 404
