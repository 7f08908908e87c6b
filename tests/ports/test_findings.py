"""What every keeper of findings promises."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from switchboard.adapters.dynamodb_findings import DynamoDbFindings
from switchboard.adapters.dynamodb_lookups import DynamoDbLookupMemory
from switchboard.domain.findings import Finding, FoundRecord, KeptFinding
from switchboard.domain.identity import PhoneNumber
from switchboard.errors import StateUnavailable
from switchboard.ports import Findings
from tests.fakes.findings import InMemoryFindings
from tests.ports.conftest import BOTH_SIDES, TableOf, WatchedClient

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SHARED = Finding("shared_number", 3, number="+14155550100")
TWINS = Finding(
    "duplicate",
    2,
    records=(
        FoundRecord("sandbox:C-1", "https://crm.example.com/C-1"),
        FoundRecord("sandbox:C-2", "https://crm.example.com/C-2"),
    ),
)
MERGED = Finding("merged", 2, records=(FoundRecord("sandbox:C-2"), FoundRecord("sandbox:C-1")))


@pytest.fixture(params=BOTH_SIDES)
def findings(request: pytest.FixtureRequest) -> Findings:
    if request.param == "in_memory":
        return InMemoryFindings()
    return DynamoDbFindings(request.getfixturevalue("table")("Lookups"))


def test_nothing_is_kept_that_was_not_found(findings: Findings) -> None:
    assert findings.kept(now=NOW) == ()


@pytest.mark.parametrize("finding", [SHARED, TWINS, MERGED], ids=lambda finding: finding.kind)
def test_a_finding_is_kept_as_it_was_found(findings: Findings, finding: Finding) -> None:
    assert findings.keep(finding, now=NOW)

    assert findings.kept(now=NOW) == (KeptFinding(finding, NOW, NOW),)


def test_a_finding_is_noted_once_a_day(findings: Findings) -> None:
    assert findings.keep(SHARED, now=NOW)
    assert not findings.keep(SHARED, now=NOW + timedelta(hours=8))
    assert findings.kept(now=NOW) == (KeptFinding(SHARED, NOW, NOW),)

    assert findings.keep(SHARED, now=NOW + DAY)
    assert findings.kept(now=NOW + DAY) == (KeptFinding(SHARED, NOW, NOW + DAY),)


def test_a_day_begins_at_midnight_in_utc(findings: Findings) -> None:
    before_midnight = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)

    assert findings.keep(SHARED, now=before_midnight)
    assert findings.keep(SHARED, now=before_midnight + timedelta(minutes=1))


def test_a_worker_whose_clock_is_behind_changes_nothing(findings: Findings) -> None:
    findings.keep(SHARED, now=NOW)

    assert not findings.keep(SHARED, now=NOW - DAY)
    assert findings.kept(now=NOW) == (KeptFinding(SHARED, NOW, NOW),)


def test_the_newest_count_is_kept(findings: Findings) -> None:
    findings.keep(SHARED, now=NOW)
    more = Finding("shared_number", 7, number=SHARED.number)
    findings.keep(more, now=NOW + DAY)

    assert findings.kept(now=NOW + DAY) == (KeptFinding(more, NOW, NOW + DAY),)


def test_different_findings_are_kept_apart_latest_first(findings: Findings) -> None:
    other = Finding("shared_number", 3, number="+14155550101")
    kept = [SHARED, TWINS, MERGED, other]
    for number, finding in enumerate(kept):
        findings.keep(finding, now=NOW + timedelta(minutes=number))

    assert [each.finding for each in findings.kept(now=NOW + DAY)] == kept[::-1]


def test_what_is_not_seen_again_is_forgotten_after_30_days(findings: Findings) -> None:
    findings.keep(SHARED, now=NOW)
    findings.keep(TWINS, now=NOW)
    findings.keep(TWINS, now=NOW + 20 * DAY)

    assert len(findings.kept(now=NOW + 30 * DAY - timedelta(seconds=1))) == 2
    assert [each.finding for each in findings.kept(now=NOW + 30 * DAY)] == [TWINS]


def test_two_workers_note_a_finding_once(table: TableOf) -> None:
    one, other = DynamoDbFindings(table("Lookups")), DynamoDbFindings(table("Lookups"))

    assert [one.keep(SHARED, now=NOW), other.keep(SHARED, now=NOW)] == [True, False]


def test_a_busy_switchboard_costs_a_worker_one_write_a_day(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    findings = DynamoDbFindings(table("Lookups"))
    for minutes in range(0, 500, 5):
        findings.keep(SHARED, now=NOW + timedelta(minutes=minutes))

    assert dynamodb.calls == ["update_item"]


def test_what_could_not_be_written_is_written_the_next_time(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    findings = DynamoDbFindings(table("Lookups"))
    dynamodb.is_down = True
    with pytest.raises(StateUnavailable):
        findings.keep(SHARED, now=NOW)
    dynamodb.is_down = False

    assert findings.keep(SHARED, now=NOW)


def test_findings_stand_beside_what_crms_answered(table: TableOf) -> None:
    memory = DynamoDbLookupMemory(table("Lookups"))
    number = PhoneNumber("+14155550100")
    memory.remember("sandbox", number, (), asked_at=NOW, fresh_s=10, keep_s=60)
    findings = DynamoDbFindings(table("Lookups"))
    findings.keep(SHARED, now=NOW)

    assert [each.finding for each in findings.kept(now=NOW)] == [SHARED]


def test_every_finding_is_read_however_many_there_are(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    findings = DynamoDbFindings(table("Lookups"))
    for number in range(30):
        long = FoundRecord(f"sandbox:{number}", "https://crm.example.com/" + "x" * 50_000)
        findings.keep(Finding("duplicate", 2, records=(long,)), now=NOW)

    assert len(findings.kept(now=NOW)) == 30
    assert dynamodb.calls.count("scan") > 1


def test_no_stored_key_tells_the_number(table: TableOf, dynamodb: WatchedClient) -> None:
    DynamoDbFindings(table("Lookups")).keep(SHARED, now=NOW)

    (item,) = dynamodb.scan(TableName="Lookups")["Items"]
    assert item["id"]["S"].startswith("finding#")
    assert SHARED.number[1:] not in item["id"]["S"]
    assert int(item["expires_at"]["N"]) == (NOW + 30 * DAY).timestamp()
    assert json.loads(item["finding"]["S"])["number"] == SHARED.number
