"""What a person sees of a CRM that is held back, and how it goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import typer
from moto import mock_aws
from typer.testing import CliRunner

from cli import connector_resume, connector_state
from cli.connector_state import lines_of, resumed, states_of
from cli.deployment import Target
from switchboard.adapters.connector.pacing import Bucket, Lane, Slots
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_pacing import DynamoDbPacingStore
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.dynamodb_tokens import DynamoDbTokens
from switchboard.errors import Misconfigured
from tests.tables import create_tables, empty_tables
from tests.unit.connector.gate_world import at_once, bucket, budget

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
TABLES = ("Interactions", "Lookups", "Outbound", "Config", "Coordination")


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def connector(name: str, *limits: dict[str, Any]) -> dict[str, Any]:
    definition = {
        "id": name,
        "server": "https://crm.example.com",
        "settings": {},
        "limits": list(limits),
    }
    return {"definition": definition, "settings": {}}


@dataclass
class Here:
    """A Switchboard in this process, and what its workers wrote down."""

    target: Target

    def table(self, name: str) -> DynamoDbTable:
        return DynamoDbTable(self.target.client("dynamodb"), name)

    @property
    def pacing(self) -> DynamoDbPacingStore:
        return DynamoDbPacingStore(self.table("Coordination"))

    @property
    def tokens(self) -> DynamoDbTokens:
        return DynamoDbTokens(self.table("Coordination"))

    def publish(self, *systems: dict[str, Any]) -> None:
        body = {"connectors": {system["definition"]["id"]: system for system in systems}}
        DynamoDbPublications(self.table("Config")).publish("connectors", body, now=NOW)


@pytest.fixture(scope="module")
def created_tables() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "test")
        client = boto3.client("dynamodb", region_name="eu-west-2")
        create_tables(client)
        yield client


@pytest.fixture
def here(created_tables: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    target = Target({name: name for name in TABLES}, region="eu-west-2")
    monkeypatch.setattr(Target, "client", lambda _self, _service: created_tables)
    for command in (connector_state, connector_resume):
        monkeypatch.setattr(command, "target", lambda _stack: target)
    yield Here(target)
    empty_tables(created_tables)


def told(here: Here, name: str = "sandbox") -> list[str]:
    (found,) = (one for one in states_of(here.target, now=NOW) if one.id == name)
    return list(lines_of(found, NOW))


def block(here: Here) -> None:
    for seconds in (-60, -30, 0):
        here.tokens.note_refusal("sandbox", fingerprint="abc", now=after(seconds))


def test_a_connector_that_nothing_holds_back_says_so(here: Here) -> None:
    here.publish(connector("sandbox"))

    assert told(here) == ["lookups: pass", "postings: pass"]


def test_a_pause_is_told_with_its_end_and_its_reason(here: Here) -> None:
    here.publish(connector("sandbox"))
    here.pacing.pause("sandbox", Lane.POSTING, until=after(58), reason="throttled", now=NOW)

    assert told(here) == [
        "lookups: pass",
        "postings: paused until 2026-03-02 15:00:58 UTC (in 58 s) (throttled)",
    ]


def test_a_pause_that_is_over_is_not_told(here: Here) -> None:
    here.publish(connector("sandbox"))
    here.pacing.pause("sandbox", Lane.POSTING, until=NOW, reason="throttled", now=after(-9))

    assert told(here)[1] == "postings: pass"


def test_a_breaker_is_told_as_what_it_means(here: Here) -> None:
    here.publish(connector("sandbox"))
    for _ in range(5):
        here.pacing.note_failure("sandbox", Lane.LOOKUP, now=NOW, counts_from=after(-60))
    assert told(here)[0] == "lookups: pass, 5 failures in a row"

    here.pacing.open_breaker("sandbox", Lane.LOOKUP, until=after(10), probe=None, now=NOW)
    assert told(here)[0] == (
        "lookups: left alone until 2026-03-02 15:00:10 UTC (in 10 s), 5 failures"
    )


def test_what_of_a_limit_is_used_is_told(here: Here) -> None:
    here.publish(connector("sandbox", bucket("search", calls=4), at_once(5)))
    for lane in Lane:
        here.pacing.take(Bucket("sandbox#search", 4, 2, 1), 1, lane=lane, now=NOW)
    here.pacing.hold(Slots("sandbox", 5, 3), lane=Lane.LOOKUP, until=after(60), now=NOW)

    assert told(here)[2:] == [
        "limit sandbox#search: 2 of 4 used in 1 s, 1 of 2 by postings",
        "at once: 1 of 5, postings at most 3",
    ]


def test_an_account_s_pause_is_told_with_its_connectors(here: Here) -> None:
    here.publish(connector("sandbox", budget(shared_by="account")))
    key = "account:https://crm.example.com:443"
    here.pacing.pause(key, Lane.POSTING, until=after(60), reason="budget", now=NOW)

    assert told(here)[2] == (
        f"postings of {key}: paused until 2026-03-02 15:01:00 UTC (in 60 s) (budget)"
    )


def test_a_blocked_credential_says_what_to_do(here: Here) -> None:
    here.publish(connector("sandbox"))
    block(here)

    line = told(here)[2]

    assert line.startswith("credential: refused 3 times, not used since 2026-03-02 15:00:00 UTC.")
    assert "`switchboard connector resume sandbox`" in line


def test_resuming_ends_everything_that_held_it_back_and_nothing_else(here: Here) -> None:
    limits = (budget(shared_by="account"), bucket("search", calls=4))
    here.publish(connector("sandbox", *limits), connector("other"))
    block(here)
    for key in ("sandbox", "other", "account:https://crm.example.com:443"):
        here.pacing.pause(key, Lane.POSTING, until=after(60), reason="budget", now=NOW)
    here.pacing.take(Bucket("sandbox#search", 4, 2, 1), 1, lane=Lane.LOOKUP, now=NOW)

    before = resumed(here.target, "sandbox", now=NOW)

    assert before.is_held_back(NOW)
    after_it, other = sorted(states_of(here.target, now=NOW), key=lambda one: one.id == "other")
    assert not after_it.is_held_back(NOW)
    assert after_it.credential is None
    assert after_it.buckets[0][1].taken == 1
    assert other.is_held_back(NOW)


def test_a_name_that_nobody_published_is_refused_with_the_nearest(here: Here) -> None:
    here.publish(connector("sandbox"), connector("hubspot"))

    with pytest.raises(Misconfigured, match="there is hubspot"):
        resumed(here.target, "hubspt", now=NOW)


def test_a_credential_that_was_replaced_holds_nothing_back(here: Here) -> None:
    here.publish(connector("sandbox"))
    block(here)
    here.tokens.note_acceptance("sandbox", fingerprint="new", now=NOW)

    (found,) = states_of(here.target, now=NOW)

    assert not found.is_held_back(NOW)
    assert list(lines_of(found, NOW))[2].endswith("and replaced by one that works")


def test_the_commands_say_it_to_a_person(here: Here) -> None:
    app = typer.Typer()
    app.command()(connector_state.state)
    app.command()(connector_resume.resume)
    here.publish(connector("sandbox"))
    block(here)

    shown = CliRunner().invoke(app, ["state"])
    ended = CliRunner().invoke(app, ["resume", "sandbox"])
    again = CliRunner().invoke(app, ["resume", "sandbox"])
    unknown = CliRunner().invoke(app, ["resume", "sand"])

    assert shown.exit_code == 0
    assert shown.output.startswith("held back sandbox\n     lookups: pass\n")
    assert "It goes on within 30 seconds." in ended.output
    assert "Nothing held it back." in again.output
    assert unknown.exit_code == 2
    assert "there is sandbox" in unknown.output


def test_nothing_published_is_explained(here: Here) -> None:
    app = typer.Typer()
    app.command()(connector_state.state)

    result = CliRunner().invoke(app, [])

    assert result.exit_code == 1
    assert "switchboard publish" in result.output
