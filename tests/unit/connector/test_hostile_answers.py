"""Answers that no honest CRM gives: what a lookup and a write make of each of them.

A lookup ends with the right customer or as an outage, never with somebody else and never with
"nobody" that was not said. A write that may have been done is unknown.
"""

import gzip
import json
import re
import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import EmailAddress
from switchboard.errors import (
    UpstreamError,
    UpstreamRejected,
    UpstreamUnavailable,
    UpstreamUnknown,
)
from tests.unit.connector.examples import methods
from tests.unit.connector.hostile_calls import ADA, NOBODY, RECORD, crm, find_error, log_error
from tests.unit.connector.hostile_server import LAST, Behaviour, Visit, hostile_server, http

ADA_ROW = {"id": "2", "name": "Ada", "phone": "(415) 555-0142", "email": "ada@example.com"}
FOUND = http(json.dumps({"customers": [ADA_ROW]}).encode())
LOGGED = http(b'{"id": "A-1", "created": true}')
MEGABYTE = 1024 * 1024


def replying(data: bytes) -> Behaviour:
    return lambda visit: visit.send(data)


def ok(body: str | bytes, *, headers: str = "", content_type: str = "application/json") -> bytes:
    raw = body.encode() if isinstance(body, str) else body
    answer = http(raw, headers=headers)
    return answer.replace(
        b"Content-Type: application/json", b"Content-Type: " + content_type.encode()
    )


def found_with(data: bytes, asked: Any = ADA) -> list[str]:
    with hostile_server(replying(data)) as server:
        client = crm(server.base)
        found = client.find(asked, deadline=Deadline.after(5))
        client.close()
    return [customer.id for customer in found]


# ── Rows that were not asked for ───────────────────────────────────────────────────────────────


def everyone(count: int, *extra: dict[str, str]) -> bytes:
    crowd = [
        {
            "id": f"x{n}",
            "name": "N. N.",
            "phone": f"+44 1632 {960000 + n}",
            "email": f"x{n}@example.com",
        }
        for n in range(count)
    ]
    return ok(json.dumps({"customers": [*crowd, *extra]}))


def test_a_filter_that_is_ignored_over_ten_thousand_rows_finds_the_one_in_time() -> None:
    started_s = time.monotonic()

    assert found_with(everyone(10_000, ADA_ROW)) == ["2"]
    assert time.monotonic() - started_s < 4


def test_a_filter_that_is_ignored_finds_nobody_where_nobody_is() -> None:
    assert found_with(everyone(1_000)) == []


@pytest.mark.parametrize(
    "stored",
    [
        "xada@example.com",
        "ada@example.com.evil.example.com",
        "ada@example.co",
        "ada@example,com",
        "",
    ],
)
def test_an_address_that_only_resembles_the_one_asked_for_is_nobody(stored: str) -> None:
    answer = ok(json.dumps({"customers": [{**ADA_ROW, "email": stored}]}))

    assert found_with(answer, EmailAddress("ada@example.com")) == []


# ── A success that is none ─────────────────────────────────────────────────────────────────────

ERROR_INSIDE = ok('{"ok": false, "error": {"code": "DENIED"}}', headers=LAST)
RULE = {"when": "body.ok == `false`", "class": "forbidden", "detail": "body.error.code"}


def test_an_error_inside_a_200_is_what_the_connector_says_it_is() -> None:
    with hostile_server(replying(ERROR_INSIDE)) as server:
        client = crm(server.base, errors=[RULE])
        for call in (
            lambda: client.find(ADA, deadline=Deadline.after(2)),
            lambda: client.log_interaction(RECORD, deadline=Deadline.after(2)),
        ):
            with pytest.raises(UpstreamRejected, match="forbidden: DENIED"):
                call()


def test_an_error_inside_a_200_that_no_rule_knows_is_an_outage_and_for_a_write_unknown() -> None:
    assert isinstance(find_error(replying(ERROR_INSIDE)), UpstreamUnavailable)
    assert isinstance(log_error(replying(ERROR_INSIDE)), UpstreamUnknown)


HTML = b"<!doctype html><title>Sign in</title>" + b"<p>" * 1000
UNREADABLE = {
    "an HTML page": ok(HTML, content_type="text/html"),
    "an HTML page that says it is JSON": ok(HTML),
    "half of a JSON document": ok('{"customers": [{"id": "2", "phone": "(415) 5'),
    "two documents": ok('{"customers": []}{"customers": []}'),
    "a picture": ok(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), content_type="image/png"),
    "no UTF-8": ok(b'{"customers": ["\xff\xfe"]}'),
    "not a number": ok('{"customers": [], "n": NaN}'),
    "infinity": ok('{"customers": [], "n": -Infinity}'),
    "a number of five thousand digits": ok('{"customers": [], "n": ' + "9" * 5000 + "}"),
    "a hundred thousand brackets": ok("[" * 100_000 + "]" * 100_000),
    "half a million braces": ok('{"a":' * 300_000),
    "gzip that is none": ok('{"customers": []}', headers="Content-Encoding: gzip\r\n"),
    "half of a gzip": ok(
        gzip.compress(b'{"customers": []}')[:-12], headers="Content-Encoding: gzip\r\n"
    ),
    "an encoding nobody asked for": ok(b"\x0b\x02\x80", headers="Content-Encoding: br\r\n"),
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_an_outage_and_for_a_write_unknown(answer: bytes) -> None:
    assert isinstance(find_error(replying(answer), budget_s=5), UpstreamUnavailable)
    assert isinstance(log_error(replying(answer), budget_s=5), UpstreamUnknown)


@pytest.mark.parametrize(
    "body", ["", "null", "[]", '"text"', "0", '{"customers": null}', '{"customers": {}}']
)
def test_json_without_the_list_is_an_outage_and_never_nobody(body: str) -> None:
    assert isinstance(find_error(replying(ok(body))), UpstreamUnavailable)
    assert isinstance(log_error(replying(ok(body))), UpstreamUnknown)


@pytest.mark.parametrize(
    "status", ["500 Internal Server Error", "502 Bad Gateway", "599 Odd", "999 Odd"]
)
def test_an_html_error_page_is_an_outage_and_unknown_only_where_a_repeat_does_harm(
    status: str,
) -> None:
    page = replying(http(HTML, status=status))

    assert isinstance(find_error(page), UpstreamUnavailable)
    assert isinstance(log_error(page), UpstreamUnavailable)
    assert isinstance(log_error(page, methods=methods(idempotency="none")), UpstreamUnknown)


def test_json_counts_as_json_whatever_its_content_type_says() -> None:
    body = json.dumps({"customers": [ADA_ROW]})

    for content_type in ("text/html", "application/octet-stream", "text/plain; charset=klingon"):
        assert found_with(ok(body, content_type=content_type)) == ["2"]
    assert found_with(ok(b"\xef\xbb\xbf" + body.encode())) == ["2"]
    assert found_with(ok(body.encode("utf-16"))) == ["2"]


def test_of_two_equal_keys_the_last_counts_and_is_checked() -> None:
    twice = '{"id": "2", "phone": "(415) 555-0142", "phone": "+44 1632 960001"}'

    assert found_with(ok(f'{{"customers": [{twice}]}}')) == []


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1.5", "true", "null", "[]", '""'])
def test_a_row_whose_id_is_no_id_is_an_outage_or_an_ordinary_text(number: str) -> None:
    answer = ok(f'{{"customers": [{{"id": {number}, "phone": "(415) 555-0142"}}]}}')
    try:
        found = found_with(answer)
    except UpstreamUnavailable:
        return
    assert all(re.fullmatch(r"[A-Za-z0-9]*", id_) for id_ in found)


def test_numbers_beyond_all_bounds_do_not_travel_on() -> None:
    row = '{"id": 1e3, "phone": "(415) 555-0142"}'
    assert isinstance(find_error(replying(ok(f'{{"customers": [{row}]}}'))), UpstreamUnavailable)

    row = '{"id": "2", "phone": "(415) 555-0142", "tier": 1e999}'
    with hostile_server(replying(ok(f'{{"customers": [{row}]}}'))) as server:
        (ada,) = crm(server.base).find(ADA, deadline=Deadline.after(2))

    assert ada.attributes == {"tier": None}


def test_a_tree_as_deep_as_the_parser_allows_is_still_one_of_our_errors() -> None:
    """Functions of a connector meet the tree too, and must not drown in it."""
    deep = "[" * 20_000 + "]" * 20_000
    for depth in (500, 900, 2_000, 20_000):
        body = '{"customers": [], "deep": ' + deep[20_000 - depth : 20_000 + depth] + "}"
        overrides = methods(map="{id: json(body.deep), created: `true`}")
        with hostile_server(replying(ok(body))) as server, suppress(UpstreamUnknown):
            crm(server.base, methods=overrides).log_interaction(RECORD, deadline=Deadline.after(5))


# ── Too much ───────────────────────────────────────────────────────────────────────────────────


A_LINE = b"X: " + b"y" * 1000 + b"\r\n"


def fifty_megabytes(visit: Visit) -> None:
    visit.send(http(b"").replace(b"Content-Length: 0", b"Content-Length: 52428800"))
    for _ in range(800):
        visit.send(b" " * 65536)


def fifty_megabytes_in_chunks(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(800):
        visit.send(b"10000\r\n" + b" " * 65536 + b"\r\n")
    visit.send(b"0\r\n\r\n")


def fifty_megabytes_until_closed(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(800):
        visit.send(b" " * 65536)


def an_endless_chunk_size(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(800):
        visit.send(b"0" * 65536)


def endless_trailers(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    for _ in range(800):
        visit.send(A_LINE * 64)


def an_endless_status_line(visit: Visit) -> None:
    for _ in range(800):
        visit.send(b"HTTP/1.1 200 " * 5000)


def a_header_of_a_megabyte(visit: Visit) -> None:
    visit.send(http(b"{}", headers="X-Long: " + "a" * MEGABYTE + "\r\n"))


def ten_thousand_headers(visit: Visit) -> None:
    visit.send(http(b"{}", headers="".join(f"X-{n}: {n}\r\n" for n in range(10_000))))


def endless_headers(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\n")
    for _ in range(800):
        visit.send(A_LINE * 64)


def continues_forever(visit: Visit) -> None:
    while not visit.closing.is_set():
        visit.send((b"HTTP/1.1 100 Continue\r\n" + A_LINE * 60 + b"\r\n") * 10)


def _packed(wrap: Callable[[bytes], bytes], encoding: str) -> Behaviour:
    return replying(ok(wrap(b" " * 50 * MEGABYTE), headers=f"Content-Encoding: {encoding}\r\n"))


TOO_MUCH: dict[str, Behaviour] = {
    "plain": fifty_megabytes,
    "chunked": fifty_megabytes_in_chunks,
    "until closed": fifty_megabytes_until_closed,
    "gzip": _packed(gzip.compress, "gzip"),
    "deflate": _packed(zlib.compress, "deflate"),
    "gzip twice": _packed(lambda plain: gzip.compress(gzip.compress(plain)), "gzip, gzip"),
    "chunk size": an_endless_chunk_size,
    "trailers": endless_trailers,
    "status line": an_endless_status_line,
    "one header": a_header_of_a_megabyte,
    "many headers": ten_thousand_headers,
    "endless headers": endless_headers,
    "continue": continues_forever,
}


@pytest.mark.parametrize("behaviour", TOO_MUCH.values(), ids=TOO_MUCH)
def test_too_much_is_never_collected(behaviour: Behaviour) -> None:
    """What the process holds at its worst moment: the cap, a copy of it, and small change."""
    tracemalloc.start()
    try:
        error = log_error(behaviour, budget_s=5)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert isinstance(error, UpstreamUnknown)
    assert peak_bytes < 12 * MEGABYTE


@pytest.mark.parametrize("behaviour", TOO_MUCH.values(), ids=TOO_MUCH)
def test_too_much_is_an_outage_for_a_lookup_and_does_not_take_for_ever(
    behaviour: Behaviour,
) -> None:
    started_s = time.monotonic()

    assert isinstance(find_error(behaviour, budget_s=2), UpstreamUnavailable)
    assert time.monotonic() - started_s < 2.5


# ── Too late ───────────────────────────────────────────────────────────────────────────────────


def test_an_answer_after_the_deadline_is_none() -> None:
    def late(data: bytes) -> Behaviour:
        def behaviour(visit: Visit) -> None:
            visit.closing.wait(0.45)
            visit.send(data)

        return behaviour

    assert isinstance(find_error(late(FOUND), budget_s=0.3), UpstreamUnavailable)
    assert isinstance(log_error(late(LOGGED), budget_s=0.3), UpstreamUnknown)


# ── Not final ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "status", ["102 Processing", "103 Early Hints", "101 Switching Protocols", "199 Odd"]
)
def test_an_answer_that_is_not_final_is_none(status: str) -> None:
    early = replying(f"HTTP/1.1 {status}\r\nLink: </x>\r\n\r\n".encode())

    assert isinstance(find_error(early), UpstreamUnavailable)
    assert isinstance(log_error(early), UpstreamUnknown)


def test_a_continue_before_the_answer_is_passed_over() -> None:
    assert found_with(b"HTTP/1.1 100 Continue\r\n\r\n" + FOUND) == ["2"]


@pytest.mark.parametrize(
    "early", [b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n"]
)
def test_what_follows_an_answer_is_never_the_answer_to_the_next_call(early: bytes) -> None:
    """Otherwise one caller would get what was said of another."""
    waiting = [early, NOBODY]

    def slow_on_the_first(visit: Visit) -> None:
        first = waiting.pop(0) if waiting else NOBODY
        visit.send(first)
        if first is early:
            visit.closing.wait(0.1)
            visit.send(FOUND)
            visit.closing.wait(0.3)

    with hostile_server(slow_on_the_first) as server:
        client = crm(server.base)
        with pytest.raises(UpstreamUnavailable):
            client.find(ADA, deadline=Deadline.after(2))
        time.sleep(0.2)
        assert client.find(ADA, deadline=Deadline.after(2)) == ()
        client.close()

        assert len(server.visits) == 2


def test_bytes_behind_the_end_of_a_body_are_not_the_next_answer() -> None:
    answers = [NOBODY + FOUND, NOBODY]

    with hostile_server(lambda visit: visit.send(answers.pop(0))) as server:
        client = crm(server.base)
        for _ in range(2):
            assert client.find(ADA, deadline=Deadline.after(2)) == ()
            time.sleep(0.05)  # the server hangs up after each
        client.close()


# ── Elsewhere ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize(
    "target",
    ["{elsewhere}/", "http://169.254.169.254/latest/meta-data/", "//[fd00:ec2::254]/", "/", ""],
)
def test_a_redirect_leads_nowhere(status: int, target: str) -> None:
    with hostile_server(replying(FOUND)) as elsewhere:
        location = target.format(elsewhere=elsewhere.base)
        redirect = replying(
            http(b"", status=f"{status} Moved", headers=f"Location: {location}\r\n")
        )

        assert isinstance(find_error(redirect), UpstreamUnavailable)
        # It may follow a deed, so only a write that may be repeated is sure.
        assert isinstance(log_error(redirect), UpstreamUnavailable)
        no_repeat = methods(idempotency="none")
        assert isinstance(log_error(redirect, methods=no_repeat), UpstreamUnknown)

    assert elsewhere.visits == []


# ── Cut off ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("after", range(len(FOUND)))
def test_a_lookup_whose_answer_was_cut_anywhere_is_an_outage(after: int) -> None:
    assert isinstance(find_error(replying(FOUND[:after]), budget_s=5), UpstreamUnavailable)


@pytest.mark.parametrize("after", range(len(LOGGED)))
def test_a_write_whose_answer_was_cut_anywhere_is_unknown(after: int) -> None:
    assert isinstance(log_error(replying(LOGGED[:after]), budget_s=5), UpstreamUnknown)


def test_a_kept_connection_that_is_closed_under_a_call_makes_a_write_unknown() -> None:
    def only_once(visit: Visit) -> None:
        visit.send(NOBODY)
        visit.connection.recv(65536)

    with hostile_server(only_once) as server:
        client = crm(server.base)
        client.find(ADA, deadline=Deadline.after(2))
        with pytest.raises(UpstreamUnknown):
            client.log_interaction(RECORD, deadline=Deadline.after(2))
        client.close()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

# ── Nonsense ───────────────────────────────────────────────────────────────────────────────────

NONSENSE = {
    "HTTP/0.9": b'{"customers": []}',
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no number": b"HTTP/1.1 OK\r\n\r\n" + NOBODY,
    "a negative length": NOBODY.replace(b"Content-Length: 17", b"Content-Length: -17"),
    "two lengths": NOBODY.replace(
        b"Content-Length: 17", b"Content-Length: 17\r\nContent-Length: 3"
    ),
    "a negative chunk": CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n",
    "a chunk without end": CHUNKED + b"FFFFFFFFFFFFFFFF\r\n{}",
    "no chunk": CHUNKED + NOBODY,
    "null bytes": bytes(1000),
    "a greeting": b"220 mail.example.com ESMTP\r\n",
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_an_outage_or_exactly_what_it_says_and_never_a_record(answer: bytes) -> None:
    with hostile_server(replying(answer)) as server:
        client = crm(server.base)
        with suppress(UpstreamUnavailable):
            assert client.find(ADA, deadline=Deadline.after(2)) == ()
        with pytest.raises(UpstreamUnknown):
            client.log_interaction(RECORD, deadline=Deadline.after(2))
        client.close()


@given(head=st.binary(max_size=60), body=st.binary(max_size=120), well_begun=st.booleans())
@settings(max_examples=60)
def test_no_bytes_at_all_make_a_customer_or_a_stray_exception(
    head: bytes, body: bytes, well_begun: bool
) -> None:
    begun = b"HTTP/1.1 200 OK\r\n" if well_begun else b""
    with hostile_server(replying(begun + head + b"\r\n\r\n" + body)) as server:
        client = crm(server.base)
        with pytest.raises(UpstreamError):
            assert client.find(ADA, deadline=Deadline.after(1)) == ()
        client.close()


# ── Texts that other systems choke on ──────────────────────────────────────────────────────────


def test_half_a_character_in_a_name_does_not_travel_on() -> None:
    """JSON may escape one half of a pair; what comes after us takes only whole characters."""
    row = '{"id": "2", "name": "Ada \\ud83d", "phone": "(415) 555-0142", "tier": "\\udc00"}'
    with hostile_server(replying(ok(f'{{"customers": [{row}]}}'))) as server:
        (ada,) = crm(server.base).find(ADA, deadline=Deadline.after(2))

    assert "Ada" in ada.name.encode().decode()
    assert str(ada.attributes["tier"]).encode()
