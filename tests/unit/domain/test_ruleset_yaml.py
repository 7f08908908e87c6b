"""A ruleset's YAML says what its document says, and is made for people."""

from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from cli.yaml_text import read_yaml_as_written
from switchboard.domain.ruleset_yaml import yaml_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["no", "on", "12:30", "2026-12-25", "007", "- x", "a: b", "a #b", "{x}", "[x]", "!x", "&x",
     "*x", "'", '"', "null", "~", "true", ">= 5", "15..59", "a, b", " x", "x ", "", "=1", "<<",
     "\x85\u2028", "\ufeff", "\x7f", "é", "\U0001f600", "a\nb", "\t"]
)  # fmt: skip
KEYS = TEXTS | st.sampled_from(
    ["attributes", "tables", "rows", "names", "id", "when", "then", "tests"]
)
DOCUMENTS = st.recursive(
    TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def sample() -> dict[str, Any]:
    text = Path("config/routing.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = read_yaml_as_written(text)
    return document


def test_the_sample_rules_come_back_as_they_were() -> None:
    assert read_yaml_as_written(yaml_of(sample())) == sample()


@given(st.dictionaries(KEYS, DOCUMENTS, max_size=4))
def test_every_document_of_texts_comes_back_as_it_was(document: dict[str, Any]) -> None:
    assert (read_yaml_as_written(yaml_of(document)) or {}) == document


def test_flags_and_numbers_keep_their_meaning_for_other_readers() -> None:
    document = {"tables": [{"id": "route", "rows": [{"id": "x", "when": {"known": True}, "n": 7}]}]}

    assert yaml.safe_load(yaml_of(document)) == document


def test_a_row_is_a_line_and_begins_with_its_id() -> None:
    lines = yaml_of(sample()).splitlines()
    rows = [line for line in lines if line.startswith("  - {id: ")]

    count = sum(len(table["rows"]) for table in sample()["tables"])
    assert len(rows) == count


def test_known_keys_stand_in_the_order_of_the_format() -> None:
    text = yaml_of({"tests": [], "tables": [], "name": "x", "format": "routing/1"})

    assert text.splitlines() == ["format: routing/1", "name: x", "tables: []", "tests: []"]
