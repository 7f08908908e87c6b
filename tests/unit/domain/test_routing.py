"""The first row whose cells all hold decides, and says why in one sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.routing import decide, explain, failing_stories, gather_facts
from switchboard.domain.ruleset import Ruleset, read_ruleset
from tests.unit.domain.rulesets import good, with_change


def ruleset() -> Ruleset:
    return read_ruleset(good())


def facts(**crm: Scalar) -> dict[str, Scalar]:
    ada = Customer("crm", "1", "person", "Ada", attributes=crm)
    return gather_facts(
        ruleset().attributes,
        ecs={"channel": "voice"},
        lookup={"known": True},
        customer=ada,
        history={"contacts_7d": 2},
    )


def test_the_first_row_that_holds_decides() -> None:
    decision = decide(ruleset(), {"days": 20, "known": True, "tier": "high"}, digest="abc")

    assert decision.row == "late"
    assert decision.then.business_process == "Collections"
    assert decision.because == "late: days is 20 and known is true"
    assert decision.read == {"days": 20, "known": True}
    assert decision.ruleset == "abc"


def test_every_cell_of_a_row_must_hold() -> None:
    assert decide(ruleset(), {"days": 20, "known": False, "tier": "high"}).row == "high"


def test_whoever_fits_nothing_is_decided_by_the_last_row() -> None:
    decision = decide(ruleset(), {})

    assert decision.because == "rest: no other rule applied"
    assert decision.then.prompts == ("full",)


def test_a_row_decides_all_that_it_says() -> None:
    then = decide(ruleset(), {"tier": "high"}).then

    assert (then.priority_class, then.priority_seconds) == ("Front", 600)
    assert then.last_agent


def test_it_is_explained_why_each_earlier_row_did_not_match() -> None:
    passed = explain(ruleset(), {"days": 3.5, "tier": None})

    assert [(p.row, p.why) for p in passed] == [
        ("late", "days is 3.5, needs >= 15"),
        ("high", "tier is not known, needs high"),
    ]


def test_nothing_is_explained_about_rows_after_the_deciding_one() -> None:
    assert explain(ruleset(), {"days": 15, "known": True}) == ()


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "days": st.none() | st.floats() | st.integers(),
            "known": st.none() | st.booleans(),
            "tier": st.none() | st.sampled_from(["high", "low"]),
        },
    )
)
def test_everybody_is_decided_and_the_rows_before_are_explained(known: dict[str, Scalar]) -> None:
    rules = ruleset()

    decision = decide(rules, known)

    before = [row.id for row in rules.rows][: len(explain(rules, known))]
    assert [passed.row for passed in explain(rules, known)] == before
    assert decision.row == rules.rows[len(before)].id


def test_facts_come_from_their_source_and_as_their_type() -> None:
    assert facts(tier="high", days_past_due="34", other="unused") == {
        "tier": "high",
        "known": True,
        "days": 34.0,
        "channel": "voice",
        "recent": 2.0,
    }


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("412.50", 412.5),
        (0, 0.0),
        ("", None),
        (None, None),
        ("many", None),
        (True, None),
        (10**400, None),
    ],
)
def test_a_number_is_read_from_text_or_is_missing(sent: Scalar, expected: float | None) -> None:
    assert facts(days_past_due=sent)["days"] == expected


@pytest.mark.parametrize("sent", ["gold", "HIGH", 1, True, "", None])
def test_a_value_that_is_not_one_of_the_choices_is_missing(sent: Scalar) -> None:
    assert facts(tier=sent)["tier"] is None


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(True, True), ("Yes", True), ("1", True), (1, True), (" false ", False), (0, False),
     ("no", False), ("perhaps", None), ("", None), (None, None), (2, None)],
)  # fmt: skip
def test_a_flag_is_read_from_the_words_people_use(sent: Scalar, expected: bool | None) -> None:
    found = gather_facts(
        ruleset().attributes, ecs={}, lookup={"known": sent}, customer=None, history={}
    )

    assert found["known"] is expected


def test_without_a_customer_what_only_the_crm_knows_is_missing() -> None:
    found = gather_facts(ruleset().attributes, ecs={}, lookup={}, customer=None, history={})

    assert set(found) == set(ruleset().attributes)
    assert set(found.values()) == {None}


def test_a_story_that_is_not_kept_says_what_came_instead() -> None:
    broken = read_ruleset(
        with_change("tests.0.expect", {"row": "late", "business_process": "Care", "prompts": []})
    )

    assert failing_stories(broken) == (
        "test 'high goes first': expected {'row': 'late', 'business_process': 'Care', "
        "'prompts': []}, got {'row': 'high', 'prompts': ['short']}",
    )
