"""Expressions, the holes in texts, and the functions they may call."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.adapters.connector.expressions import (
    ExpressionError,
    Hole,
    evaluate,
    holds,
    parts_of,
    value_of,
)


def test_a_hole_ends_at_its_own_brace_and_not_at_one_inside() -> None:
    assert parts_of("a ${{id: x, b: '}'}} b") == ("a ", Hole("{id: x, b: '}'}"), " b")
    assert parts_of('${"a}b"}') == (Hole('"a}b"'),)
    assert parts_of("${pick(tables.a, b, `{}`)}") == (Hole("pick(tables.a, b, `{}`)"),)


def test_a_hole_that_is_never_closed_is_a_mistake() -> None:
    with pytest.raises(ExpressionError, match="closing brace"):
        parts_of("a ${input.x")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parts = parts_of(text)
    except ExpressionError:
        assert "${" in text
        return
    assert "${" in text or "".join(str(part) for part in parts) == text


@given(st.text())
def test_a_value_is_never_read_as_a_template(text: str) -> None:
    assert value_of("<${a}>", {"a": text}) == f"<{text}>"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("digits(phone)", "14155550142"),
        ("digits(absent)", None),
        ('json([`"a"`, phone])', '["a","+1 415 555 0142"]'),
        ("b64url('a?b>~')", "YT9iPn4"),
        ("epoch_ms(at)", 1767614400123),
        ("epoch_ms(local)", None),
        ("epoch_ms(absent)", None),
        ("pick(table, 'voice', 'other')", "call"),
        ("pick(table, absent, 'other')", "other"),
        ("pick(absent, 'voice', `null`)", None),
        ("html('<a href=\"x\">&')", "&lt;a href=&quot;x&quot;&gt;&amp;"),
        ("whole('12.6')", 13),
        ("whole(`125`)", 125),
        ("whole('soon')", None),
        ("whole('inf')", None),
        ("whole(absent)", None),
        ("first(phone, `4`)", "+1 4"),
        ("first(absent, `4`)", None),
    ],
)
def test_functions(expression: str, expected: object) -> None:
    scope = {
        "phone": "+1 415 555 0142",
        "at": "2026-01-05T12:00:00.123+00:00",
        "local": "2026-01-05T12:00:00",
        "table": {"voice": "call"},
    }

    assert evaluate(expression, scope) == expected


def test_a_failing_expression_names_itself_and_no_value() -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate("join(', ', phone)", {"phone": "+14155550142"})

    assert "join(', ', phone)" in str(caught.value)
    assert "5550142" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_condition_that_cannot_be_evaluated_does_not_hold() -> None:
    assert not holds("contains(body.error, 'x')", {"body": None})


@pytest.mark.parametrize("value", [None, False, "", [], {}])
def test_nothing_is_not_true(value: Any) -> None:
    assert not holds("a", {"a": value})


@pytest.mark.parametrize("value", [0, 1, True, "x", [0], {"a": None}])
def test_something_is_true(value: Any) -> None:
    assert holds("a", {"a": value})


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_json_text_reads_back_as_the_value(value: Any) -> None:
    assert json.loads(evaluate("json(a)", {"a": value})) == value
