"""A cell holds for exactly the values that a person would say it holds for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.cells import Attribute, read_cell
from switchboard.domain.customer import Scalar

FLAG = Attribute("known", "flag", "lookup.known")
CHOICE = Attribute("tier", "choice", "crm.tier", ("high", "standard", "low"))
NUMBER = Attribute("days", "number", "crm.days")
ATTRIBUTES = [FLAG, CHOICE, NUMBER]


def holds(attribute: Attribute, raw: object, value: Scalar) -> bool:
    return read_cell(attribute, raw).holds(value)


@pytest.mark.parametrize(
    ("raw", "value", "expected"),
    [
        (True, True, True),
        (True, False, False),
        (False, False, True),
        (True, 1, False),
    ],
)
def test_a_flag(raw: object, value: Scalar, expected: bool) -> None:
    assert holds(FLAG, raw, value) is expected


@pytest.mark.parametrize(
    ("raw", "value", "expected"),
    [
        ("high", "high", True),
        ("high", "low", False),
        (["high", "low"], "low", True),
        (["high", "low"], "standard", False),
        ({"not": "high"}, "low", True),
        ({"not": "high"}, "high", False),
        ({"not": ["high", "low"]}, "standard", True),
        ({"not": "high"}, "something else", False),
    ],
)
def test_a_choice(raw: object, value: Scalar, expected: bool) -> None:
    assert holds(CHOICE, raw, value) is expected


@pytest.mark.parametrize(
    ("raw", "inside", "outside"),
    [
        (12, 12, 12.5),
        (-1.5, -1.5, 1.5),
        (">= 5", 5, 4.999),
        (">=5", 6, 4),
        ("<= 5", 5, 5.001),
        ("> 5", 5.001, 5),
        ("< 200", 199, 200),
        ("< -1.5", -2, -1.5),
        ("15..59", 15, 14.9),
        ("15..59", 59, 59.1),
        ("-3..-1", -2, 0),
    ],
)
def test_a_number(raw: object, inside: float, outside: float) -> None:
    assert holds(NUMBER, raw, inside)
    assert not holds(NUMBER, raw, outside)


@pytest.mark.parametrize("value", [True, "5", "many"])
def test_a_number_is_only_compared_with_numbers(value: Scalar) -> None:
    assert not holds(NUMBER, ">= 0", value)


CELLS = [
    (FLAG, True),
    (FLAG, False),
    (CHOICE, "high"),
    (CHOICE, ["high", "low"]),
    (CHOICE, {"not": "high"}),
    (NUMBER, 0),
    (NUMBER, ">= 0"),
    (NUMBER, "< 5"),
    (NUMBER, "-1..1"),
]


@pytest.mark.parametrize(("attribute", "raw"), CELLS)
def test_a_missing_value_matches_nothing_but_missing(attribute: Attribute, raw: object) -> None:
    assert not holds(attribute, raw, None)


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda a: a.type)
@pytest.mark.parametrize("value", [False, 0, "high", 7.5])
def test_missing_and_present_are_about_whether_there_is_a_value(
    attribute: Attribute, value: Scalar
) -> None:
    assert holds(attribute, "missing", None)
    assert not holds(attribute, "missing", value)
    assert holds(attribute, "present", value)
    assert not holds(attribute, "present", None)


@pytest.mark.parametrize(
    ("attribute", "raw", "advice"),
    [
        (FLAG, "yes", "'yes' is not a flag; write true or false"),
        (FLAG, 1, "1 is not a flag; write true or false"),
        (FLAG, None, "None is not a flag"),
        (CHOICE, "hgih", "no 'hgih'; did you mean 'high'?"),
        (CHOICE, "gold", "no 'gold'; use one of: high, standard, low"),
        (CHOICE, True, "no True; use one of: high, standard, low"),
        (CHOICE, ["high", "lwo"], "did you mean 'low'?"),
        (CHOICE, {"not": "stndard"}, "did you mean 'standard'?"),
        (CHOICE, {"nor": "high"}, "use one of"),
        (CHOICE, {"not": {"not": "high"}}, "use one of"),
        (NUMBER, "=> 5", """'=> 5' is not a number; write 7, ">= 5", "< 200" or "15..59\""""),
        (NUMBER, ">= five", "is not a number"),
        (NUMBER, True, "True is not a number"),
        (NUMBER, [1, 2], "is not a number"),
        (NUMBER, None, "is not a number"),
        (NUMBER, "5..", "is not a number"),
    ],
)
def test_a_cell_that_cannot_be_read_says_how_to_write_it(
    attribute: Attribute, raw: object, advice: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(advice)):
        read_cell(attribute, raw)


@pytest.mark.parametrize(
    ("attribute", "raw", "text"),
    [
        (FLAG, True, "true"),
        (CHOICE, ["high", "low"], "high or low"),
        (CHOICE, {"not": ["high", "low"]}, "not high or low"),
        (NUMBER, ">= 5", ">= 5"),
        (NUMBER, 7, "7"),
    ],
)
def test_a_cell_is_shown_as_a_person_wrote_it(attribute: Attribute, raw: object, text: str) -> None:
    assert read_cell(attribute, raw).text == text


YAML_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


@given(st.sampled_from(ATTRIBUTES), YAML_LIKE, st.none() | st.booleans() | st.floats() | st.text())
def test_whatever_stands_in_a_cell_is_read_or_refused(
    attribute: Attribute, raw: object, value: Scalar
) -> None:
    try:
        cell = read_cell(attribute, raw)
    except ValueError:
        return
    assert isinstance(cell.holds(value), bool)
