"""Recording, replaying and explaining what was decided, as an operator types it."""

import json
import stat
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws
from typer.testing import CliRunner

from cli.deployment import Target
from cli.main import app
from cli.rules import explain_interaction, recorded, replay
from cli.rules.recording import Written, write
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.customer import Customer
from switchboard.domain.facts import recalled
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.domain.recorded_contact import RecordedContact
from switchboard.domain.routing import decide
from switchboard.domain.routing_record import RoutingRecord, record_of
from switchboard.domain.ruleset_reader import read_ruleset
from switchboard.ports import Arrival, RecordedPage
from tests.tables import create_tables, empty_tables
from tests.unit.domain.rulesets import good

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
RULES = read_ruleset(good())
NOBODY = {attribute.source: None for attribute in RULES.attributes.values()}
LATE = {"crm.days_past_due": 34.0, "lookup.known": True, "crm.tier": "low"}
ADA = Customer("sandbox", "cus-1", "person", "Ada Byron", ("(415) 555-0142",))
KEYS = (
    "at", "ruleset", "row", "arm", "action", "queue", "priority_seconds", "gain_per_min_s",
    "max_seconds", "prompts", "preferred_agent", "hold_s", "facts", "channel", "waited_s",
    "handled_s", "abandoned", "agent", "business_process", "disposition_code", "customer",
)  # fmt: skip


@dataclass(frozen=True)
class Here(Target):
    """Tables in this process, always through one client: making one takes a while."""

    dynamodb: Any = None

    def client(self, service: str) -> Any:
        return self.dynamodb


class World:
    """A Switchboard with published rules, in whose ledger contacts can be recorded."""

    def __init__(self, folder: Path, dynamodb: Any) -> None:
        names = {name: name for name in ("Interactions", "Config")}
        self.target = Here(names, dynamodb=dynamodb)
        self.publications = DynamoDbPublications(self._table("Config"))
        self.ledger = DynamoDbInteractionLedger(self._table("Interactions"))
        self.digest = self.publications.publish("routing", good(), now=NOON)
        self.folder = folder

    def _table(self, name: str) -> DynamoDbTable:
        return DynamoDbTable(self.target.client("dynamodb"), name)

    def decided(
        self, interaction_id: str, facts: Mapping[str, Any], *, minute: int = 0, **other: Any
    ) -> None:
        self.noted(interaction_id, replace(self.record(facts, minute=minute), **other))

    def record(self, facts: Mapping[str, Any], *, minute: int = 0) -> RoutingRecord:
        kept = {**NOBODY, **facts}
        decision = decide(RULES, recalled(RULES.attributes, kept), digest=self.digest)
        return record_of(decision, kept, at=NOON + timedelta(minutes=minute))

    def noted(self, interaction_id: str, record: RoutingRecord, customer: Customer = ADA) -> None:
        arrival = Arrival("r-1", record.at, "known", "+14155550142", customer, routing=record)
        self.ledger.note_arrival(interaction_id, arrival)

    def ended(self, interaction_id: str, **fields: str) -> None:
        event = TriggerEvent(interaction_id, TriggerKind.INTERACTION_ENDS, NOON, fields)
        self.ledger.merge(event, now=NOON, due_when=lambda _: NOON)

    def recorded(self, *options: str) -> list[dict[str, Any]]:
        file = self.folder / "month.jsonl"
        said = run("recorded", "--out", str(file), *options)
        assert str(file) in said
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()]

    def rules(self, *, days: str = ">= 15") -> str:
        """A file with other rules for who is late."""
        document = deepcopy(good())
        document["tables"][0]["rows"][0]["when"]["days"] = days
        file = self.folder / "new.yaml"
        file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return str(file)


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        create_tables(client)
        yield client


@pytest.fixture
def world(tmp_path: Path, dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World(tmp_path, dynamodb)
    for module in (recorded, replay, explain_interaction):
        monkeypatch.setattr(module, "target", lambda _stack: world.target)
    yield world
    empty_tables(dynamodb)


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["rules", *arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


# ── recording ────────────────────────────────────────────────────────────────────────────────


def test_a_recorded_contact_is_one_line_with_every_key(world: World) -> None:
    world.decided("int-1", LATE, agent="2001", hold_s=15)
    world.ended("int-1", channel="voice", queue_s="12", handle_s="240", agent_extension="2001")

    (line,) = world.recorded()

    assert tuple(line) == KEYS
    assert (line["row"], line["queue"], line["priority_seconds"]) == ("late", "debts", 120)
    assert (line["preferred_agent"], line["hold_s"], line["agent"]) == ("2001", 15, "2001")
    assert (line["waited_s"], line["handled_s"], line["abandoned"]) == (12, 240, False)
    assert line["facts"] == {**NOBODY, **LATE}
    assert line["ruleset"] == world.digest


def test_nobody_is_named_and_the_file_is_its_owners_alone(world: World) -> None:
    world.decided("int-1", LATE)
    world.ended("int-1", channel="voice", contact="+14155550142", remarks="Ada is cross")
    world.recorded()
    file = world.folder / "month.jsonl"

    text = file.read_text("utf-8")
    for secret in ("cus-1", "Ada", "5550142", "int-1"):
        assert secret not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in world.folder.iterdir()] == ["month.jsonl"]


def test_one_customer_is_one_hash_in_a_file_and_another_in_the_next(world: World) -> None:
    for name in ("int-1", "int-2"):
        world.decided(name, LATE)
    world.noted("int-3", world.record({}), replace(ADA, id="cus-2"))

    once = [line["customer"] for line in world.recorded()]
    again = [line["customer"] for line in world.recorded()]

    assert sorted(map(once.count, once)) == [1, 2, 2]
    assert not {*once} & {*again}


def test_the_ids_are_there_for_who_asks(world: World) -> None:
    world.decided("int-1", LATE)

    assert [line["id"] for line in world.recorded("--with-ids")] == ["int-1"]


def test_lines_are_in_the_order_of_time(world: World) -> None:
    for minute in (30, 1500, 10, 20):
        world.decided(f"int-{minute}", LATE, minute=minute)

    moments = [line["at"] for line in world.recorded()]

    assert moments == sorted(moments)
    assert len(moments) == 4


def test_days_are_the_rules_own(world: World) -> None:
    """Noon in UTC is the same day in New York, and ten at night there is the next in UTC."""
    world.decided("int-1", LATE, minute=14 * 60)
    day = NOON.date().isoformat()

    assert len(world.recorded("--from", day, "--to", day)) == 1


@pytest.mark.parametrize(
    ("days", "says"),
    [
        (("--from", "yesterday"), "2026-11-01"),
        (("--from", "2026-11-02", "--to", "2026-11-01"), "after"),
        (("--to", "9999-12-31"), "nothing was recorded"),
    ],
)
def test_days_that_are_none_are_refused(world: World, days: tuple[str, ...], says: str) -> None:
    said = run("recorded", "--out", str(world.folder / "x"), *days, code=1)

    assert says in said


def test_an_empty_period_says_what_to_do_and_leaves_the_old_file(world: World) -> None:
    world.decided("int-1", LATE)
    world.recorded()
    file = world.folder / "month.jsonl"
    before = file.read_text("utf-8")

    said = run("recorded", "--out", str(file), "--from", "2024-01-01", "--to", "2024-01-31", code=1)

    assert "Nothing was decided in 2024-01-01 to 2024-01-31, America/New_York" in said
    assert "1 rows of the ledger" in said
    assert "--stack" in said
    assert file.read_text("utf-8") == before


def test_a_folder_that_is_not_there_is_said(world: World) -> None:
    world.decided("int-1", LATE)

    assert "No such file" in run("recorded", "--out", str(world.folder / "no" / "x"), code=1)


def test_a_ledger_that_cannot_be_read_is_explained(world: World) -> None:
    world.target.tables["Interactions"] = "gone"

    assert "dynamodb:Scan" in run("recorded", "--out", str(world.folder / "x"), code=1)


# ── replaying ────────────────────────────────────────────────────────────────────────────────


def test_a_period_is_replayed_against_the_active_rules(world: World) -> None:
    world.decided("int-1", LATE)
    world.decided("int-2", {"crm.tier": "high"})

    said = run("replay", world.rules(days=">= 60"), "--by", "tier")

    assert "1 of 2 contacts (50.0%) would be decided differently" in said
    assert "int-1" in said
    assert "old: debts, by late: days is 34 days and known is true" in said
    assert "not late: days is 34 days, needs >= 60" in said
    assert "By tier" in said
    assert "Note:" not in said


def test_a_recording_is_replayed_without_any_switchboard(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.decided("int-1", LATE)
    world.recorded()
    old = world.folder / "old.yaml"
    Path(world.rules()).rename(old)

    def nowhere(_stack: str | None) -> Target:
        raise AssertionError("nobody has to be asked")

    monkeypatch.setattr(replay, "target", nowhere)
    file = str(world.folder / "month.jsonl")
    said = run("replay", world.rules(days=">= 60"), "--old", str(old), "--recorded", file)

    assert "1 of 1 contacts" in said


def test_the_answer_in_json_is_the_same_twice(world: World) -> None:
    for number in range(5):
        world.decided(f"int-{number}", LATE if number % 2 else {}, minute=number)
    world.recorded()
    asked = ("replay", world.rules(days=">= 60"), "--recorded", str(world.folder / "month.jsonl"))

    once, again = run(*asked, "--json"), run(*asked, "--json")

    assert once == again
    assert json.loads(once)["differently"] == 2
    assert json.loads(once)["rows"][0]["old"] == "rest"


def test_the_report_is_the_same_twice_and_needs_nothing_from_anywhere(world: World) -> None:
    world.decided("int-1", LATE)
    world.recorded()
    pages = []
    for name in ("one.html", "two.html"):
        file = world.folder / name
        recording = str(world.folder / "month.jsonl")
        rules = world.rules(days=">= 60")
        run("replay", rules, "--recorded", recording, "--by", "tier", "--html", str(file))
        pages.append(file.read_text("utf-8"))

    assert pages[0] == pages[1]
    assert "<svg" in pages[0]
    assert "debts" in pages[0]
    for active in ("<script", "http://", "https://", "@import", "url("):
        assert active not in pages[0]


def test_what_stands_in_a_file_is_shown_as_text(world: World) -> None:
    hostile = "\x1b[2J<img src=x onerror=alert(1)>"
    world.decided("int-1", LATE)
    (line,) = world.recorded("--with-ids")
    file = world.folder / "hostile.jsonl"
    file.write_text(json.dumps({**line, "id": hostile, "row": hostile}), encoding="utf-8")
    page = world.folder / "report.html"

    rules = world.rules(days=">= 60")
    said = run("replay", rules, "--recorded", str(file), "--html", str(page))

    assert "\x1b" not in said
    assert "<img" not in page.read_text("utf-8")
    assert "&lt;img" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "line 1: no JSON object"),
        ("{}", "line 1: no `at`"),
        ('{"at": 1}', "line 1: no `at`"),
        ('{"at":"a","ruleset":"b","row":"c","facts":{"x":{}}}', "x is no flag"),
        ('{"at":"a","ruleset":"b","row":"c","facts":{"x":NaN}}', "NaN is no number"),
        ("\n\n", "no contacts in it"),
        ("[" * 100_000, "line 1:"),
        ("9" * 10_000, "line 1:"),
    ],
    ids=lambda value: value[:20],
)
def test_a_file_that_is_no_recording_is_refused(world: World, line: str, says: str) -> None:
    file = world.folder / "bad.jsonl"
    file.write_text(line, encoding="utf-8")

    assert says in run("replay", world.rules(), "--recorded", str(file), code=1)


def test_a_file_that_is_no_text_is_refused(world: World) -> None:
    file = world.folder / "bad.jsonl"
    file.write_bytes(b"\xff\xfe\x00")

    assert "UTF-8" in run("replay", world.rules(), "--recorded", str(file), code=1)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--by", "teir"), "did you mean 'tier'"),
        (("--old", "feedfeedfeedfeed"), "feedfeedfeedfeed"),
        (("--recorded", "nowhere.jsonl"), "No such file"),
        (("--recorded", "x", "--from", "2026-11-01"), "not both"),
        (("--html", "no/such/folder.html"), "No such file"),
    ],
)
def test_what_cannot_be_done_is_said(world: World, options: tuple[str, ...], says: str) -> None:
    world.decided("int-1", LATE)

    assert says in run("replay", world.rules(), *options, code=1)


def test_replaying_a_period_without_contacts_says_what_to_do(world: World) -> None:
    said = run("replay", world.rules(), code=1)

    assert "Nothing was decided in" in said
    assert "/v1/arrivals/route" in said


def test_rules_that_look_at_more_say_for_how_many_it_is_missing(world: World) -> None:
    world.decided("int-1", LATE)
    document = yaml.safe_load(Path(world.rules()).read_text("utf-8"))
    document["attributes"]["mood"] = {"type": "flag", "from": "crm.cross"}
    file = world.folder / "more.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

    said = run("replay", str(file))

    assert "crm.cross was not looked at when 1 contacts were recorded" in said


def test_a_month_need_not_fit_into_memory(world: World) -> None:
    """Contacts of many days go through a file for each day, and come out in order."""
    contacts = []
    for day in (3, 1, 2):
        record = replace(world.record({}), at=datetime(2026, 11, day, tzinfo=UTC))
        contacts.append(RecordedContact("x", record))
    pages = [RecordedPage((contact,), 10) for contact in contacts]
    out = world.folder / "out.jsonl"

    assert write(pages, out, with_ids=False) == Written(3, 30)
    assert [json.loads(line)["at"][:10] for line in out.read_text("utf-8").splitlines()] == [
        "2026-11-01",
        "2026-11-02",
        "2026-11-03",
    ]


# ── explaining ───────────────────────────────────────────────────────────────────────────────


def test_a_recorded_interaction_is_explained_by_the_rules_of_that_moment(world: World) -> None:
    world.decided("int-1", {"crm.tier": "high"}, agents_tried="2001: not logged in")
    newer = deepcopy(good())
    newer["tables"][0]["rows"][1]["id"] = "premier"
    newer["tests"] = []
    world.publications.publish("routing", newer, now=NOON)

    said = run("explain", "--interaction", "int-1")

    assert f"UTC by champion {world.digest}" in said
    assert "not late: days is not known, needs >= 15" in said
    assert "decided by high: tier is high" in said
    assert "Business Process Customer Care" in said
    assert "added by" not in said, "the row says its prompts itself"
    assert "last agent: 2001: not logged in" in said
    assert "known: tier is high" in said
    assert "missing: known, days, channel" in said


def test_who_was_preferred_and_what_a_challenger_thought_is_told(world: World) -> None:
    world.decided("int-1", LATE, agent="2003", hold_s=15.0, challenger="c" * 16, challenger_row="x")
    world.decided("int-2", LATE, arm="challenger", challenger=world.digest, challenger_row="late")

    said = run("explain", "--interaction", "int-1")
    assert "2003 preferred, held for 15 s" in said
    assert f"challenger: {'c' * 16} would have chosen x" in said
    assert "it decided, in a split" in run("explain", "--interaction", "int-2")


def test_rules_that_are_gone_leave_what_the_record_tells(world: World) -> None:
    world.decided("int-1", LATE, ruleset="f" * 16)

    said = run("explain", "--interaction", "int-1")

    assert "its rules cannot be shown" in said
    assert "decided by late" in said
    assert "queue debts" in said
    assert "crm.days_past_due = 34.0" in said
    assert "crm.products = missing" in said


def test_a_record_that_the_rules_no_longer_explain_says_so(world: World) -> None:
    world.decided("int-1", LATE, row="high")

    assert "but then high had decided" in run("explain", "--interaction", "int-1")


def test_what_was_never_decided_cannot_be_explained(world: World) -> None:
    world.ledger.note_arrival("looked-up", Arrival("r-1", NOON, "known", customer=ADA))

    assert "No decision is recorded" in run("explain", "--interaction", "looked-up", code=1)
    assert "No trigger and no lookup" in run("explain", "--interaction", "nobody", code=1)


def test_a_recorded_interaction_has_its_own_facts(world: World) -> None:
    said = run("explain", "--interaction", "int-1", "--given", "tier=high", code=2)

    assert "own facts" in said
