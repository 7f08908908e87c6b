"""A ruleset reads, or every problem in it is named with the way out."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.domain.reading import MOST_PROBLEMS
from switchboard.domain.routing import decide
from switchboard.domain.ruleset import MOST_ROWS, LastAgentProfile, Priority, Queue, Ruleset
from switchboard.domain.ruleset_reader import RulesetProblem, read_ruleset
from switchboard.domain.stories import failing_stories
from tests.unit.domain.rulesets import MISSING, good, with_change

ROW = "tables.0.rows.0"
CATCH_ALL = {"id": "all", "when": {}, "then": {"do": "queue", "queue": "care"}}


def problems(document: object) -> tuple[str, ...]:
    with pytest.raises(RulesetProblem) as refused:
        read_ruleset(document)
    return refused.value.problems


def test_a_good_ruleset_has_no_problem() -> None:
    ruleset = read_ruleset(good())

    assert [row.id for row in ruleset.route.rows] == ["late", "high", "rest"]
    assert [table.id for table in ruleset.tables] == ["route", "prompts", "views"]
    assert failing_stories(ruleset) == ()


def test_queues_are_business_processes_with_the_demand_to_ask_for() -> None:
    queues = read_ruleset(good()).queues

    assert queues["care"] == Queue("care", "Customer Care")
    assert queues["debts"] == Queue("debts", "Collections", "Debts")
    assert read_ruleset(good()).business_processes == ("Customer Care", "Collections")


def test_a_list_of_queues_names_business_processes() -> None:
    document = with_change("names.queues", ["care", "debts"])

    assert read_ruleset(document).queues["care"] == Queue("care", "care")


@pytest.mark.parametrize(
    ("written", "priority"),
    [
        (0, Priority(0, "Normal")),
        ("5", Priority(30, "Normal")),
        (20, Priority(120, "Urgent")),
        (99.5, Priority(597, "Urgent")),
        ("100", Priority(600, "Front")),
        ("Front", Priority(600, "Front")),
        (MISSING, Priority(0, "Normal")),
        ({"start": 5, "gain_per_min": 2, "max": 45}, Priority(30, "Normal", 12, 270)),
    ],
)
def test_a_priority_is_a_head_start_in_seconds_and_the_nearest_class_below(
    written: object, priority: Priority
) -> None:
    ruleset = read_ruleset(with_change(f"{ROW}.then.priority", written))

    assert ruleset.route.rows[0].then.priority == priority


def test_without_priority_classes_a_priority_is_seconds_only() -> None:
    document = with_change("names.priority_classes", MISSING)
    document["tables"][0]["rows"][1]["then"]["priority"] = 100

    assert read_ruleset(document).route.rows[1].then.priority == Priority(600, "")


def test_a_profile_is_complete_with_what_it_does_not_say() -> None:
    document = with_change(
        "last_agent.owner",
        {
            "from": ["crm.owner", "history"],
            "seen_within": "90d",
            "min_talk": "1m",
            "hold": "45s",
            "must": ["logged_in", "has_queue"],
            "never_if": ["known"],
            "not_after": "Complaint, Refused",
            "outbound": "false",
            "max_waiting_per_agent": "2",
            "max_per_day": 20,
            "if_unknown": "skip",
            "confirm_long_hold": "true",
        },
    )

    profiles = read_ruleset(document).last_agents

    assert profiles["rapport"] == LastAgentProfile("rapport", never_if=("closed",))
    assert profiles["owner"] == LastAgentProfile(
        id="owner",
        sources=("crm.owner", "history"),
        seen_within_s=7_776_000,
        min_talk_s=60,
        hold_s=45,
        must=("logged_in", "has_queue"),
        never_if=("known",),
        not_after=("Complaint", "Refused"),
        outbound=False,
        max_waiting=2,
        max_per_day=20,
        if_unknown="skip",
        confirms_long_hold=True,
    )


def test_every_scalar_may_be_text() -> None:
    document = with_change(f"{ROW}.when", {"days": "15", "known": "true", "tier": "high"})
    document["service_level"] = "20s"

    assert [cell.text for cell in read_ruleset(document).route.rows[0].cells] == [
        "15",
        "true",
        "high",
    ]


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("format", "routing/2", "format: write `format: routing/1`"),
        ("format", MISSING, "format: write `format: routing/1`"),
        ("timezone", "America/New_Yrok", "timezone: no time zone 'America/New_Yrok'"),
        ("priority_point", "6", "priority_point: '6' is not a length of time"),
        ("agent_form", "email", "agent_form: no 'email'; use one of: extension, name"),
        ("attributes.tier.type", "choise", "tier.type: no 'choise'; did you mean 'choice'?"),
        ("attributes.tier.values", MISSING, "attributes.tier: needs `values: […]`"),
        ("attributes.tier.values", ["a", "not b"], "'not b' would read as something else"),
        ("attributes.tier.values", ["a", "missing"], "'missing' would read as something else"),
        ("attributes.tier.values", ["High", "high"], "capitals make no difference"),
        ("attributes.days.values", ["a"], "attributes.days.values: a number has none"),
        ("attributes.tier.from", "crn.tier", "attributes.tier.from: no 'crn'; did you mean 'crm'?"),
        ("attributes.tier.from", "crm", "attributes.tier.from: say which value"),
        ("attributes.tier.from", "crm.", "attributes.tier.from: say which value"),
        ("attributes.tier.from", "crm..a", "attributes.tier.from: say which value"),
        ("attributes.tier.from", "ecs.a b\nc", "say which value, in one word"),
        ("attributes.closed.from", "switch. x y", "say which value, in one word"),
        ("last_agent.rapport.from", ["crm."], "last_agent.rapport.from: 'crm.': write history"),
        ("last_agent.rapport.from", ["crm.a b"], "'crm.a b': write history"),
        ("attributes.tier.value", [], "attributes.tier: key no 'value'; did you mean 'values'?"),
        ("attributes.open.from", "calendar.opne", "no 'opne'; did you mean 'open'?"),
        ("attributes.open.from", "calendar.sales.open", "no 'sales.open'"),
        ("attributes.open.type", "number", "attributes.open.type: a calendar is a flag"),
        ("attributes.closed.type", "number", "attributes.closed.type: a switch is a flag"),
        ("calendars", MISSING, "attributes.open.from: write calendars.main first"),
        ("calendars.main.weekly", {"mun": []}, "calendars.main"),
        (f"{ROW}.when.dayz", 1, "row late: attribute no 'dayz'; did you mean 'days'?"),
        (f"{ROW}.when.days", "=> 15", "row late, days: '=> 15' is not a number"),
        (f"{ROW}.when.known", "yes", "row late, known: 'yes' is not a flag; write true or false"),
        (f"{ROW}.when.tier", "hihg", "row late, tier: no 'hihg'; did you mean 'high'?"),
        (f"{ROW}.wen", {}, "row late: key no 'wen'; did you mean 'when'?"),
        (f"{ROW}.then.do", "queu", "row late, do: no 'queu'; did you mean 'queue'?"),
        (f"{ROW}.then.do", MISSING, "row late, do: no None; use one of: queue, self_service"),
        (f"{ROW}.then.promts", [], "row late, then: key no 'promts'; did you mean 'prompts'?"),
        (f"{ROW}.then.prompts", ["fulll"], "row late, prompts: no 'fulll'; did you mean 'full'?"),
        (f"{ROW}.then.queue", "detbs", "row late, queue: no 'detbs'; did you mean 'debts'?"),
        (f"{ROW}.then.queue", MISSING, "row late, queue: `do: queue` needs a queue"),
        (f"{ROW}.then.priority", "soon", "'soon' is not a number from 0 to 1000 or one of: Normal"),
        (f"{ROW}.then.priority", -1, "-1 is not a number from 0 to 1000"),
        (f"{ROW}.then.priority", True, "True is not a number from 0 to 1000"),
        (f"{ROW}.then.priority", "1_0", "'1_0' is not a number from 0 to 1000"),
        (f"{ROW}.then.priority", "1e2", "'1e2' is not a number from 0 to 1000"),
        (f"{ROW}.then.priority", "٣", "'٣' is not a number from 0 to 1000"),
        (f"{ROW}.then.priority", {"start": 5, "gain_per_min": 1}, "max must be at least start"),
        (f"{ROW}.then.priority", {"begin": 5}, "key no 'begin'"),
        (f"{ROW}.then.last_agent", "raport", "row late, last_agent: no 'raport'; did you mean"),
        (f"{ROW}.then.not_agent", "first", "row late, not_agent: no 'first'; use one of: last"),
        ("tables.0.rows.1.then.not_agent", "last", "contradict each other; keep one"),
        (f"{ROW}.then", {"do": "self_service"}, "needs the name of a flow"),
        (f"{ROW}.then.on_fail", "hihg", "row late, on_fail: no 'hihg'; did you mean 'high'?"),
        (f"{ROW}.then.views", ["day"], "row late, views: no 'day'; did you mean 'days'?"),
        (f"{ROW}.then.flags", ["skip"], "row late, flags: no 'skip'"),
        (f"{ROW}.id", "too late", "'too late': write letters, digits, - and _"),
        ("tables.0.rows.1.id", "late", "row late: the id stands twice; give each its own"),
        ("tables.1.id", "views", "table views: the id stands twice"),
        ("tables.0.rows", [], "table route: has no rows"),
        ("tables.0.id", "rout", "tables: exactly one of them needs `id: route`"),
        ("tables.0.hit", "all", "table route, hit: no 'all'; use one of: first"),
        ("tables.1.hit", "collect", "table prompts, hit: no 'collect'; use one of: first, all"),
        ("tables", [], "tables: exactly one"),
        ("tables.0.rowz", [], "table route: key no 'rowz'; did you mean 'rows'?"),
        ("tables.1.rows.0.then.queue", "care", "row p-balance, then: key no 'queue'"),
        ("last_agent.rapport.hold", "long", "last_agent.rapport.hold: 'long' is not a length"),
        ("last_agent.rapport.must", ["redy"], "last_agent.rapport.must: no 'redy'; did you mean"),
        ("last_agent.rapport.never_if", ["tier"], "last_agent.rapport.never_if: no 'tier'"),
        ("last_agent.rapport.from", ["owner"], "write history, or a value of the CRM"),
        ("last_agent.rapport.max_waiting_per_agent", 0, "is not a whole number from 1 to 20"),
        ("names.queues", {"my, care": "Care"}, "names.queues: 'my, care': write letters"),
        ("names.prompts", ["full", "full"], "names.prompts: 'full' stands twice"),
        ("names.prompt", [], "names: key no 'prompt'; did you mean 'prompts'?"),
        ("tests.0.given", {"teir": "high"}, "test 'high goes first': attribute no 'teir'"),
        ("tests.0.given", {"tier": "hihg"}, "tier: no 'hihg'; did you mean 'high'?"),
        ("tests.0.given", {"days": "many"}, "'many' cannot be one; write a number"),
        ("tests.0.given", {"seen": "2026-01-01"}, "cannot be one; write -2d"),
        ("tests.0.given", {"seen": "-2x"}, "'2x' is not a length of time"),
        ("tests.0.given", {"products": "has tv"}, "no 'has tv'"),
        ("tests.0.expect", {"rwo": "high"}, "expect: key no 'rwo'; did you mean 'row'?"),
        ("tests.0.expect", MISSING, "test 'high goes first': expects nothing"),
        ("test", [], "the file: key no 'test'; did you mean 'tests'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_the_way_out(path: str, value: object, problem: str) -> None:
    found = problems(with_change(path, value))

    assert any(problem in line for line in found), found


@pytest.mark.parametrize("shape", [None, 7, "text", True, [], [None], {}, {"a": None}, [{}]])
@pytest.mark.parametrize(
    "path",
    [
        "timezone",
        "priority_point",
        "attributes",
        "attributes.tier",
        "attributes.tier.values",
        "attributes.tier.from",
        "names",
        "names.queues",
        "names.queues.debts",
        "names.prompts",
        "names.priority_classes",
        "names.priority_classes.Urgent",
        "last_agent",
        "last_agent.rapport",
        "last_agent.rapport.must",
        "last_agent.rapport.hold",
        "calendars",
        "calendars.main",
        "calendars.main.weekly",
        "calendars.main.holidays",
        "tables",
        "tables.0",
        "tables.0.id",
        "tables.0.rows",
        "tables.0.rows.0",
        "tables.0.rows.0.id",
        "tables.0.rows.0.when",
        "tables.0.rows.0.when.days",
        "tables.0.rows.0.then",
        "tables.0.rows.0.then.do",
        "tables.0.rows.0.then.queue",
        "tables.0.rows.0.then.priority",
        "tables.0.rows.0.then.prompts",
        "tables.0.rows.0.then.last_agent",
        "tables.0.rows.0.then.on_fail",
        "tests",
        "tests.0",
        "tests.0.given",
        "tests.0.given.tier",
        "tests.0.expect",
        "tests.0.expect.row",
        "tests.0.at",
    ],
)
def test_a_shape_that_is_wrong_never_breaks_the_reader(path: str, shape: object) -> None:
    assert reads_or_is_refused(with_change(path, shape))


@pytest.mark.parametrize("document", [[], "text", 7, [good()]])
def test_a_file_that_holds_no_mapping_is_refused(document: object) -> None:
    assert problems(document)[0].startswith("the file: write `name: value` pairs")


def test_words_that_json_has_as_something_else_are_pointed_out() -> None:
    document = with_change("attributes.tier.values", ["high", "low", False])

    assert "attributes.tier.values: write False as text, in quotes" in problems(document)


def test_every_problem_is_named_and_not_only_the_first() -> None:
    document = with_change("tables.0.rows.0.then.do", "queu")
    document["format"] = "none"
    document["tables"][0]["rows"][1]["when"] = {"teir": "high"}

    assert len(problems(document)) == 3


def test_more_rows_than_anybody_can_read_are_refused() -> None:
    rows = [{**good()["tables"][0]["rows"][0], "id": f"row-{n}"} for n in range(MOST_ROWS)]
    document = with_change("tables.0.rows", [*rows, CATCH_ALL])

    assert any(f"at most {MOST_ROWS} are read" in line for line in problems(document))


def test_self_service_needs_no_queue() -> None:
    then = {"do": "self_service", "flow": "bot", "on_fail": "rest"}

    assert read_ruleset(with_change("tables.0.rows.0.then", then))


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
SECTIONS = (
    "format", "name", "timezone", "priority_point", "service_level", "agent_form", "attributes",
    "names", "last_agent", "calendars", "tables", "tests",
)  # fmt: skip


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


def test_nobody_is_told_of_more_problems_than_can_be_mended_at_once() -> None:
    rows = [{"id": f"r{n}", "when": {"teir": "x"}, "then": {"do": "queu"}} for n in range(400)]

    found = problems(with_change("tables.0.rows", rows))

    assert len(found) == MOST_PROBLEMS + 1
    assert found[-1] == "and more; mend these first"


def test_names_without_end_are_not_compared_without_end() -> None:
    document = with_change("names.queues", {f"queue-{n}": "Care" for n in range(5000)})
    document["tables"][0]["rows"] = [
        {"id": f"r{n}", "when": {}, "then": {"do": "queue", "queue": f"x{n}" * 200}}
        for n in range(500)
    ]

    started_s = time.process_time()
    found = problems(document)

    assert time.process_time() - started_s < 5
    assert max(map(len, found)) < 2500
