"""Without options, `connector call` uses what the stack of `make run` uses for the connector."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws
from typer.testing import CliRunner, Result

from cli.connector import app
from cli.deployment import Target
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_table import DynamoDbTable
from tests.tables import create_tables
from tests.unit.connector.examples import compiled, document
from tests.unit.connector.scripted_server import ScriptedCrm, scripted_crm

SECRET = "kT9xQ2mVb7LpR4wZ"
CHANGES: dict[str, Any] = {
    "secrets": ["key"],
    "auth": {"scheme": "header", "name": "X-Key", "value": "${secret.key}"},
}


@pytest.fixture
def crm() -> Iterator[ScriptedCrm]:
    answers: dict[str, Any] = {"GET /customers?phone=4155550142": ("200 OK", {"customers": []})}
    with scripted_crm(answers=answers) as server:
        yield server


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield


def local_stack(base: str) -> None:
    """What `make run` leaves for other commands, with this connector in it."""
    client = boto3.client("dynamodb")
    create_tables(client)
    DynamoDbPublications(DynamoDbTable(client, "Config")).publish(
        "connectors",
        {
            "format": "connectors/1",
            "connectors": {
                "example": {"definition": compiled(**CHANGES), "settings": {"base": base}}
            },
        },
        now=datetime.now(UTC),
    )
    boto3.client("secretsmanager").create_secret(
        Name="switchboard/connectors/example", SecretString=json.dumps({"key": SECRET})
    )
    Target(tables={"Config": "Config"}).save()


def call(folder: Path, *options: str) -> Result:
    file = folder / "example.yaml"
    file.write_text(yaml.safe_dump(document(**CHANGES)))
    words = ["call", str(file), "find", "phone=+14155550142", *options]
    return CliRunner().invoke(app, words)


@pytest.mark.usefixtures("aws")
def test_settings_and_secrets_are_lent_by_the_stack_that_runs(
    crm: ScriptedCrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    local_stack(crm.base)

    called = call(tmp_path)

    assert called.exit_code == 0, called.output
    assert f"X-Key: {SECRET}" in crm.requests[0]
    assert SECRET not in called.output
    assert "ok 0 records" in called.output


@pytest.mark.usefixtures("aws")
def test_a_stack_that_was_killed_lends_nothing_and_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Target(tables={"Config": "Config"}).save()

    called = call(tmp_path)

    assert called.exit_code == 1
    assert "is a live system: say --live" in called.output


@pytest.mark.usefixtures("aws")
def test_a_secret_can_be_named(
    crm: ScriptedCrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    boto3.client("secretsmanager").create_secret(
        Name="prod/connectors/example", SecretString=json.dumps({"key": SECRET})
    )

    called = call(tmp_path, "-s", f"base={crm.base}", "--secrets-from", "prod/connectors/example")

    assert called.exit_code == 0, called.output
    assert f"X-Key: {SECRET}" in crm.requests[0]
