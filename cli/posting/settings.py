"""What a preview goes by: a folder's files, or what is published."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.configuration import compiled_connectors, read_yaml
from cli.deployment import Target
from cli.publishing import publications_of
from switchboard.adapters.connector.systems import ConnectedSystem, connected_systems
from switchboard.adapters.published_profiles import read_posting_profiles
from switchboard.contracts.configuration import read_configuration
from switchboard.contracts.lookup import LookupConfiguration
from switchboard.contracts.published import completed
from switchboard.domain.posting_profile import PostingProfile
from switchboard.use_cases.lookup_settings import LookupSettings


@dataclass(frozen=True)
class PreviewSettings:
    """Who writes what, into which CRMs, and how ECS's times and numbers are read."""

    profiles: tuple[PostingProfile, ...]
    systems: Mapping[str, ConnectedSystem]
    lookup: LookupSettings


def settings_in(folder: Path) -> PreviewSettings:
    """Raises: Misconfigured."""
    connectors = read_yaml(folder / "connectors.yaml")
    return _settings(
        read_yaml(folder / "posting.yaml"),
        completed("connectors", compiled_connectors(connectors, folder)),
        read_yaml(folder / "lookup.yaml"),
    )


def published_settings(where: Target) -> PreviewSettings:
    """Raises: Misconfigured when something of it was never published, StateUnavailable."""
    publications = publications_of(where)
    posting, connectors, lookup = (
        publications.active(kind).body for kind in ("posting", "connectors", "lookup")
    )
    return _settings(posting, completed("connectors", connectors), lookup)


def _settings(
    posting: Mapping[str, Any], connectors: Mapping[str, Any], lookup: Mapping[str, Any]
) -> PreviewSettings:
    return PreviewSettings(
        read_posting_profiles(posting),
        connected_systems(connectors),
        read_configuration(LookupConfiguration, lookup, kind="lookup").settings,
    )
