"""A ruleset reads, or every problem in it is named with the way out."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.domain.routing import decide, failing_stories
from switchboard.domain.ruleset import MOST_ROWS, Ruleset, RulesetProblem, read_ruleset
from tests.unit.domain.rulesets import MISSING, good, with_change

ROW = "tables.0.rows.0"
CATCH_ALL = {"id": "all", "when": {}, "then": {"do": "queue", "business_process": "Care"}}


def problems(document: object) -> tuple[str, ...]:
    with pytest.raises(RulesetProblem) as refused:
        read_ruleset(document)
    return refused.value.problems


def test_a_good_ruleset_has_no_problem() -> None:
    ruleset = read_ruleset(good())

    assert [row.id for row in ruleset.rows] == ["late", "high", "rest"]
    assert failing_stories(ruleset) == ()


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("format", "routing/2", "format: write `format: routing/1`"),
        ("format", MISSING, "format: write `format: routing/1`"),
        ("attributes.tier.type", "choise", "tier.type: no 'choise'; did you mean 'choice'?"),
        ("attributes.tier.values", MISSING, "attributes.tier: a choice needs `values: […]`"),
        ("attributes.tier.from", "crn.tier", "attributes.tier.from: no 'crn'; did you mean 'crm'?"),
        ("attributes.tier.value", [], "attributes.tier: key: no 'value'; did you mean 'values'?"),
        (f"{ROW}.when.dayz", 1, "row late: attribute: no 'dayz'; did you mean 'days'?"),
        (f"{ROW}.when.days", "=> 15", "row late, days: '=> 15' is not a number"),
        (f"{ROW}.when.known", "yes", "row late, known: 'yes' is not a flag; write true or false"),
        (f"{ROW}.when.tier", "hihg", "row late, tier: no 'hihg'; did you mean 'high'?"),
        (f"{ROW}.wen", {}, "row late: key: no 'wen'; did you mean 'when'?"),
        (f"{ROW}.then.do", "queu", "row late: do: no 'queu'; did you mean 'queue'?"),
        (f"{ROW}.then.do", MISSING, "row late: do: no None; use one of: queue, self_service"),
        (f"{ROW}.then.promts", [], "row late, then: key: no 'promts'; did you mean 'prompts'?"),
        (f"{ROW}.then.prompts", ["fulll"], "row late: prompt: no 'fulll'; did you mean 'full'?"),
        (f"{ROW}.then.business_process", "Colections", "did you mean 'Collections'?"),
        (f"{ROW}.then.business_process", MISSING, "row late: business_process: no ''"),
        (f"{ROW}.then.priority_seconds", "soon", "priority_seconds must be a whole number"),
        (f"{ROW}.then.priority_seconds", -1, "priority_seconds must be a whole number"),
        (f"{ROW}.then.priority_seconds", True, "priority_seconds must be a whole number"),
        (f"{ROW}.then.last_agent", "no", "row late: last_agent: 'no' is not a flag"),
        ("tables.0.rows.1.id", "late", "row late: the id stands twice; give each row its own"),
        ("tables.0.rows.0.when", {}, "row late: matches everybody; rows after it never decide"),
        ("tables.0.rows.2.when", {"known": True}, "the last row must be `when: {}`"),
        ("tables.0.rows", [], "the last row must be `when: {}`"),
        ("tables.0.id", "rout", "tables: needs exactly one, with `id: route` and `hit: first`"),
        ("tables.0.hit", "collect", "tables: needs exactly one"),
        ("tables", [], "tables: needs exactly one"),
        ("tables.0.rowz", [], "tables: key: no 'rowz'; did you mean 'rows'?"),
        ("tests.0.given", {"teir": "high"}, "test 'high goes first': attribute: no 'teir'"),
        ("tests.0.given", {"tier": ["high"]}, "tier must be one value, not ['high']"),
        ("tests.0.expect", {"rwo": "high"}, "expect: key: no 'rwo'; did you mean 'row'?"),
        ("tests.0.expect", MISSING, "test 'high goes first': expect: write `name: value` pairs"),
        ("test", [], "the file: key: no 'test'; did you mean 'tests'?"),
        ("names.prompt", [], "names: key: no 'prompt'; did you mean 'prompts'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_the_way_out(path: str, value: object, problem: str) -> None:
    assert any(problem in line for line in problems(with_change(path, value)))


@pytest.mark.parametrize("shape", [None, 7, "text", True, [], [None], {}, {"a": None}, [{}]])
@pytest.mark.parametrize(
    "path",
    [
        "attributes",
        "attributes.tier",
        "attributes.tier.values",
        "names",
        "names.prompts",
        "tables",
        "tables.0",
        "tables.0.rows",
        "tables.0.rows.0",
        "tables.0.rows.0.when",
        "tables.0.rows.0.then",
        "tables.0.rows.0.then.prompts",
        "tests",
        "tests.0",
        "tests.0.given",
        "tests.0.expect",
    ],
)
def test_a_shape_that_is_wrong_never_breaks_the_reader(path: str, shape: object) -> None:
    assert reads_or_is_refused(with_change(path, shape))


@pytest.mark.parametrize("document", [None, [], "text", 7, [good()]])
def test_a_file_that_holds_no_mapping_is_refused(document: object) -> None:
    assert problems(document)[0].startswith("the file: write `name: value` pairs")


def test_words_that_yaml_reads_as_something_else_are_pointed_out() -> None:
    document = with_change("attributes.tier.values", ["high", "low", False])

    assert "attributes.tier.values: write False as text, in quotes" in problems(document)


def test_every_problem_is_named_and_not_only_the_first() -> None:
    document = with_change("tables.0.rows.0.then.do", "queu")
    document["format"] = "none"
    document["tables"][0]["rows"].pop()

    assert len(problems(document)) == 3


def test_more_rows_than_anybody_can_read_are_refused() -> None:
    rows = [{**good()["tables"][0]["rows"][0], "id": f"row-{n}"} for n in range(MOST_ROWS)]
    document = with_change("tables.0.rows", [*rows, CATCH_ALL])

    assert problems(document) == (f"{MOST_ROWS + 1} rows; at most {MOST_ROWS} are read",)


def test_self_service_needs_no_business_process() -> None:
    assert read_ruleset(with_change("tables.0.rows.0.then", {"do": "self_service"}))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
WORDS = st.sampled_from(["id", "when", "then", "do", "type", "values", "from", "flag", "first"])
TREES = st.recursive(
    SCALARS | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            WORDS | st.text(max_size=4) | st.integers() | st.none(), inner, max_size=3
        )
    ),
    max_leaves=8,
)
SECTIONS = ("format", "name", "attributes", "names", "tables", "tests")


@given(TREES)
def test_any_tree_reads_or_is_refused(tree: object) -> None:
    assert reads_or_is_refused(tree)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(SECTIONS), TREES, min_size=1, max_size=2))
def test_any_section_reads_or_is_refused(sections: dict[str, Any]) -> None:
    assert reads_or_is_refused({**good(), **sections})


def reads_or_is_refused(document: object) -> bool:
    """Whatever reads also decides and keeps or breaks its stories; nothing else happens."""
    try:
        ruleset = read_ruleset(document)
    except RulesetProblem as error:
        return bool(error.problems) and all(isinstance(line, str) for line in error.problems)
    failing_stories(ruleset)
    return isinstance(ruleset, Ruleset) and bool(decide(ruleset, {}).row)
