"""A ruleset that is fit to decide passes; else each line says where, what, and what to do."""

from collections.abc import Mapping, Sequence
from datetime import date
from random import Random
from typing import Any

import pytest

from switchboard.domain.prompts_check import MOST_PROMPTS
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_check import check
from switchboard.domain.ruleset_reader import read_ruleset
from tests.unit.domain.every_caller import every_match, first, gets, some_ruleset
from tests.unit.domain.rulesets import good, with_change

TODAY = date(2026, 11, 23)
ROUTE = "tables.0.rows"
ADDING = "tables.1.rows"
QUEUE = {"do": "queue", "queue": "care"}


def problems(document: Mapping[str, Any]) -> tuple[str, ...]:
    return check(read_ruleset(document), today=TODAY).problems


def warnings(document: Mapping[str, Any]) -> tuple[str, ...]:
    return check(read_ruleset(document), today=TODAY).warnings


def row(name: str, when: Mapping[str, object], **then: object) -> dict[str, Any]:
    return {"id": name, "when": when, "then": {**QUEUE, **then}}


def routed(*rows: dict[str, Any]) -> dict[str, Any]:
    """The good ruleset with these rows of the route table instead, and without its stories."""
    document = with_change(ROUTE, list(rows))
    document["tests"] = []
    return document


def added(*rows: dict[str, Any], hit: str = "all") -> dict[str, Any]:
    """The good ruleset with these rows that add something, and no others."""
    document = good()
    document["tables"][1:] = [{"id": "more", "hit": hit, "rows": list(rows)}]
    return document


def test_the_good_ruleset_has_no_problem() -> None:
    assert problems(good()) == ()


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        (
            {"days": "20..10"},
            "row x, days: 20..10 can never be true; write the smaller number first",
        ),
        ({"tier": {"not": ["high", "low"]}}, "row x, tier: not high, low can never be true; "),
    ],
)
def test_a_cell_that_can_never_be_true_is_refused(when: dict[str, Any], problem: str) -> None:
    refused = problems(routed(row("x", when), row("rest", {})))

    assert len(refused) == 1
    assert refused[0].startswith(problem)


def test_a_cell_that_can_never_be_true_is_refused_in_tables_that_collect_too() -> None:
    refused = problems(added({"id": "x", "when": {"days": "3..2"}, "then": {"prompts": ["full"]}}))

    assert refused == ("row x, days: 3..2 can never be true; write the smaller number first",)


def test_a_row_below_one_that_covers_it_is_refused() -> None:
    document = routed(
        row("high", {"tier": "high"}), row("late", {"tier": "high", "days": "> 9"}), row("rest", {})
    )

    assert problems(document) == (
        "row late can never be reached: high covers it; move it up or delete it",
    )


def test_a_row_that_two_others_share_out_is_refused_with_both_names() -> None:
    document = routed(
        row("early", {"days": "< 15"}),
        row("high", {"tier": "high"}),
        row("late", {"days": ">= 15"}),
        row("overdue", {"days": "present", "tier": "low"}),
        row("rest", {}),
    )

    assert problems(document) == (
        "row overdue can never be reached: early and late together cover it; "
        "move it up or delete it",
    )


def test_a_gap_is_refused_with_a_caller_who_falls_through() -> None:
    document = routed(row("voice", {"channel": "voice"}), row("high", {"tier": ["high", "low"]}))

    assert problems(document) == (
        "table route: no row decides for a caller whose channel and tier are missing; "
        "add one, or `when: {}` as the last row",
    )


def test_rows_that_share_everybody_out_need_no_last_row() -> None:
    document = routed(
        row("some", {"days": "present"}), row("none", {"days": "missing", "tier": "missing"}),
        row("tiered", {"tier": "present"}),
    )  # fmt: skip

    assert problems(document) == ()


def test_a_first_hit_table_that_adds_may_leave_callers_alone_but_not_rows() -> None:
    more = {"id": "m", "when": {"days": "> 5"}, "then": {"prompts": ["full"]}}
    less = {"id": "l", "when": {"days": "> 6"}, "then": {"prompts": ["short"]}}

    assert problems(added(more, less, hit="first")) == (
        "row l can never be reached: m covers it; move it up or delete it",
    )
    assert problems(added(less, more, hit="first")) == ()


def test_a_set_of_which_too_much_is_tied_together_is_refused() -> None:
    document = good()
    words = [f"w{number}" for number in range(13)]
    document["attributes"]["products"]["values"] = ["mobile", "tv", *words]
    apart = [
        row(f"p{word}", {"products": f"has {word}"}, priority=n) for n, word in enumerate(words)
    ]
    document["tables"][0]["rows"][:0] = apart
    assert problems(document) == ()

    document["tables"][0]["rows"][13:13] = [
        row("some", {"products": f"has any {', '.join(words)}"})
    ]

    assert problems(document)[0].startswith("attributes.products: `has any` ties 13 groups")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("closed", "switch.closed is always true or false; write one of them"),
        ("open", "calendar.open is always true or false; write one of them"),
        ("known", "lookup.known is always true or false; write one of them"),
    ],
)
def test_what_every_contact_has_is_never_missing(name: str, problem: str) -> None:
    both = routed(row("yes", {name: True}), row("no", {name: False}, priority=9))
    never = routed(row("x", {name: "missing"}), row("rest", {}))

    assert problems(both) == ()
    assert problems(never) == (f"row x, {name}: missing can never be true; {problem}",)


def test_contacts_are_counted_from_0_on_in_whole_numbers() -> None:
    few = row("few", {"recent": "<= 2"})
    many = row("many", {"recent": ">= 3"}, priority=9)
    unknown = row("unknown", {"recent": "missing"}, priority=7)

    assert problems(routed(few, many, unknown)) == ()
    assert problems(routed(few, many))[0].startswith("table route: no row decides for a caller who")
    assert problems(routed(row("x", {"recent": "< 0"}), row("rest", {}))) == (
        "row x, recent: < 0 can never be true; "
        "history.contacts_7d counts, from 0 on; write another number",
    )


@pytest.mark.parametrize(
    ("then", "keys"),
    [
        ({"do": "message", "prompts": ["full"], "views": ["days"], "remark": "Closed"}, []),
        (
            {"do": "message", "prompts": ["full"], "queue": "care", "priority": 9, "flow": "pay"},
            ["queue", "priority", "flow"],
        ),
        ({"do": "message", "prompts": ["full"], "last_agent": "rapport"}, ["last_agent"]),
        ({"do": "message", "prompts": ["full"], "not_agent": "last"}, ["not_agent"]),
        ({"do": "queue", "queue": "care", "flow": "pay", "on_fail": "rest"}, ["flow", "on_fail"]),
        ({"do": "callback", "queue": "care", "flow": "pay"}, ["flow"]),
        ({"do": "self_service", "queue": "care", "flow": "pay", "on_fail": "rest"}, []),
    ],
)
def test_keys_that_an_action_does_not_look_at_are_refused(
    then: dict[str, Any], keys: list[str]
) -> None:
    document = routed({"id": "x", "when": {"tier": "high"}, "then": then}, row("rest", {}))

    assert problems(document) == tuple(
        f"row x, {key}: `do: {then['do']}` has no use for it; delete it" for key in keys
    )


def message(name: str, when: Mapping[str, object], **then: object) -> dict[str, Any]:
    return {"id": name, "when": when, "then": {"do": "message", **then}}


def test_a_message_that_some_caller_gets_without_a_prompt_is_refused() -> None:
    document = good()
    document["tables"][0]["rows"][:0] = [message("shut", {"closed": True})]
    assert problems(document) == ()  # `p-full` is for everybody
    document["tables"][1]["rows"][1]["when"] = {"tier": ["high", "low"]}

    assert problems(document) == (
        "row shut, prompts: a message without a prompt for a caller whose days and tier are "
        "missing; name its prompts here",
    )


def test_a_message_that_nobody_hears_anything_of_is_refused() -> None:
    silent = message("mute", {"closed": True}, prompts=[])
    document = routed(silent, row("rest", {}))
    assert problems(document) == ("row mute, prompts: a message needs one; name it",)
    del silent["then"]["prompts"]
    document["tables"][1:] = []

    assert problems(document) == (
        "row mute, prompts: a message without a prompt for everybody; name its prompts here",
    )


def test_a_row_that_keeps_a_prompt_from_counting_makes_a_message_silent() -> None:
    document = added(
        {"id": "quiet", "when": {"tier": "high"}, "then": {"views": ["days"]}},
        {"id": "loud", "when": {}, "then": {"prompts": ["full"]}},
        hit="first",
    )
    document["tables"][0]["rows"][:0] = [message("shut", {"closed": True})]

    assert problems(document) == (
        "row shut, prompts: a message without a prompt for a caller whose tier is high; "
        "name its prompts here",
    )


def test_a_switch_that_a_story_does_not_mention_is_off() -> None:
    document = routed(row("usual", {"closed": False, "tier": "high"}), row("rest", {}, priority=9))
    document["tests"] = [
        {"name": "off", "given": {"tier": "high"}, "expect": {"row": "usual"}},
        {"name": "on", "given": {"tier": "high", "closed": True}, "expect": {"row": "rest"}},
    ]

    assert problems(document) == ()


def test_a_story_that_is_not_kept_is_refused() -> None:
    document = with_change("tests.0.expect.row", "rest")

    assert problems(document)[0].startswith("test 'high goes first': expected row rest, got high")


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("names.queues.care", "x" * 256, "names.queues.care.business_process: 256 characters"),
        ("names.queues.debts.demand", "a\x07b", "names.queues.debts.demand: has a line break or"),
        (f"{ROUTE}.0.then.remark", "r" * 101, "row late, remark: 101 characters, and there is"),
        (f"{ROUTE}.0.then.remark", "a\x1b[1m", "row late, remark: has a line break or"),
        (
            "names.prompts",
            ["full", "short", "balance", "full_menu"],
            "full stands inside full_menu",
        ),
        ("names.views", ["days", "products", "Days_late"], "days stands inside Days_late"),
    ],
)
def test_values_that_ecs_cannot_carry_or_tell_apart_are_refused(
    path: str, value: object, problem: str
) -> None:
    refused = problems(with_change(path, value))

    assert len(refused) == 1
    assert problem in refused[0]


def test_a_line_break_in_the_name_of_a_priority_class_is_refused() -> None:
    document = good()
    document["names"]["priority_classes"]["Very\nurgent"] = "5m"

    assert problems(document)[0].startswith("names.priority_classes: has a line break")


def test_flows_are_codes_as_well() -> None:
    document = routed(
        row("one", {"tier": "high"}, do="self_service", flow="pay"),
        row("two", {"tier": "low"}, do="self_service", flow="payment"),
        row("three", {"known": True}, do="self_service", flow="zurück"),
        row("rest", {}),
    )

    assert [line.split(";")[0] for line in problems(document)] == [
        "row three, flow: 'zurück' is not ASCII",
        "flows: pay stands inside payment, so a Branch with Contains takes payment for pay",
    ]


def test_a_row_with_four_prompts_is_refused() -> None:
    document = with_change("names.prompts", ["full", "short", "balance", "news"])
    document["tables"][0]["rows"][0]["then"]["prompts"] = ["full", "short", "balance", "news"]

    assert "row late, prompts: 4, and ECS gets 3; take some away" in problems(document)


def test_four_prompts_that_rows_add_up_to_are_refused_with_a_caller_who_hears_them() -> None:
    document = added(
        {"id": "two", "when": {"days": "> 0"}, "then": {"prompts": ["full", "short"]}},
        {"id": "again", "when": {"days": "> 0"}, "then": {"prompts": ["short"]}},
        {"id": "third", "when": {"tier": "low"}, "then": {"prompts": ["balance"]}},
        {"id": "fourth", "when": {"seen": "within 1d"}, "then": {"prompts": ["news"]}},
    )
    document["names"]["prompts"] = ["full", "short", "balance", "news"]

    assert problems(document) == (
        "row rest, prompts: ECS gets 3, and two, third, fourth add more for a caller whose days is "
        "1 day, tier is low, seen was 1 day ago; put those of which one is enough into a "
        "table with `hit: first`",
    )


def test_four_prompts_that_no_caller_hears_together_are_fine() -> None:
    document = added(
        {"id": "two", "when": {"days": "> 0"}, "then": {"prompts": ["full", "short"]}},
        {"id": "third", "when": {"tier": "high"}, "then": {"prompts": ["balance"]}},
        {"id": "fourth", "when": {"tier": "low"}, "then": {"prompts": ["news"]}},
    )
    document["names"]["prompts"] = ["full", "short", "balance", "news"]

    assert problems(document) == ()


def test_prompts_are_not_added_to_a_row_that_says_its_own() -> None:
    document = added(
        {"id": "two", "when": {"tier": "high"}, "then": {"prompts": ["full", "short"]}},
        {"id": "more", "when": {"tier": "high"}, "then": {"prompts": ["balance", "news"]}},
    )
    document["names"]["prompts"] = ["full", "short", "balance", "news"]
    document["tables"][0]["rows"][0]["then"]["prompts"] = ["full"]

    assert problems(document) == ()  # `high` says `prompts: [short]`
    del document["tables"][0]["rows"][1]["then"]["prompts"]
    assert problems(document)[0].startswith("row high, prompts: ECS gets 3, and two, more add more")


def test_what_is_declared_and_never_used_is_a_warning() -> None:
    said = warnings(good())

    assert "attributes.channel: nothing uses it; delete it, or use it in a row" in said
    assert "attributes.closed: nothing uses it" not in " ".join(said)  # a guard of the agent
    assert "attributes.days: nothing uses it" not in " ".join(said)


@pytest.mark.parametrize(
    ("path", "value", "warning"),
    [
        ("names.queues.spare", "Spare", "names.queues.spare: nothing uses it"),
        ("names.prompts", ["full", "short", "balance", "news"], "names.prompts.news: nothing uses"),
        ("names.views", ["days", "products", "tier"], "names.views.tier: nothing uses it"),
        ("names.flags", ["skip_menu", "consent"], "names.flags.consent: nothing uses it"),
        ("last_agent.owner", {}, "last_agent.owner: nothing uses it"),
        ("calendars.sales", {"weekly": {"mon": ["09:00-12:00"]}}, "calendars.sales: nothing uses"),
        ("last_agent.rapport.hold", "20s", "last_agent.rapport.hold: 20s are not within the servi"),
        ("calendars.main.holidays", [{"date": "2026-11-26"}], "calendars.main.holidays: "),
        ("names.queues.care", "Collections desk", "'Collections' stands inside 'Collections desk'"),
        (
            "names.queues.care",
            {"business_process": "Care", "demand": "debts now"},
            "'Debts' stands",
        ),
        ("names.priority_classes.Fronts", "9m", "'Front' stands inside 'Fronts'"),
        (f"{ROUTE}.0.then.priority", 30, "row late, priority: 3m go to ECS as Urgent, worth 2m;"),
        (
            "names.queues.care_home",
            "Home",
            "names.queues: 'care' stands inside 'care_home'; in a B",
        ),
    ],
)
def test_what_works_and_is_probably_not_meant_is_a_warning(
    path: str, value: object, warning: str
) -> None:
    *parents, last = path.split(".")
    document = good()
    place: Any = document
    for part in parents:
        place = place[int(part)] if part.isdigit() else place[part]
    assert not any(warning in line for line in warnings(document))

    place[last] = value

    assert sum(warning in line for line in warnings(document)) == 1
    assert problems(document) == ()


def test_a_head_start_that_no_class_is_small_enough_for_goes_without_one() -> None:
    document = with_change("names.priority_classes", {"Urgent": "2m", "Front": 600})
    document["tables"][0]["rows"][0]["then"]["priority"] = 5

    priority = read_ruleset(document).route.rows[0].then.priority
    assert priority
    assert (priority.seconds, priority.class_name) == (30, "")
    assert [line for line in warnings(document) if "priority:" in line] == [
        "row late, priority: 30s go to ECS without a Priority Class; "
        "ask for what a class is worth, or add one to names.priority_classes"
    ]


def test_a_queue_has_an_id_of_plain_letters_and_a_business_process_of_any() -> None:
    document = good()
    document["names"]["queues"] |= {"Süd": "Süd", "Ünïcode": "Service"}

    assert problems(document) == (
        "names.queues.Ünïcode: is not ASCII; "
        "write it with plain letters, and its name as its value",
    )


def test_a_long_hold_that_is_confirmed_is_no_warning() -> None:
    document = with_change("last_agent.rapport.hold", "45s")
    document["last_agent"]["rapport"]["confirm_long_hold"] = "true"

    assert not any("hold" in line for line in warnings(document))


def test_a_row_whose_callers_get_the_same_further_down_is_a_warning() -> None:
    document = routed(
        row("late", {"days": "> 9"}, prompts=["full"]),
        row("high", {"tier": "high"}),
        row("known", {"known": True}),
        row("rest", {}),
    )

    assert [line for line in warnings(document) if "changes nothing" in line] == [
        f"row {name} changes nothing: without it all its callers get the same; "
        "delete it, or say what is different for them"
        for name in ("high", "known")
    ]


def test_a_row_that_saves_some_callers_from_another_is_needed() -> None:
    document = routed(
        row("high", {"tier": "high"}),
        row("late", {"days": "> 9"}, prompts=["full"]),
        row("rest", {}),
    )

    assert not any("changes nothing" in line for line in warnings(document))


def test_what_an_earlier_row_adds_for_the_same_callers_need_not_be_added_again() -> None:
    document = added(
        {"id": "a", "when": {"days": "present"}, "then": {"views": ["days"]}},
        {"id": "b", "when": {"days": "> 5"}, "then": {"views": ["days"]}},
        {"id": "c", "when": {"days": "> 5"}, "then": {"views": ["days", "products"]}},
        {"id": "d", "when": {"tier": "high"}, "then": {"prompts": ["full"]}},
    )

    said = [line.split()[1] for line in warnings(document) if "changes nothing" in line]
    assert said == ["b", "d"]  # `high` says its own prompts, so that nobody hears those of d


@pytest.mark.parametrize(
    ("again", "warning"),
    [
        ({"tier": "low", "recent": "> 0"}, ""),
        ({"tier": "high"}, "row offered, on_fail: again never decides for a caller of this row"),
        ({"days": "> 0"}, ""),
    ],
)
def test_on_fail_must_name_a_row_that_can_decide_for_the_same_customer(
    again: dict[str, Any], warning: str
) -> None:
    document = routed(
        row("again", again, priority="Urgent"),
        row("offered", {"tier": "low"}, do="self_service", flow="pay", on_fail="again"),
        row("rest", {}),
    )

    said = [line for line in warnings(document) if "on_fail" in line]
    assert [line[: len(warning)] for line in said] == ([warning] if warning else [])


@pytest.mark.parametrize("first_leads_to", ["one", "two"])
def test_self_service_that_leads_to_itself_is_a_warning(first_leads_to: str) -> None:
    document = routed(
        row("one", {"tier": "low"}, do="self_service", flow="pay", on_fail=first_leads_to),
        row("two", {}, do="self_service", flow="ask", on_fail="one"),
    )

    assert any("row one, on_fail: leads to self-service again" in w for w in warnings(document))


def test_needless_rows_and_prompts_of_200_made_up_rulesets_are_those_of_every_caller() -> None:
    needless = overfull = silent = 0
    for seed in range(200):
        ruleset = some_ruleset(Random(seed))
        rows = [row for table in ruleset.tables for row in table.rows]
        every = every_match(ruleset.attributes, [row.cells for row in rows])
        found = check(ruleset, today=TODAY)
        said = {line.split()[1] for line in found.warnings if "changes nothing" in line}
        _held_to_be_needless(ruleset, every, said)
        heard = [gets(ruleset, matching) for matching in every]
        silent += _held_to_be_silent(ruleset, every, found.problems)
        too_many = any(len(got[1]) > MOST_PROMPTS for got in heard if len(got) > 1)
        assert too_many == any("ECS gets" in line for line in found.problems)
        needless += len(said)
        overfull += too_many

    assert needless > 60
    assert 20 < overfull < 180
    assert 60 < silent < 600


def _held_to_be_needless(ruleset: Ruleset, every: frozenset[int], said: set[str]) -> None:
    """Nobody gets anything else without a row that is said to change nothing; and of the rows that
    decide, no other is so."""
    number = 0
    route = range(len(ruleset.route.rows))
    for table in ruleset.tables:
        for one in table.rows:
            changes = any(gets(ruleset, m) != gets(ruleset, m, without=number) for m in every)
            decides = any(first(m, route) == number for m in every)
            if one.id in said:
                assert not changes
            elif decides:
                assert changes
            number += 1


def _held_to_be_silent(ruleset: Ruleset, every: frozenset[int], problems: Sequence[str]) -> int:
    """Each row is a message; refused are those that say none, and those of which some caller hears
    none. How many are refused for their callers."""
    route = range(len(ruleset.route.rows))
    silent = {row.id for row in ruleset.route.rows if row.then.prompts == ()}
    for matching in every:
        deciding = first(matching, route)
        if deciding is not None and not gets(ruleset, matching)[1]:
            silent.add(ruleset.route.rows[deciding].id)
    assert {p.split()[1].strip(",") for p in problems if "prompts: a message" in p} == silent
    return sum(row.id in silent and row.then.prompts is None for row in ruleset.route.rows)
