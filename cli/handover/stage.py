"""Which Switchboard a sheet is for: its address, and what it has published."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from cli.configuration import checked_ruleset, read_yaml
from cli.deployment import Target
from switchboard.adapters.documents import to_text
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.contracts.configuration import read_configuration
from switchboard.contracts.lookup import LookupConfiguration
from switchboard.domain.ruleset import Ruleset, RulesetProblem, read_ruleset
from switchboard.errors import Misconfigured

# Where no address is known. RFC 2606 reserves the name, so it leads nowhere.
NO_ADDRESS: Final = "https://your-api-url.example.com"
_DIGEST_LENGTH: Final = 16

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Stage:
    """One Switchboard. `lookup_body` and `routing_body` are its documents as published."""

    name: str
    base_url: str
    lookup_body: Body
    routing_body: Body

    @cached_property
    def lookup(self) -> LookupConfiguration:
        return read_configuration(LookupConfiguration, self.lookup_body, kind="lookup")

    @cached_property
    def ruleset(self) -> Ruleset:
        try:
            return read_ruleset(self.routing_body)
        except RulesetProblem as error:
            raise Misconfigured(f"routing: {error}") from error

    @property
    def has_address(self) -> bool:
        return self.base_url != NO_ADDRESS

    @property
    def versions(self) -> dict[str, str]:
        """What the sheet was written from, so that two sheets can be compared."""
        return {
            "Switchboard": version("switchboard"),
            "lookup configuration": _digest(self.lookup_body),
            "routing ruleset": _digest(self.routing_body),
        }


def of_folder(folder: Path, *, name: str, base_url: str) -> Stage:
    """What stands in a configuration folder, published or not.

    Raises: Misconfigured.
    """
    lookup = read_yaml(folder / "lookup.yaml")
    read_configuration(LookupConfiguration, lookup, kind=str(folder / "lookup.yaml"))
    return Stage(name, base_url.rstrip("/"), lookup, checked_ruleset(folder / "routing.yaml"))


def of_target(target: Target, *, name: str, base_url: str) -> Stage:
    """What a running Switchboard uses now.

    Raises: Misconfigured when nothing was published, StateUnavailable.
    """
    table = DynamoDbTable(target.client("dynamodb"), target.tables["Config"])
    published = DynamoDbPublications(table)
    return Stage(
        name,
        (base_url or target.api_url or NO_ADDRESS).rstrip("/"),
        published.active("lookup").body,
        published.active("routing").body,
    )


def _digest(body: Body) -> str:
    """The same as of a published version."""
    return hashlib.sha256(to_text(body).encode()).hexdigest()[:_DIGEST_LENGTH]
