"""Editing rules: what is shown, tried, published and taken back, whatever the page sends."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.errors import InvalidRequest, NotFound
from switchboard.use_cases import rules_editor as editor
from switchboard.use_cases.check_places import Finding
from switchboard.use_cases.rules_editor import PublishedMeanwhile, RulesRefused
from tests.fakes.config import InMemoryPublications
from tests.unit.domain.rulesets import good, with_change

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def published(document: dict[str, Any] | None = None) -> tuple[InMemoryPublications, str]:
    publications = InMemoryPublications()
    digest = publications.publish("routing", document or good(), now=NOW, by="Ada")
    return publications, digest


def publish(publications: InMemoryPublications, document: dict[str, Any], expected: str) -> str:
    return editor.publish(
        document,
        by="Grace",
        note="because",
        expected=expected,
        now=NOW + timedelta(hours=1),
        publications=publications,
    )


def test_the_page_shows_each_condition_as_one_text_and_each_list_as_a_list() -> None:
    written = with_change("tables.0.rows.0.when.tier", {"not": ["low"]})
    written["tables"][1]["rows"][0]["then"] = {"prompts": "full, short"}

    document, digest = editor.opened(publications=published(written)[0])

    assert document["tables"][0]["rows"][0]["when"]["tier"] == "not low"
    assert document["tables"][1]["rows"][0]["then"] == {"prompts": ["full", "short"]}
    assert digest == published(written)[1]


def test_what_the_page_shows_decides_as_what_was_published() -> None:
    assert editor.compared(good(), editor.with_cells_as_text(good())) == ()


def test_rules_that_nobody_can_read_are_shown_as_they_are() -> None:
    document, _ = editor.opened(publications=published({"format": "routing/0"})[0])

    assert document == {"format": "routing/0"}


def test_a_good_ruleset_has_no_problem_and_every_story_is_told() -> None:
    found = editor.checked(good(), now=NOW)

    assert found.problems == ()
    assert [(story.name, story.is_kept) for story in found.stories] == [
        ("high goes first", True), ("nobody falls through", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "table", "row", "column"),
    [
        ("tables.0.rows.0.when.days", ">= x", "route", "late", "when.days"),
        ("tables.0.rows.1.then.queue", "nowhere", "route", "high", "then.queue"),
        ("tables.0.rows.1.then.prompts", ["nothing"], "route", "high", "then.prompts"),
        ("tables.0.rows.1.then.priority", "-1", "route", "high", "then.priority"),
        ("tables.1.rows.0.when.days", "= 3", "prompts", "p-balance", "when.days"),
        ("tables.0.rows.0.when", {}, "route", "late", "id"),
        ("tables.0.rows.0.when.tier", "missing", "", "", ""),
    ],
)
def test_a_problem_leads_to_its_cell(
    path: str, value: object, table: str, row: str, column: str
) -> None:
    problems = editor.checked(with_change(path, value), now=NOW).problems

    places = [(one.table, one.row, one.column) for one in problems]
    assert (table, row, column) in places or not table


def test_an_emptied_row_is_told_once_and_what_follows_from_it_stands_under_it() -> None:
    emptied = with_change("tables.0.rows.0.when", {})
    emptied["tables"][0]["rows"][1]["then"]["remark"] = "unheard of anywhere else"

    problems = editor.checked(emptied, now=NOW).problems

    assert [(one.table, one.row) for one in problems] == [("route", "late")]
    rows = emptied["tables"][0]["rows"]
    below = f"{len(rows) - 1} row"
    assert problems[0].text.startswith(f"row late matches everybody: {below}")
    assert problems[0].text.endswith("; give it a cell, or move it down")
    assert [one.row for one in problems[0].follows if one.row] == [row["id"] for row in rows[1:]]
    assert {one.story for one in problems[0].follows if one.story} == {
        "high goes first", "nobody falls through",
    }  # fmt: skip


def test_a_problem_of_its_own_is_not_hidden_under_an_emptied_row() -> None:
    emptied = with_change("tables.0.rows.0.when", {})
    emptied["attributes"]["known"]["from"] = "lookup.unheard_of"

    first, *others = editor.checked(emptied, now=NOW).problems

    assert first.row == "late"
    assert any("unheard_of" in one.text for one in others)


def test_the_last_row_may_match_everybody() -> None:
    assert good()["tables"][0]["rows"][-1]["when"] == {}
    assert editor.checked(good(), now=NOW).problems == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [("tests.0.expect.row", "rest"), ("tests.0.given.tier", "platinum"), ("tests.0.expect", {})],
)
def test_a_problem_of_a_story_leads_to_the_story(path: str, value: object) -> None:
    problems = editor.checked(with_change(path, value), now=NOW).problems

    assert [one.story for one in problems] == ["high goes first"]


def test_an_attribute_that_nobody_can_fill_is_a_problem() -> None:
    spoilt = with_change("attributes.known.from", "lookup.unheard_of")

    assert "unheard_of" in editor.checked(spoilt, now=NOW).problems[0].text


def test_the_day_of_a_check_is_the_day_where_the_rules_hold() -> None:
    holiday = {"date": "2026-11-23", "name": "Founding Day"}
    document = with_change("calendars.main.holidays", [holiday])

    evening = editor.checked(document, now=datetime(2026, 11, 24, 3, tzinfo=UTC)).warnings
    next_day = editor.checked(document, now=datetime(2026, 11, 24, 5, tzinfo=UTC)).warnings

    assert "they run out on 2026-11-23" in said(evening)
    assert "the last one, 2026-11-23, is past" in said(next_day)


def said(findings: tuple[Finding, ...]) -> str:
    return "\n".join(finding.text for finding in findings)


def test_a_broken_story_is_told_and_is_a_problem() -> None:
    found = editor.checked(with_change("tests.0.expect.row", "rest"), now=NOW)

    assert [story.is_kept for story in found.stories] == [False, True]
    assert "expected" in found.stories[0].text
    assert found.problems


def test_explaining_names_the_row_and_each_earlier_rows_failing_cell() -> None:
    told = editor.explained(good(), {"tier": "high", "days": "3"}, at="")

    assert told.decision.row == "high"
    assert [(one.row, one.attribute) for one in told.passed] == [("late", "days")]


def test_explaining_at_a_moment_knows_the_hours() -> None:
    document = with_change("tables.0.rows.0.when", {"open": "true"})

    assert editor.explained(document, {}, at="2026-11-23 10:00").decision.row == "late"
    assert editor.explained(document, {}, at="2026-11-22 10:00").decision.row == "rest"


@pytest.mark.parametrize("given", [{"seen": "-soon"}, {}])
def test_facts_that_cannot_be_are_said(given: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        editor.explained(good(), given, at="" if given else "tomorrow")


def test_publishing_says_who_and_why() -> None:
    publications, digest = published()

    new = publish(publications, with_change("tables.0.rows.0.note", "x"), digest)

    version = publications.versions("routing")[0]
    assert (version.digest, version.by, version.note) == (new, "Grace", "because")
    assert publications.active("routing").digest == new


def test_rules_with_a_problem_are_not_published_whatever_the_page_believes() -> None:
    publications, digest = published()

    with pytest.raises(RulesRefused) as refused:
        publish(publications, with_change("tables.0.rows.1.then.queue", "nowhere"), digest)

    assert "row high" in refused.value.problems[0]
    assert publications.active("routing").digest == digest


def test_who_was_faster_is_named_and_nothing_of_theirs_is_lost() -> None:
    publications, digest = published()
    theirs = publish(publications, with_change("tables.0.rows.0.note", "theirs"), digest)

    with pytest.raises(PublishedMeanwhile, match="Grace") as refused:
        publish(publications, with_change("tables.0.rows.0.note", "mine"), digest)

    assert refused.value.version.digest == theirs
    assert publications.active("routing").digest == theirs


def test_an_earlier_version_is_taken_back() -> None:
    publications, first = published()
    second = publish(publications, with_change("tables.0.rows.0.note", "x"), first)

    editor.roll_back(first, by="Ada", expected=second, now=NOW, publications=publications)

    assert publications.active("routing").digest == first
    assert publications.versions("routing")[0].note == f"back to {first}"


def test_rolling_back_over_somebodys_head_is_refused() -> None:
    publications, first = published()
    second = publish(publications, with_change("tables.0.rows.0.note", "x"), first)

    with pytest.raises(PublishedMeanwhile):
        editor.roll_back(first, by="Ada", expected=first, now=NOW, publications=publications)
    with pytest.raises(NotFound):
        editor.roll_back("0" * 16, by="", expected=second, now=NOW, publications=publications)


def test_a_version_that_can_no_longer_be_used_is_not_taken_back() -> None:
    publications, good_digest = published()
    bad = publications.keep("routing", {"format": "routing/0"}, now=NOW)

    with pytest.raises(RulesRefused):
        editor.roll_back(bad, by="", expected=good_digest, now=NOW, publications=publications)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """The good document with anything in any place."""
    document: dict[str, Any] = json.loads(json.dumps(good()))
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        deeper = isinstance(place[key], dict | list) and place[key]
        if not deeper or draw(st.integers(0, 3)) == 0:
            place[key] = draw(JSON)
            return document
        place = place[key]


@given(spoilt() | st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_whatever_the_page_sends_is_checked_and_shown_without_a_crash(
    document: dict[str, Any],
) -> None:
    found = editor.checked(document, now=NOW)
    editor.shown(document)

    assert all(isinstance(one, Finding) for one in found.problems)


@given(spoilt())
def test_what_cannot_be_read_is_refused_and_what_can_be_is_explained(
    document: dict[str, Any],
) -> None:
    try:
        told = editor.explained(document, {"tier": "high"}, at="")
    except InvalidRequest:
        return
    assert told.decision.row
