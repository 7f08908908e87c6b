"""Which attributes a connector maps, and which of them are no single value."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.mapped_attributes import MappedAttributes, mapped_attributes

SHIPPED = Path(__file__).resolve().parents[3] / "layers/switchboard/switchboard/connectors"


def mapped(attributes: str, *rows: dict[str, Any]) -> MappedAttributes:
    """A connector whose lookup has this map, with a sample that finds these rows."""
    people = [{"id": "1", "phone": "+14155550142", **row} for row in rows]
    document = {
        "connector": 1,
        "id": "mine",
        "title": "Mine",
        "docs": "https://docs.example.com",
        "checked": {"how": "documentation"},
        "server": "https://crm.example.com",
        "auth": {"scheme": "none"},
        "lookups": {"by_phone": ["find"], "by_email": []},
        "methods": {
            "find": {
                "request": {"path": "/people", "query": {"phone": "${input.phone.e164}"}},
                "map": f"body.people[].{{id: id, phones: [phone], attributes: {attributes}}}",
            }
        },
        "samples": [
            {
                "name": "somebody",
                "find": "phone",
                "value": "+14155550142",
                "exchange": [{"response": {"body": {"people": people}}}],
            }
        ],
    }
    return mapped_attributes(compile_connector(document), document["samples"])  # type: ignore[arg-type]


def shapes(found: MappedAttributes) -> dict[str, str]:
    return {name: wrong.shape for name, wrong in found.no_single_values.items()}


def test_the_names_are_those_of_the_map() -> None:
    found = mapped("{tier: level, owner: owner.name}")

    assert found.names == {"tier", "owner"}
    assert not found.is_open
    assert not found.no_single_values


def test_a_sample_shows_what_is_a_list_and_what_an_object() -> None:
    found = mapped(
        "{tags: tags, owner: owner, tier: tier}",
        {"tags": ["a"], "owner": {"name": "Bob"}, "tier": "high"},
    )

    assert shapes(found) == {"tags": "list", "owner": "object"}
    assert found.no_single_values["tags"].shown_by == "its sample 'somebody'"


@pytest.mark.parametrize(
    ("expression", "shape"),
    [
        ("orders[].id", "list"),
        ("orders[?open].id", "list"),
        ("owners.*", "list"),
        ("[a, b]", "list"),
        ("orders[0:2]", "list"),
        ("`[1]`", "list"),
        ("{a: a}", "object"),
        ("`{}`", "object"),
        ("orders | [0:2]", "list"),
    ],
)
def test_what_is_always_a_list_or_an_object_is_seen_without_a_sample(
    expression: str, shape: str
) -> None:
    assert shapes(mapped(f"{{x: {expression}}}")) == {"x": shape}


@pytest.mark.parametrize(
    "expression",
    ["length(orders)", "join(', ', tags)", "orders[0].id", "orders[].id | [0]", "a || b", "`7`"],
)
def test_one_value_made_of_a_list_is_a_value(expression: str) -> None:
    row = {"orders": [{"id": 7}], "tags": ["a", "b"], "a": "x"}

    found = mapped(f"{{x: {expression}}}", row)

    assert found.names == {"x"}
    assert not found.no_single_values


def test_where_the_crm_names_the_attributes_the_samples_show_some() -> None:
    found = mapped("custom", {"custom": {"tier": "high", "tags": []}})

    assert found.is_open
    assert found.names == {"tier", "tags"}
    assert shapes(found) == {"tags": "list"}


def test_a_row_that_is_nobodys_is_looked_at_too() -> None:
    found = mapped("{tags: tags}", {"phone": "+14155550199", "tags": ["a"]})

    assert shapes(found) == {"tags": "list"}


def test_no_attributes_at_all() -> None:
    found = mapped("`{}`", {})

    assert (found.names, found.is_open) == (frozenset(), False)


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_connector_that_ships_says_which_attributes_it_maps(file: Path) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))

    found = mapped_attributes(compile_connector(document), document["samples"])

    assert found.names
    assert not found.is_open
    assert not found.no_single_values
