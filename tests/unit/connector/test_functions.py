"""What connector expressions can call."""

import pytest

from switchboard.adapters.connector.expressions import ExpressionError, evaluate
from switchboard.adapters.connector.functions import SIGNATURES

NULL_STAYS_NULL = sorted(
    name for name, (_, types) in SIGNATURES.items() if types and "null" in types[0]
)
FORMS = {"clock": "'HH:MM'", "time": "'%Y'"}
ARGUMENTS = {"string": "'a'", "number": "`1`", "object": "`{}`", "array": "`[]`", "null": "`null`"}


def call_with_null(name: str) -> str:
    """The function with null for its first argument, and something fitting for the others."""
    _, types = SIGNATURES[name]
    others = [ARGUMENTS[each[0]] if each else "'a'" for each in types[1:]]
    return (
        f"{name}({', '.join(['nothing', *others])})"
        if name not in FORMS
        else (f"{name}(nothing, {FORMS[name]})")
    )


@pytest.mark.parametrize("name", NULL_STAYS_NULL)
def test_what_is_absent_stays_absent(name: str) -> None:
    said = evaluate(call_with_null(name), {})

    assert said is None or name in {"name_parts", "pick"}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("clock(`125`, 'mm:ss')", "02:05"),
        ("clock(`7325`, 'mm:ss')", "122:05"),
        ("clock(`7325`, 'HH:MM:SS')", "02:02:05"),
        ("clock(`61`, 'HH:MM')", "00:02"),
        ("clock(`60`, 'HH:MM')", "00:01"),
        ("clock(`0`, 'HH:MM')", "00:00"),
        ("clock(`-1`, 'HH:MM')", None),
        ("time('2026-01-05T23:30:00-05:00', '%Y-%m-%d %H:%M')", "2026-01-06 04:30"),
        ("time('2026-01-05T10:00:00Z', '%Y-%m-%dT%H:%M:%S%z')", "2026-01-05T10:00:00+0000"),
        ("time('yesterday', '%Y')", None),
        ("time('2026-01-05T10:00:00', '%Y')", None),
        ("plus_s('2026-01-05T10:00:00+00:00', `125`)", "2026-01-05T10:02:05+00:00"),
        ("plus_s('9999-12-31T23:59:59+00:00', `125`)", None),
        ("times(`125`, `1000`)", 125000),
        ("plus(`1`, `2`)", 3),
        ("div_up(`61`, `60`)", 2),
        ("div_up(`61`, `0`)", None),
        ("name_parts('Ada King Byron')", {"first": "Ada King", "last": "Byron"}),
        ("name_parts('Ada')", {"first": None, "last": "Ada"}),
        ("name_parts('  ')", {"first": None, "last": None}),
        ('keyed(`[{"k": "a", "v": 1}, {"v": 2}, 3]`, \'k\', \'v\')', {"a": 1}),
        ("keyed(`[{\"k\": 7}]`, 'k', 'v')", {"7": None}),
        ('each_with(`[{"a": 1}, 2]`, {b: `3`})', [{"a": 1, "b": 3}]),
        ('each_with(`[{"a": 1}]`, {a: `2`})[?a == `2`]', [{"a": 2}]),
        ("text(`5`)", "5"),
        ("text(`true`)", "true"),
        ("split('a/b', '/')", ["a", "b"]),
        ("replace('a-b', '-', '')", "ab"),
        ("upper('grüße')", "GRÜSSE"),
        ("b64('é')", "w6k="),
    ],
)
def test_a_function_gives(expression: str, value: object) -> None:
    assert evaluate(expression, {}) == value


def test_the_same_text_has_the_same_uuid_for_ever() -> None:
    assert evaluate("uuid5('i-1')", {}) == "0d264ce8-b839-5b94-b89d-460a2e8a2b04"


@pytest.mark.parametrize("expression", ["time('2026-01-05T10:00:00Z', '%c')", "clock(`1`, 'H')"])
def test_a_form_that_depends_on_the_machine_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(expression, {})


@pytest.mark.parametrize(
    "expression",
    [
        "time('0001-01-01T00:00:00+14:00', '%Y')",
        "div_up(to_number(digits), `2`)",
        "times(amount, `1.5`)",
        "ceil(to_number('1e999'))",
    ],
)
def test_a_number_or_moment_out_of_range_is_an_expression_that_failed(expression: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(expression, {"digits": "9" * 400, "amount": 10**400})
