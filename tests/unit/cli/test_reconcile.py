"""`switchboard reconcile` as somebody types it, reads it and interrupts it."""

import csv
import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner, Result

from cli.deployment import Target
from cli.main import app
from cli.reconciliation import command
from cli.reconciliation.connected import Ledgers
from cli.reconciliation.refused_ids import refused_ids
from switchboard.contracts.kept_trigger import KeptTrigger
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.interaction import TriggerKind
from switchboard.domain.posting import Idempotency, Posting, PostingState
from switchboard.errors import Misconfigured, UpstreamUnavailable
from tests.fakes.aside import InMemoryKeptAside
from tests.unit.use_cases.reconciliation_world import World

YESTERDAY: Final = datetime.now(UTC).date() - timedelta(days=1)
NOON: Final = datetime.combine(YESTERDAY, time(12), UTC)


class Desk:
    """Somebody at a terminal, with a Switchboard whose ledger and CRM are in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.world = World()
        self.folder = folder
        ledgers = Ledgers(self.world.ledger, self.world.days)
        monkeypatch.setattr(command, "target", lambda _: Target({}))
        monkeypatch.setattr(command, "ledgers_of", lambda _: ledgers)
        monkeypatch.setattr(command, "crms_of", lambda *_: self.world.crms)
        monkeypatch.setattr(command, "profiles_of", lambda _: self.world.profiles)
        monkeypatch.setattr("cli.reconciliation.with_crms.time.sleep", lambda _: None)

    def written(self, *interaction_ids: str) -> None:
        self.world.written(*interaction_ids, at=NOON)

    def lost(self, *interaction_ids: str) -> None:
        self.written(*interaction_ids)
        for each in interaction_ids:
            del self.world.crm.records[each]

    def state(self, interaction_id: str) -> PostingState:
        return self.world.row(interaction_id).postings["sandbox"].state

    def types(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["reconcile", "--rate", "100000", *words])

    def asks(self, *words: str) -> dict[str, Any]:
        result = self.types(*words, "--json")
        said: dict[str, Any] = json.loads(result.stdout)
        return said


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    return Desk(monkeypatch, tmp_path)


def test_where_nothing_differs_it_ends_with_0(desk: Desk) -> None:
    desk.written("int-1", "int-2")

    result = desk.types()

    assert result.exit_code == 0
    assert f"Ledger and CRMs, {YESTERDAY} to {YESTERDAY} (UTC)" in result.stdout
    assert "records that stand there as written" in result.stdout


def test_what_is_missing_is_shown_and_ends_it_with_1(desk: Desk) -> None:
    desk.written("int-1")
    desk.lost("int-2")

    result = desk.types()

    assert result.exit_code == 1
    assert "missing  int-2  sandbox  A-int-2" in result.stdout
    assert "records MISSING in the CRM" in result.stdout
    assert "--dry-run" in result.stdout
    assert desk.state("int-2") is PostingState.DONE


def test_a_dry_run_says_what_a_repair_would_do_and_does_nothing(desk: Desk) -> None:
    desk.lost("int-1")

    result = desk.types("--repair", "--dry-run")

    assert "is written" in result.stdout
    assert "A repair would: 1 is written" in result.stdout
    assert desk.state("int-1") is PostingState.DONE


def test_a_repair_has_what_is_missing_written_again(desk: Desk) -> None:
    desk.lost("int-1")

    result = desk.types("--repair")

    assert result.exit_code == 1
    assert desk.state("int-1") is PostingState.PENDING
    assert "Repair: 1 is written" in result.stdout


def test_what_was_written_just_now_is_missing_for_who_says_so_and_is_repaired(desk: Desk) -> None:
    now = datetime.now(UTC)
    today = now.date().isoformat()
    desk.world.written("int-1", at=now)
    del desk.world.crm.records["int-1"]

    assert "wait for their turn" in desk.types("--from", today, "--repair").stdout
    assert desk.state("int-1") is PostingState.DONE
    repaired = desk.types("--from", today, "--repair", "--patience", "0s")

    assert repaired.exit_code == 1
    assert desk.state("int-1") is PostingState.PENDING


@pytest.mark.parametrize("how", ["held", "due", "settling"])
def test_what_is_in_flight_is_not_repaired_however_short_the_patience(desk: Desk, how: str) -> None:
    now = datetime.now(UTC)
    desk.world.written("int-1", at=now)
    del desk.world.crm.records["int-1"]
    if how == "held":
        desk.world.ledger.hold("int-1", token="worker", now=now, lease_s=45)
    elif how == "due":
        desk.world.comes("int-1", at=now, remarks="said later")
    else:
        desk.world.crm.settle_s = 30.0
    before = desk.world.row("int-1")

    result = desk.types("--from", now.date().isoformat(), "--repair", "--patience", "0s")

    assert result.exit_code == 0
    assert desk.world.row("int-1") == before


def test_where_a_second_record_could_come_of_it_it_must_be_said_twice(desk: Desk) -> None:
    desk.world.crm.idempotency = Idempotency.NONE
    desk.lost("int-1")

    assert "could become a second record" in desk.types("--repair").stdout
    assert desk.state("int-1") is PostingState.DONE
    assert desk.types("--repair", "--unknown").exit_code == 1
    assert desk.state("int-1") is PostingState.PENDING


def test_the_answer_in_json_leaves_nothing_out(desk: Desk) -> None:
    desk.lost(*(f"int-{n:03}" for n in range(130)))

    said = desk.asks()

    assert said["counts"] == {"missing": 130}
    assert [one["interaction_id"] for one in said["differences"]] == [
        f"int-{n:03}" for n in range(130)
    ]
    assert said["finished"] is True


def test_a_screen_shows_the_first_and_the_file_has_all(desk: Desk) -> None:
    desk.lost(*(f"int-{n:03}" for n in range(130)))
    file = desk.folder / "all.csv"

    result = desk.types("--csv", str(file))

    assert "and 90 more" in result.stdout
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 130
    assert rows[0]["difference"] == "missing"


def test_no_text_of_a_crm_runs_in_a_spreadsheet_or_steers_the_terminal(desk: Desk) -> None:
    desk.world.crm.can_list_records = True
    desk.world.crm.doubles = [FoundRecord("=cmd|'/c calc'", "\x1b[31mred")]
    file = desk.folder / "all.csv"

    result = desk.types("--csv", str(file))

    assert "\x1b" not in result.stdout
    assert ",'=cmd" in file.read_text(encoding="utf-8")


def test_interrupted_it_says_how_far_it_was_and_how_to_go_on(desk: Desk) -> None:
    ids = [f"int-{n:02}" for n in range(20)]
    desk.written(*ids)
    desk.world.crm.failures = []
    ask = desk.world.crm.find_record

    def interrupted(interaction_id: str, **about: Any) -> Any:
        if interaction_id == "int-12":
            raise KeyboardInterrupt
        return ask(interaction_id, **about)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(desk.world.crm, "find_record", interrupted)
        result = desk.types()

    assert result.exit_code == 130
    assert f"It was at {YESTERDAY}, behind int-11, after 12 interactions" in result.stderr
    going_on = f"switchboard reconcile --from {YESTERDAY} --to {YESTERDAY} --after int-11"
    assert going_on in result.stderr
    desk.world.crm.asked.clear()
    assert desk.types(*going_on.split()[2:]).exit_code == 0
    assert desk.world.crm.asked == ids[12:]


def test_a_crm_that_is_down_ends_it_with_2_and_what_was_found_is_kept(desk: Desk) -> None:
    desk.lost("int-1", "int-2")
    ask = desk.world.crm.find_record

    def down(interaction_id: str, **about: Any) -> Any:
        if interaction_id == "int-2":
            raise UpstreamUnavailable("sandbox", "https://crm.example.com")
        return ask(interaction_id, **about)

    desk.world.crm.find_record = down  # type: ignore[method-assign]

    result = desk.types("--stack", "prod")

    assert result.exit_code == 2
    assert "Stopped: sandbox: it gives no usable answer" in result.stderr
    assert "--after int-1 --stack prod" in result.stderr
    assert "example.com" not in result.output
    assert "missing  int-1" in result.stdout


def test_what_cannot_be_asked_and_what_is_not_wanted_is_said_once(desk: Desk) -> None:
    desk.world.crm.can_find_records = False
    desk.written("int-1", "int-2")

    result = desk.types()

    assert result.exit_code == 0
    assert result.stdout.count("sandbox cannot be asked") == 1


def test_what_waits_for_a_person_is_shown_with_its_reason(desk: Desk) -> None:
    desk.world.comes("int-1", at=NOON)
    desk.world.posting(
        "int-1", Posting("sandbox", PostingState.PARKED, revision=1, reason="upstream_rejected")
    )

    result = desk.types()

    assert result.exit_code == 1
    assert "parked  int-1  sandbox  upstream_rejected" in result.stdout


def test_other_days_and_connectors_are_compared_when_asked_for(desk: Desk) -> None:
    desk.world.written("old", at=NOON - timedelta(days=3))
    del desk.world.crm.records["old"]
    first = (YESTERDAY - timedelta(days=4)).isoformat()

    assert desk.types().exit_code == 0
    assert desk.types("--from", first, "--to", YESTERDAY.isoformat()).exit_code == 1
    assert desk.types("--from", first, "--connector", "sandbox").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "yesterday"], "is no day"),
        (["--from", "2026-11-02", "--to", "2026-11-01"], "is after"),
        (["--sample", "half"], "write it as 5%"),
        (["--sample", "0%"], "write it as 5%"),
        (["--sample", "120%"], "write it as 5%"),
        (["--connector", "elsewhere"], "no connector elsewhere is published; there are sandbox"),
        (["--columns", "id=ID"], "--columns is for --report"),
        (["--patience", "soon"], "write 30s, 15m"),
        (["--patience", "2h"], "an hour at most"),
        (["--report", "nowhere.csv"], "nowhere.csv: No such file"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_is_asked_wrongly_is_told_how(desk: Desk, words: list[str], said: str) -> None:
    result = desk.types(*words)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_without_a_published_configuration_it_says_what_is_missing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object) -> Any:
        raise Misconfigured("nothing of the kind connectors is published")

    monkeypatch.setattr(command, "crms_of", nothing)

    assert "connectors is published" in desk.types().stderr


class Report:
    """A ledger of two calls, and exports of it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        for number, contact in enumerate(("+14155550142", "+14155550177"), start=1):
            at = NOON + timedelta(minutes=number)
            desk.world.comes(
                f"int-{number}",
                at=at,
                contact=contact,
                started_at=at.isoformat(),
                business_process="Sales",
            )

    def compared(self, text: str, *words: str, encoding: str = "utf-8") -> dict[str, Any]:
        file = self.desk.folder / "export.csv"
        file.write_bytes(text.encode(encoding))
        return self.desk.asks("--report", str(file), *words)

    def typed(self, text: str, *words: str) -> Result:
        file = self.desk.folder / "export.csv"
        file.write_text(text, encoding="utf-8")
        return self.desk.types("--report", str(file), *words)


@pytest.fixture
def report(desk: Desk) -> Report:
    return Report(desk)


def began(number: int, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    return (NOON + timedelta(minutes=number)).strftime(form)


def test_a_report_that_has_everything_agrees(report: Report) -> None:
    text = f"Interaction ID,Start\nint-1,{began(1)}\nint-2,{began(2)}\n"

    said = report.compared(text)

    assert said["counts"] == {"agrees": 2}
    assert said["finished"] is True


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_a_report_without_ids_in_local_time_is_found_by_contact_and_start(
    report: Report, encoding: str
) -> None:
    text = (
        "Gespräche\n\nAnrufer;Beginn;Vorgang\n"
        f"(415) 555-0142;{began(1, '%d.%m.%Y %H:%M:%S')};Sales\n"
        f"415 555 0177;{began(2, '%d.%m.%Y %H:%M:%S')};Support\n"
    )
    columns = "contact=Anrufer,started=Beginn,business_process=Vorgang"

    said = report.compared(text, "--columns", columns, encoding=encoding)

    assert said["counts"] == {"agrees": 1, "differs": 1}
    assert said["found_by_contact_and_start"] == 2
    assert said["differences"][0]["why"].startswith(
        "business_process is 'Support' there and 'Sales' here"
    )


def test_rows_that_are_missing_here_become_a_file_for_backfill(report: Report) -> None:
    text = (
        "Interaction ID,Start,Contact\n"
        f"int-1,{began(1)},+1 415 555 0142\nint-2,{began(2)},\n"
        f"int-3,{began(3)},+1 415 555 0199\n"
    )

    result = report.typed(text, "--repair")

    missing = report.desk.folder / "export.missing.jsonl"
    assert result.exit_code == 1
    assert json.loads(missing.read_text(encoding="utf-8")) == {
        "interaction_id": "int-3",
        "started_at": (NOON + timedelta(minutes=3)).isoformat(),
        "contact": "+1 415 555 0199",
    }
    assert missing.stat().st_mode & 0o077 == 0
    assert "switchboard backfill" in " ".join(result.stdout.split())
    assert "0199" not in result.stdout, "a number is masked"
    assert "+1415*****99" in result.stdout


def test_a_line_of_totals_is_told_with_its_number_and_is_not_missing(report: Report) -> None:
    text = (
        "Interaction ID,Start,Queue,Talk\n"
        f"int-1,{began(1)},West,61\nint-2,{began(2)},East,62\nTotal,,,123\nPrinted 9 Nov,,,\n,,,9\n"
    )

    result = report.typed(text)

    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert "rows that are no interactions, not read 3" in said
    assert "line 4, 5, 6" in said
    assert "Columns that are NOT USED: Queue, Talk." in said
    assert report.compared(text)["not_read"] == [4, 5, 6]
    assert report.compared(text)["columns_not_used"] == ["Queue", "Talk"]


def test_a_report_of_which_nothing_can_be_read_is_none(report: Report) -> None:
    result = report.typed("Contact,Start\nAda,once\nBob,twice\n")

    assert result.exit_code == 2
    assert "none of its rows says which interaction" in " ".join(result.stderr.split())


def test_what_stands_here_and_not_in_the_report_is_told(report: Report) -> None:
    text = f"Interaction ID,Start\nint-1,{began(1)}\nint-9,{began(9)}\n"

    said = report.compared(text)

    assert said["counts"] == {"agrees": 1, "not_here": 1, "not_reported": 1}


def test_columns_may_stand_in_a_file(report: Report) -> None:
    file = report.desk.folder / "columns.yaml"
    file.write_text(
        "format: report_columns/1\ncolumns: {id: Nummer, started: Beginn}\ntime_zone: UTC\n",
        encoding="utf-8",
    )

    said = report.compared(f"Nummer,Beginn\nint-1,{began(1)}\n", "--columns", str(file))

    assert said["counts"]["agrees"] == 1


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("Colour\nred\n", [], "say which is which with --columns"),
        ("ID\n1\n", ["--columns", "id=Nummer"], "no line names the column 'Nummer'"),
        ("ID\n1\n", ["--columns", "ident=ID"], "there is no field ident"),
        ("ID\n1\n", ["--time-zone", "Mars/Olympus"], "is no time zone"),
        ("ID\n1\n", ["--columns", "missing.yaml"], "missing.yaml: No such file"),
    ],
)
def test_a_report_that_cannot_be_read_says_why(
    report: Report, text: str, words: list[str], said: str
) -> None:
    result = report.typed(text, *words)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_a_file_of_columns_with_a_slip_names_it(report: Report) -> None:
    file = report.desk.folder / "columns.yaml"
    file.write_text("format: report_columns/1\ncolumns: {startd: X}\n", encoding="utf-8")

    result = report.typed("X\n1\n", "--columns", str(file))

    assert result.exit_code == 2
    assert "did you mean started" in " ".join(result.stderr.split())


def test_an_interrupted_report_says_at_which_line_it_was(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(report.desk.world.ledger, "read_many", interrupted)

    result = report.typed(f"Interaction ID,Start\nint-1,{began(1)}\n")

    assert result.exit_code == 130
    assert "Interrupted at line 0" in result.stderr


def test_a_row_whose_trigger_was_refused_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    aside = InMemoryKeptAside()
    sent = KeptTrigger.of(
        TriggerKind.INTERACTION_ENDS,
        received_at=NOON,
        request_id="r-1",
        content_type="application/json",
        query={"interaction_id": "int-by-query"},
        body=b'{"interaction_id": "int-in-body", "remarks": "said "no""}',
    )
    body = sent.put_aside_for("malformed_request")
    aside.put("refused", body, token="t1", about=("x",), now=NOON)
    aside.put("refused", b"of another release", token="t2", about=("x",), now=NOON)
    monkeypatch.setattr("cli.reconciliation.refused_ids.place_of", lambda _: aside)

    is_refused = refused_ids(Target({}, aside="bucket"))

    assert [is_refused(each) for each in ("int-by-query", "int-in-body", "int-9")] == [
        True,
        True,
        False,
    ]


def test_a_switchboard_without_a_place_for_them_has_refused_nothing() -> None:
    assert not refused_ids(Target({}))("int-1")
