"""The first row whose cells all hold decides, and says why in one sentence."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.cells import OTHER, Value
from switchboard.domain.routing import decide, explain
from switchboard.domain.ruleset import Priority, Ruleset
from switchboard.domain.ruleset_reader import read_ruleset
from tests.unit.domain.rulesets import good


def ruleset() -> Ruleset:
    return read_ruleset(good())


def test_the_first_row_that_holds_decides() -> None:
    decision = decide(ruleset(), {"days": 20.0, "known": True, "tier": "high"}, digest="abc")

    assert decision.row == "late"
    assert decision.then.queue == "debts"
    assert decision.because == "late: days is 20 days and known is true"
    assert [(read.name, value) for read, value in decision.values_read] == [
        ("days", 20),
        ("known", True),
    ]
    assert decision.ruleset == "abc"


def test_every_cell_of_a_row_must_hold() -> None:
    assert decide(ruleset(), {"days": 20.0, "known": False, "tier": "high"}).row == "high"


def test_whoever_fits_nothing_is_decided_by_the_last_row() -> None:
    assert decide(ruleset(), {}).because == "rest: no other rule applied"


def test_a_row_decides_all_that_it_says() -> None:
    decision = decide(ruleset(), {"tier": "high"})

    assert decision.then.priority == Priority(600, "Front")
    assert decision.then.last_agent == "rapport"
    assert decision.flags == ("skip_menu",)


def test_the_other_tables_add_what_the_row_leaves_open() -> None:
    decision = decide(ruleset(), {"days": 3.0, "products": frozenset({"tv"})})

    assert decision.prompts == ("balance", "full")
    assert decision.views == ("days",), "of a table with `hit: first` only the first row counts"
    assert decision.collected == ("p-balance", "p-full", "v-days")


def test_prompts_that_the_row_says_are_the_only_ones() -> None:
    assert decide(ruleset(), {"tier": "high"}).prompts == ("short",)
    assert decide(ruleset(), {"days": 20.0, "known": True}).prompts == ()


def test_rules_that_nobody_checked_still_send_everybody_somewhere() -> None:
    rules = ruleset()
    table = replace(rules.route, rows=rules.route.rows[:2])
    gappy = replace(rules, tables=(table, *rules.tables[1:]))

    assert decide(gappy, {}).because == "high: no other rule applied"


def test_it_is_explained_why_each_earlier_row_did_not_match() -> None:
    passed = explain(ruleset(), {"days": 3.5, "tier": None})

    assert [(p.row, p.attribute, p.why) for p in passed] == [
        ("late", "days", "days is 3.5 days, needs >= 15"),
        ("high", "tier", "tier is not known, needs high"),
    ]


def test_a_value_that_nobody_listed_explains_itself() -> None:
    assert explain(ruleset(), {"tier": OTHER})[1].why == "tier is none of the listed, needs high"


def test_nothing_is_explained_about_rows_after_the_deciding_one() -> None:
    assert explain(ruleset(), {"days": 15.0, "known": True}) == ()


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "days": st.none() | st.floats(allow_nan=False),
            "known": st.none() | st.booleans(),
            "tier": st.none() | st.sampled_from(["high", "low", OTHER]),
        },
    )
)
def test_everybody_is_decided_and_the_rows_before_are_explained(known: dict[str, Value]) -> None:
    rules = ruleset()

    decision = decide(rules, known)

    passed = explain(rules, known)
    assert [p.row for p in passed] == [row.id for row in rules.route.rows[: len(passed)]]
    assert decision.row == rules.route.rows[len(passed)].id


def test_rows_that_add_nothing_are_not_said_to_have_added() -> None:
    assert decide(ruleset(), {"days": 20.0, "known": True}).collected == ("v-days",)
