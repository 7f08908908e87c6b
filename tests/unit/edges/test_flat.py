"""ECS gets one flat object of short text, whatever stands in a CRM."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.customer import Scalar
from switchboard.edges.flat import LONGEST_VALUE, flat

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=600)


@given(st.dictionaries(st.text(max_size=9), SCALARS))
def test_every_value_is_short_text_in_one_line(values: dict[str, Scalar]) -> None:
    flattened = flat(values)

    assert flattened.keys() == values.keys()
    for text in flattened.values():
        assert isinstance(text, str)
        assert len(text) <= LONGEST_VALUE
        assert len(text.splitlines()) <= 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (34, "34"),
        (412.5, "412.5"),
        (20.0, "20"),
        (0.1 + 0.2, "0.3"),
        (1e15, "1000000000000000"),
        (0.00001, "0.00001"),
        (-0.5, "-0.5"),
        ("  two\r\n lines\u2028here ", "two lines here"),
        ("x" * 300, "x" * 255),
    ],
)
def test_values_are_written_plainly(value: Scalar, text: str) -> None:
    assert flat({"a": value}) == {"a": text}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_never_written_with_an_exponent(value: float) -> None:
    assert "e" not in flat({"a": value})["a"]
