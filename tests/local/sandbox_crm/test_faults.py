import socket
import time
from typing import Any

import pytest
import requests

from tests.local.sandbox_crm.harness import Client

ACTIVITY = "/api/activities/i-1"
CALL = b'{"type": "call"}'


def inject(crm: Client, *faults: dict[str, Any]) -> None:
    answer = crm.put("/faults", list(faults))
    assert answer.status_code == 200, answer.text


def is_stored(crm: Client) -> bool:
    crm.call("DELETE", "/faults")
    return crm.get(ACTIVITY).status_code == 200


def read_to_the_end(connected: socket.socket) -> bytes:
    received = b""
    while part := connected.recv(65_536):
        received += part
    return received


def test_reset_ends_the_connection_with_rst_before_anything_is_applied(crm: Client) -> None:
    inject(crm, {"kind": "reset"})

    with crm.raw("PUT", ACTIVITY, CALL) as connected, pytest.raises(ConnectionResetError):
        read_to_the_end(connected)

    assert not is_stored(crm)


def test_a_lost_answer_is_applied_but_not_one_byte_comes_back(crm: Client) -> None:
    inject(crm, {"kind": "lost_answer"})

    with crm.raw("PUT", ACTIVITY, CALL) as connected:
        assert read_to_the_end(connected) == b""

    assert is_stored(crm)


def test_a_truncated_answer_promises_more_than_it_sends(crm: Client) -> None:
    inject(crm, {"kind": "truncated"})

    with crm.raw("GET", "/api/customers") as connected:
        head, _, body = read_to_the_end(connected).partition(b"\r\n\r\n")
    promised = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))
    assert head.startswith(b"HTTP/1.1 200")
    assert 0 < len(body) == int(promised.split()[1]) // 2

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        crm.get("/api/customers")


@pytest.mark.parametrize(
    ("part", "at_once"), [("headers", b"HTTP/1.1 200 OK\r\n"), ("body", b'{"customers":')]
)
def test_drip_sends_one_byte_at_a_time(crm: Client, part: str, at_once: bytes) -> None:
    inject(crm, {"kind": "drip", "delay_s": 0.05, "part": part})
    parts: list[bytes] = []

    with crm.raw("GET", "/api/customers") as connected:
        started = time.monotonic()
        while len(parts) < 6:
            parts.append(connected.recv(65_536))
        took_s = time.monotonic() - started

    dripped = parts if part == "headers" else parts[1:]
    assert {len(byte) for byte in dripped} == {1}
    assert at_once.startswith(b"".join(dripped))
    assert took_s > 0.2


def test_a_dripping_answer_arrives_whole_in_the_end(crm: Client) -> None:
    inject(crm, {"kind": "drip", "delay_s": 0.0, "part": "body", "times": 1})

    assert crm.get("/api/customers").json() == crm.get("/api/customers").json()


def test_hang_answers_late_but_truly(crm: Client) -> None:
    inject(crm, {"kind": "hang", "delay_s": 0.3})

    with pytest.raises(requests.exceptions.ReadTimeout):
        crm.get("/api/customers", timeout=0.1)
    answer = crm.get("/api/customers")

    assert answer.elapsed.total_seconds() >= 0.3
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("error_500", 500),
        ("error_503", 503),
        ("throttle", 429),
        ("unauthorized", 401),
        ("garbage", 200),
        ("redirect", 302),
    ],
)
def test_an_answer_in_place_of_the_real_one_applies_nothing(
    crm: Client, kind: str, status: int
) -> None:
    inject(crm, {"kind": kind, "delay_s": 3.0})

    answer = crm.call("PUT", ACTIVITY, data=CALL)

    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("3" if kind == "throttle" else None)
    assert answer.headers.get("Location") == ("/" if kind == "redirect" else None)
    is_html = answer.headers["Content-Type"].startswith("text/html")
    assert is_html == (kind in {"garbage", "redirect"})
    assert not is_stored(crm)


def test_everyone_forgets_the_filter_of_a_search_and_touches_nothing_else(crm: Client) -> None:
    inject(crm, {"kind": "everyone", "times": 1})

    crm.get("/api/customers/C-1001")
    assert len(crm.names(email="ada@example.com")) == 12
    assert crm.names(email="ada@example.com") == ["Ada Byron"]


def test_a_fault_strikes_as_often_as_it_was_told(crm: Client) -> None:
    inject(crm, {"kind": "error_503", "times": 2})

    statuses = [crm.get("/api/customers").status_code for _ in range(4)]

    assert statuses == [503, 503, 200, 200]
    assert crm.get("/faults").json()["faults"][0]["struck"] == 2


def test_a_fault_strikes_only_its_path_and_method(crm: Client) -> None:
    inject(crm, {"kind": "error_500", "path": "/api/activities", "method": "PUT"})

    assert crm.call("PUT", ACTIVITY, data=CALL).status_code == 500
    assert crm.get("/api/activities").status_code == 200
    assert crm.get("/api/customers").status_code == 200


def test_several_faults_may_be_in_force(crm: Client) -> None:
    inject(
        crm,
        {"kind": "error_500", "path": "/api/customers"},
        {"kind": "unauthorized", "path": "/oauth/token"},
    )

    assert crm.get("/api/customers").status_code == 500
    assert crm.call("POST", "/oauth/token").json()["error"] == "invalid_token"


def test_the_same_seed_strikes_the_same_requests(crm: Client) -> None:
    def struck() -> list[int]:
        inject(crm, {"kind": "error_503", "probability": 0.5, "seed": 11})
        return [crm.get("/api/webhook").status_code for _ in range(12)]

    first, second = struck(), struck()

    assert first == second
    assert set(first) == {503, 404}


def test_faults_end_when_told_and_never_reach_their_own_switch(crm: Client) -> None:
    inject(crm, {"kind": "reset"})

    assert crm.get("/health").status_code == 200
    assert crm.call("DELETE", "/faults").json() == {"faults": []}
    assert crm.get("/api/customers").status_code == 200


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "explode"},
        {},
        {"kind": "reset", "path": "/faults"},
        {"kind": "reset", "path": "/"},
        {"kind": "reset", "probability": 2.0},
        {"kind": "reset", "times": 0},
        {"kind": "hang", "delay_s": -1.0},
        {"kind": "reset", "probabilty": 0.5},
    ],
)
def test_a_fault_nobody_can_do_is_refused(steady_crm: Client, fault: dict[str, Any]) -> None:
    assert steady_crm.put("/faults", fault).status_code == 422
    assert steady_crm.get("/faults").json() == {"faults": []}
