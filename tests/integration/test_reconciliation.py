"""The nightly comparison, wired for real: what a CRM lost is found, told and written again."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.deployment import Target
from cli.main import app
from cli.reconciliation import command, connected
from tests.events import EVENTS, LambdaContext, read_event
from tests.integration import template
from tests.integration.answers import new_interaction, the_end_of
from tests.integration.canaries import leaks
from tests.integration.deployment import Deployment, deployed

ENDS = "/v1/triggers/interaction-ends"
COMPARED = "compared with the CRMs"
STOPPED = "reconciliation stopped, goes on within the hour"
NIGHT = read_event(EVENTS / "reconciliation" / "every_hour.json")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reconciled")


@pytest.fixture(scope="module")
def standing(home: Path) -> Iterator[Deployment]:
    with deployed(home) as deployment:
        yield deployment


@pytest.fixture(autouse=True)
def long_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run has the fifteen minutes that the template gives it."""
    monkeypatch.setattr(LambdaContext, "get_remaining_time_in_millis", lambda _: 900_000)


@contextmanager
def crm_database(home: Path) -> Iterator[sqlite3.Connection]:
    """What somebody does in the CRM who is not us."""
    with closing(sqlite3.connect(home / "crm.sqlite", timeout=10)) as database:
        yield database
        database.commit()


@pytest.fixture(autouse=True)
def no_record_is_left(switchboard: Deployment, home: Path) -> None:
    """What a test before entered in the CRM is gone."""
    assert switchboard
    with crm_database(home) as database:
        database.execute("DELETE FROM activities")


def deleted(home: Path, interaction_id: str) -> None:
    with crm_database(home) as database:
        database.execute("DELETE FROM activities WHERE external_id = ?", (interaction_id,))


def written(switchboard: Deployment, number: int) -> list[str]:
    ids = sorted(new_interaction() for _ in range(number))
    for each in ids:
        answer = switchboard.http("POST", ENDS, json_body=the_end_of(each))
        assert answer.status == 202
    switchboard.deliver("disposition_posting")
    assert all(switchboard.activity(each) for each in ids)
    return ids


def next_night(switchboard: Deployment) -> list[dict[str, Any]]:
    """A run at two in the night after today; what it logged of differences."""
    switchboard.output.seek(0)
    switchboard.output.truncate()
    now = datetime.now(UTC)
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(2), UTC)
    with switchboard.later(seconds=(tomorrow - now).total_seconds()):
        assert switchboard.invoke("reconciliation", NIGHT) is None
    return [line for line in lines(switchboard) if line.get("message") == "ledger and CRM differ"]


def lines(switchboard: Deployment) -> list[dict[str, Any]]:
    text = switchboard.output.getvalue()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def measured(switchboard: Deployment, name: str) -> float:
    found = [line[name] for line in lines(switchboard) if name in line]
    return sum(sum(each) if isinstance(each, list) else each for each in found)


def test_a_night_without_differences_says_so_and_is_done(switchboard: Deployment) -> None:
    written(switchboard, 3)

    assert next_night(switchboard) == []

    assert measured(switchboard, "ReconciliationCompared") == 3
    assert measured(switchboard, "ReconciliationDifferences") == 0
    (done,) = [one for one in lines(switchboard) if one.get("message") == COMPARED]
    assert (done["is_done"], done["counts"]) == (True, {"agrees": 3})


def test_a_record_that_was_deleted_in_the_crm_is_told_without_a_person_in_it(
    switchboard: Deployment, home: Path
) -> None:
    first, gone, _ = written(switchboard, 3)
    deleted(home, gone)

    (told,) = next_night(switchboard)

    assert (told["difference"], told["interaction_id"]) == ("missing", gone)
    assert told["connector"] == "sandbox"
    assert first not in json.dumps(told)
    assert measured(switchboard, "MissingInCrm") == 1
    assert leaks(switchboard.output.getvalue()) == []


def test_a_strangers_record_with_a_key_like_ours_is_unexpected(switchboard: Deployment) -> None:
    written(switchboard, 1)
    stranger = {"type": "call", "started_at": datetime.now(UTC).isoformat()}
    assert switchboard.crm.put("/api/activities/stranger-1", stranger).status_code == 201

    (told,) = next_night(switchboard)

    assert (told["difference"], told["interaction_id"]) == ("unexpected", "stranger-1")


def test_a_crm_that_is_down_stops_the_run_and_the_next_goes_on(switchboard: Deployment) -> None:
    ids = written(switchboard, 2)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("time.sleep", lambda _: None)
        switchboard.fault("error_503")
        assert next_night(switchboard) == []
    (stopped,) = [one for one in lines(switchboard) if one.get("message") == STOPPED]
    assert stopped["why"].startswith("sandbox: ")
    assert measured(switchboard, "ReconciliationStopped") == 1
    switchboard.crm.call("DELETE", "/faults")
    pacing = [each for each in _coordination(switchboard) if each != "reconciliation#progress"]
    for each in pacing:
        switchboard.dynamodb.delete_item(TableName="Coordination", Key={"id": {"S": each}})

    assert next_night(switchboard) == []
    assert measured(switchboard, "ReconciliationCompared") == len(ids)


def test_a_run_whose_time_is_up_is_gone_on_with_by_the_next(
    switchboard: Deployment, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = written(switchboard, 6)
    deleted(home, ids[1])
    deleted(home, ids[4])
    # Enough for a start, for the 24 hours of the CRM's listing, and for some of the records.
    remaining_ms = iter([900_000] * 29 + [0] * 1000)
    with monkeypatch.context() as short:
        short.setattr(LambdaContext, "get_remaining_time_in_millis", lambda _: next(remaining_ms))
        first = next_night(switchboard)
    (stopped,) = [one for one in lines(switchboard) if one.get("message") == COMPARED]

    rest = next_night(switchboard)

    (done,) = [one for one in lines(switchboard) if one.get("message") == COMPARED]
    assert (stopped["is_done"], done["is_done"]) == (False, True)
    assert 0 < sum(stopped["counts"].values()) < len(ids)
    assert [one["interaction_id"] for one in (*first, *rest)] == [ids[1], ids[4]]
    assert done["counts"] == {"agrees": 4, "missing": 2}


def _coordination(switchboard: Deployment) -> list[str]:
    items = switchboard.dynamodb.scan(TableName="Coordination")["Items"]
    return [str(item["id"]["S"]) for item in items]


class Terminal:
    """`switchboard reconcile` as somebody types it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        tables = {name: name for name in ("Interactions", "Config", "Coordination")}
        here = Target(tables, region="eu-west-2")
        monkeypatch.setattr(command, "target", lambda _: here)
        monkeypatch.setattr(connected, "_LOCAL_STACK", template.STACK_NAME)
        monkeypatch.setenv("SWITCHBOARD_ALLOW_LOOPBACK", "yes")

    def types(self, *words: str, code: int) -> str:
        today = datetime.now(UTC).date().isoformat()
        typed = ["reconcile", "--from", today, "--to", today, "--patience", "0s", *words]
        result = CliRunner().invoke(app, typed)
        assert result.exit_code == code, result.output
        return result.output

    def asks(self, *words: str, code: int) -> dict[str, Any]:
        answer = self.types(*words, "--json", code=code)
        said: dict[str, Any] = json.loads(answer[answer.index("{") :])
        return said


@pytest.fixture
def terminal(switchboard: Deployment, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(monkeypatch)


def test_what_is_missing_is_repaired_through_the_pipeline(
    switchboard: Deployment, home: Path, terminal: Terminal
) -> None:
    _, gone, _ = written(switchboard, 3)
    before = switchboard.activity(gone)
    deleted(home, gone)

    planned = terminal.asks("--dry-run", code=1)
    assert [one["repair"] for one in planned["differences"]] == ["is written"]
    assert switchboard.activity(gone) is None
    repaired = terminal.asks("--repair", code=1)
    assert [one["interaction_id"] for one in repaired["differences"]] == [gone]
    switchboard.invoke("sweeper", read_event(EVENTS / "sweeper" / "every_minute.json"))
    switchboard.deliver("disposition_posting")

    after = switchboard.activity(gone)
    assert before
    assert after
    told = ("external_id", "subject", "remarks", "agent", "duration_s")
    assert {name: after[name] for name in told} == {name: before[name] for name in told}
    assert terminal.asks(code=0)["counts"] == {"agrees": 3}


def test_a_table_and_a_file_show_what_differs(
    switchboard: Deployment, home: Path, terminal: Terminal, tmp_path: Path
) -> None:
    (gone,) = written(switchboard, 1)
    deleted(home, gone)
    file = tmp_path / "differences.csv"

    said = terminal.types("--csv", str(file), code=1)

    assert "records MISSING in the CRM" in said
    assert gone in said
    assert file.read_text(encoding="utf-8").splitlines()[1].startswith(f"missing,{gone},sandbox")
    assert file.stat().st_mode & 0o077 == 0
    assert leaks(said + file.read_text(encoding="utf-8")) == []


def test_a_report_is_compared_with_the_same_ledger(
    switchboard: Deployment, terminal: Terminal, tmp_path: Path
) -> None:
    here, _ = written(switchboard, 2)
    report = tmp_path / "export.csv"
    began = the_end_of(here)["started_at"]
    report.write_text(
        "Interaction ID;Began;Caller;Result\n"
        f"{here};{began};+1 415 555 0142;Resolved\n"
        f"unheard-of;{began};+1 415 555 0199;Resolved\n",
        encoding="utf-16",
    )
    columns = 'id="Interaction ID",started=Began,contact=Caller,disposition=Result'
    words = ["reconcile", "--report", str(report), "--columns", columns, "--repair", "--json"]
    words += ["--from", "2026-01-05", "--to", "2026-01-05"]

    result = CliRunner().invoke(app, words)

    assert result.exit_code == 1
    said = json.loads(result.output[result.output.index("{") :])
    assert said["counts"]["agrees"] == 1
    assert said["counts"]["not_here"] == 1
    missing = (tmp_path / "export.missing.jsonl").read_text(encoding="utf-8")
    assert json.loads(missing)["interaction_id"] == "unheard-of"
    assert leaks(result.output) == []
