"""The published JSON Schema of rulesets: editors complete, explain, and refuse wrong shapes."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.yaml_text import read_yaml_as_written
from switchboard.domain.ruleset_reader import RulesetProblem, read_ruleset
from switchboard.domain.ruleset_yaml import yaml_of
from switchboard.domain.stories import failing_stories
from tests.random_rulesets import random_document
from tools import ruleset_schema

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(ruleset_schema.FILE.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SAMPLE = ROOT / "config" / "routing.yaml"

GOOD: dict[str, Any] = {
    "format": "routing/1",
    "service_level": "20s",
    "attributes": {
        "tier": {"type": "choice", "values": ["high", "low"], "from": "crm.tier"},
        "days": {"type": "number", "from": "crm.days"},
        "open": {"type": "flag", "from": "calendar.open"},
    },
    "names": {
        "queues": {"vip": {"business_process": "Care", "demand": "VIP"}, "sales": "Sales"},
        "prompts": ["full", "short"],
        "priority_classes": {"Urgent": "120s"},
    },
    "last_agent": {"rapport": {"hold": "15s", "must": ["ready"], "max_per_day": "20"}},
    "calendars": {
        "main": {
            "weekly": {"mon-fri": ["09:00-18:00"]},
            "holidays": [{"date": "2026-12-25", "name": "Christmas Day"}],
        }
    },
    "tables": [
        {
            "id": "route",
            "hit": "first",
            "rows": [
                {
                    "id": "high",
                    "when": {"tier": ["high"], "days": ">= 5"},
                    "then": {"do": "queue", "queue": "vip", "priority": {"start": "5", "max": "9"}},
                },
                {"id": "rest", "when": {}, "then": {"do": "queue", "queue": "sales"}},
            ],
        },
        {"id": "more", "hit": "all", "rows": [{"id": "m", "then": {"prompts": ["short"]}}]},
    ],
    "tests": [{"name": "t", "given": {"tier": "low"}, "expect": {"row": "rest"}}],
}
GONE = object()


def fits(document: object) -> bool:
    return bool(VALIDATOR.is_valid(document))


def is_taken(document: object) -> bool:
    """Whether it is read, and no story in it is broken from the start."""
    try:
        return not failing_stories(read_ruleset(document))
    except RulesetProblem:
        return False


def spoilt(path: str, value: object) -> dict[str, Any]:
    document = deepcopy(GOOD)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place: Any = document
    for step in parents:
        place = place[step]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return document


def test_the_published_schema_is_the_formats_own() -> None:
    assert ruleset_schema.main(["--check"]) == 0
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == "routing.schema.json"


def test_the_sample_fits_as_text_and_with_types() -> None:
    as_text = read_yaml_as_written(SAMPLE.read_text(encoding="utf-8"))

    assert list(VALIDATOR.iter_errors(as_text)) == []
    assert list(VALIDATOR.iter_errors(with_types(as_text))) == []


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_every_ruleset_fits(random: Random) -> None:
    document = random_document(random)

    assert fits(json.loads(json.dumps(document)))
    assert fits(read_yaml_as_written(yaml_of(document)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "routing/2"),
        ("format", GONE),
        ("tables", GONE),
        ("tables", []),
        ("tabels", []),
        ("service_level", "20"),
        ("agent_form", "number"),
        ("attributes/tier/type", "word"),
        ("attributes/tier/type", GONE),
        ("attributes/tier/from", "tier"),
        ("attributes/tier/from", "erp.tier"),
        ("attributes/tier/values", GONE),
        ("attributes/days/values", ["1"]),
        ("attributes/days/unti", "USD"),
        ("attributes/open/type", "choice"),
        ("attributes/a b", {"type": "flag", "from": "crm.a"}),
        ("names/queue", ["Sales"]),
        ("names/prompts", {"full": 1}),
        ("names/prompts", ["full menu"]),
        ("names/queues/vip/demands", "VIP"),
        ("names/priority_classes/Urgent", "soon"),
        ("last_agent/rapport/hold", "15"),
        ("last_agent/rapport/must", ["here"]),
        ("last_agent/rapport/from", ["erp.owner"]),
        ("last_agent/rapport/holds", "15s"),
        ("last_agent/rapport/if_unknown", "wait"),
        ("last_agent/rapport/outbound", "sometimes"),
        ("last_agent/rapport/max_per_day", "many"),
        ("calendars/main/weekly/weekdays", ["09:00-18:00"]),
        ("calendars/main/weekly/sat", ["9-18"]),
        ("calendars/main/weekly/sat", ["09:00-25:00"]),
        ("calendars/main/weekly/sat", "09:00-18:00"),
        ("calendars/main/holidays/0/date", "25.12.2026"),
        ("calendars/main/holidays/0/date", "2026-13-01"),
        ("calendars/main/holidays/0/date", GONE),
        ("calendars/main/holidays/0/opens", []),
        ("calendars/Main", {}),
        ("tables/0/hit", "all"),
        ("tables/0/id", "rout"),
        ("tables/1/id", "route"),
        ("tables/1/hit", "some"),
        ("tables/0/rows", []),
        ("tables/0/row", []),
        ("tables/0/rows/0/id", GONE),
        ("tables/0/rows/0/id", "two words"),
        ("tables/0/rows/0/if", {}),
        ("tables/0/rows/0/when", ["high"]),
        ("tables/0/rows/0/when/tier", []),
        ("tables/0/rows/0/when/tier", {"no": "high"}),
        ("tables/0/rows/0/when/tier", {"not": "high", "has": "low"}),
        ("tables/0/rows/0/when/tier", {}),
        ("tables/0/rows/0/then", GONE),
        ("tables/0/rows/0/then/do", "transfer"),
        ("tables/0/rows/0/then/do", GONE),
        ("tables/0/rows/0/then/do", "self_service"),
        ("tables/0/rows/0/then/queue", GONE),
        ("tables/0/rows/0/then/queue", ""),
        ("tables/0/rows/0/then/prompt", ["full"]),
        ("tables/0/rows/0/then/prompts", {"full": 1}),
        ("tables/0/rows/0/then/priority", 1001),
        ("tables/0/rows/0/then/priority", -1),
        ("tables/0/rows/0/then/priority/gain", "2"),
        ("tables/0/rows/0/then/not_agent", "first"),
        ("tables/0/rows/0/then", {"do": "message", "last_agent": "rapport", "not_agent": "last"}),
        ("tables/1/rows/0/then/queue", "vip"),
        ("tests/0/expect", GONE),
        ("tests/0/expect", {}),
        ("tests/0/expect/raw", "rest"),
        ("tests/0/wants", {}),
        ("tests/0/given", ["low"]),
    ],
)
def test_what_has_no_rulesets_shape_is_refused_by_both(path: str, value: object) -> None:
    assert fits(GOOD)
    assert is_taken(GOOD)

    document = spoilt(path, value)

    assert (fits(document), is_taken(document)) == (False, False)


VALUES = st.one_of(
    st.none(),
    st.sampled_from(["", "route", "first", "all", "high", "true", "7", "20s", "none", "a b"]),
    st.sampled_from([[], {}, ["high"], {"not": "high"}, {"has": ["high"]}, [{}], {"id": "x"}]),
)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_nothing_is_refused_that_the_reader_takes(data: st.DataObject) -> None:
    good = data.draw(st.booleans())
    random = data.draw(st.randoms(use_true_random=False))
    tree = deepcopy(GOOD) if good else random_document(random)
    container, key = data.draw(st.sampled_from(list(places(tree))))
    container[key] = data.draw(VALUES)

    assert fits(tree) or not is_taken(tree)


def test_every_key_is_explained() -> None:
    assert [place for place, schema in keys(SCHEMA, "") if not schema.get("description")] == []


def with_types(tree: Any) -> Any:
    """What an editor sees that reads YAML with its types."""
    if isinstance(tree, dict):
        return {key: with_types(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [with_types(value) for value in tree]
    try:
        return json.loads(tree)
    except (TypeError, ValueError):
        return tree


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in the tree where something stands, and some where a key is new."""
    if isinstance(tree, dict):
        yield tree, "id"
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in list(entries):
        yield tree, key
        if isinstance(value, dict | list):
            yield from places(value)


def keys(schema: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if "title" in schema and place:
            yield place, schema
        for key, inner in schema.items():
            yield from keys(inner, f"{place}.{key}")
    elif isinstance(schema, list):
        for inner in schema:
            yield from keys(inner, place)
