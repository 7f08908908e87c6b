"""The first row whose cells all hold decides, and says why in one sentence."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.cells import OTHER, Value
from switchboard.domain.routing import decide, explain, failing_stories
from switchboard.domain.ruleset import Priority, Ruleset
from switchboard.domain.ruleset_reader import read_ruleset
from tests.unit.domain.rulesets import good, with_change


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


def test_a_story_that_is_not_kept_says_what_came_instead() -> None:
    broken = read_ruleset(
        with_change("tests.0.expect", {"row": "late", "queue": "care", "prompts": "none"})
    )

    assert failing_stories(broken) == (
        "test 'high goes first': expected row late, got high; prompts none, got short "
        "(decided by high: tier is high)",
    )


@pytest.mark.parametrize(
    "expect",
    [
        {"priority": 100},
        {"priority": "Front"},
        {"last_agent": "rapport"},
        {"flags": "skip_menu"},
        {"prompts": ["short"]},
        {"views": []},
        {"do": "queue", "queue": "care"},
    ],
)
def test_a_story_may_expect_anything_that_is_decided(expect: dict[str, object]) -> None:
    assert failing_stories(read_ruleset(with_change("tests.0.expect", expect))) == ()


@pytest.mark.parametrize(
    "expect",
    [
        {"priority": 99},
        {"priority": "Urgent"},
        {"priority": "1_00"},
        {"flags": "none"},
        {"prompts": "short, full"},
        {"prompts": 7},
        {"views": True},
        {"flags": 1.5},
        {"last_agent": ""},
    ],
)
def test_a_story_is_held_to_what_it_expects(expect: dict[str, object]) -> None:
    assert len(failing_stories(read_ruleset(with_change("tests.0.expect", expect)))) == 1


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ({"row": "hihg"}, "row hihg (no 'hihg'; did you mean 'high'?), got high"),
        ({"row": "p-full"}, "row p-full (no 'p-full'; use one of: late, high, rest), got high"),
        ({"do": "queu"}, "do queu (no 'queu'; did you mean 'queue'?), got queue"),
        ({"queue": "Care"}, "queue Care (no 'Care'; did you mean 'care'?), got care"),
        ({"priority": "Frnt"}, "priority Frnt (no 'Frnt'; did you mean 'Front'?), got 100 points"),
        ({"priority": "1_0"}, "priority 1_0 (no '1_0'; use one of: Normal, Urgent, Front), got"),
        ({"last_agent": "raport"}, "last_agent raport (no 'raport'; did you mean 'rapport'?), got"),
        ({"prompts": ["shrt"]}, "prompts shrt (no 'shrt'; did you mean 'short'?), got short"),
        ({"views": "day, seen"}, "(no 'day'; did you mean 'days'?; no 'seen'; use one of"),
        ({"flags": "skip"}, "flags skip (no 'skip'; did you mean 'skip_menu'?), got"),
    ],
)  # fmt: skip
def test_a_story_that_expects_what_the_rules_do_not_have_is_told_what_was_meant(
    expect: dict[str, object], said: str
) -> None:
    (line,) = failing_stories(read_ruleset(with_change("tests.0.expect", expect)))

    assert said in line


@pytest.mark.parametrize(
    ("at", "row"),
    [("2026-11-23 16:59", "open"), ("2026-11-23 17:00", "rest"), ("2026-11-22 12:00", "rest"),
     ("2026-11-23T21:59:00Z", "open")],
)  # fmt: skip
def test_a_story_may_say_when_and_then_the_hours_are_those_of_the_calendar(
    at: str, row: str
) -> None:
    row_by_day = {"id": "open", "when": {"open": True}, "then": {"do": "queue", "queue": "care"}}
    document = with_change("tables.0.rows.0", row_by_day)
    document["tests"] = [{"name": "hours", "at": at, "given": {}, "expect": {"row": row}}]

    assert failing_stories(read_ruleset(document)) == ()


def test_a_story_at_no_moment_is_not_kept() -> None:
    document = with_change("tests.0.at", "noon")

    assert "write 2026-12-24 18:30" in failing_stories(read_ruleset(document))[0]


def test_a_priority_that_came_is_told_in_the_unit_of_the_file() -> None:
    (line,) = failing_stories(read_ruleset(with_change("tests.0.expect", {"priority": 5})))

    assert "expected priority 5, got 100 points (600 s)" in line


def test_rows_that_add_nothing_are_not_said_to_have_added() -> None:
    assert decide(ruleset(), {"days": 20.0, "known": True}).collected == ("v-days",)
