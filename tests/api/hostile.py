# mypy: ignore-errors
"""Loaded by the tester for its second run: each request is spoilt in one place, or in several.

The document's own shapes stay around the damage, so that it reaches the code behind the parser.
Sizes stay within what API Gateway passes on: 10 KiB of address and headers.
"""

import json
import sys
from pathlib import Path
from urllib.parse import quote

import schemathesis
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
# It also hooks itself in: webhooks stay signed, and ids lead somewhere.
import hooks

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
LIMIT = 256 * 1024

NASTY_TEXTS = st.one_of(
    st.sampled_from(
        [
            "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\ufeff", "\u202e", "\uffff", "\x7f",
            "\x1b[2J", "\u0130", "\u00df", "\uff11\uff12\uff13", "\u0664\u0662", "\u00a0",
            "\U0001f937\u200d" * 20, "-0", "-1", "1e999", "NaN", "null", "None", "true", "[]", "{}",
            "9" * 400, "9" * 20, "..", "../../etc/passwd", "%00", "%2e%2e%2f", "%", "%zz", "?", "#",
            "/", "\\", "'", '"', "`", "<script>", "${jndi:x}", "{{7*7}}", "${7*7}", "a\r\nx-a: b",
            "a\nb", " ", "\t", "+", "+0", "sip:%00@x", "tel:;;;", "a@", "@", "a@" + "b." * 60 + "c",
            "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "2026-02-30", "1:2:3:4",
            "x" * 2_100, "x" * 10_000, "x" * 10_001, "\u00e9" * 10_000,
        ]
    ),
    st.text(max_size=40),
    st.text(st.characters(categories=["Cc", "Cs", "Co", "Cn", "Zs", "Mn"]), max_size=20),
)  # fmt: skip
NASTY_VALUES = st.one_of(
    NASTY_TEXTS,
    st.sampled_from([10**400, -(10**30), 1.7e308, 5e-324, True, None, [], {}, [[[]]], {"": {}}]),
)
RAW_BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"", b" ", b"\x00", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b'{"a":"\xed\xa0\x80"}',
            b'{"contact":"\xff"}', b'{"\xff":1}', b'{"contact":NaN}', b'{"contact":-Infinity}',
            b'{"contact":1e999}', b'{"contact":' + b"9" * 5_000 + b"}", b'{"contact":"\\ud800"}',
            b'{"contact":"\\u0000"}', b'{"contact":1,"contact":2}', b'{"a":"a"}{"a":"b"}',
            b"[" * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000, b"[" * 60_000 + b"]" * 60_000,
            b'{"contact":"' + b"x" * LIMIT + b'"}', b"{}".ljust(LIMIT), b"{}".ljust(LIMIT + 1),
            b"{" + b",".join(b'"p%d":"x"' % n for n in range(20_000)) + b"}",
            b"{" + b",".join(b'"p%d":"%s"' % (n, b"x" * 400) for n in range(200)) + b"}",
            b"&" * 50_000, b"=", b"a=1&b", b"contact=%ff%fe&channel=%00", b"contact=%ud800", b"%=%",
            b"contact=" + b"%F0%9F%A4%B7" * 3_000, b"null", b"true", b"0", b'""', b"<a>&b;</a>",
            b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"<a>" * 50_000,
        ]
    ),
)  # fmt: skip
KINDS = st.sampled_from(
    [
        JSON, FORM, "", "*/*", "text/plain", "application/json; charset=utf-16", "application/xml",
        "application/json; charset=nonsense", "multipart/form-data; boundary=x", "json", "\x01\xff",
        "application/octet-stream", "a" * 2_000, "application/json, text/html",
    ]
)  # fmt: skip
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "idempotency-key", hooks.KEY_HEADER, "accept", "cookie", "host", "x-forwarded-for",
            "x-forwarded-host", "authorization", "content-encoding", "origin", "range", "x-a",
            "webhook-id", "webhook-timestamp", "webhook-signature", "x-amzn-trace-id", "forwarded",
        ]
    ),
    st.one_of(
        st.sampled_from(["", ".", "a.b", "a", "\xff", "x" * 3_000, "\x00", "-1", "gzip", "None"]),
        st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=300),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


@schemathesis.hook
def flatmap_case(context, case):
    """The same request, spoilt."""
    damages = [headers(case)]
    if case.path_parameters:
        damages.append(one_value(case.path_parameters, as_segment))
    if case.query:
        damages.append(one_value(case.query, whole))
    if case.operation.body:
        damages += [raw(case), one_field(case), kind(case)]
    chosen = st.lists(st.sampled_from(damages), min_size=1, max_size=2, unique_by=id)
    return chosen.flatmap(lambda some: st.tuples(*some)).map(lambda _: case)


def headers(case):
    return HEADERS.map(lambda values: case.headers.update({n: wire(v) for n, v in values.items()}))


def one_value(values, written):
    spoil = st.tuples(st.sampled_from(sorted(values)), NASTY_TEXTS)
    return spoil.map(lambda pair: values.update([(pair[0], written(pair[1][:3_000]))]))


def one_field(case):
    """A known name with a nasty value, or a nasty name."""

    def spoil(values):
        fields = case.body if isinstance(case.body, dict) else {}
        case.body = json.dumps({**fields, **values}, default=str).encode()

    known = sorted(case.body) if isinstance(case.body, dict) and case.body else ["contact"]
    names = st.one_of(st.sampled_from(known), NASTY_TEXTS)
    return st.dictionaries(names, NASTY_VALUES, min_size=1, max_size=3).map(spoil)


def raw(case):
    return RAW_BODIES.map(lambda body: setattr(case, "body", body))


def kind(case):
    return KINDS.map(lambda name: case.headers.update({"content-type": wire(name)}))


def wire(text):
    """As an HTTP library sends it: Latin-1, without blanks around it."""
    return text.encode("latin-1", errors="replace").decode("latin-1").strip()


def as_segment(text):
    """Without its id, a path is another one, and API Gateway's to answer."""
    return quote(whole(text) or "-", safe="").replace(".", "%2E")


def whole(text):
    """Half a surrogate pair has no bytes that an address could hold."""
    return text.encode(errors="replace").decode()
