"""`switchboard posting preview` shows what would be written, and writes nothing."""

import io
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from cli.main import app
from cli.masking import Mask
from cli.posting.preview_report import tell
from cli.posting.rehearsal import made_up_customer, rehearse_log
from cli.posting.settings import settings_in
from cli.posting.told_interactions import in_files
from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.systems import ConnectedSystem
from switchboard.domain.posting import InteractionRecord

ROOT = Path(__file__).resolve().parents[3]
EVENTS = ROOT / "events" / "trigger_intake"
NOW = datetime(2026, 1, 5, 16, 0, tzinfo=UTC)
SHIPPED = ROOT / "layers/switchboard/switchboard/connectors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "config"
    shutil.copytree(ROOT / "config", copy)
    return copy


def write(folder: Path, *profiles: dict[str, Any], **more: Any) -> None:
    document = {"format": "posting/1", "profiles": list(profiles), **more}
    (folder / "posting.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def preview(folder: Path, *events: str | Path, code: int = 0) -> str:
    files = [event if isinstance(event, Path) else EVENTS / f"{event}.json" for event in events]
    arguments = [text for file in files for text in ("--event", str(file))]
    run = CliRunner().invoke(app, ["posting", "preview", "--config", str(folder), *arguments])
    assert run.exit_code == code, run.output
    return run.output


def told(folder: Path, **said: str) -> Path:
    file = folder / f"told-{len(list(folder.glob('told-*')))}.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    return file


def test_the_request_is_shown_with_its_people_hidden(folder: Path) -> None:
    shown = preview(folder, "interaction_ends")

    assert "sandbox: record int-5a3b6c7d8e9f0a1b, by profile sandbox, at once" in shown
    assert "→ PUT http://127.0.0.1:4580/api/activities/int-5a3b6c7d8e9f0a1b" in shown
    assert "disposition: Resolved" in shown
    assert "customer_id: '1'" in shown
    assert "Maya" not in shown
    assert "4155550142" not in shown


def test_personal_data_is_for_a_terminal(folder: Path) -> None:
    file = str(EVENTS / "interaction_ends.json")

    run = CliRunner().invoke(
        app, ["posting", "preview", "--config", str(folder), "--event", file, "--personal"]
    )

    assert run.exit_code == 2
    assert "Maya" not in run.output


@pytest.mark.parametrize("event", ["form_body", "interaction_ends_by_query", "email_ends"])
def test_every_form_of_a_trigger_is_read(folder: Path, event: str) -> None:
    assert "by profile sandbox" in preview(folder, event)


def test_triggers_of_one_interaction_are_told_together(folder: Path) -> None:
    shown = preview(folder, "interaction_starts", "segment_change", "interaction_ends")

    assert shown.count("interaction int-") == 1
    assert "ended" in shown


def test_what_waits_says_for_what_and_how_long(folder: Path) -> None:
    write(folder, {"connector": "sandbox", "when": "wrap_up", "wrap_up_timeout_s": 90})

    ended = preview(folder, told(folder, interaction_id="i-1", channel="voice"))
    begun = preview(folder, "interaction_starts")

    assert "with a disposition code, or at " in ended
    assert "(in 90 s)" in ended
    assert "with its end, or at " in begun
    assert "(in 21600 s)" in begun


def test_what_is_not_written_says_why(folder: Path) -> None:
    write(
        folder,
        {"id": "mails", "connector": "sandbox", "only": {"channels": ["email"]}},
        {
            "id": "rest",
            "connector": "sandbox",
            "never": [{"business_processes": ["customer care"], "why": "kept by Care itself"}],
        },
    )

    shown = preview(folder, "interaction_ends")

    assert "sandbox: no record, profile mails takes channel email only" in shown
    assert "sandbox: no record, do-not-post: kept by Care itself" in shown
    assert "→" not in shown


def test_fields_and_code_tables_are_in_the_request(folder: Path) -> None:
    write(
        folder,
        {
            "connector": "sandbox",
            "fields": {
                "disposition_code": "${pick(tables.outcome, disposition_code, 'other')}",
                "remarks": "${no_such_field}: ${remarks}",
            },
        },
        tables={"outcome": {"Resolved": "done"}},
    )

    shown = preview(folder, "interaction_ends")

    assert "disposition: done" in shown
    assert "fields.remarks cannot be made" in shown


def test_each_segment_is_a_request_of_its_own(folder: Path) -> None:
    write(
        folder,
        {"id": "parts", "connector": "sandbox", "record": "segment", "when": "transfer"},
        {"id": "whole", "connector": "sandbox"},
    )

    shown = preview(folder, "interaction_starts", "internal_transfer", "interaction_ends")

    assert shown.count("→ PUT") == 2
    assert "by profile parts, at once" in shown
    assert "by profile whole, at once" in shown


@pytest.mark.parametrize(
    ("unknown_customer", "needs_customer", "words", "is_written"),
    [
        ("leave", False, "it is written without a customer", True),
        ("create", True, "a contact is created first", False),
        ("attach", False, "looked for again later", True),
        ("leave", True, "it is parked", False),
        ("attach", True, "it waits, and is looked for again", False),
    ],
)
def test_what_becomes_of_somebody_whom_nobody_knows_is_said(
    folder: Path, unknown_customer: str, needs_customer: bool, words: str, is_written: bool
) -> None:
    write(folder, {"connector": "sandbox", "unknown_customer": unknown_customer})
    settings = settings_in(folder)
    log = settings.systems["sandbox"].definition["methods"]["log_interaction"]
    log["needs_customer"] = needs_customer
    (one,) = in_files([EVENTS / "interaction_ends.json"], settings, now=NOW)
    console = Console(record=True, width=200, file=io.StringIO())

    tell(console, Mask({}), one, settings, whose=lambda _: None, now=NOW)

    shown = console.export_text()
    assert words in shown
    assert ("→ PUT" in shown) is is_written


@pytest.mark.parametrize("event", ["malformed_json", "nothing_to_join_by", "unknown_event"])
def test_a_trigger_that_would_be_refused_is_named_with_its_file(folder: Path, event: str) -> None:
    shown = preview(folder, event, code=1)

    assert f"{event}.json: " in shown


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        '{"requestContext": 1}',
        '{"requestContext": {}, "pathParameters": [], "headers": [1], "body": {"a": 1}}',
        '{"event": ["interaction-ends"]}',
        '{"interaction_id": {"a": 1}}',
        '{"interaction_id": "i-1", "remarks": ["a"]}',
    ],
)
def test_a_file_that_is_no_trigger_is_named_without_a_traceback(
    folder: Path, nonsense: str
) -> None:
    file = folder / "nonsense.json"
    file.write_text(nonsense, encoding="utf-8")

    assert "nonsense.json: " in preview(folder, file, code=1)


def test_one_of_the_two_ways_to_name_an_interaction_is_needed(folder: Path) -> None:
    run = CliRunner().invoke(app, ["posting", "preview", "--config", str(folder)])

    assert run.exit_code == 2
    assert "say --interaction ID, or --event FILE" in run.output


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.yaml")), ids=lambda file: str(file.stem))
def test_every_shipped_connector_can_be_rehearsed_and_reaches_nobody(file: Path) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    definition = compile_connector(document)
    if "log_interaction" not in definition["methods"]:
        pytest.skip("it keeps no interactions")
    sample = next(s for s in document["samples"] if s.get("method") == "log_interaction")
    fields = {
        name: str(value)
        for name, value in sample["input"].items()
        if name not in {"id", "revision", "customer"}
    }
    record = InteractionRecord("i-1", 1, fields, made_up_customer(str(definition["id"])))
    system = ConnectedSystem(definition, sample.get("settings", {}), "")

    rehearsed = rehearse_log(system, record, default_region="US")

    assert rehearsed.stopped == ""
    assert rehearsed.requests
