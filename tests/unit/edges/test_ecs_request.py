"""What ECS sends is read however it comes, or refused in words that repeat none of it."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.edges.ecs_request import LONGEST_VALUE, MOST_FIELDS
from switchboard.edges.http_api import LARGEST_BODY
from tests.unit.edges.requests import SENT, call, event, read

ADA = {"contact": "+14155550142", "agent_name": "José Ñandú"}


def refused(body: str | bytes, status: int) -> str:
    """What the refusal says, once it is certain that it is flat and repeats nothing."""
    code, answered = call(event(body))
    assert code == status, answered
    assert set(answered) == {"error", "message", "request_id"}
    assert SENT not in json.dumps(answered)
    return str(answered["message"])


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(ADA),
        json.dumps(ADA).encode(),
        json.dumps(ADA, ensure_ascii=False).encode(),
        "  " + json.dumps(ADA) + "\n",
        urlencode(ADA),
        urlencode(ADA).encode(),
    ],
)
def test_json_and_forms_are_read_alike(body: str | bytes) -> None:
    assert read(body) == ADA


def test_parameters_in_the_query_are_read() -> None:
    assert read(query=ADA) == ADA
    assert read("", query=ADA) == ADA


def test_when_body_and_query_disagree_the_body_wins() -> None:
    assert read('{"a": "body"}', query={"a": "query", "b": "query"}) == {"a": "body", "b": "query"}
    assert read("a=body", query={"a": "query"}) == {"a": "body"}


@pytest.mark.parametrize(
    "word", ["", "  ", "null", "NULL", "None", "N/A", "n/a", "na", "undefined", "-", " - "]
)
def test_words_for_nothing_are_absent(word: str) -> None:
    assert read(json.dumps({"a": word, "b": "kept"})) == {"b": "kept"}
    assert read(urlencode({"a": word, "b": "kept"})) == {"b": "kept"}


@pytest.mark.parametrize(
    ("sent", "text"),
    [("7", "7"), ("7.50", "7.5"), ("true", "true"), ("false", "false"), ('" text "', "text")],
)
def test_values_become_text(sent: str, text: str) -> None:
    assert read(f'{{"a": {sent}, "b": null}}') == {"a": text}


def test_a_request_without_parameters_is_empty() -> None:
    assert read() == {}
    assert read("{}") == {}


@pytest.mark.parametrize("value", [{"b": SENT}, [SENT], [], {}])
def test_a_nested_value_is_refused_by_its_name(value: object) -> None:
    assert refused(json.dumps({"a": value}), 422) == "a must be text; ECS values are flat."


@pytest.mark.parametrize(
    "body",
    [
        f'"{SENT}"',
        f'["{SENT}"]',
        "[]",
        f'{{"a": "{SENT}"',
        f'{{"a": NaN, "b": "{SENT}"}}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        f"{{'a': '{SENT}'}}",
        '{"a":' * 50_000,
        '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"a": ' + "9" * 5_000 + "}",
        SENT,
        "7",
        "null",
        b"\xff\xfe\x00",
        b'{"a": "\x81"}',
        b"a=\x81",
        b"\xfe\xff\x00",
        '{"a": 1}{"b": 2}',
        '{"a": 1},',
        "[{}]",
        "a=1&&b",
    ],
    ids=lambda body: repr(body)[:24],
)
def test_what_is_neither_an_object_nor_a_form_is_refused(body: str | bytes) -> None:
    assert "JSON object" in refused(body, 400)


@pytest.mark.parametrize("field", ["not base64!", "é", "YQ"])
def test_a_body_that_only_claims_to_be_base64_is_refused(field: str) -> None:
    sent = {**event(), "body": field, "isBase64Encoded": True}

    status, answered = call(sent)

    assert (status, answered["error"]) == (400, "malformed_request")


def test_as_many_fields_as_we_read_are_read_and_no_more() -> None:
    most = {f"f{n}": "x" for n in range(MOST_FIELDS)}
    assert read(json.dumps(most)) == most

    for body in (json.dumps({**most, "more": SENT}), urlencode({**most, "more": SENT})):
        assert refused(body, 422) == f"Send at most {MOST_FIELDS} parameters."
    assert refused(json.dumps({f"f{n}": SENT for n in range(300)}), 422)


@pytest.mark.parametrize("binary", [True, False])
def test_a_body_is_read_up_to_its_limit(binary: bool) -> None:
    padding = " " * (LARGEST_BODY - len('{"a":1}'))
    largest = '{"a":1}' + padding

    assert read(largest.encode() if binary else largest) == {"a": "1"}
    larger = largest + " "
    assert refused(larger.encode() if binary else larger, 413) == "Send at most 256 KiB."


def test_the_limit_counts_bytes_and_not_characters() -> None:
    assert refused("é" * (LARGEST_BODY // 2) + "é", 413)


def test_a_value_is_read_up_to_its_limit() -> None:
    assert read(json.dumps({"remarks": "x" * LONGEST_VALUE}))

    said = refused(json.dumps({"remarks": SENT * LONGEST_VALUE}), 422)
    assert said == f"remarks is too long; send at most {LONGEST_VALUE} characters."


@pytest.mark.parametrize("name", [f"+1415{SENT}", f"{SENT} x", SENT * 20, "a\nb", ""])
def test_a_name_that_may_hold_anything_is_not_repeated(name: str) -> None:
    assert refused(json.dumps({name: []}), 422).startswith("A parameter must be text")


ODD = {"agent_name": "José Ñandú", "remarks": "50 % = “half” & more"}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize(
    "write", [lambda sent: json.dumps(sent, ensure_ascii=False), lambda s: f" {json.dumps(s)}\r\n"]
)
def test_letters_are_read_in_every_character_set(write: Any, charset: str, mark: str) -> None:
    assert (
        read((mark if charset != "cp1252" else "").encode(charset) + write(ODD).encode(charset))
        == ODD
    )


@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_letters_of_a_form_are_read_in_every_character_set(charset: str) -> None:
    assert read(urlencode(ODD, encoding=charset)) == ODD
    assert read("agent_name=José+Ñandú".encode(charset)) == {"agent_name": "José Ñandú"}


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "text/xml; charset=utf-16", "", "multipart/form-data; boundary=x", "?"],
)
@pytest.mark.parametrize("body", [json.dumps(ADA), urlencode(ADA)])
def test_what_the_content_type_says_is_not_believed(body: str, content_type: str) -> None:
    assert read(body, content_type=content_type) == ADA


def test_a_character_set_that_nothing_else_tells_is_the_declared_one() -> None:
    sent = "remarks=Привет".encode("windows-1251")

    assert read(sent, content_type="text/plain; charset=windows-1251") == {"remarks": "Привет"}
    assert read(sent, content_type='text/plain; Charset="Windows-1251"')["remarks"] == "Привет"
    assert read(b"a=\xe9", content_type="text/plain; charset=iso-8859-12") == {"a": "é"}
    assert read(b"a=\xe9", content_type="text/plain; charset=idna") == {"a": "é"}


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        ('<?xml version="1.0"?><Interaction/>', "XML"),
        ("<html>", "XML"),
        ('\ufeff<?xml version="1.0" encoding="utf-16"?><a/>', "XML"),
        ("--x\r\nContent-Disposition: form-data", "urlencoded"),
    ],
)
def test_another_format_is_told_what_to_send_instead(body: str, advice: str) -> None:
    said = refused(body, 400)

    assert "one JSON object" in said
    assert advice in said


@pytest.mark.parametrize("form", ["a=1&b=2", "a=1&b=2&", "&a=1&&b=2&&", "a=0&b=2&a=1"])
def test_a_form_is_read_with_its_empty_pieces_and_repeated_names(form: str) -> None:
    assert read(form) == {"a": "1", "b": "2"}
    assert read(raw_query=form) == {"a": "1", "b": "2"}


def test_a_comma_in_a_query_is_no_second_value() -> None:
    assert read(raw_query="a=Doe%2C+Jane&c") == {"a": "Doe, Jane"}


def test_half_a_character_is_replaced_so_that_it_can_be_stored() -> None:
    assert read('{"a": "x\\ud800y", "b\\udfff": "z"}') == {"a": "x?y", "b?": "z"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(SENT),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(JSON.map(json.dumps) | st.text() | st.binary(), st.text() | st.just("x; charset=koi8-r"))
def test_any_body_is_read_or_refused_flat_and_without_repeating_it(body: Any, said: str) -> None:
    status, answered = call(event(body, raw_query=said, content_type=said))

    if status == 200:
        assert all(isinstance(v, str) and v for v in answered["read"].values())
    else:
        assert status in {400, 422}
        assert set(answered) == {"error", "message", "request_id"}
        assert SENT not in answered["message"]
