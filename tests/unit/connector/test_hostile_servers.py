"""Whatever a server does, a call ends in time and nobody is mistaken for somebody."""

import gzip
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpTransport, NoAnswerError
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import EmailAddress
from switchboard.errors import (
    UpstreamThrottled,
    UpstreamUnavailable,
    UpstreamUnknown,
)
from tests.unit.connector.hostile_calls import (
    ADA,
    BUDGET_S,
    NOBODY,
    RECORD,
    crm,
    find_error,
    log_error,
)
from tests.unit.connector.hostile_server import Behaviour, Visit, hostile_server, http


def reset(visit: Visit) -> None:
    visit.reset()


def close(visit: Visit) -> None:
    """Hangs up without an answer."""


def hang(visit: Visit) -> None:
    visit.hang()


def drip_header(visit: Visit) -> None:
    visit.drip(http(b"{}", headers="X-Long: " + "a" * 1000 + "\r\n"))


def drip_body(visit: Visit) -> None:
    head, _, body = http(b'{"customers": [' + b" " * 1000 + b"]}").partition(b"\r\n\r\n")
    visit.send(head + b"\r\n\r\n")
    visit.drip(body)


def html(visit: Visit) -> None:
    visit.send(http(b"<html>Please log in</html>"))


def truncated(visit: Visit) -> None:
    visit.send(http(b'{"customers": [], "next": null}')[:-10])


def fifty_megabytes(visit: Visit) -> None:
    visit.send(http(b"").replace(b"Content-Length: 0", b"Content-Length: 52428800"))
    for _ in range(800):
        visit.send(b" " * 65536)


def a_bomb(visit: Visit) -> None:
    packed = gzip.compress(b" " * 50_000_000)
    visit.send(http(packed, headers="Content-Encoding: gzip\r\n"))


@pytest.mark.parametrize("behaviour", [hang, drip_header, drip_body])
def test_a_lookup_ends_at_its_deadline_whatever_the_server_does(behaviour: Behaviour) -> None:
    started_s = time.monotonic()

    error = find_error(behaviour)

    assert isinstance(error, UpstreamUnavailable)
    assert BUDGET_S * 0.9 < time.monotonic() - started_s < BUDGET_S + 0.4


@pytest.mark.parametrize(
    "behaviour", [hang, drip_header, drip_body, reset, close, html, truncated, fifty_megabytes]
)
def test_a_write_that_was_sent_and_got_no_readable_answer_is_unknown(behaviour: Behaviour) -> None:
    assert isinstance(log_error(behaviour), UpstreamUnknown)


@pytest.mark.parametrize("behaviour", [reset, close, html, truncated, fifty_megabytes, a_bomb])
def test_a_read_without_a_usable_answer_is_an_outage_and_never_nobody(
    behaviour: Behaviour,
) -> None:
    assert isinstance(find_error(behaviour, budget_s=5), UpstreamUnavailable)


def test_a_refused_connection_wrote_nothing() -> None:
    with hostile_server(close) as gone:
        pass

    with pytest.raises(UpstreamUnavailable):
        crm(gone.base).log_interaction(RECORD, deadline=Deadline.after(BUDGET_S))


def test_a_redirect_is_refused_and_leads_nowhere() -> None:
    with hostile_server(lambda visit: visit.send(NOBODY)) as elsewhere:

        def redirect(visit: Visit) -> None:
            visit.send(http(b"", status="302 Found", headers=f"Location: {elsewhere.base}/\r\n"))

        error = find_error(redirect)

    assert isinstance(error, UpstreamUnavailable)
    assert elsewhere.visits == []


def test_a_redirect_with_an_endless_body_ends_at_the_deadline() -> None:
    def endless(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 1000\r\n\r\n")
        visit.drip(b" " * 1000)

    started_s = time.monotonic()
    assert isinstance(find_error(endless), UpstreamUnavailable)
    assert time.monotonic() - started_s < BUDGET_S + 0.4


def test_a_server_that_answers_with_everyone_finds_only_the_one_who_was_asked_for() -> None:
    everyone = (
        b'{"customers": [{"id": "1", "name": "Eve", "phone": "+44 1632 960 001"},'
        b'{"id": "2", "name": "Ada", "phone": "(415) 555-0142"},'
        b'{"id": "3", "name": "Longer", "phone": "+1 415 555 01429"}]}'
    )
    with hostile_server(lambda visit: visit.send(http(everyone))) as server:
        found = crm(server.base).find(ADA, deadline=Deadline.after(2))

    assert [customer.id for customer in found] == ["2"]


def test_so_many_rows_that_reading_them_takes_too_long_are_an_outage() -> None:
    row = b'{"id": "1", "phone": "(415) 555-0199"},'
    rows = b'{"customers": [' + (row * 40_000)[:-1] + b"]}"

    error = find_error(lambda visit: visit.send(http(rows)), budget_s=0.6)

    assert isinstance(error, UpstreamUnavailable)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ("Retry-After: 7\r\n", 7),
        (
            "Retry-After: Mon, 05 Jan 2026 12:00:09 GMT\r\nDate: Mon, 05 Jan 2026 12:00:00 GMT\r\n",
            9,
        ),
        ("Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n", 0),
        ("Retry-After: 99999999999999999999\r\n", 86400),
        ("Retry-After: -1\r\n", None),
        ("Retry-After: Mon, 01 Jan 2024 00:00:00 +99999999999999999999\r\n", None),
        ("Retry-After: soon\r\n", None),
        ("", None),
    ],
)
def test_a_429_says_how_long_to_wait_in_either_form(headers: str, wait_s: float | None) -> None:
    throttled = http(b"Too many", status="429 Too Many Requests", headers=headers)

    error = find_error(lambda visit: visit.send(throttled))

    assert isinstance(error, UpstreamThrottled)
    assert error.retry_after_s == wait_s


def test_a_connection_is_kept_for_the_next_call() -> None:
    def keep_answering(visit: Visit) -> None:
        visit.send(NOBODY)
        while visit.connection.recv(65536):
            visit.send(NOBODY)

    with hostile_server(keep_answering) as server:
        client = crm(server.base)
        for _ in range(3):
            assert client.find(ADA, deadline=Deadline.after(2)) == ()
        client.close()

        assert len(server.visits) == 1


def test_a_connection_that_was_quiet_for_long_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def keep_answering(visit: Visit) -> None:
        visit.send(NOBODY)
        while visit.connection.recv(65536):
            visit.send(NOBODY)

    with hostile_server(keep_answering) as server:
        client = crm(server.base)
        client.find(ADA, deadline=Deadline.after(2))
        long_after_s = time.monotonic() + 31
        monkeypatch.setattr(
            "switchboard.adapters.connector.patience.time.monotonic", lambda: long_after_s
        )
        client.find(ADA, deadline=Deadline.after(2, clock=lambda: 0.0))
        monkeypatch.undo()
        client.close()

        assert len(server.visits) == 2


def test_a_lost_connection_is_replaced() -> None:
    with hostile_server(lambda visit: visit.send(NOBODY)) as server:
        client = crm(server.base)
        for _ in range(3):
            assert client.find(ADA, deadline=Deadline.after(2)) == ()
            time.sleep(0.05)

        assert len(server.visits) == 3


def test_the_proxy_and_netrc_of_the_machine_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    with hostile_server(lambda visit: visit.send(NOBODY)) as server:
        assert crm(server.base).find(ADA, deadline=Deadline.after(2)) == ()
        assert b"Authorization" not in server.visits[0]


def test_a_host_that_cannot_be_one_is_an_outage_and_nothing_is_sent() -> None:
    with pytest.raises(NoAnswerError, match="cannot be sent") as caught:
        HttpTransport().exchange(
            HttpRequest("GET", "https://*.example.com/"), CallLimits(Deadline.after(5), 1, 1)
        )

    assert not caught.value.sent


def test_no_thread_outlives_its_call() -> None:
    before = threading.active_count()
    find_error(drip_body)
    assert threading.active_count() == before


def test_neither_errors_nor_log_lines_hold_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    broken_header = b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n{}"
    caplog.set_level(logging.DEBUG)

    texts = [str(find_error(behaviour)) for behaviour in (html, reset, hang)]
    texts.append(str(find_error(lambda visit: visit.send(broken_header))))

    assert "5550142" not in "".join(texts) + caplog.text


def test_an_error_shown_with_its_causes_does_not_hold_the_caller() -> None:
    error: BaseException | None = find_error(reset)
    while error is not None:
        assert "5550142" not in repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@contextmanager
def full_listener() -> Iterator[int]:
    """A port whose queue is full: connecting to it is neither refused nor accepted."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_connecting_may_take_only_its_share_and_sends_nothing() -> None:
    limits = CallLimits(Deadline.after(5), connect_s=0.2, read_s=5)
    started_s = time.monotonic()

    with full_listener() as port, pytest.raises(NoAnswerError) as caught:
        HttpTransport(allow_loopback=True).exchange(
            HttpRequest("GET", f"http://127.0.0.1:{port}/"), limits
        )

    assert not caught.value.sent
    assert 0.15 < time.monotonic() - started_s < 1


def test_an_address_book_entry_cannot_become_part_of_the_request_line() -> None:
    with hostile_server(lambda visit: visit.send(http(b"{}", status="404 Not Found"))) as server:
        found = crm(server.base).find(
            EmailAddress("x/../../admin?y=@example.com"), deadline=Deadline.after(2)
        )

    assert found == ()
    line = server.visits[0].split(b"\r\n")[0]
    assert line == b"GET /customers/by-email/x%2F..%2F..%2Fadmin%3Fy%3D%40example.com HTTP/1.1"
