"""What other rules would have done to recorded contacts."""

import json
from collections import Counter
from copy import deepcopy
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.domain.cells import OTHER
from switchboard.domain.effects import effects
from switchboard.domain.facts import recalled
from switchboard.domain.replay import replay
from switchboard.domain.replayed import Group, Moved, PassedRow, Recorded, Replayed
from switchboard.domain.routing import decide
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_reader import read_ruleset
from tests.unit.domain.rulesets import good

OLD = read_ruleset(good())
DIGEST = "0123456789abcdef"
NOBODY = {attribute.source: None for attribute in OLD.attributes.values()}
LATE = {"crm.days_past_due": 34.0, "lookup.known": True, "crm.tier": "low"}
HIGH = {"crm.tier": "high", "lookup.known": True}


def contact(
    facts: dict[str, Any], *, row: str = "", ruleset: str = DIGEST, number: int = 0
) -> Recorded:
    """A contact of whom everything was looked at; decided as the old rules decide."""
    kept = {**NOBODY, **facts}
    chosen = row or decide(OLD, recalled(OLD.attributes, kept)).row
    return Recorded(f"2026-11-02T14:{number:02}:00.000000+00:00", ruleset, chosen, kept)


def replayed(new: Ruleset, *contacts: Recorded, **options: Any) -> Replayed:
    return replay(OLD, new, contacts, old_digest=DIGEST, **options)


def changed(*changes: tuple[str, object]) -> Ruleset:
    """The old rules with other values at places such as ``tables.0.rows.1.id``."""
    document = good()
    for path, value in changes:
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        place: Any = document
        for part in parents:
            place = place[part]
        place[last] = value
    document["tests"] = []
    return read_ruleset(document)


LATER = changed(("tables.0.rows.0.when.days", ">= 60"))


def test_the_same_rules_change_nothing() -> None:
    found = replayed(OLD, contact(LATE), contact(HIGH), contact({}))

    assert (found.contacts, found.differently, found.examples) == (3, 0, ())
    assert found.aspects == {}
    assert found.rows == (
        Moved("high", "high", 1, 0),
        Moved("late", "late", 1, 0),
        Moved("rest", "rest", 1, 0),
    )


def test_what_changes_is_counted_by_row_queue_and_prompts() -> None:
    found = replayed(LATER, contact(LATE), contact(LATE), contact(HIGH))

    assert (found.contacts, found.differently) == (3, 2)
    assert found.rows[0] == Moved("late", "rest", 2, 2)
    assert found.queues[0] == Moved("debts", "care", 2, 2)
    assert found.prompts[0] == Moved("none", "balance, full", 2, 2)
    assert found.aspects == {"priority": 2, "prompts": 2, "queue": 2}


def test_an_example_comes_with_both_explanations() -> None:
    found = replayed(LATER, contact(LATE, number=7))

    (example,) = found.examples
    assert example.at.startswith("2026-11-02T14:07")
    assert example.old.because == "late: days is 34 days and known is true"
    assert example.old.passed == ()
    assert example.new.because == "rest: no other rule applied"
    assert example.new.passed == (
        PassedRow("late", "days is 34 days, needs >= 60"),
        PassedRow("high", "tier is low, needs high"),
    )
    assert example.new.why_not("late") == "days is 34 days, needs >= 60"
    assert {one.what: (one.old, one.new) for one in example.differs}["queue"] == (
        "Collections, demand Debts",
        "Customer Care, demand none",
    )


def test_the_first_contacts_of_each_pair_of_rows_are_the_examples() -> None:
    contacts = [contact(LATE, number=number) for number in range(5)]
    found = replayed(LATER, *contacts, examples=2)

    assert [example.at[14:16] for example in found.examples] == ["00", "01"]
    assert replayed(LATER, *contacts, examples=0).examples == ()


@pytest.mark.parametrize(
    "renamed",
    [
        changed(("tables.0.rows.1.id", "premier")),
        changed(("names.queues.desk", "Customer Care"), ("tables.0.rows.1.then.queue", "desk")),
        changed(
            ("last_agent.known", good()["last_agent"]["rapport"]),
            ("tables.0.rows.1.then.last_agent", "known"),
        ),
    ],
    ids=["row", "queue", "profile"],
)
def test_what_is_only_called_otherwise_is_not_decided_differently(renamed: Ruleset) -> None:
    assert replayed(renamed, contact(HIGH)).differently == 0


@pytest.mark.parametrize(
    ("new", "what"),
    [
        (changed(("names.queues.care", "Front Desk")), "queue"),
        (changed(("last_agent.rapport.hold", "30s")), "last agent"),
        (changed(("tables.0.rows.1.then.priority", "Urgent")), "priority"),
        (changed(("tables.0.rows.1.then.prompts", ["full"])), "prompts"),
        (changed(("tables.0.rows.1.then.flags", [])), "flags"),
        (changed(("tables.0.rows.1.then.remark", "to the front")), "remark"),
        (changed(("tables.0.rows.1.then.do", "callback")), "action"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_same_row_may_do_something_else(new: Ruleset, what: str) -> None:
    assert replayed(new, contact(HIGH)).aspects == {what: 1}


def test_contacts_are_grouped_by_any_choice_flag_or_set() -> None:
    contacts = [
        contact({**LATE, "crm.products": ["tv", "mobile"]}),
        contact({**HIGH, "crm.products": []}),
        contact({**LATE, "crm.tier": OTHER}),
        contact({}),
    ]

    assert replayed(LATER, *contacts, by="tier").groups == (
        Group("(missing)", 1, 0),
        Group("(other)", 1, 1),
        Group("high", 1, 0),
        Group("low", 1, 1),
    )
    assert replayed(LATER, *contacts, by="known").groups[0] == Group("true", 3, 2)
    groups = replayed(LATER, *contacts, by="products").groups
    assert {group.value for group in groups} == {"(missing)", "none", "mobile, tv"}


def test_contacts_are_grouped_by_what_only_the_new_rules_look_at() -> None:
    new = changed(("attributes.fresh", {"type": "flag", "from": "crm.fresh"}))

    found = replayed(new, contact({"crm.fresh": True}), by="fresh")

    assert found.groups == (Group("true", 1, 0),)


@pytest.mark.parametrize(
    ("by", "says"),
    [("teir", "did you mean 'tier'"), ("days", "type number"), ("seen", "type instant")],
)
def test_other_groups_are_refused(by: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replayed(OLD, by=by)


def test_facts_are_found_by_their_source_whatever_the_attribute_is_called() -> None:
    text = json.dumps(good()).replace('"tier"', '"worth"')
    renamed = read_ruleset(json.loads(text))

    assert replayed(renamed, contact(HIGH), contact(LATE)).differently == 0


def test_a_source_that_nobody_looked_at_is_missing_and_that_is_said() -> None:
    new = changed(
        ("attributes.mood", {"type": "choice", "values": ["calm", "cross"], "from": "crm.mood"}),
        ("tables.0.rows.1.when", {"mood": "missing"}),
    )
    with_mood = contact({"crm.mood": "calm"})

    found = replayed(new, contact({}), contact({}), with_mood)

    assert found.not_recorded == {"crm.mood": 2}
    assert found.rows[0] == Moved("rest", "high", 2, 2)


def test_a_word_that_was_not_listed_then_may_be_a_new_one_and_that_is_said() -> None:
    new = changed(("attributes.tier.values", ["high", "low", "middle"]))

    found = replayed(new, contact({"crm.tier": OTHER}), contact(HIGH))

    assert found.not_listed == {"crm.tier": 1}


def test_sets_never_recorded_a_word_that_is_listed_only_now() -> None:
    new = changed(("attributes.products.values", ["mobile", "tv", "fibre"]))

    assert replayed(new, contact({}), contact(HIGH)).not_listed == {"crm.products": 2}


def test_contacts_that_other_rules_had_decided_are_decided_again_and_counted() -> None:
    others = [contact(LATE, ruleset="f" * 16, row="long-gone") for _ in range(2)]

    found = replayed(LATER, contact(LATE), *others)

    assert found.other_rulesets == {"f" * 16: 2}
    assert found.drifted == ()
    assert found.rows == (Moved("late", "rest", 3, 3),)


def test_a_row_that_the_old_rules_no_longer_choose_is_said() -> None:
    found = replayed(OLD, contact(HIGH, row="late"), contact(HIGH))

    assert found.drifted == (Moved("late", "high", 1, 1),)


def test_nothing_recorded_is_nothing_replayed() -> None:
    found = replayed(LATER)

    assert (found.contacts, found.differently, found.first_at, found.last_at) == (0, 0, "", "")


def test_the_period_is_told_whatever_the_order() -> None:
    found = replayed(OLD, contact({}, number=9), contact({}, number=3), contact({}, number=5))

    assert (found.first_at[14:16], found.last_at[14:16]) == ("03", "09")


# ── against deciding one by one ──────────────────────────────────────────────────────────────

FACTS = st.fixed_dictionaries(
    {},
    optional={
        "crm.tier": st.sampled_from(["high", "low", OTHER, None]),
        "lookup.known": st.sampled_from([True, False, None]),
        "crm.days_past_due": st.sampled_from([0.0, 3.0, 15.0, 34.0, 60.0, None]),
        "ecs.channel": st.sampled_from(["voice", "email", None]),
        "crm.products": st.sampled_from([[], ["tv"], ["mobile", "tv"], None]),
        "history.last_contact_at": st.sampled_from([60.0, 1e6, None]),
        "calendar.open": st.sampled_from([True, False, None]),
    },
)
CHANGES: dict[str, st.SearchStrategy[object]] = {
    "tables.0.rows.0.when": st.sampled_from(
        [{"days": ">= 60"}, {"days": "present"}, {"open": False}, {"products": "has none tv"}]
    ),
    "tables.0.rows.1.when.tier": st.sampled_from(["low", "not low", "missing"]),
    "tables.0.rows.1.then.queue": st.just("debts"),
    "tables.1.hit": st.just("first"),
    "tables.2.hit": st.just("all"),
    "tables.2.rows.0.when.days": st.just("missing"),
    "attributes.known.from": st.just("calendar.open"),
}
OTHER_RULES = st.fixed_dictionaries({}, optional=CHANGES).map(
    lambda changes: changed(*deepcopy(list(changes.items())))
)


@settings(max_examples=200, deadline=None)
@given(OTHER_RULES, st.lists(FACTS, max_size=12))
def test_all_at_once_comes_to_the_same_as_one_by_one(
    new: Ruleset, many: list[dict[str, Any]]
) -> None:
    rows: Counter[tuple[str, str]] = Counter()
    aspects: Counter[str] = Counter()
    for facts in many:
        old_decision = decide(OLD, recalled(OLD.attributes, facts))
        new_decision = decide(new, recalled(new.attributes, facts))
        rows[old_decision.row, new_decision.row] += 1
        old_effects, new_effects = effects(OLD, old_decision), effects(new, new_decision)
        aspects.update(what for what in old_effects if old_effects[what] != new_effects[what])

    found = replayed(new, *(Recorded("2026-11-02", DIGEST, "", facts) for facts in many))

    assert {(moved.old, moved.new): moved.contacts for moved in found.rows} == rows
    assert found.aspects == aspects


@settings(max_examples=50, deadline=None)
@given(OTHER_RULES, st.lists(FACTS, max_size=12))
def test_twice_the_same_is_the_same_to_the_byte(new: Ruleset, many: list[dict[str, Any]]) -> None:
    contacts = [Recorded("2026-11-02", DIGEST, "", facts) for facts in many]

    once, again = (json.dumps(asdict(replayed(new, *contacts, by="tier"))) for _ in range(2))

    assert once == again
