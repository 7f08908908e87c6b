"""0, 1 and 2 mean the same whichever command about postings a script asks."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli.backfill
from cli import deadletters, deployment, explain, history, parked, refused
from cli.configuration import read_folder
from cli.deployment import Target
from cli.main import app
from cli.posting import preview
from cli.publishing import publish
from cli.reconciliation import command as reconcile
from switchboard.adapters.s3_aside import S3KeptAside
from switchboard.contracts.kept_trigger import KeptTrigger
from switchboard.domain.interaction import TriggerKind
from switchboard.domain.posting import Posting, PostingState
from tests.unit.cli.posting_stack import CONFIG, Stack, parked_posting, standing

EVENT = CONFIG.parent / "events" / "trigger_intake" / "interaction_ends.json"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DONE = Posting("sandbox", PostingState.DONE, 1, record_id="A-1", attempted_at=NOW)
PLACES = (explain, parked, deadletters, refused, history, reconcile, cli.backfill, preview)
WHY = ("--why", "a test")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """One interaction that is written, one that waits for a person, a dead letter, a refusal."""
    with standing() as up, pytest.MonkeyPatch.context() as patched:
        up.target = Target(
            {**up.target.tables, "Coordination": "Coordination"},
            region=up.target.region,
            queues=up.target.queues,
            aside="aside",
        )
        here = {"CreateBucketConfiguration": {"LocationConstraint": up.target.region}}
        up.target.client("s3").create_bucket(Bucket="aside", **here)
        publish(up.target, {"lookup": read_folder(CONFIG)["lookup"]}, now=NOW)
        for module in PLACES:
            patched.setattr(module, "target", lambda _: up.target)
        patched.setattr("cli.dead_letter_box._WAIT_S", 0)
        up.interaction("i-done", DONE)
        up.interaction("i-parked", parked_posting())
        up.dead("i-done")
        _refuse(up, b"{", "aaaa1111")
        yield up


def _refuse(stack: Stack, body: bytes, token: str) -> None:
    sent = KeptTrigger.of(
        TriggerKind.INTERACTION_ENDS,
        received_at=NOW,
        request_id="req-1",
        content_type="application/json",
        query={},
        body=body,
    )
    place = S3KeptAside(stack.target.client("s3"), "aside")
    about = sent.about("malformed_request")
    place.put("refused", sent.put_aside_for("malformed_request"), token=token, about=about, now=NOW)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Files of past interactions and of reports, good and bad."""
    ended = "2025-03-04T10:00:00Z"
    contents = {
        "good.jsonl": json.dumps({"id": "old-1", "ended": ended}),
        "bad.jsonl": json.dumps({"id": "old-2"}),
        "empty.csv": "id,started\n",
        "other.csv": f"id,started\nint-77,{ended}\n",
        "strange.csv": "colour\nred\n",
        "event.json": "[",
        "wrong/posting.yaml": "format: posting/1\nprofiles: 3\n",
    }
    for name, text in contents.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n", encoding="utf-8")
    return tmp_path


FINE = [
    ["explain", "i-done"],
    ["parked", "list", "--connector", "nowhere"],
    ["parked", "retry", "--connector", "nowhere"],
    ["parked", "retry", "i-parked", "--dry-run"],
    ["parked", "resolve", "i-parked", "--connector", "sandbox", *WHY, "--dry-run"],
    ["deadletters", "list", "--queue", "dialing"],
    ["deadletters", "show", "i-done"],
    ["deadletters", "redrive", "--dry-run"],
    ["deadletters", "redrive", "--queue", "dialing", "--yes"],
    ["refused", "list", "--code", "conflict"],
    ["refused", "list", "--spilled"],
    ["refused", "show", "aaaa1111"],
    ["refused", "retry", "--code", "conflict"],
    ["reconcile", "--from", "2026-01-02", "--report", "empty.csv"],
    ["backfill", "good.jsonl", "--dry-run"],
    ["backfill", "good.jsonl"],
    ["history", "sandbox:C-1001"],
    ["posting", "check", str(CONFIG)],
    ["posting", "preview", "--config", str(CONFIG), "--event", str(EVENT)],
]
LOOK = [
    ["explain", "i-parked"],
    ["explain", "i-parked", "--json"],
    ["explain", "i-never"],
    ["parked", "list"],
    ["parked", "list", "--json"],
    ["parked", "retry", "i-done"],
    ["parked", "retry", "i-parked", "i-done", "--dry-run", "--yes"],
    ["parked", "resolve", "i-done", "--connector", "sandbox", *WHY],
    ["deadletters", "list"],
    ["deadletters", "show", "i-never"],
    ["deadletters", "redrive", "--id", "i-never"],
    ["refused", "list"],
    ["refused", "show", "zzzz"],
    ["refused", "retry", "--all"],
    ["reconcile", "--from", "2025-03-04", "--report", "other.csv"],
    ["backfill", "bad.jsonl", "--dry-run"],
    ["backfill", "bad.jsonl"],
    ["posting", "check", "wrong"],
    ["posting", "preview", "--interaction", "i-never"],
    ["posting", "preview", "--config", str(CONFIG), "--event", "event.json"],
]
ASKED_WRONGLY = [
    ["explain"],
    ["parked", "list", "--since", "yesterday"],
    ["parked", "retry"],
    ["parked", "resolve", "i-parked", "--connector", "sandbox", "--why", " "],
    ["deadletters", "list", "--older-than", "yesterday"],
    ["refused", "list", "--event", "nothing"],
    ["refused", "retry"],
    ["reconcile", "--from", "yesterday"],
    ["reconcile", "--connector", "nowhere"],
    ["reconcile", "--report", "strange.csv"],
    ["reconcile", "--report", "nowhere.csv"],
    ["backfill", "nowhere.csv"],
    ["backfill", "strange.csv"],
    ["backfill", "good.jsonl", "--rate", "fast"],
    ["history", "Ada"],
    ["posting", "check", "nowhere"],
    ["posting", "preview"],
    ["posting", "preview", "--config", "nowhere", "--event", str(EVENT)],
]
OUT_OF_REACH = [
    ["explain", "i-done"],
    ["parked", "list"],
    ["parked", "retry", "i-parked"],
    ["parked", "resolve", "i-parked", "--connector", "sandbox", *WHY],
    ["deadletters", "list"],
    ["deadletters", "show", "i-done"],
    ["deadletters", "redrive", "--yes"],
    ["refused", "list"],
    ["refused", "show", "aaaa1111"],
    ["refused", "retry", "--all"],
    ["reconcile"],
    ["reconcile", "--report", "other.csv"],
    ["backfill", "good.jsonl"],
    ["history", "sandbox:C-1001"],
    ["posting", "preview", "--interaction", "i-done"],
]


def said(words: list[str], code: int) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        *((words, 0) for words in FINE),
        *((words, 1) for words in LOOK),
        *((words, 2) for words in ASKED_WRONGLY),
    ],
    ids=lambda each: " ".join(each[:2]) if isinstance(each, list) else str(each),
)
def test_each_command_ends_with_the_code_that_fits(
    files: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int
) -> None:
    monkeypatch.chdir(files)

    said(words, code)


@pytest.mark.parametrize("words", OUT_OF_REACH, ids=lambda words: " ".join(words[:2]))
def test_what_cannot_be_reached_is_told_apart_from_what_is_to_be_looked_at(
    stack: Stack, files: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    gone = dict.fromkeys((*stack.target.tables, "Coordination"), "gone")
    queues = dict.fromkeys(stack.target.queues, f"{stack.target.queues['PostingQueue']}-gone")
    lost = Target(gone, region=stack.target.region, queues=queues, aside="gone")
    for module in PLACES:
        monkeypatch.setattr(module, "target", lambda _: lost)
    monkeypatch.chdir(files)

    said(words, 2)


@pytest.mark.parametrize("words", OUT_OF_REACH, ids=lambda words: " ".join(words[:2]))
def test_where_no_switchboard_runs_nothing_can_be_reached(
    files: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    for module in PLACES:
        monkeypatch.setattr(module, "target", deployment.target)
    monkeypatch.chdir(files)

    said(words, 2)
