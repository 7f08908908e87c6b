"""The page about the format of rulesets says what is true."""

import re
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from cli.yaml_text import read_yaml_as_written
from switchboard.domain.catalogue_reader import ATTRIBUTE_KEYS, NAMES_KEYS, QUEUE_KEYS
from switchboard.domain.cells import TYPES, Attribute, read_cell
from switchboard.domain.facts import SOURCES
from switchboard.domain.outcome_reader import ROUTE_KEYS
from switchboard.domain.profile_reader import PROFILE_KEYS
from switchboard.domain.ruleset import ACTIONS
from switchboard.domain.ruleset_check import check
from switchboard.domain.ruleset_reader import (
    EXPECT_KEYS,
    FILE_KEYS,
    ROW_KEYS,
    STORY_KEYS,
    TABLE_KEYS,
    read_ruleset,
)
from tools import ruleset_schema

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "routing.md").read_text(encoding="utf-8")
EXAMPLES = "\n".join(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
KEYS = (
    *FILE_KEYS, *ATTRIBUTE_KEYS, *NAMES_KEYS, *QUEUE_KEYS, *TABLE_KEYS, *ROW_KEYS, *ROUTE_KEYS,
    *PROFILE_KEYS, *STORY_KEYS, *EXPECT_KEYS,
)  # fmt: skip
CELLS = re.findall(r"^\| (flag|choice|number|set|instant|any) \|([^|]*)\|([^|]*)\|", PAGE, re.M)


def test_the_examples_are_one_ruleset_without_a_problem() -> None:
    document = read_yaml_as_written(EXAMPLES)

    found = check(read_ruleset(document), today=date(2026, 11, 23))

    assert found.problems == ()
    assert found.warnings == ()
    jsonschema.validate(document, ruleset_schema.document())


@pytest.mark.parametrize("key", [*dict.fromkeys(KEYS), *TYPES, *ACTIONS])
def test_every_key_and_word_of_the_format_is_explained(key: str) -> None:
    assert re.search(rf"`{key}`", PAGE)


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_explained(source: str) -> None:
    assert f"\n| `{source}.…` |" in PAGE


@pytest.mark.parametrize(("kind", "texts", "in_yaml"), CELLS)
def test_every_cell_of_the_table_is_read(kind: str, texts: str, in_yaml: str) -> None:
    attribute = Attribute("a", "choice" if kind == "any" else kind, "crm.a", ("x", "y"))  # type: ignore[arg-type]
    written = re.findall(r"`([^`]*)`", texts)
    also = [read_yaml_as_written(text) for text in re.findall(r"`([^`]*)`", in_yaml)]

    assert [read_cell(attribute, text).text for text in written] == written
    if also:
        assert [read_cell(attribute, form).text for form in also] == written


def test_the_table_of_cells_has_every_type() -> None:
    assert {kind for kind, _, _ in CELLS} == {*TYPES, "any"}
