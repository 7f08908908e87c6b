"""`connector call` and `record` of the methods that find records of interactions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from cli.connector import app
from tests.unit.connector.scripted_server import ScriptedCrm, scripted_crm

FILE = """\
connector: 1
id: mine
settings: {base: {description: Address}}
server: ${settings.base}
methods:
  log_interaction:
    idempotency: upsert
    request: {method: PUT, path: "/notes/${input.id}", body: {text: "${input.remarks}"}}
    map: "{id: body.id, created: body.created}"
  find_interaction:
    request: {path: /notes, query: {ref: "${input.id}", told: "${input.record_id}"}}
    map: &rows "body.notes[].{id: id, key: ref, revision: revision}"
  list_interactions:
    request: {path: /notes, query: {from: "${input.from}", to: "${input.to}"}}
    map: *rows
samples: []
"""
NOTE = {"id": "N-1", "ref": "i-1", "revision": 2}
DAY = ("from=2026-01-05T00:00:00Z", "to=2026-01-06T00:00:00Z")


@pytest.fixture
def crm() -> Iterator[ScriptedCrm]:
    answers = {
        "GET /notes?ref=i-9": ("200 OK", {"notes": []}),
        "GET /notes": ("200 OK", {"notes": [NOTE, {**NOTE, "id": "N-2", "ref": "i-2"}]}),
    }
    with scripted_crm(answers=answers) as server:
        yield server


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written = tmp_path / "mine.yaml"
    written.write_text(FILE, encoding="utf-8")
    return written


def run(crm: ScriptedCrm, file: Path, command: str, *words: str) -> Result:
    return CliRunner().invoke(app, [command, str(file), *words, "--settings", f"base={crm.base}"])


def test_a_record_is_looked_for_without_leave_to_write(crm: ScriptedCrm, file: Path) -> None:
    called = run(crm, file, "call", "find_interaction", "id=i-1", "record_id=N-1")

    assert called.exit_code == 0, called.output
    assert "/notes?ref=i-1&told=N-1" in called.output
    assert "'id': 'N-1', 'key': 'i-1', 'revision': 2, 'copies': 1" in called.output


def test_a_record_that_is_not_there_is_said_to_be_none(crm: ScriptedCrm, file: Path) -> None:
    called = run(crm, file, "call", "find_interaction", "id=i-9")

    assert called.exit_code == 0, called.output
    assert "ok None" in called.output


def test_the_records_of_a_period_are_listed(crm: ScriptedCrm, file: Path) -> None:
    called = run(crm, file, "call", "list_interactions", *DAY)

    assert called.exit_code == 0, called.output
    assert "ok 2 records N-1, N-2" in called.output


@pytest.mark.parametrize(
    ("method", "words", "way"),
    [
        ("find_interaction", (), "id=…"),
        ("find_interaction", ("record_id=N-1",), "id=…"),
        ("find_interaction", ("id=i-1", "key=i-1"), "id=…"),
        ("list_interactions", DAY[:1], "from=2026-01-05T00:00:00Z"),
        ("list_interactions", ("from=today", DAY[1]), "from=2026-01-05T00:00:00Z"),
        ("list_interactions", ("from=2026-01-05", DAY[1]), "from=2026-01-05T00:00:00Z"),
    ],
)
def test_what_cannot_be_asked_is_answered_with_how_to_ask(
    crm: ScriptedCrm, file: Path, method: str, words: tuple[str, ...], way: str
) -> None:
    called = run(crm, file, "call", method, *words)

    assert called.exit_code != 0
    assert way in called.output
    assert crm.requests == []


@pytest.mark.parametrize(
    ("method", "words"), [("find_interaction", ("id=i-1",)), ("list_interactions", DAY)]
)
def test_what_was_found_can_be_kept_as_a_sample(
    crm: ScriptedCrm, file: Path, method: str, words: tuple[str, ...]
) -> None:
    kept = run(crm, file, "record", method, *words, "--name", "kept")

    assert kept.exit_code == 0, kept.output
    (sample,) = yaml.safe_load(file.read_text())["samples"]
    assert sample["method"] == method
    assert sample["result"]
