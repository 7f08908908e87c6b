"""A cell holds for exactly the values that a person would say it holds for."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.cells import (
    OTHER,
    Attribute,
    Condition,
    Missing,
    NotOneOf,
    OneOf,
    Present,
    SetTest,
    Span,
    Value,
    cell_text,
    read_cell,
)

FLAG = Attribute("known", "flag", "lookup.known")
CHOICE = Attribute("tier", "choice", "crm.tier", ("high", "standard", "low"))
NUMBER = Attribute("days", "number", "crm.days")
SET = Attribute("products", "set", "crm.products", ("mobile", "broadband", "Premier line"))
INSTANT = Attribute("seen", "instant", "history.seen")
ATTRIBUTES = [FLAG, CHOICE, NUMBER, SET, INSTANT]
DAY = 86_400.0


def holds(attribute: Attribute, raw: object, value: Value) -> bool:
    return read_cell(attribute, raw).holds(value)


@pytest.mark.parametrize(
    ("raw", "value", "expected"),
    [
        (True, True, True),
        ("true", True, True),
        ("TRUE", True, True),
        (True, False, False),
        (False, False, True),
        ("false", False, True),
        (True, 1, False),
    ],
)
def test_a_flag(raw: object, value: Value, expected: bool) -> None:
    assert holds(FLAG, raw, value) is expected


@pytest.mark.parametrize(
    ("raw", "value", "expected"),
    [
        ("high", "high", True),
        ("high", "low", False),
        (["high", "low"], "low", True),
        ("high, low", "low", True),
        (["high", "low"], "standard", False),
        ({"not": "high"}, "low", True),
        ("not high", "low", True),
        ({"not": "high"}, "high", False),
        ({"not": ["high", "low"]}, "standard", True),
        ("not high, low", "standard", True),
        ({"not": "high"}, "something else", False),
        ({"not": "high"}, OTHER, False),
        ("present", OTHER, True),
        ("missing", OTHER, False),
    ],
)
def test_a_choice(raw: object, value: Value, expected: bool) -> None:
    assert holds(CHOICE, raw, value) is expected


@pytest.mark.parametrize(
    ("raw", "inside", "outside"),
    [
        (12, 12, 12.5),
        ("12", 12, 12.5),
        (-1.5, -1.5, 1.5),
        (">= 5", 5, 4.999),
        (">=5", 6, 4),
        ("<= 5", 5, 5.001),
        ("> 5", 5.001, 5),
        ("< 200", 199, 200),
        ("< -1.5", -2, -1.5),
        ("15..59", 15, 14.9),
        ("15 .. 59", 59, 59.1),
        ("-3..-1", -2, 0),
        (">= 5", math.inf, -math.inf),
        (">= 5", 5, math.nan),
    ],
)
def test_a_number(raw: object, inside: float, outside: float) -> None:
    assert holds(NUMBER, raw, inside)
    assert not holds(NUMBER, raw, outside)


@pytest.mark.parametrize("value", [True, "5", "many", frozenset({"5"})])
def test_a_number_is_only_compared_with_numbers(value: Value) -> None:
    assert not holds(NUMBER, ">= 0", value)


@pytest.mark.parametrize(
    ("raw", "inside", "outside"),
    [
        ({"has": "mobile"}, {"mobile", "broadband"}, {"broadband"}),
        ("has mobile", {"mobile"}, set()),
        ("has Premier line", {"Premier line"}, {"mobile"}),
        ({"has_any": ["mobile", "broadband"]}, {"broadband"}, {"Premier line"}),
        ("has any mobile, broadband", {"mobile"}, set()),
        ({"has_all": ["mobile", "broadband"]}, {"mobile", "broadband"}, {"mobile"}),
        ("has all mobile, broadband", {"mobile", "broadband", "Premier line"}, {"broadband"}),
        ({"has_none": ["mobile", "broadband"]}, {"Premier line"}, {"mobile"}),
        ("has none mobile", set(), {"mobile"}),
    ],
)
def test_a_set(raw: object, inside: set[str], outside: set[str]) -> None:
    assert holds(SET, raw, frozenset(inside))
    assert not holds(SET, raw, frozenset(outside))


@pytest.mark.parametrize(
    ("raw", "inside", "outside"),
    [
        ("within 14d", 14 * DAY, 14 * DAY + 1),
        ("within 14d", -DAY, 15 * DAY),
        ("older than 90d", 90 * DAY + 1, 90 * DAY),
        ("within 90m", 5400, 5401),
    ],
)
def test_a_moment_is_compared_by_how_long_ago_it_was(
    raw: str, inside: float, outside: float
) -> None:
    assert holds(INSTANT, raw, inside)
    assert not holds(INSTANT, raw, outside)


CELLS: list[tuple[Attribute, object]] = [
    (FLAG, True),
    (FLAG, False),
    (CHOICE, "high"),
    (CHOICE, ["high", "low"]),
    (CHOICE, {"not": "high"}),
    (NUMBER, 0),
    (NUMBER, ">= 0"),
    (NUMBER, "< 5"),
    (NUMBER, "-1..1"),
    (SET, "has none mobile"),
    (SET, "has mobile"),
    (INSTANT, "within 1d"),
    (INSTANT, "older than 1d"),
]


@pytest.mark.parametrize(("attribute", "raw"), CELLS)
def test_a_missing_value_matches_nothing_but_missing(attribute: Attribute, raw: object) -> None:
    assert not holds(attribute, raw, None)


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda a: a.type)
@pytest.mark.parametrize("value", [False, 0, "high", 7.5, frozenset[str]()], ids=repr)
def test_missing_and_present_are_about_whether_there_is_a_value(
    attribute: Attribute, value: Value
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
        (CHOICE, "high, lwo", "did you mean 'low'?"),
        (CHOICE, {"not": "stndard"}, "did you mean 'standard'?"),
        (CHOICE, {"nor": "high"}, "{'nor': 'high'} cannot be read; write {not: x}"),
        (CHOICE, {"not": {"not": "high"}}, "use one of"),
        (CHOICE, [], "an empty list matches nobody"),
        (NUMBER, "=> 5", """'=> 5' is not a number; write 7, ">= 5", "< 200" or "15..59\""""),
        (NUMBER, ">= five", "is not a number"),
        (NUMBER, True, "True is not a number"),
        (NUMBER, [1, 2], "is not a number"),
        (NUMBER, None, "is not a number"),
        (NUMBER, "5..", "is not a number"),
        (NUMBER, math.nan, "is not a number"),
        (SET, "mobile", "write `has x`, `has any x, y` or `has none x`"),
        (SET, "has mobil", "did you mean 'mobile'?"),
        (SET, {"has_some": "mobile"}, "write {has: x} or {has_any: [x, y]}"),
        (SET, {"has": "mobile", "has_none": "tv"}, "cannot be read"),
        (INSTANT, "within a week", "write 30s, 15m, 4h, 14d or 2w"),
        (INSTANT, "14d", "write `within 14d` or `older than 90d`"),
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
        (CHOICE, ["low", "high"], "high, low"),
        (CHOICE, {"not": ["high", "low"]}, "not high, low"),
        (NUMBER, ">=5", ">= 5"),
        (NUMBER, 7, "7"),
        (NUMBER, "0.000001", "0.000001"),
        (NUMBER, "15 ..59.50", "15..59.5"),
        (SET, {"has_any": ["broadband", "mobile"]}, "has any mobile, broadband"),
        (SET, {"has_all": ["mobile"]}, "has mobile"),
        (INSTANT, "within 24h", "within 1d"),
        (INSTANT, "older than 90m", "older than 90m"),
    ],
)
def test_equal_cells_are_shown_the_same(attribute: Attribute, raw: object, text: str) -> None:
    assert read_cell(attribute, raw).text == text


def conditions(attribute: Attribute) -> st.SearchStrategy[Condition]:
    some_words = st.sets(st.sampled_from(attribute.values or ("-",)), min_size=1).map(frozenset)
    ends = st.decimals(-1000, 1000, places=2).map(float)
    ages = st.integers(1, 10_000_000).map(float)
    own: dict[str, st.SearchStrategy[Condition]] = {
        "flag": st.booleans().map(lambda truth: OneOf(frozenset({truth}))),
        "choice": some_words.map(OneOf)
        | some_words.map(lambda words: NotOneOf(words, frozenset(attribute.values) - words)),
        "number": ends.map(lambda end: Span(end, end))
        | st.tuples(ends, ends).map(lambda pair: Span(min(pair), max(pair)))
        | st.tuples(ends, st.booleans()).map(lambda p: Span(p[0], math.inf, has_low=p[1]))
        | st.tuples(ends, st.booleans()).map(lambda p: Span(-math.inf, p[0], has_high=p[1])),
        "set": st.builds(SetTest, st.sampled_from(["any", "all", "none"]), some_words),
        "instant": ages.map(lambda age: Span(-math.inf, age))
        | ages.map(lambda age: Span(age, math.inf, has_low=False)),
    }
    return own[attribute.type] | st.just(Missing()) | st.just(Present())


@given(st.data(), st.sampled_from(ATTRIBUTES))
def test_every_condition_can_be_written_and_read_again(
    data: st.DataObject, attribute: Attribute
) -> None:
    condition = data.draw(conditions(attribute))

    text = cell_text(attribute, condition)

    assert read_cell(attribute, text).condition == condition
    assert read_cell(attribute, text).text == text


YAML_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


@given(st.sampled_from(ATTRIBUTES), YAML_LIKE, st.none() | st.booleans() | st.floats() | st.text())
def test_whatever_stands_in_a_cell_is_read_or_refused(
    attribute: Attribute, raw: object, value: Value
) -> None:
    try:
        cell = read_cell(attribute, raw)
    except ValueError:
        return
    assert isinstance(cell.holds(value), bool)
