"""Texts that a server reads as a query: each language's literals, and what `check` insists on."""

import pytest

from switchboard.adapters.connector.expressions import ExpressionError, evaluate, parts_of, text_of
from switchboard.adapters.connector.query_texts import is_query_text, require_escaped


@pytest.mark.parametrize(
    ("function", "text", "literal"),
    [
        ("soql", "O'Brien", r"'O\'Brien'"),
        ("soql", 'back\\slash"', r"'back\\slash\"'"),
        ("soql_like", "50%_'", r"50\%\_\'"),
        ("sosl", "a-b (c) {d}", r"a\-b \(c\) \{d\}"),
        ("sosl", "this AND that", "this and that"),
        ("odata", "O'Brien", "'O''Brien'"),
        ("zendesk", "ada@example.com", '"ada@example.com"'),
        ("servicenow", "ada@example.com", "ada@example.com"),
        ("coql", "a(b),c'd\\", r"a\(b\)\,c\'d" + "\\\\"),
        ("quoted", 'say "yes" \\', r'"say \"yes\" \\"'),
        ("single_quoted", "it's \\", r"'it\'s \\'"),
        ("like", "50%_\\", r"50\%\_" + "\\\\"),
        ("literal", "as it stands", "as it stands"),
    ],
)
def test_a_language_gets_its_literal(function: str, text: str, literal: str) -> None:
    assert evaluate(f"{function}(x)", {"x": text}) == literal


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ("zendesk", 'a" OR role:admin'),
        ("zendesk", "a\\"),
        ("servicenow", "a^ORactive=true"),
        ("servicenow", "javascript:gs.getUserID()"),
        ("servicenow", "  JavaScript:x"),
        ("soql", "line\nbreak"),
        ("odata", "null\x00byte"),
        ("literal", "line\r\nbreak"),
    ],
)
def test_what_a_language_cannot_say_is_not_asked(function: str, text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(f"{function}(x)", {"x": text})
    (hole,) = parts_of("${" + function + "(x)}")
    with pytest.raises(ExpressionError):
        text_of(hole, {"x": text})


@pytest.mark.parametrize(
    "text",
    [
        "FIND {${sosl(input.name)}} IN PHONE FIELDS",
        "SELECT Id FROM Contact WHERE Email = ${soql(input.email)}",
        "role:end-user phone:*${input.phone.digits}",
        "${input.email}",
        "${input.phone.national}",
        "phone=${input.phone.e164}^ORmobile=${servicenow(input.phone.national)}",
        "${settings.module}.Id:${literal(input.id)}",
        "${join(' OR ', [input.phone.nsn, digits(input.phone.national)])}",
        "${join('', ['a', soql(input.email) || 'nobody'])}",
        "without a hole",
    ],
)
def test_a_query_text_that_cannot_be_rewritten_is_taken(text: str) -> None:
    assert is_query_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "email:${input.email}",
        "phone=${input.phone.national}",
        "id=${input.id}",
        "name=${html(input.name)}",
        "name=${input.name || soql(input.email)}",
        "x=${steps.found.id}",
        "${join('', ['Email = ', input.email])}",
        "${join('', ['Email = ', to_string(input.email)])}",
        "a=${input.flag && input.email}",
    ],
)
def test_a_value_that_could_rewrite_the_query_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ValueError, match="wrap it in the function of the server's query language"):
        is_query_text(text)


def test_a_body_that_holds_a_query_is_held_to_the_same() -> None:
    body = {"select_query": "select id from Contacts where Email = '${input.email}'"}

    require_escaped(body, "other_key")
    with pytest.raises(ValueError, match="wrap it"):
        require_escaped({"nested": [body]}, "select_query")
