"""A sample that fails shows where, and addresses part by part."""

from typing import Any

from rich.text import Text

from cli.connector_differences import shown
from switchboard.adapters.connector.samples import Difference


def differing(place: str, expected: Any, actual: Any) -> list[str]:
    return plain(Difference(place, expected, actual))


def plain(difference: str) -> list[str]:
    return [Text.from_markup(line).plain.strip() for line in shown(difference)]


def test_of_two_addresses_only_the_parts_that_differ_are_shown() -> None:
    one = "https://crm.example.com/a/C%2F1/notes?phone=%2B1415&limit=50"
    other = "https://crm.example.com/a/C%2F2/notes?phone=%2B1416&page=1"

    assert differing("exchange[0].request.url", one, other) == [
        "exchange[0].request.url",
        "- path segment 2: C/1",
        "+ path segment 2: C/2",
        "- query phone: +1415",
        "+ query phone: +1416",
        "- query limit: 50",
        "+ query page: 1",
    ]


def test_addresses_that_differ_in_their_writing_only_are_shown_whole() -> None:
    lines = differing("exchange[0].request.url", "https://a/b?c=%20", "https://a/b?c=+")

    assert lines == ["exchange[0].request.url", "- https://a/b?c=%20", "+ https://a/b?c=+"]


def test_a_value_that_is_missing_or_a_tree_is_readable() -> None:
    assert differing("result.id", "A-1", None) == ["result.id", "- A-1", "+ (nothing)"]
    assert differing("result", [{"id": "1", "n": [1]}], []) == [
        "result",
        "- - id: '1'",
        "-   n:",
        "-   - 1",
        "+ []",
    ]


def test_what_is_no_pair_and_what_looks_like_markup_stays_as_it_is() -> None:
    assert plain("it failed: [red]x[/]") == ["it failed: [red]x[/]"]
    assert differing("result.a", "[bold]", "b, got c") == [
        "result.a",
        "- [bold]",
        "+ b, got c",
    ]
