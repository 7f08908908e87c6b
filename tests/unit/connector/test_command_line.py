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


def run(command: str, file: Path, *options: str) -> Result:
    return CliRunner().invoke(app, [command, str(file), *options])


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
    assert "FAIL nobody [yet]" in tested.output
    assert "- - id: '1'" in tested.output
    assert "+ []" in tested.output


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


def test_a_warning_is_shown_and_fails_only_a_strict_check(tmp_path: Path) -> None:
    file = written(tmp_path, yaml.safe_dump(document(samples=[SAMPLE])))

    checked = run("check", file)
    assert checked.exit_code == 0
    assert "warning samples: missing: a customer found by phone" in checked.output
    assert run("check", file, "--strict").exit_code == 1


def test_a_mistake_names_place_problem_and_way_out(tmp_path: Path) -> None:
    lookups = {"by_phone": ["find_phone", "find_phone"], "by_email": ["find_email"]}

    checked = run("check", written(tmp_path, yaml.safe_dump(document(lookups=lookups))))

    assert checked.exit_code == 1
    assert (
        "mistake lookups.by_phone: `find_phone` is named twice (the second finds nobody new)"
        in checked.output
    )


def test_several_files_are_checked_in_one_go_and_named(tmp_path: Path) -> None:
    right = written(tmp_path, yaml.safe_dump(document()))
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump(document(lookup={})))

    checked = run("check", right, str(wrong))

    assert checked.exit_code == 1
    assert "ok example" in checked.output
    assert f"{wrong}: lookup: unknown key" in checked.output


def test_one_sample_can_be_played_by_a_part_of_its_name(tmp_path: Path) -> None:
    other = {**SAMPLE, "name": "somebody"}
    file = written(tmp_path, yaml.safe_dump(document(samples=[SAMPLE, other])))

    played = run("test", file, "--sample", "some")
    assert "ok somebody" in played.output
    assert "1 samples, 0 failed" in played.output

    missed = run("test", file, "--sample", "nothing")
    assert missed.exit_code == 1
    assert "no sample's name contains 'nothing'" in missed.output
