"""What a live call needs: a connector with its settings and secrets, and where it may connect."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from cli.connector_files import Document, stop
from cli.deployment import RUN_FILE, Target, local_target
from switchboard import settings as environment
from switchboard.adapters.connector.addresses import private_networks
from switchboard.adapters.connector.settings import (
    LOOPBACK,
    complete_settings,
    server_address,
    token_address,
)
from switchboard.adapters.connector.transport import HttpTransport
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.secrets import SecretsManagerSecrets
from switchboard.errors import Misconfigured, SwitchboardError

_VARIABLE: Final = "SWITCHBOARD_SECRET_{}"
_LOCAL_PREFIX: Final = "switchboard/connectors"


@dataclass(frozen=True)
class Connection:
    """A connector as one organisation uses it."""

    definition: Document
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    server: str
    token_url: str
    is_here: bool

    def transport(self) -> HttpTransport:
        """To this machine only, or to public addresses and the networks that were opened."""
        if self.is_here:
            return HttpTransport(allow_loopback=True)
        return HttpTransport(private_networks=private_networks(environment.private_networks()))


def connection(
    definition: Document,
    *,
    settings: Mapping[str, str],
    secrets_from: str | None,
    is_live: bool,
) -> Connection:
    """The connection that the options ask for; a command that asks too little is ended.

    Without `is_live` only this machine is reached, and a running local stack lends the settings
    and secrets with which it drives the same connector.
    """
    local = None if is_live else _local_stack(str(definition["id"]))
    given = {**(local.settings if local else {}), **settings}
    try:
        complete = complete_settings(definition, given)
        server = server_address(definition, complete)
        token_url = token_address(definition["auth"], complete)
    except Misconfigured as error:
        stop([f"{error}; give it with --settings name=value"])
    is_here = all(urlsplit(url).hostname in LOOPBACK for url in (server, token_url) if url)
    if not is_here and not is_live:
        stop([f"{server} is a live system: say --live if you mean it"])
    lent = local.secrets if local else {}
    secrets = _read_secrets(secrets_from) if secrets_from else lent
    _require(definition, secrets)
    return Connection(definition, complete, secrets, server, token_url, is_here)


@dataclass(frozen=True)
class _Lent:
    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)


def _local_stack(connector: str) -> _Lent | None:
    """What the stack of `make run` knows of this connector; None when it does not run it."""
    if not RUN_FILE.exists():
        return None
    target = local_target()
    try:
        table = DynamoDbTable(target.client("dynamodb"), target.tables["Config"])
        published = DynamoDbPublications(table).active("connectors").body["connectors"]
        if connector not in published:
            return None
        settings = published[connector]["settings"] or {}
        return _Lent(settings, _from_manager(target, f"{_LOCAL_PREFIX}/{connector}"))
    except (SwitchboardError, BotoCoreError, ClientError):
        # The file of a stack that was killed stays behind.
        return None


def _read_secrets(source: str) -> Mapping[str, str]:
    if source == "env":
        prefix = _VARIABLE.format("")
        return {
            name.removeprefix(prefix).lower(): value
            for name, value in os.environ.items()
            if name.startswith(prefix)
        }
    file = Path(source)
    if file.is_file():
        return _from_file(file)
    try:
        return _from_manager(None, source)
    except (SwitchboardError, BotoCoreError, ClientError) as error:
        stop([f"{source} is no file, and Secrets Manager says: {error}"])


def _from_file(file: Path) -> Mapping[str, str]:
    # What is wrong is said without the text: it is full of secrets.
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        _no_secrets(file)
    if not isinstance(values, dict):
        _no_secrets(file)
    return {str(name): str(value) for name, value in values.items()}


def _no_secrets(file: Path) -> NoReturn:
    stop([f"{file} must be a JSON or YAML object of texts, by the names of the secrets"])


def _from_manager(target: Target | None, name: str) -> Mapping[str, str]:
    if target is None:
        import boto3

        client = boto3.client("secretsmanager")
    else:
        client = target.client("secretsmanager")
    prefix, _, last = name.rpartition("/")
    if prefix:
        return SecretsManagerSecrets(client, prefix).read(last)
    text = client.get_secret_value(SecretId=name)["SecretString"]
    values = json.loads(text)
    return {str(key): str(value) for key, value in values.items()}


def _require(definition: Document, secrets: Mapping[str, str]) -> None:
    missing = [name for name in definition["needed_secrets"] if not secrets.get(name)]
    if missing:
        variables = ", ".join(_VARIABLE.format(name.upper()) for name in missing)
        stop(
            [
                f"no value for the secret{'s' * (len(missing) > 1)} {', '.join(missing)}: say"
                f" --secrets-from env (and set {variables}), a file, or a secret's name"
            ]
        )
