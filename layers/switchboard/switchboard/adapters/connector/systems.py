"""The CRMs, and the contact centre, that a deployment is connected to, as they were published.

What an operator may write is checked where it is published, by `contracts.configuration`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from switchboard.adapters.connector.methods import LOG_METHOD
from switchboard.domain.posting import Idempotency
from switchboard.use_cases.published_values import reading, value_of, word_of

_FORMAT: Final = "connectors/1"
_ECS_FORMAT: Final = "ecs/1"


@dataclass(frozen=True, slots=True)
class ConnectedSystem:
    """A compiled connector or ECS profile, and this deployment's settings for it.

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
            name: _system(system) for name, system in value_of(document, "connectors", dict).items()
        }


def ways_of_writing(systems: Mapping[str, ConnectedSystem]) -> dict[str, Idempotency | None]:
    """What makes a repeated write safe, by connector id; None where it cannot write records."""
    methods = {name: system.definition["methods"] for name, system in systems.items()}
    return {
        name: Idempotency(of[LOG_METHOD]["idempotency"]) if LOG_METHOD in of else None
        for name, of in methods.items()
    }


def connected_centre(document: Mapping[str, Any]) -> ConnectedSystem:
    """The contact centre's own API.

    Raises: Misconfigured when it was not published by a version like this one.
    """
    with reading("ecs"):
        word_of(document, "format", (_ECS_FORMAT,))
        return _system(value_of(document, "profile", dict))


def _system(published: Mapping[str, Any]) -> ConnectedSystem:
    return ConnectedSystem(
        value_of(published, "definition", dict),
        value_of(published, "settings", dict),
        value_of(published, "region", str),
    )
