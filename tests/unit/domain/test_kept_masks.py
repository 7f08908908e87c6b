"""Rows found straight from what was kept are those that its facts match."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.domain.cells import OTHER, Attribute, Cell, read_cell
from switchboard.domain.facts import recalled
from switchboard.domain.kept_masks import kept_masks
from switchboard.domain.row_masks import row_masks

ATTRIBUTES = {
    # What the cells call it, which need not be its own name.
    "a": Attribute("flag", "flag", "ecs.a"),
    "b": Attribute("b", "choice", "ecs.b", ("x", "y", "1", "true")),
    "c": Attribute("c", "number", "ecs.c"),
    "d": Attribute("d", "set", "ecs.d", ("x", "y", "1")),
    "e": Attribute("e", "instant", "ecs.e"),
    "of the same source": Attribute("c", "flag", "ecs.c"),
}
CELLS = {
    "flag": ("true", "false"),
    "choice": ("x", "x, y", "not x", "1", "true"),
    "number": ("0", ">= 1", "> 1", "< 2", "1..2", "2..1", "-1..0.5"),
    "set": ("has x", "has any x, 1", "has all x, y", "has none x"),
    "instant": ("within 1s", "older than 2s"),
}
# Everything that a line of a recording may hold, what nobody ever wrote included.
KEPT = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 1e300]),
    st.floats(),
    st.integers(-3, 3),
    st.sampled_from(["x", "y", "z", "1", "true", "no", "1.0", "", OTHER, "inf", "x, y"]),
    st.lists(st.sampled_from(["x", "y", "z", "1"]), max_size=3),
)
FACTS = st.dictionaries(st.sampled_from([f"ecs.{name}" for name in "abcdef"]), KEPT)


def cell(name: str) -> st.SearchStrategy[Cell | None]:
    attribute = ATTRIBUTES[name]
    named = Attribute(name, attribute.type, attribute.source, attribute.values)
    written = st.sampled_from((*CELLS[attribute.type], "missing", "present"))
    return st.none() | written.map(lambda text: read_cell(named, text))


ROWS = st.lists(
    st.tuples(*map(cell, ATTRIBUTES)).map(lambda row: tuple(each for each in row if each)),
    max_size=8,
)


@settings(max_examples=500)
@given(ROWS, st.lists(FACTS, min_size=1, max_size=6))
def test_what_was_kept_and_its_facts_match_the_same_rows(
    rows: list[tuple[Cell, ...]], many: list[dict[str, Any]]
) -> None:
    matching, masks = kept_masks(ATTRIBUTES, rows), row_masks(rows)

    for kept in many:
        facts = {
            name: recalled({name: attribute}, kept)[attribute.name]
            for name, attribute in ATTRIBUTES.items()
        }
        assert matching(kept) == masks.matching(facts)


def test_more_words_than_are_remembered_still_find_their_rows() -> None:
    rows = [(read_cell(ATTRIBUTES["b"], "x"),), ()]
    matching = kept_masks(ATTRIBUTES, rows)

    assert {matching({"ecs.b": f"word {number}"}) for number in range(10_000)} == {0b10}
    assert matching({"ecs.b": "x"}) == 0b11
