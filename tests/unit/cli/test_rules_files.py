"""Rules go to a spreadsheet and to GoRules, and come back from the spreadsheet."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import app
from cli.rules.jdm import jdm
from cli.rules.ruleset_file import read_document
from cli.yaml_text import read_yaml_as_written
from switchboard.domain.ruleset_reader import read_ruleset
from switchboard.domain.ruleset_yaml import yaml_of
from tests.random_rulesets import random_document

SAMPLE = Path(__file__).resolve().parents[3] / "config" / "routing.yaml"


def run(*arguments: object, typed: str = "") -> tuple[int, str]:
    said = CliRunner().invoke(app, ["rules", *map(str, arguments)], input=typed)
    return said.exit_code, said.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    copy = tmp_path / "routing.yaml"
    copy.write_text(SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    return copy


def test_the_sample_goes_to_a_spreadsheet_and_back(file: Path, tmp_path: Path) -> None:
    written = file.read_text(encoding="utf-8")

    code, said = run("export", file, "--csv", tmp_path / "sheets", "--all-columns")
    assert code == 0, said
    code, said = run("import", file, "--csv", tmp_path / "sheets")

    assert (code, "Nothing to write." in said) == (0, True)
    assert file.read_text(encoding="utf-8") == written


def test_a_file_for_a_spreadsheet_begins_with_the_mark_that_excel_looks_for(
    file: Path, tmp_path: Path
) -> None:
    run("export", file, "--csv", tmp_path / "sheets", "--separator", "semicolon")

    raw = (tmp_path / "sheets" / "route.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfid;note;")
    assert b"\r\n" in raw


def test_what_a_spreadsheet_changed_is_shown_and_written(file: Path, tmp_path: Path) -> None:
    run("export", file, "--csv", tmp_path)
    table = tmp_path / "route.csv"
    table.write_bytes(table.read_bytes().replace(b">= 50000", b">= 40000"))
    before = read_document(file)

    code, said = run("import", file, "--csv", tmp_path, typed="y\n")

    assert code == 0
    assert "when lifetime_value: >= 50000 -> >= 40000" in said
    assert "The comments in" in said
    after = read_document(file)
    assert {**after, "tables": before["tables"]} == before
    assert [new for old, new in zip(rows(before), rows(after), strict=True) if old != new] == [
        {**row_named("high-lifetime-value", before), "when": {"lifetime_value": ">= 40000"}}
    ]


def test_nothing_is_written_without_a_yes(file: Path, tmp_path: Path) -> None:
    run("export", file, "--csv", tmp_path)
    (tmp_path / "route.csv").write_text("id,then.do,then.queue\nall,queue,general\n")
    written = file.read_text(encoding="utf-8")

    code, said = run("import", file, "--csv", tmp_path, typed="n\n")

    assert code == 1
    assert "- row cancel removed" in said
    assert file.read_text(encoding="utf-8") == written


def test_a_mistake_in_a_spreadsheet_changes_nothing(file: Path, tmp_path: Path) -> None:
    run("export", file, "--csv", tmp_path)
    table = tmp_path / "route.csv"
    table.write_bytes(table.read_bytes().replace(b"transaction-at-risk,", b"transaction-at-risk;"))
    written = file.read_text(encoding="utf-8")

    code, said = run("import", file, "--csv", tmp_path, "--yes")

    assert code == 1
    assert "route, line " in said
    assert file.read_text(encoding="utf-8") == written


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["export", SAMPLE], "Say what to write: --csv FOLDER, --jdm FILE or --yaml FILE."),
        (["export", "gone.yaml", "--csv", "."], "gone.yaml: there is no such file"),
        (["import", SAMPLE, "--csv", "/nowhere"], "no CSV files"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[object], said: str) -> None:
    code, output = run(*arguments)

    assert code > 0
    assert said in output


def test_a_file_that_is_no_table_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "rout.csv").write_text("id,then.do\n")

    code, said = run("import", file, "--csv", tmp_path)

    assert (code, "rout: no such table; no 'rout'; did you mean 'route'?" in said) == (1, True)


def test_what_office_programs_leave_beside_an_open_file_is_passed_over(
    file: Path, tmp_path: Path
) -> None:
    run("export", file, "--csv", tmp_path)
    for name in (".~lock.route.csv", "~$route.csv"):
        (tmp_path / name).write_text("dana,")

    assert run("import", file, "--csv", tmp_path)[0] == 0


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_yaml_that_is_written_says_the_same(random: Random) -> None:
    document = read_yaml_as_written(json.dumps(random_document(random)))

    assert read_yaml_as_written(yaml_of(document)) == document


def test_a_ruleset_is_written_whole_as_yaml(file: Path, tmp_path: Path) -> None:
    code, said = run("export", file, "--yaml", tmp_path / "copy.yaml")

    assert code == 0, said
    assert read_document(tmp_path / "copy.yaml") == read_document(file)
    assert run("check", tmp_path / "copy.yaml")[0] == 0


def test_yaml_that_cannot_be_written_is_said(file: Path, tmp_path: Path) -> None:
    code, said = run("export", file, "--yaml", tmp_path)

    assert (code, "Is a directory" in said) == (1, True)


# What YAML cannot read


@pytest.mark.parametrize(
    "slip",
    [
        "{contacts_7d: >= 3}",
        "{contacts_7d: >3}",
        "{tier: *}",
        "{tier: & x}",
        "{balance: % 5}",
        "{tier: *gold}",
        "\n    contacts_7d: >= 3",
        "\n    contacts_7d: > 3",
    ],
)
def test_a_condition_without_its_quotes_is_told_with_its_line(tmp_path: Path, slip: str) -> None:
    file = tmp_path / "routing.yaml"
    file.write_text(f"# Größe\nrows:\n- id: often\n  when: {slip}\n  then: x\n", encoding="utf-8")

    code, said = run("check", file)

    line = 5 if "\n" in slip else 4
    assert code == 1
    assert said.startswith(f"{file}, line {line}: YAML takes {slip.split(': ')[1][0]} for a sign")
    assert 'quotes around what begins with >, <, *, & or %, for example ">= 3"' in said


@pytest.mark.parametrize(
    ("text", "line"), [("a: [1\nb: 2\n", 2), ("a: 1\n\tb: 2\n", 2), ("a: 'x\n", 2)]
)
def test_what_is_no_yaml_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    file = tmp_path / "routing.yaml"
    file.write_text(text)

    code, said = run("check", file)

    assert code == 1
    assert said.startswith(f"{file}, line {line}: not YAML: ")
    assert "unicode string" not in said


# GoRules


def test_the_graph_is_written_with_notes_as_descriptions(file: Path, tmp_path: Path) -> None:
    first_row = "  - id: closed-by-switch\n"
    text = file.read_text(encoding="utf-8").replace(first_row, f"{first_row}    note: as agreed\n")
    file.write_text(text, encoding="utf-8")

    code, said = run("export", file, "--jdm", tmp_path / "rules.json")

    graph = json.loads((tmp_path / "rules.json").read_text(encoding="utf-8"))
    assert (code, "there is no way back from GoRules" in said) == (0, True)
    assert graph == jdm(read_ruleset(read_document(file)))
    assert graph["nodes"][1]["content"]["rules"][0]["_description"] == "as agreed"


def test_a_number_with_more_digits_than_zen_compares_is_refused(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace(">= 50000", ">= 500000000.123456789")
    file.write_text(text, encoding="utf-8")

    code, said = run("export", file, "--jdm", file.with_suffix(".json"))

    assert code == 1
    assert "row high-lifetime-value, lifetime_value: 500000000.1234568 has more than 15" in said
    assert not file.with_suffix(".json").exists()


def rows(document: dict[str, object]) -> list[dict[str, object]]:
    tables = document["tables"]
    assert isinstance(tables, list)
    return [row for table in tables for row in table["rows"]]


def row_named(name: str, document: dict[str, object]) -> dict[str, object]:
    return next(row for row in rows(document) if row["id"] == name)
