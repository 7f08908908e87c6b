"""What connectors do to lists and numbers that JMESPath cannot do by itself."""

import pytest

from switchboard.adapters.connector.expressions import ExpressionError, evaluate

ROWS = {
    "wanted": "i-1",
    "rows": [
        {"id": 1, "key": "I-1", "note": "about i-12"},
        {"id": 2, "key": "i-1", "note": "about i-1 [i-1]"},
        {"id": 3, "key": None, "note": None},
        "no row",
    ],
    "number": "415",
    "nothing": None,
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        # Another case is another key, whatever a CRM's database thinks.
        ("rows_with(rows, 'key', wanted)[].id", [2]),
        ("rows_with(rows, 'key', nothing)[].id", [3]),
        ("rows_with(rows, 'other', wanted)", []),
        ("rows_with(nothing, 'key', wanted)", None),
        ("rows_containing(rows, 'note', '[i-1]')[].id", [2]),
        ("rows_containing(rows, 'note', wanted)[].id", [1, 2]),
        ("rows_containing(nothing, 'note', wanted)", None),
        ("before_each(number, '%')", "%4%1%5"),
        ("before_each(nothing, '%')", None),
    ],
)
def test_the_functions_look_outside_the_row(expression: str, value: object) -> None:
    assert evaluate(expression, ROWS) == value


def test_a_search_for_no_text_would_be_everything_and_is_a_mistake() -> None:
    with pytest.raises(ExpressionError):
        evaluate("rows_containing(rows, 'note', nothing)", ROWS)
