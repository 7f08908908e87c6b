"""What a person is told of shared numbers, duplicates and merged records."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from moto import mock_aws
from typer.testing import CliRunner

from cli import findings
from cli.deployment import Target
from cli.findings import lines
from cli.main import app
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_findings import DynamoDbFindings
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.findings import Finding, FoundRecord, KeptFinding
from tests.tables import create_tables

MONDAY = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
RECEPTION = Finding("shared_number", 4, number="+14155550100")
CANTEEN = Finding("shared_number", 3, number="+14155550101")
TWINS = Finding(
    "duplicate",
    2,
    records=(FoundRecord("crm:1", "https://crm.example.com/1"), FoundRecord("crm:9")),
)
MERGED = Finding(
    "merged", 2, records=(FoundRecord("crm:2"), FoundRecord("crm:1", "https://crm.example.com/1"))
)


def kept(finding: Finding, *, days: int = 0) -> KeptFinding:
    return KeptFinding(finding, MONDAY, MONDAY + timedelta(days=days))


def told(*found: KeptFinding, masked: bool = False) -> str:
    return "\n".join(lines(found, masked=masked))


def test_where_nothing_was_found_that_is_said() -> None:
    assert told() == "Lookups revealed nothing to put right in the last 30 days."


def test_a_shared_number_comes_with_the_lines_that_mark_it() -> None:
    said = told(kept(CANTEEN), kept(RECEPTION, days=2))

    assert "+14155550100  4 customers, seen 2026-03-02 to 2026-03-04" in said
    assert "+14155550101  3 customers, seen 2026-03-02" in said
    pasted = yaml.safe_load("\n".join(line for line in said.splitlines() if '- "' in line))
    assert pasted == [RECEPTION.number, CANTEEN.number]


def test_records_are_shown_with_their_pages() -> None:
    said = told(kept(TWINS), kept(MERGED))

    assert "    crm:1  https://crm.example.com/1\n    crm:9\n" in said
    assert "crm:2 is part of crm:1  https://crm.example.com/1, seen 2026-03-02" in said


def test_no_number_is_shown_where_others_look_on() -> None:
    said = told(kept(RECEPTION), kept(TWINS), masked=True)

    assert "5550100" not in said
    assert "+…00  4 customers" in said
    assert "crm:1" in said


def test_what_a_crm_wrote_does_not_steer_the_terminal() -> None:
    nasty = Finding("duplicate", 2, records=(FoundRecord("crm:\x1b[2J", "https://x/\n\u202e"),))

    said = told(kept(nasty))

    assert "\x1b" not in said
    assert "\u202e" not in said
    assert len(said.splitlines()) == 3


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    with mock_aws():
        where = Target({name: name for name in ("Lookups", "Config")})
        monkeypatch.setattr(findings, "target", lambda _: where)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        create_tables(where.client("dynamodb"))
        yield where


def table(where: Target, name: str) -> DynamoDbTable:
    return DynamoDbTable(where.client("dynamodb"), name)


def run(*options: str) -> str:
    result = CliRunner().invoke(app, ["findings", *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_what_workers_kept_is_shown(here: Target) -> None:
    assert "nothing to put right" in run()

    for finding in (RECEPTION, TWINS):
        DynamoDbFindings(table(here, "Lookups")).keep(finding, now=datetime.now(UTC))

    assert "+14155550100" in run()
    assert "+14155550100" not in run("--masked")
    assert "crm:9" in run("--masked")


def test_a_number_that_is_marked_by_now_is_not_shown_again(here: Target) -> None:
    for finding in (RECEPTION, CANTEEN):
        DynamoDbFindings(table(here, "Lookups")).keep(finding, now=datetime.now(UTC))
    body: dict[str, Any] = {"shared_numbers": ["+1 (415) 555-0100"]}
    DynamoDbPublications(table(here, "Config")).publish("lookup", body, now=MONDAY)

    said = run()

    assert "5550100" not in said
    assert "5550101" in said


def test_a_store_that_cannot_be_read_is_explained(
    here: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "target", lambda _: Target({"Lookups": "gone", "Config": "x"}))

    result = CliRunner().invoke(app, ["findings"])

    assert result.exit_code == 1
    assert "dynamodb:Scan" in result.output
    assert "Traceback" not in result.output
