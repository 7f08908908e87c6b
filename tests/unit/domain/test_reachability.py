"""Which rows can decide, what covers the others and who falls through: held to every caller."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

import pytest

from switchboard.domain.caller_search import MOST_STEPS, Callers, Nobody, Somebody, Unproved
from switchboard.domain.cells import Attribute, Cell, Value, read_cell
from switchboard.domain.condition_space import (
    bits,
    condition_space,
    told,
)
from switchboard.domain.reachability import Reach, reach
from switchboard.domain.set_axes import TooManyCombinations
from tests.unit.domain.every_caller import (
    every_match,
    first,
    matches,
    some_attributes,
    some_cells,
)

Rows = Sequence[tuple[Cell, ...]]

TIER = Attribute("tier", "choice", "crm.tier", ("high", "low"))
DAYS = Attribute("days", "number", "crm.days", unit="days")
KNOWN = Attribute("known", "flag", "crm.known")
OPEN = Attribute("open", "flag", "calendar.open")
CONTACTS = Attribute("contacts", "number", "history.contacts_7d")
PRODUCTS = Attribute("products", "set", "crm.products", ("mobile", "tv", "fibre"))
SEEN = Attribute("last_seen", "instant", "history.last_contact_at")
CATALOGUE = {a.name: a for a in (TIER, DAYS, KNOWN, PRODUCTS, SEEN, OPEN, CONTACTS)}


def rows_of(*rows: Mapping[str, object]) -> Rows:
    return [tuple(read_cell(CATALOGUE[name], cell) for name, cell in row.items()) for row in rows]


def reached(*rows: Mapping[str, object]) -> Reach:
    read = rows_of(*rows)
    return reach(Callers(condition_space(CATALOGUE, read)), range(len(read)))


def gap_in(*rows: Mapping[str, object]) -> str:
    read = rows_of(*rows)
    space = condition_space(CATALOGUE, read)
    gap = reach(Callers(space), range(len(read))).gap
    return "none" if gap is None else told(space, gap)


def test_every_answer_about_500_made_up_tables_is_that_of_counting_out_all_callers() -> None:
    seen: Counter[str] = Counter()
    for seed in range(500):
        chance = Random(seed)
        attributes = some_attributes(chance)
        rows = [some_cells(chance, attributes) for _ in range(chance.randint(1, 9))]
        seen += _held_to_every_caller(attributes, rows)

    # The tables are worth the comparison only if they hold all of what is looked for.
    assert seen["reached"] > 1000
    assert seen["covered"] > 300
    assert seen["covered together"] > 30
    assert seen["never true"] > 100
    assert 100 < seen["gap"] < 400


def _held_to_every_caller(attributes: Mapping[str, Attribute], rows: Rows) -> Counter[str]:
    found = reach(Callers(condition_space(attributes, rows)), range(len(rows)))
    every = every_match(attributes, rows)
    assert not found.unproved
    assert not found.gap_unproved
    assert set(found.callers) == {first(m, range(len(rows))) for m in every} - {None}
    for number, caller in found.callers.items():
        assert [matches(cells, caller) for cells in rows[: number + 1]] == [False] * number + [True]
    assert found.never_true == {n for n in range(len(rows)) if not any(m >> n & 1 for m in every)}
    for number, covering in found.covered.items():
        _held_to_be_needed(every, number, covering)
        if any(_covers(every, number, other) for other in found.callers if other < number):
            assert covering.bit_count() == 1
    assert (found.gap is not None) == (0 in every)
    if found.gap is not None:
        assert all(_excluded_by(found.gap, rows[number]) for number in found.callers)
    return Counter(
        {
            "reached": len(found.callers),
            "covered": len(found.covered),
            "covered together": sum(by.bit_count() > 1 for by in found.covered.values()),
            "never true": len(found.never_true),
            "gap": found.gap is not None,
        }
    )


def _held_to_be_needed(every: frozenset[int], number: int, covering: int) -> None:
    """Earlier rows hold all its callers, and none of them can be spared."""
    its_callers = [matching for matching in every if matching >> number & 1]
    assert covering < 1 << number
    assert all(matching & covering for matching in its_callers)
    for spared in bits(covering):
        assert not all(matching & covering & ~(1 << spared) for matching in its_callers)


def _covers(every: frozenset[int], number: int, other: int) -> bool:
    return all(matching >> other & 1 for matching in every if matching >> number & 1)


def _excluded_by(gap: Mapping[str, Value], cells: Sequence[Cell]) -> bool:
    """Whether what is said of the caller is enough for the row not to match."""
    return any(c.attribute in gap and not c.holds(gap[c.attribute]) for c in cells)


def test_a_row_that_one_earlier_row_covers_names_that_row() -> None:
    found = reached({"tier": "high"}, {"days": ">= 15"}, {"tier": "high", "days": "> 20"}, {})

    assert found.covered == {2: 0b1}


def test_a_row_that_several_cover_names_only_those_that_are_needed() -> None:
    found = reached(
        {"days": "< 10"},
        {"known": True},
        {"days": ">= 10"},
        {"tier": "high", "days": "present"},
        {},
    )

    assert found.covered == {3: 0b101}


def test_a_row_that_never_decides_is_not_named_as_covering_another() -> None:
    found = reached({"days": "< 10"}, {"days": ">= 10"}, {"days": "present"}, {"days": "5..20"}, {})

    assert found.covered == {2: 0b11, 3: 0b11}


def test_missing_is_a_value_that_no_comparison_covers() -> None:
    found = reached({"tier": ["high", "low"]}, {"tier": "missing"}, {"tier": "present"})

    assert sorted(found.callers) == [0, 1, 2]  # the last decides for a tier that is not listed
    assert found.gap is None


@pytest.mark.parametrize(
    ("rows", "gap"),
    [
        ([{"tier": "high"}, {"tier": "low"}], "tier is missing"),
        ([{"tier": "missing"}, {"tier": ["high", "low"]}], "tier is none of the listed"),
        ([{"tier": "missing"}, {"tier": "low"}, {"known": True}], "tier is high, known is missing"),
        ([{"days": "missing"}, {"days": "<= 14"}, {"days": "> 15"}], "days is 15 days"),
        ([{"days": "missing"}, {"days": "< 15"}, {"days": ">= 30"}], "days is 15 days"),
        ([{"days": "missing"}, {"days": "> 0"}], "days is 0 days"),
        ([{"days": "missing"}, {"days": ">= 0"}], "days is -1 days"),
        ([{"days": "missing"}, {"days": "< 0"}, {"days": ">= 0.25"}], "days is 0 days"),
        ([{"last_seen": "missing"}, {"last_seen": "within 14d"}], "last seen was 2 weeks ago"),
        ([{"products": "missing"}, {"products": "has any tv, fibre"}], "products has none"),
        ([{"products": "missing"}, {"products": "has none tv"}], "products has tv"),
        ([{"known": True}, {"known": False}], "known is missing"),
        ([{"open": True}, {"open": False}], "none"),
        ([{"contacts": "missing"}, {"contacts": "> 0"}], "contacts is 0"),
        ([{"contacts": "missing"}, {"contacts": "<= 2"}, {"contacts": ">= 3"}], "none"),
        ([{"contacts": "missing"}, {"contacts": ">= -0.5"}], "none"),
        ([{"products": "has mobile"}, {"products": "has tv"}], "products is missing"),
        (
            [
                {"products": "missing"},
                {"products": "has none tv, fibre"},
                {"products": "has all tv, fibre"},
                {"products": "has tv"},
            ],
            "products has fibre",
        ),
        ([{}], "none"),
        ([], ""),
    ],
)
def test_a_gap_is_told_as_a_caller(rows: list[dict[str, object]], gap: str) -> None:
    assert gap_in(*rows).startswith(gap)


def test_only_what_is_needed_to_fall_through_is_told() -> None:
    assert gap_in({"tier": "high", "days": ">= 5"}, {"tier": "low"}, {"known": "missing"}) in (
        "known is false, tier is missing",
        "known is true, tier is missing",
    )


def products(count: int) -> tuple[Attribute, tuple[str, ...]]:
    words = tuple(f"w{number}" for number in range(count))
    return Attribute("products", "set", "crm.products", words), words


def test_values_that_rows_mention_alike_are_looked_at_as_one() -> None:
    attribute, words = products(40)
    cells = [read_cell(attribute, {"has_any": list(words[:20])}), read_cell(attribute, "present")]

    space = condition_space({"products": attribute}, [(cell,) for cell in cells])

    assert [len(axis.values) for axis in space.axes] == [2, 2]  # missing or not, none or some


def test_every_value_of_a_set_can_be_asked_for_in_a_row_of_its_own() -> None:
    attribute, words = products(60)
    rows = [(read_cell(attribute, f"has {word}"),) for word in words]

    found = reach(Callers(condition_space({"products": attribute}, [*rows, ()])), range(61))

    assert sorted(found.callers) == list(range(61))
    assert found.callers[59] == {"products": frozenset({"w59"})}


def test_thirteen_values_of_a_set_that_a_row_ties_together_are_too_many_to_look_at() -> None:
    attribute, words = products(13)
    rows = [(read_cell(attribute, f"has {word}"),) for word in words]
    any_of_13, any_of_12 = (
        (read_cell(attribute, {"has_any": list(some)}),) for some in (words, words[1:])
    )

    with pytest.raises(TooManyCombinations, match=r"attributes\.products: `has any` ties 13 group"):
        condition_space({"products": attribute}, [*rows, any_of_13])
    space = condition_space({"products": attribute}, [*rows, any_of_12])
    assert [len(axis.values) for axis in space.axes] == [2, 2, 4096]


def test_two_numbers_with_none_between_them_leave_no_room() -> None:
    rows = rows_of({"days": "missing"}, {"days": "<= 3"}, {"days": "> 3"})

    assert reach(Callers(condition_space(CATALOGUE, rows)), range(3)).gap is None


def test_a_question_about_some_rows_of_a_space_leaves_the_others_alone() -> None:
    everybody = Callers(condition_space(CATALOGUE, rows_of({"tier": "high"}, {"days": 7}, {})))

    met = everybody.find(meeting=0b11, avoiding=0)
    assert isinstance(met, Somebody)
    assert (met.caller["tier"], met.caller["days"]) == ("high", 7.0)
    assert everybody.find(meeting=0b1, avoiding=0b100) == Nobody(0b100)
    assert everybody.space.touching(0) == 0b111


def test_a_search_that_takes_too_long_says_so_and_nothing_else() -> None:
    rows = rows_of({"tier": "missing"}, {"tier": "high", "known": True}, {"known": False})
    everybody = Callers(condition_space(CATALOGUE, rows), most_steps=0)

    assert everybody.find(avoiding=0b111) == Unproved()
    assert everybody.are_exhausted


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_500_rows_are_proved_in_a_tenth_of_the_steps_there_are(seed: int) -> None:
    chance = Random(seed)
    attributes = some_attributes(chance, least=12, most=20)
    rows = [some_cells(chance, attributes) for _ in range(500)]

    found = reach(Callers(condition_space(attributes, rows), MOST_STEPS // 10), range(len(rows)))

    assert not found.unproved
    assert not found.gap_unproved


def test_rows_that_nobody_would_write_are_proved_as_well() -> None:
    """Every flag is there, and 100 rows of three flags each: as hard as such tables can be."""
    chance = Random(1)
    flags = {f"f{n}": Attribute(f"f{n}", "flag", "crm.x") for n in range(24)}
    rows = [(read_cell(flag, "missing"),) for flag in flags.values()]
    for _ in range(102):
        chosen = chance.sample(sorted(flags), 3)
        rows.append(
            tuple(read_cell(flags[name], chance.random() < 0.5) for name in chosen)  # type: ignore[arg-type]
        )

    found = reach(Callers(condition_space(flags, rows)), range(len(rows)))

    assert not found.unproved
    assert not found.gap_unproved
    for number, caller in found.callers.items():
        assert first_match(rows, caller) == number


def first_match(rows: Rows, caller: Mapping[str, Value]) -> int:
    return next(number for number, cells in enumerate(rows) if matches(cells, caller))
