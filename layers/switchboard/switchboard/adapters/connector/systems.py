"""The CRMs that a deployment is connected to, read from what was published.

What an operator may write is checked where it is published, by `contracts.configuration`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from switchboard.use_cases.published_values import reading, value_of, word_of

_FORMAT: Final = "connectors/1"


@dataclass(frozen=True, slots=True)
class ConnectedSystem:
    """A compiled connector, and this deployment's settings for it.

    `region` is where a CRM's numbers without country code are dialled; empty where that is the
    deployment's default region.
    """

    definition: Mapping[str, Any]
    settings: Mapping[str, str]
    region: str


def connected_systems(document: Mapping[str, Any]) -> Mapping[str, ConnectedSystem]:
    """By connector id.

    Raises: Misconfigured when it was not published by a version like this one.
    """
    with reading("connectors"):
        word_of(document, "format", (_FORMAT,))
        return {
            name: ConnectedSystem(
                value_of(system, "definition", dict),
                value_of(system, "settings", dict),
                value_of(system, "region", str),
            )
            for name, system in value_of(document, "connectors", dict).items()
        }
