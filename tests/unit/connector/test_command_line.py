"""`switchboard connector check` and `test` say what is wrong, and where."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from cli.connector import app
from tests.unit.connector.examples import document

SAMPLE = {
    "name": "nobody [yet]",
    "find": "email",
    "value": "ada@example.com",
    "exchange": [{"response": {"body": {"customers": []}}}],
    "result": [],
}


def run(command: str, file: Path) -> Result:
    return CliRunner().invoke(app, [command, str(file)])


def written(folder: Path, text: str) -> Path:
    file = folder / "crm.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_right_file_with_right_samples_passes(tmp_path: Path) -> None:
    file = written(tmp_path, yaml.safe_dump(document(samples=[SAMPLE])))

    assert run("check", file).exit_code == 0
    tested = run("test", file)
    assert tested.exit_code == 0
    assert "ok nobody [yet]" in tested.output
    assert "1 samples, 0 failed" in tested.output


def test_a_failing_sample_is_shown_and_fails_the_command(tmp_path: Path) -> None:
    wrong = {**SAMPLE, "result": [{"id": "1"}]}
    tested = run("test", written(tmp_path, yaml.safe_dump(document(samples=[wrong]))))

    assert tested.exit_code == 1
    assert "result: expected [{'id': '1'}], got []" in tested.output


def test_every_mistake_is_a_line(tmp_path: Path) -> None:
    checked = run("check", written(tmp_path, yaml.safe_dump(document(lookup={}, erors=[]))))

    assert checked.exit_code == 1
    assert "lookup: unknown key; did you mean `lookups`?" in checked.output
    assert "erors: unknown key; did you mean `errors`?" in checked.output


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "\x00"])
def test_a_file_that_is_no_connector_is_one_plain_line(tmp_path: Path, text: str) -> None:
    checked = run("check", written(tmp_path, text))

    assert checked.exit_code == 1
    assert "crm.yaml" in checked.output
    assert "Traceback" not in checked.output


def test_a_file_that_is_not_there_is_one_plain_line(tmp_path: Path) -> None:
    checked = run("check", tmp_path / "none.yaml")

    assert checked.exit_code == 1
    assert "cannot be read" in checked.output


def test_a_file_without_samples_is_not_called_tested(tmp_path: Path) -> None:
    tested = run("test", written(tmp_path, yaml.safe_dump(document())))

    assert tested.exit_code == 1
    assert "has no samples" in tested.output
