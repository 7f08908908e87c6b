"""A file of past interactions ends in the CRM, each once, behind those of today."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

import cli.backfill
from cli import backfill_run
from cli.deployment import Target
from cli.main import app
from switchboard.adapters.aws_clients import aws_session
from switchboard.adapters.connector.pacing import Lane
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_pacing import DynamoDbPacingStore
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.sqs_queue import SqsWorkQueue
from tests.events import sqs_event
from tests.integration.answers import new_interaction, the_end_of
from tests.integration.canaries import NUMBER, REMARK
from tests.integration.deployment import REGION, Deployment

TABLES = ("Config", "Interactions", "Coordination")
ENDS = "/v1/triggers/interaction-ends"


class Here(Target):
    """The deployment in this process, which keeps what is sent by its own session."""

    def client(self, service: str) -> Any:
        if service == "sqs":
            return aws_session().create_client("sqs", region_name=REGION)
        return super().client(service)


@dataclass
class Command:
    """`switchboard backfill` beside a worker, on a clock that sleeping moves on."""

    switchboard: Deployment
    file: Path
    others: int = 0
    now_s: float = 0.0
    on_sleep: Callable[[], object] = lambda: None
    asleep_s: list[float] = field(default_factory=list)

    def clock(self) -> SimpleNamespace:
        return SimpleNamespace(monotonic=lambda: self.now_s, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        assert self.now_s < 1000, "it waits for ever"
        self.asleep_s.append(seconds)
        self.on_sleep()

    def run(self, *options: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["backfill", str(self.file), *options])
        return result.exit_code, result.output

    def worker(self) -> int:
        """The worker takes what was sent so far, ten at a time; how much that was."""
        sent = list(self.switchboard.queued)
        self.switchboard.queued.clear()
        for first in range(0, len(sent), 10):
            batch = sqs_event([message.body for message in sent[first : first + 10]])
            answer = self.switchboard.invoke("disposition_posting", batch)
            assert answer == {"batchItemFailures": []}
        return len(sent)


@pytest.fixture
def command(switchboard: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    tables = {name: name for name in TABLES}
    target = Here(tables, region=REGION, queues=switchboard.queue_urls)
    command = Command(switchboard, tmp_path / "past.csv")
    # The worker of these tests takes what was sent from here, and nothing out of the queue.
    waiting = lambda _: len(switchboard.queued) + command.others  # noqa: E731
    monkeypatch.setattr(SqsWorkQueue, "waiting", waiting)
    monkeypatch.setattr(cli.backfill, "target", lambda _stack: target)
    monkeypatch.setattr(backfill_run, "time", command.clock())
    return command


def rows(count: int, **said: str) -> list[dict[str, str]]:
    """Calls of last year, one an hour."""
    began = (datetime(2025, 3, 4, tzinfo=UTC) + timedelta(hours=hour) for hour in range(count))
    return [
        {
            "Interaction ID": f"old-{number}-{count}",
            "Start": f"{at:%m/%d/%Y %H:%M:%S}",
            "End": f"{at + timedelta(minutes=3):%m/%d/%Y %H:%M:%S}",
            "Channel": "voice",
            "Phone": NUMBER,
            "Process": "Customer Care",
            "Result": "Resolved",
            **said,
        }
        for number, at in enumerate(began)
    ]


COLUMNS = (
    'id="Interaction ID",started=Start,ended=End,channel=Channel,contact=Phone,'
    "business_process=Process,disposition=Result"
)


def written(command: Command, told: list[dict[str, str]]) -> None:
    lines = [",".join(told[0]), *(",".join(row.values()) for row in told)]
    command.file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def records(switchboard: Deployment, interaction_id: str) -> int:
    found = switchboard.crm.get("/api/activities", params={"external_id": interaction_id}).json()
    return len(found["activities"])


def test_two_hundred_rows_interrupted_and_gone_on_with_are_each_in_the_crm_once(
    command: Command, switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = rows(200)
    written(command, told)
    noted: list[int] = []
    note = backfill_run._note

    def interrupted(*arguments: Any) -> None:
        note(*arguments)
        noted.append(1)
        if len(noted) == 120:
            raise KeyboardInterrupt

    command.on_sleep = lambda: command.worker() if len(switchboard.queued) >= 10 else None
    monkeypatch.setattr(backfill_run, "_note", interrupted)
    code, said = command.run("--columns", COLUMNS, "--rate", "10/s")
    command.worker()
    assert (code, len(noted)) == (130, 120)
    assert "120 taken" in said
    assert "goes on" in said

    code, said = command.run("--columns", COLUMNS, "--rate", "10/s")
    command.worker()

    assert code == 0, said
    assert "Going on after line 121" in said
    assert "200 taken, 0 known already, 0 refused." in said
    assert [records(switchboard, row["Interaction ID"]) for row in told] == [1] * 200
    assert not command.file.with_name("past.csv.checkpoint").exists()
    assert sum(command.asleep_s) == pytest.approx(20, abs=1), "ten a second, as was asked for"


def test_the_same_file_again_writes_nothing(command: Command) -> None:
    written(command, rows(5))
    command.run("--columns", COLUMNS, "--rate", "10/s")
    command.worker()
    calls = len(command.switchboard.ever_sent)

    code, said = command.run("--columns", COLUMNS, "--rate", "10/s")

    assert code == 0
    assert "0 taken, 5 known already" in said
    assert command.worker() == 0
    assert len(command.switchboard.ever_sent) == calls


def test_a_record_of_the_past_is_whole_and_dated_then(command: Command) -> None:
    written(command, rows(1))
    command.run("--columns", COLUMNS)
    command.worker()

    record = command.switchboard.activity("old-0-1")

    assert record is not None
    expected = {
        "customer_id": "C-1001",
        "started_at": "2025-03-04T05:00:00.000Z",
        "disposition": "Resolved",
        "contact": NUMBER,
    }
    assert {name: record[name] for name in expected} == expected


def test_times_are_read_in_the_zone_of_the_file(command: Command) -> None:
    written(command, rows(1))
    command.run("--columns", COLUMNS, "--time-zone", "Europe/Paris")
    command.worker()

    record = command.switchboard.activity("old-0-1")

    assert record is not None
    assert record["started_at"] == "2025-03-03T23:00:00.000Z"


def test_a_call_of_today_waits_for_no_more_than_was_under_way(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(command, rows(60))
    live, seen = new_interaction(), list[int]()
    note = backfill_run._note

    def meanwhile(step: Any, *more: Any) -> None:
        note(step, *more)
        if step.line.number == 31:
            told = command.switchboard.http("POST", ENDS, json_body=the_end_of(live))
            assert told.status == 202
            command.worker()
            seen.append(records(command.switchboard, live))
            seen.append(records(command.switchboard, "old-59-60"))

    monkeypatch.setattr(backfill_run, "_note", meanwhile)
    code, said = command.run("--columns", COLUMNS, "--rate", "20/s")

    assert code == 0, said
    assert seen == [1, 0], "today's is written, half of the past is not even read"


def test_while_others_wait_nothing_of_the_past_is_added(command: Command) -> None:
    written(command, rows(3))
    command.others = 60
    sent_before = len(command.switchboard.ever_sent)
    while_they_waited: list[int] = []

    def drains_in_the_end() -> None:
        if command.now_s < 10:
            while_they_waited.append(len(command.switchboard.ever_sent) - sent_before)
        else:
            command.others = 0

    command.on_sleep = drains_in_the_end
    code, said = command.run("--columns", COLUMNS)

    assert code == 0, said
    assert set(while_they_waited) == {0}
    assert "3 taken" in said


def test_while_a_crm_is_left_alone_nothing_of_the_past_is_added(command: Command) -> None:
    written(command, rows(2))
    table = DynamoDbTable(command.switchboard.dynamodb, "Coordination")
    pacing = DynamoDbPacingStore(table)
    now = datetime.now(UTC)
    pacing.pause("sandbox", Lane.POSTING, until=now + timedelta(hours=1), reason="test", now=now)
    sent_before = len(command.switchboard.ever_sent)
    while_it_was_down: list[int] = []

    def comes_back() -> None:
        if command.now_s < 10:
            while_it_was_down.append(len(command.switchboard.ever_sent) - sent_before)
        else:
            pacing.resume("sandbox")

    command.on_sleep = comes_back
    code, said = command.run("--columns", COLUMNS)

    assert code == 0, said
    assert set(while_it_was_down) == {0}
    assert "2 taken" in said


def test_refused_lines_are_told_of_without_what_they_say(command: Command) -> None:
    told = [*rows(2), *rows(1, Start="", End="", Result=REMARK), *rows(1, Phone="")]
    told[3]["Interaction ID"] = ""
    written(command, told)

    code, said = command.run("--columns", COLUMNS)

    refused = command.file.with_name("past.csv.refused").read_text("utf-8")
    assert code == 1
    assert "2 taken, 0 known already, 2 refused." in said
    assert [line.split(":")[0] for line in refused.splitlines()] == ["line 4", "line 5"]
    assert REMARK not in refused
    assert NUMBER not in refused


def test_a_dry_run_changes_nothing(command: Command) -> None:
    told = [*rows(3), *rows(1, Start="", End="")]
    written(command, told)

    code, said = command.run("--columns", COLUMNS, "--dry-run")

    assert code == 1
    assert "3 would be taken or are known, 1 refused." in said
    assert "line 5: It does not say when it ended" in said
    assert command.switchboard.dynamodb.scan(TableName="Interactions")["Items"] == []
    assert list(command.file.parent.iterdir()) == [command.file]


@pytest.mark.parametrize("option", [[], ["--dry-run"]])
def test_columns_that_are_not_used_are_told_of(command: Command, option: list[str]) -> None:
    written(command, rows(1, Queue="West", Skill="Spanish"))

    code, said = command.run("--columns", COLUMNS, *option)

    assert code == 0
    told = "Columns that are NOT USED: Queue, Skill. "
    assert said.startswith(told)
    assert said.count(told) == (1 if option else 2), "a long run says it at its end as well"


def test_a_column_that_is_none_of_ours_is_kept_in_the_ledger(command: Command) -> None:
    command.file.write_text(
        "id,ended,channel,vip tier\nold-9,2025-03-04T05:03:00Z,voice,gold\n", encoding="utf-8"
    )

    code, said = command.run()

    assert code == 0, said
    assert "Columns kept under their own names: vip tier." in said
    table = DynamoDbTable(command.switchboard.dynamodb, "Interactions")
    row = DynamoDbInteractionLedger(table).read("old-9")
    assert row
    assert row.interaction.get("vip tier") == "gold"


def test_json_lines_go_the_same_way(command: Command) -> None:
    command.file = command.file.with_suffix(".jsonl")
    said = the_end_of("json-1", ended_at="2025-03-04T05:03:00Z", occurred_at="")
    command.file.write_text(json.dumps(said) + "\n", encoding="utf-8")

    code, told = command.run()
    command.worker()

    assert code == 0, told
    assert records(command.switchboard, "json-1") == 1


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--rate", "fast"], "2/s"),
        (["--rate", "0/s"], "2/s"),
        (["--columns", "nosuch=Start"], "no field"),
        (["--columns", 'id="Not There"'], "Not There"),
        (["--connector", "nosuch"], "nosuch"),
        (["--time-zone", "Mars/Olympus"], "Europe/London"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_done(
    command: Command, options: list[str], word: str
) -> None:
    written(command, rows(1))

    code, said = command.run(*options)

    assert code == 2
    assert word in said
    assert "Traceback" not in said


def test_into_one_crm_alone_nothing_goes_to_the_others(command: Command) -> None:
    written(command, rows(1))

    code, said = command.run("--columns", COLUMNS, "--connector", "sandbox")
    command.worker()

    assert code == 0, said
    assert records(command.switchboard, "old-0-1") == 1
