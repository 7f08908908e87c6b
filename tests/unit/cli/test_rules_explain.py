"""`rules explain` for a made-up contact: which row decides, or what cannot be a fact."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.deployment import Target
from cli.main import app
from cli.rules import explain
from cli.yaml_text import read_yaml_as_written
from tests.fakes.config import InMemoryPublications

RULES = """
format: routing/1
timezone: America/New_York
attributes:
  tier: {type: choice, values: [high, low], from: crm.tier}
  days: {type: number, from: crm.days_past_due}
  seen: {type: instant, from: history.last_contact_at}
  open_now: {type: flag, from: calendar.open}
  emergency: {type: flag, from: switch.emergency_closed}
names: {queues: [Sales]}
calendars: {main: {weekly: {mon-fri: ["09:00-17:00"]}}}
tables:
- id: route
  hit: first
  rows:
  - id: usual
    when: {emergency: false, open_now: true, tier: high}
    then: {do: queue, queue: Sales}
  - {id: closed, when: {open_now: false}, then: {do: callback, queue: Sales}}
  - {id: again, when: {seen: within 100000d}, then: {do: queue, queue: Sales}}
  - {id: rest, when: {}, then: {do: queue, queue: Sales}}
"""


@pytest.fixture
def rules(tmp_path: Path) -> str:
    file = tmp_path / "routing.yaml"
    file.write_text(RULES, encoding="utf-8")
    return str(file)


def run(rules: str, *args: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["rules", "explain", rules, *args])
    assert result.exit_code == code, result.output
    return result.output


def given(*facts: str) -> list[str]:
    return [part for fact in facts for part in ("--given", fact)]


def test_a_switch_that_is_not_mentioned_is_off_as_it_is_live(rules: str) -> None:
    assert "decided by usual" in run(rules, *given("tier=high", "open_now=true"))
    assert "not usual: emergency is true" in run(rules, *given("tier=high", "emergency=true"))


def test_a_moment_brings_its_hours_and_none_brings_none(rules: str) -> None:
    assert "decided by usual" in run(rules, *given("tier=high"), "--at", "2026-11-23 12:00")
    assert "decided by closed" in run(rules, *given("tier=high"), "--at", "2026-11-23 22:00")
    assert "not usual: open now is not known" in run(rules, *given("tier=high"))


def test_facts_that_cannot_be_are_refused_all_at_once(rules: str) -> None:
    said = run(
        rules, *given("tier=platinum", "days=abc", "open_now=offen", "emergncy=true"), code=1
    )

    assert said.splitlines() == [
        "--given, tier: no 'platinum'; use one of: high, low",
        "--given, days: 'abc' cannot be one; write a number",
        "--given, open_now: 'offen' cannot be one; write true or false",
        "--given: attribute no 'emergncy'; did you mean 'emergency'?",
    ]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--given", "tier"], "'tier': write name=value"),
        (["--at", "tomorrow"], "at: 'tomorrow' is no moment; write 2026-12-24 18:30"),
    ],
)
def test_what_is_no_pair_and_no_moment_is_refused(rules: str, args: list[str], said: str) -> None:
    assert said in run(rules, *args, code=1)


def test_a_fact_may_be_missing_and_a_moment_a_date(rules: str) -> None:
    said = run(rules, *given("tier=missing", "seen=2026-11-20"))

    assert "not usual: open now is not known" in said
    assert "decided by again" in said


def test_a_recorded_interaction_has_its_own_moment(rules: str) -> None:
    result = CliRunner().invoke(
        app, ["rules", "explain", "--interaction", "i-1", "--at", "2026-11-23"]
    )

    assert result.exit_code == 2


def test_a_published_version_is_explained_by_its_digest_or_as_the_active_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publications = InMemoryPublications()
    monkeypatch.setattr(explain, "target", lambda _stack: Target({}))
    monkeypatch.setattr(explain, "publications_of", lambda _target: publications)
    document = read_yaml_as_written(RULES)
    now = datetime(2026, 3, 2, tzinfo=UTC)
    digest = publications.publish("routing", document, now=now, by="dana", note="")

    for name in ("active", digest, digest[:6]):
        assert "decided by closed" in run(name, *given("open_now=false"))
    assert "there is no such file" in run("gone.yaml", code=1)
    assert "no such file" in run("0123456789abcdef", code=1)
