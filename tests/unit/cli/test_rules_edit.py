"""`switchboard rules edit` makes a link for whoever may read the key."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from cli.deployment import Target
from cli.main import app
from switchboard.domain.operator_link import OperatorLink, verify

KEY = "the key of this test"
API = "https://api.example.com"


@pytest.fixture(autouse=True)
def _stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    target = Target(tables={}, region="eu-west-2", api_url=API)
    monkeypatch.setattr("cli.rules.edit.target", lambda _: target)
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="eu-west-2")
        client.create_secret(Name="acme/editor-link", SecretString=json.dumps({"key": KEY}))
        client.create_secret(Name="empty/editor-link", SecretString="{}")
        yield


def made(*options: str) -> OperatorLink:
    done = CliRunner().invoke(app, ["rules", "edit", "--stack", "acme", *options])
    assert done.exit_code == 0, done.output
    address = done.stdout.strip()
    assert address.startswith(f"{API}/editor/enter?link=")
    (token,) = parse_qs(urlsplit(address).query)["link"]
    link = verify(token, key=KEY.encode(), now=datetime.now(UTC))
    assert link is not None
    return link


def test_the_link_is_good_for_a_working_day_and_may_publish() -> None:
    link = made("--as", "Grace")

    assert (link.name, link.may_publish) == ("Grace", True)
    assert abs(link.expires_at - datetime.now(UTC) - timedelta(hours=8)) < timedelta(minutes=1)


def test_it_may_be_shorter_and_for_looking_only() -> None:
    link = made("--as", "Ada", "--hours", "1", "--read-only")

    assert not link.may_publish
    assert link.expires_at < datetime.now(UTC) + timedelta(hours=1)


def test_without_a_name_it_is_for_who_is_logged_in_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "margaret")

    assert made().name == "margaret"


@pytest.mark.parametrize(
    "options",
    [
        ("--stack", "acme", "--as", "x" * 65),
        ("--stack", "acme", "--as", "ж" * 33),
        ("--stack", "acme", "--as", "two\nlines"),
        ("--stack", "acme", "--hours", "169"),
        ("--stack", "acme", "--hours", "0"),
        ("--stack", "empty"),
        ("--stack", "unheard-of"),
    ],
)
def test_no_link_is_made_of_nonsense_or_without_the_key(options: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, ["rules", "edit", *options])

    assert done.exit_code != 0
    assert API not in done.output
