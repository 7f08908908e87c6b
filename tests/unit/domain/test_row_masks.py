"""All rows at once come to the same as each row's cells one after another."""

from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.domain.cells import OTHER, Attribute, Cell, Value, read_cell
from switchboard.domain.row_masks import row_masks

ATTRIBUTES = (
    Attribute("flag", "flag", "ecs.a"),
    Attribute("choice", "choice", "ecs.b", ("x", "y", "z")),
    Attribute("number", "number", "ecs.c"),
    Attribute("set", "set", "ecs.d", ("x", "y", "z")),
    Attribute("instant", "instant", "ecs.e"),
)
CELLS = {
    "flag": ("true", "false"),
    "choice": ("x", "x, y", "not x", "not x, y", "not x, y, z"),
    "number": ("0", ">= 0", "> 0", "< 1", "<= 1", "0..1", "1..0", "-1..1", "0.5"),
    "set": ("has x", "has any x, y", "has all x, y", "has none x", "has none x, y, z"),
    "instant": ("within 1s", "older than 1s", "within 2s"),
}
NUMBERS = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0])
VALUES: dict[str, st.SearchStrategy[Value]] = {
    "flag": st.booleans(),
    "choice": st.sampled_from(["x", "y", "z", OTHER]),
    "number": NUMBERS,
    "set": st.sets(st.sampled_from("xyz")).map(frozenset),
    "instant": NUMBERS,
}


def cells(attribute: Attribute) -> st.SearchStrategy[Cell | None]:
    written = st.sampled_from((*CELLS[attribute.name], "missing", "present"))
    return st.none() | written.map(lambda text: read_cell(attribute, text))


ROWS = st.lists(
    st.tuples(*(cells(attribute) for attribute in ATTRIBUTES)).map(
        lambda row: tuple(cell for cell in row if cell)
    ),
    max_size=12,
)
FACTS = st.fixed_dictionaries(
    {}, optional={name: st.none() | values for name, values in VALUES.items()}
)


@settings(max_examples=500)
@given(ROWS, FACTS)
def test_the_masks_and_the_cells_agree(
    rows: list[tuple[Cell, ...]], facts: dict[str, Value]
) -> None:
    masks = row_masks(rows)

    matching = [
        number
        for number, row in enumerate(rows)
        if all(cell.holds(facts.get(cell.attribute)) for cell in row)
    ]

    assert masks.every(facts) == matching
    assert masks.first(facts) == (matching[0] if matching else None)
