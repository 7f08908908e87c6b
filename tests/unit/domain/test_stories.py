"""A story is kept, or it is told what came instead."""

import pytest

from switchboard.domain.ruleset_reader import read_ruleset
from switchboard.domain.stories import failing_stories
from tests.unit.domain.rulesets import with_change


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
