"""A key that stands twice is refused, wherever a person writes YAML for us."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from cli.configuration import read_yaml
from cli.main import app
from cli.yaml_text import KeysTwice, read_yaml_as_written, read_yaml_text
from switchboard.errors import Misconfigured


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "a stands twice, lines 1 and 3"),
        ("a: 1\n'a': 3\n", "a stands twice, lines 1 and 2"),
        ("a: 1\na: 1\nx:\na: 1\n", "a stands 3 times, lines 1, 2 and 4"),
        ("deep:\n- b: 1\n- c: {d: 1, d: 2}\n", "d stands twice, lines 3 and 3"),
        ("yes: 1\non: 2\n", "yes stands twice, lines 1 and 2"),
        ("7: 1\n7: 2\n", "7 stands twice, lines 1 and 2"),
        ("x: &x {a: 1, a: 2}\ny: *x\nz: *x\n", "a stands twice, lines 1 and 1"),
        ("a: 1\na: 1\nb: {c: 1, c: 2}\n", "a stands twice, lines 1 and 2\nc stands twice, lines 3"),
    ],
)
def test_a_key_that_stands_twice_is_refused_with_its_lines(text: str, said: str) -> None:
    with pytest.raises(KeysTwice) as refused:
        read_yaml_text(text)

    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- a\n",
        "a: {x: 1}\nb: {x: 1}\n",
        "7: 1\n'7': 2\n",
        "base: &base {a: 1, b: 2}\nmine: {<<: *base, a: 3}\nother: {<<: *base}\n",
        "[{a: 1}, {a: 2}]",
    ],
)
def test_everything_else_is_read_as_yaml_reads_it(text: str) -> None:
    assert read_yaml_text(text) == yaml.safe_load(text)


def test_as_written_every_scalar_is_the_text_that_it_is() -> None:
    listed = "12:30, 2026-12-25, 2026-13-45, 007, 1.50, 0x1f, +1, ~, null, ="
    text = f"a: no\nb: [{listed}]\nc: 'on'\n7: true"

    assert read_yaml_as_written(text) == {
        "a": "no",
        "b": listed.split(", "),
        "c": "on",
        "7": "true",
    }


def test_as_written_a_key_with_nothing_after_it_has_no_value() -> None:
    assert read_yaml_as_written("a:\nb: ''\nc: {d: , e: x}") == {
        "a": None,
        "b": "",
        "c": {"d": None, "e": "x"},
    }


def test_as_written_one_mapping_may_take_over_another() -> None:
    text = "base: &base {a: 1, b: no}\nmine: {<<: *base, a: 3}"

    assert read_yaml_as_written(text)["mine"] == {"a": "3", "b": "no"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7: 1\n'7': 2\n", "7 stands twice, lines 1 and 2"),
        ("a: 1\nb: 2\na: 3\n", "a stands twice, lines 1 and 3"),
    ],
)
def test_as_written_a_key_that_stands_twice_is_refused(text: str, said: str) -> None:
    with pytest.raises(KeysTwice) as refused:
        read_yaml_as_written(text)

    assert str(refused.value) == said


def test_as_written_yes_and_on_are_two_keys() -> None:
    assert read_yaml_as_written("yes: 1\non: 2") == {"yes": "1", "on": "2"}


@pytest.mark.parametrize("text", ["a: [", "a: !!python/name:os.system", "a: !mine x", "{[]: 1}"])
def test_as_written_no_more_is_read_than_yaml_allows(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        read_yaml_as_written(text)


@pytest.mark.parametrize("text", ["a: [", "a: !!python/name:os.system", "{[]: 1}", "a: 2026-13-45"])
def test_what_cannot_be_read_is_said_in_a_line_of_the_file(text: str, tmp_path: Path) -> None:
    file = tmp_path / "lookup.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(Misconfigured, match=r"lookup\.yaml: "):
        read_yaml(file)


def test_a_file_in_another_encoding_says_how_to_save_it(tmp_path: Path) -> None:
    file = tmp_path / "lookup.yaml"
    file.write_bytes("title: Kundenservice für alle\n".encode("latin-1"))

    with pytest.raises(Misconfigured, match="save it as UTF-8"):
        read_yaml(file)
    said = CliRunner().invoke(app, ["connector", "check", str(file)])
    assert (said.exit_code, "save it as UTF-8" in said.output) == (1, True)


def test_a_connector_file_with_a_key_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("connector: 1\nid: mine\ntitle: Mine\nid: other\n", encoding="utf-8")

    said = CliRunner().invoke(app, ["connector", "check", str(file)])

    assert said.exit_code == 1
    assert "mine.yaml: id stands twice, lines 2 and 4" in said.output
