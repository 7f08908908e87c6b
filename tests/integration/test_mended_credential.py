"""A credential is renewed and the connector resumed: what waited for it is in the CRM."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
import pytest
from typer.testing import CliRunner

from cli import connector_resume
from cli.main import app
from switchboard import wiring
from switchboard.adapters import last_good, secrets
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.ports import Next
from tests.integration import template
from tests.integration.answers import new_interaction, the_end_of
from tests.integration.deployment import REGION, Deployment
from tests.integration.test_results import is_whole, post_again, records_of, tell

SECRET: Final = f"{template.STACK_NAME}/connectors/sandbox"


@pytest.fixture
def secret() -> Iterator[Any]:
    """What stands in the connector's secret, and goes back there."""
    client = boto3.client("secretsmanager", region_name=REGION)
    good = client.get_secret_value(SecretId=SECRET)["SecretString"]
    yield client
    client.put_secret_value(SecretId=SECRET, SecretString=good)
    wiring.forget()


def puts_off(switchboard: Deployment, interaction: str) -> None:
    """As after a night of failures."""
    ledger = DynamoDbInteractionLedger(DynamoDbTable(switchboard.dynamodb, "Interactions"))
    now = datetime.now(UTC)
    row = ledger.hold(interaction, token="test", now=now, lease_s=45)
    assert row
    later = replace(row.postings["sandbox"], due_at=now + timedelta(hours=9))
    after = Next(due_at=later.due_at)
    ledger.settle(interaction, [later], token="test", revision=1, after=after)


def test_what_a_refused_credential_kept_back_is_written_when_it_is_mended(
    switchboard: Deployment, secret: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function stays warm all the while, and has the old secret in its memory."""
    monkeypatch.setattr(secrets, "_KEEP_REFUSED_S", 0.0)
    monkeypatch.setattr(last_good, "_PATIENCE_S", 60.0)
    tables = {name: name for name in ("Config", "Coordination", "Interactions")}
    where = replace(switchboard.target, tables=tables)
    monkeypatch.setattr(connector_resume, "target", lambda _: where)
    good = secret.get_secret_value(SecretId=SECRET)["SecretString"]
    old = json.dumps({**json.loads(good), "client_secret": "withdrawn"})
    secret.put_secret_value(SecretId=SECRET, SecretString=old)
    wiring.forget()
    interaction = new_interaction()
    tell(switchboard, "/v1/triggers/interaction-ends", the_end_of(interaction))
    switchboard.deliver("disposition_posting")
    puts_off(switchboard, interaction)

    secret.put_secret_value(SecretId=SECRET, SecretString=good)
    post_again(switchboard, interaction, minutes=1)
    assert records_of(switchboard, interaction) == []
    answer = CliRunner().invoke(app, ["connector", "resume", "sandbox"])
    post_again(switchboard, interaction, minutes=1)

    assert "Records that waited: 1, due by" in answer.output
    (record,) = records_of(switchboard, interaction)
    assert is_whole(record)
