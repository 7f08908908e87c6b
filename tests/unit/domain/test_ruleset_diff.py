"""What differs between two rulesets, as a supervisor reads it."""

from collections.abc import Iterator
from copy import deepcopy
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_diff import Change, ruleset_changes, summary_of
from switchboard.domain.ruleset_reader import RulesetProblem, read_ruleset

DOCUMENT: dict[str, Any] = {
    "format": "routing/1",
    "name": "main",
    "timezone": "America/New_York",
    "priority_point": "6s",
    "service_level": "20s",
    "agent_form": "extension",
    "attributes": {
        "tier": {"type": "choice", "values": ["high", "low"], "from": "crm.tier"},
        "days": {"type": "number", "unit": "days", "from": "crm.days_past_due"},
        "complaint": {"type": "flag", "from": "crm.open_complaint"},
        "seen": {"type": "instant", "from": "history.last_contact_at"},
        "open_now": {"type": "flag", "from": "calendar.open"},
    },
    "names": {
        "queues": {
            "vip": {"business_process": "Customer Care", "demand": "Premier"},
            "general": "Customer Care",
        },
        "prompts": ["menu_full", "menu_short"],
        "views": ["tier", "balance"],
        "flags": ["skip_menu", "record_consent"],
        "priority_classes": {"Normal": "0s", "Front": "600s"},
    },
    "last_agent": {
        "owner": {
            "from": ["history"],
            "seen_within": "14d",
            "min_talk": "60s",
            "hold": "15s",
            "must": ["logged_in"],
            "never_if": ["complaint"],
            "not_after": ["Wrong number"],
            "outbound": "true",
            "max_waiting_per_agent": "1",
            "max_per_day": "20",
            "if_unknown": "try",
            "confirm_long_hold": "false",
        }
    },
    "calendars": {
        "main": {
            "weekly": {"mon-fri": ["08:00-20:00"], "sat": ["22:00-02:00"]},
            "holidays": [
                {"date": "2026-12-24", "name": "Christmas Eve", "open": ["08:00-13:00"]},
                {"date": "2026-12-25", "name": "Christmas Day"},
            ],
        }
    },
    "tables": [
        {
            "id": "route",
            "hit": "first",
            "rows": [
                {
                    "id": "late",
                    "when": {"days": ">= 15", "tier": "low"},
                    "then": {"do": "queue", "queue": "general", "prompts": [], "remark": "Owes us"},
                },
                {
                    "id": "high",
                    "when": {"tier": "high"},
                    "then": {
                        "do": "queue",
                        "queue": "vip",
                        "priority": "Front",
                        "last_agent": "owner",
                        "flags": ["skip_menu"],
                    },
                    "note": "agreed with Sales",
                },
                {
                    "id": "self",
                    "when": {"seen": "older than 90d"},
                    "then": {"do": "self_service", "flow": "balance", "on_fail": "rest"},
                },
                {
                    "id": "upset",
                    "when": {"complaint": "true"},
                    "then": {"do": "queue", "queue": "vip", "not_agent": "last", "priority": "20"},
                },
                {
                    "id": "rest",
                    "when": {},
                    "then": {
                        "do": "queue",
                        "queue": "general",
                        "priority": {"start": "5", "gain_per_min": "2", "max": "45"},
                    },
                },
            ],
        },
        {
            "id": "extra",
            "hit": "all",
            "rows": [
                {"id": "menu", "when": {"tier": "low"}, "then": {"prompts": ["menu_full"]}},
                {"id": "looks", "when": {"days": "> 0"}, "then": {"views": ["balance"]}},
            ],
        },
    ],
    "tests": [
        {"name": "high goes first", "given": {"tier": "high"}, "expect": {"row": "high"}},
        {"name": "late", "given": {"days": "20", "tier": "low"}, "expect": {"row": "late"}},
    ],
}
ANOTHER_TABLE: dict[str, Any] = {
    "id": "news",
    "hit": "first",
    "rows": [{"id": "outage", "when": {"open_now": "true"}, "then": {"prompts": ["menu_short"]}}],
}
Path = tuple[str | int, ...]


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """The document with another value at one place; None takes it away."""
    document = deepcopy(DOCUMENT)
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return document


def changes(document: dict[str, Any], base: dict[str, Any] = DOCUMENT) -> tuple[Change, ...]:
    return ruleset_changes(read_ruleset(base), read_ruleset(document))


def told(*path: str | int, to: Any) -> list[str]:
    return [line.strip() for change in changes(changed(*path, to=to)) for line in change.lines]


ROUTE: Path = ("tables", 0, "rows")


def test_a_ruleset_does_not_differ_from_itself() -> None:
    assert changes(DOCUMENT) == ()
    assert summary_of(()) == "nothing changes"


def test_what_is_only_spelt_differently_is_no_difference() -> None:
    document = changed(*ROUTE, 1, "when", "tier", to=["high"])
    document["tables"][0]["rows"][3]["when"] = {"complaint": True}
    document["last_agent"]["owner"]["hold"] = "0.25m"

    assert changes(document) == ()


@pytest.mark.parametrize(
    ("path", "to", "lines"),
    [
        ((*ROUTE, 0, "when", "days"), "> 30", ["~ row late changed", "when days: >= 15 -> > 30"]),
        (
            (*ROUTE, 0, "when", "days"),
            None,
            ["~ row late changed", "when days: >= 15 -> (anybody)"],
        ),
        (
            (*ROUTE, 1, "when", "complaint"),
            "false",
            ["~ row high changed", "when complaint: (anybody) -> false"],
        ),
        (
            (*ROUTE, 1, "then", "queue"),
            "general",
            ["~ row high changed", "then queue: vip -> general"],
        ),
        (
            (*ROUTE, 3, "then", "priority"),
            "30",
            [
                "~ row upset changed",
                "then priority: 2m head start (Normal) -> 3m head start (Normal)",
            ],
        ),
        (
            (*ROUTE, 4, "then", "priority", "max"),
            "50",
            [
                "~ row rest changed",
                "then priority: 30s head start (Normal), and 12s more each minute up to 270s"
                " -> 30s head start (Normal), and 12s more each minute up to 5m",
            ],
        ),
        (
            (*ROUTE, 0, "then", "prompts"),
            None,
            ["~ row late changed", "then prompts: none -> (not said)"],
        ),
        (
            (*ROUTE, 1, "note"),
            None,
            ["~ row high changed", "note: agreed with Sales -> (not said)"],
        ),
        (
            ("tables", 1, "rows", 0, "then", "prompts"),
            ["menu_short"],
            ["~ row menu of extra changed", "then prompts: menu_full -> menu_short"],
        ),
        (
            ("attributes", "tier", "values"),
            ["high", "mid", "low"],
            ["~ attribute tier changed", "values: high, low -> high, mid, low"],
        ),
        (
            ("names", "queues", "vip", "demand"),
            "Gold",
            ["~ queue vip changed", "demand: Premier -> Gold"],
        ),
        (
            ("names", "priority_classes", "Front"),
            "900s",
            [
                "~ priority class Front changed",
                "worth: 10m -> 15m",
                "~ row high changed",
                "then priority: 10m head start (Front) -> 15m head start (Front)",
            ],
        ),
        (
            ("last_agent", "owner", "hold"),
            "30s",
            ["~ last agent owner changed", "hold: 15s -> 30s"],
        ),
        (
            ("calendars", "main", "weekly", "sat"),
            ["10:00-24:00"],
            ["~ calendar main changed", "sat: 22:00-02:00 -> 10:00-24:00"],
        ),
        (
            ("calendars", "main", "holidays", 1),
            None,
            ["~ calendar main changed", "holiday 2026-12-25: Christmas Day, closed -> (not said)"],
        ),
        (
            ("timezone",),
            "Europe/London",
            ["~ ruleset changed", "timezone: America/New_York -> Europe/London"],
        ),
        (
            ("tests", 1, "given", "days"),
            "21",
            ["~ test late changed", "given: days 20, tier low -> days 21, tier low"],
        ),
        (("names", "prompts"), ["menu_full", "menu_short", "bye"], ["+ prompt bye added"]),
        (("names", "flags"), ["skip_menu"], ["- flag record_consent removed"]),
        (("tables", 1, "hit"), "first", ["~ table extra changed", "hit: all -> first"]),
    ],
    ids=str,
)
def test_each_change_is_told_with_its_place_and_both_values(
    path: Path, to: Any, lines: list[str]
) -> None:
    assert told(*path, to=to)[: len(lines)] == lines


def test_added_and_removed_rows_are_told_with_all_they_say() -> None:
    document = deepcopy(DOCUMENT)
    rows = document["tables"][0]["rows"]
    removed = rows.pop(0)
    rows.insert(0, {**removed, "id": "later", "when": {"days": ">= 20"}})
    document["tests"].pop()

    assert [line for change in changes(document) for line in change.lines] == [
        "+ row later added",
        "    when days: >= 20",
        "    then do: queue",
        "    then queue: general",
        "    then priority: 0s head start (Normal)",
        "    then prompts: none",
        "    then remark: Owes us",
        "- row late removed",
        "    when days: >= 15",
        "    when tier: low",
        "    then do: queue",
        "    then queue: general",
        "    then priority: 0s head start (Normal)",
        "    then prompts: none",
        "    then remark: Owes us",
        "- test late removed",
        "    given: days 20, tier low",
        "    expect: row late",
    ]
    assert summary_of(changes(document)) == "1 row added, 1 row removed, 1 other change"


def test_a_table_that_is_gone_takes_its_rows_along() -> None:
    document = deepcopy(DOCUMENT)
    document["tables"].pop()

    assert [change.lines[0] for change in changes(document)] == [
        "- table extra removed",
        "- row menu of extra removed",
        "- row looks of extra removed",
    ]


def test_of_a_row_that_was_moved_only_that_one_is_told() -> None:
    document = deepcopy(DOCUMENT)
    rows = document["tables"][0]["rows"]
    rows.insert(0, rows.pop(3))

    assert [line for change in changes(document) for line in change.lines] == [
        "> row upset moved",
        "    was after self, now first",
    ]


def test_a_row_that_was_moved_and_changed_is_told_as_both() -> None:
    document = changed(*ROUTE, 3, "then", "queue", to="general")
    rows = document["tables"][0]["rows"]
    rows.insert(1, rows.pop(3))

    assert [change.lines[0] for change in changes(document)] == [
        "~ row upset changed",
        "> row upset moved",
    ]
    assert summary_of(changes(document)) == "1 row changed, 1 row moved"


def test_a_table_that_was_moved_is_told_because_prompts_are_added_up_in_that_order() -> None:
    document = deepcopy(DOCUMENT)
    document["tables"].append(ANOTHER_TABLE)
    before = read_ruleset(document)
    document["tables"].insert(0, document["tables"].pop())

    moved = ruleset_changes(before, read_ruleset(document))

    assert [line for change in moved for line in change.lines] == [
        "> table news moved",
        "    was after extra, now after route",
    ]
    assert summary_of(moved) == "1 other change"


def test_a_table_that_stands_before_the_route_is_no_difference() -> None:
    document = deepcopy(DOCUMENT)
    document["tables"].reverse()

    assert changes(document) == ()


def with_order(order: list[int]) -> Ruleset:
    rows = [
        {"id": f"r{n}", "when": {"days": f"> {n}"}, "then": {"do": "queue", "queue": "general"}}
        for n in order
    ]
    document = deepcopy(DOCUMENT)
    document["tables"][0]["rows"] = [*rows, DOCUMENT["tables"][0]["rows"][-1]]
    document["tests"] = []
    return read_ruleset(document)


@given(st.permutations(range(6)))
def test_as_few_rows_are_called_moved_as_explain_the_order(order: list[int]) -> None:
    moved = {
        int(change.place.removeprefix("row r"))
        for change in ruleset_changes(with_order(list(range(6))), with_order(order))
    }

    stays = [n for n in order if n not in moved]
    assert stays == sorted(stays)
    fewer = [kept for kept in combinations(order, len(stays) + 1) if list(kept) == sorted(kept)]
    assert not fewer


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value)
    if not isinstance(value, str):
        for key, child in children:
            yield from places(child, (*path, key))


OTHER_VALUES = (
    "true",
    "false",
    "7",
    "first",
    "all",
    "skip",
    "30s",
    "high",
    "low",
    "general",
    "x y",
)


@pytest.mark.parametrize("path", [path for path in places(DOCUMENT) if path], ids=str)
def test_nothing_that_makes_another_ruleset_goes_untold(path: Path) -> None:
    base = read_ruleset(DOCUMENT)
    for value in (None, *OTHER_VALUES, [OTHER_VALUES[0]], []):
        try:
            other = read_ruleset(changed(*path, to=value))
        except RulesetProblem:
            continue
        assert bool(ruleset_changes(base, other)) == (other != base), value
        assert bool(ruleset_changes(other, base)) == (other != base), value
