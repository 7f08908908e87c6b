"""Which Switchboard a sheet is for: its address, and what it has published."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

from cli.configuration import compiled_connectors, read_yaml
from cli.deployment import Target
from cli.rules.ruleset_file import checked_ruleset
from switchboard.adapters.documents import to_text
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.contracts.configuration import read_configuration
from switchboard.contracts.lookup import LookupConfiguration
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_reader import RulesetProblem, read_ruleset
from switchboard.errors import Misconfigured
from switchboard.use_cases.arrival_lookup import MatchedBy

# Where no address is known. RFC 2606 reserves the name, so it leads nowhere.
NO_ADDRESS: Final = "https://your-api-url.example.com"
_DIGEST_LENGTH: Final = 16

Body = Mapping[str, Any]
Kind = Literal["phone", "email", "account"]

_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_GIVEN_AS: Final[Mapping[Kind, MatchedBy]] = {
    "phone": "contact",
    "email": "contact",
    "account": "account_number",
}


@dataclass(frozen=True)
class Stage:
    """One Switchboard. What ends in `_body` is one of its documents as published."""

    name: str
    base_url: str
    lookup_body: Body
    routing_body: Body
    connectors_body: Body

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
        """Whether ECS can be given it; the local stage's leads to this machine only."""
        return self.base_url != NO_ADDRESS and is_public_address(self.base_url)

    def finds(self, connector: str) -> frozenset[Kind]:
        """What its CRM can be searched by."""
        connected = self.connectors_body["connectors"]
        if connector not in connected:
            raise Misconfigured(f"lookup: connector {connector!r} is not in connectors.yaml")
        lookups = connected[connector]["definition"]["lookups"]
        return frozenset(kind for kind in _KINDS if lookups.get(f"by_{kind}"))

    def finder(self, kind: Kind) -> str:
        """The first connector that a lookup asks by this; empty when none can, or none may be."""
        if _GIVEN_AS[kind] not in self.lookup.identify_by:
            return ""
        asked = self.lookup.connectors
        return next((connector for connector in asked if kind in self.finds(connector)), "")

    def identifies_by(self, given: MatchedBy) -> bool:
        """Whether a lookup can lead to anybody by it."""
        return any(self.finder(kind) for kind in _KINDS if _GIVEN_AS[kind] == given)

    @property
    def versions(self) -> dict[str, str]:
        """What the sheet was written from, so that two sheets can be compared."""
        return {
            "Switchboard": version("switchboard"),
            "lookup configuration": _digest(self.lookup_body),
            "routing ruleset": _digest(self.routing_body),
        }


def is_public_address(base_url: str) -> bool:
    """Whether methods' paths can follow it, and a key travel there."""
    try:
        url = urlsplit(base_url)
        has_host = bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        return False
    is_plain = base_url.isprintable() and not set(base_url) & set(" ?#@\\`")
    return url.scheme == "https" and has_host and is_plain


def of_folder(folder: Path, *, name: str, base_url: str) -> Stage:
    """What stands in a configuration folder, published or not.

    Raises: Misconfigured.
    """
    lookup = read_yaml(folder / "lookup.yaml")
    read_configuration(LookupConfiguration, lookup, kind=str(folder / "lookup.yaml"))
    return Stage(
        name,
        base_url.rstrip("/"),
        lookup,
        checked_ruleset(folder / "routing.yaml"),
        compiled_connectors(read_yaml(folder / "connectors.yaml"), folder),
    )


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
        published.active("connectors").body,
    )


def _digest(body: Body) -> str:
    """The same as of a published version."""
    return hashlib.sha256(to_text(body).encode()).hexdigest()[:_DIGEST_LENGTH]
