"""No value changes the shape of a request."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from switchboard.adapters.connector.expressions import ExpressionError
from switchboard.adapters.connector.rendering import HttpRequest, render_link, render_request

SERVER = "https://crm.example.com/api"
HOSTILE = st.one_of(
    st.text(),
    st.sampled_from(
        [
            "..",
            ".",
            "../../admin",
            "%2e%2e",
            "a/b?c=d#e&f=g",
            "x\r\nX-Injected: 1",
            '"}, "admin": true, {"',
            "<script>",
            "\u202egnp.exe",
            "😀",
            "${secret.api_key}",
            "*",
            "' OR 1=1 --",
            "\ud800",
            "\x00",
        ]
    ),
)


def request(template: dict[str, Any], value: Any) -> HttpRequest:
    return render_request(
        {"method": "POST", "path": "/", **template},
        {"input": {"value": value}},
        server=SERVER,
        headers={},
    )


def on_the_wire(rendered: HttpRequest) -> str:
    """The address that the HTTP client makes of ours."""
    prepared = requests.PreparedRequest()
    prepared.prepare(method=rendered.method, url=rendered.url)
    return str(prepared.url)


@given(HOSTILE)
def test_no_value_changes_the_number_of_path_segments(value: str) -> None:
    try:
        rendered = request({"path": "/a/${input.value}/b-${input.value}/c"}, value)
    except ExpressionError:
        assert value in {"", ".", ".."}
        return

    address = urlsplit(on_the_wire(rendered))
    assert on_the_wire(rendered) == rendered.url
    assert address.netloc == "crm.example.com"
    assert address.path.count("/") == 5
    assert address.query == address.fragment == ""


@given(HOSTILE, st.lists(HOSTILE, max_size=3))
def test_no_value_changes_the_query_keys(value: str, several: list[str]) -> None:
    template = {"query": {"q": "${input.value.one}", "f": "${input.value.many}", "n": 3}}

    rendered = request(template, {"one": value, "many": several})

    pairs = parse_qsl(
        urlsplit(on_the_wire(rendered)).query, keep_blank_values=True, errors="strict"
    )
    expected = [("q", value), *(("f", item) for item in several), ("n", "3")]
    assert pairs == [(key, text.replace("\ud800", "?")) for key, text in expected]


@given(HOSTILE)
def test_no_value_changes_the_headers(value: str) -> None:
    try:
        rendered = request({"headers": {"X-Name": "n ${input.value}"}}, value)
    except ExpressionError:
        assert any(ord(character) < 32 or ord(character) == 127 for character in value)
        return

    assert list(rendered.headers) == ["X-Name"]
    assert not set(rendered.headers["X-Name"]) & set("\r\n\0")
    assert requests.Request("GET", SERVER, headers=dict(rendered.headers)).prepare().headers


@given(HOSTILE)
def test_no_value_breaks_the_body(value: str) -> None:
    rendered = request({"body": {"note": "${input.value}", "list": ["x ${input.value}"]}}, value)

    assert json.loads(rendered.body or b"") == {"note": value, "list": [f"x {value}"]}


@given(HOSTILE)
def test_no_record_id_changes_where_a_link_leads(value: str) -> None:
    scope = {"settings": {"base": "https://crm.example.com"}, "record": {"id": value}}

    link = render_link("${settings.base}/customers/${record.id}", scope)

    assert link.startswith("https://crm.example.com/customers/")
    assert link.count("/") == 4
    assert link.isascii()
    assert not set(link) & set("?#\r\n<>\"'")


def test_a_value_alone_keeps_its_type_and_a_null_leaves_its_key_out() -> None:
    template = {"body": {"n": "${input.value.n}", "gone": "${input.value.x}", "kept": None}}

    assert json.loads(request(template, {"n": 12.5}).body or b"") == {"n": 12.5, "kept": None}


def test_inside_a_text_a_value_is_converted_and_a_null_is_an_error() -> None:
    template = {"body": {"text": "${input.value.a}/${input.value.b}"}}

    assert json.loads(request(template, {"a": True, "b": 1.5}).body or b"") == {"text": "true/1.5"}
    with pytest.raises(ExpressionError, match=r"input\.value\.b"):
        request(template, {"a": True})


def test_an_error_names_the_expression_and_not_the_value() -> None:
    with pytest.raises(ExpressionError) as caught:
        request({"query": {"q": "${input.value}"}}, {"phone": "+14155550142"})

    assert "5550142" not in str(caught.value)
    assert "q" in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        "https://evil.example/x",
        "//evil.example/x",
        "https://crm.example.com@evil.example/",
        "https://crm.example.com:444/x",
        "http://crm.example.com/x",
        "https://crm.example.com\\@evil.example/",
        "https://crm.example.com/../../x",
        "javascript:alert(1)",
        "https://crm.example.com/a b",
        "https://[bad",
    ],
)
def test_an_address_that_leads_elsewhere_is_refused(given: str) -> None:
    template = {"method": "GET", "url": "${input.value}"}

    with pytest.raises(ExpressionError, match="address"):
        render_request(template, {"input": {"value": given}}, server=SERVER, headers={})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://crm.example.com/api/next?after=3", "https://crm.example.com/api/next?after=3"),
        ("/api/next", "https://crm.example.com/api/next"),
        ("https://crm.example.com:443/x", "https://crm.example.com/x"),
    ],
)
def test_an_address_of_the_same_server_is_followed(given: str, expected: str) -> None:
    template = {"method": "GET", "url": "${input.value}"}

    rendered = render_request(template, {"input": {"value": given}}, server=SERVER, headers={})

    assert rendered.url == expected


def test_what_is_sent_is_not_printed() -> None:
    rendered = request({"body": {"note": "${input.value}"}}, "+14155550142")

    assert "5550142" not in repr(rendered)


def test_a_form_is_encoded_as_forms_are() -> None:
    template = {
        "method": "POST",
        "path": "/token",
        "form": {"a": "${input.a}", "list": ["x", "${input.a}"], "none": "${input.nothing}"},
    }

    sent = render_request(template, {"input": {"a": "é&=\r\n+"}}, server=SERVER, headers={})

    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent.body == b"a=%C3%A9%26%3D%0D%0A%2B&list=x&list=%C3%A9%26%3D%0D%0A%2B"


@given(HOSTILE)
def test_no_value_adds_a_field_to_a_form(value: str) -> None:
    template = {"method": "POST", "path": "/x", "form": {"a": "${input.a}", "b": "1"}}

    sent = render_request(template, {"input": {"a": value}}, server=SERVER, headers={})

    pairs = parse_qsl((sent.body or b"").decode(), keep_blank_values=True)
    assert [name for name, _ in pairs] == ["a", "b"]


def test_a_list_is_made_of_a_list() -> None:
    template = {
        "method": "POST",
        "path": "/x",
        "body": {
            "rows": {"for_each": "input.rows", "make": {"id": "${item.id}", "n": "${item.n}"}}
        },
    }
    scope = {"input": {"rows": [{"id": "1", "n": 2}, {"id": "${secret.a}", "n": None}]}}

    sent = render_request(template, scope, server=SERVER, headers={})

    assert json.loads(sent.body or b"") == {"rows": [{"id": "1", "n": 2}, {"id": "${secret.a}"}]}


def test_what_is_no_list_makes_none() -> None:
    template = {"method": "POST", "path": "/x", "body": {"for_each": "input.rows", "make": 1}}

    with pytest.raises(ExpressionError, match=r"`input\.rows` is no list"):
        render_request(template, {"input": {"rows": "text"}}, server=SERVER, headers={})
