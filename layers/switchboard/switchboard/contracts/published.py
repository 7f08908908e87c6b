"""What may be published, by kind, and how it is completed before functions read it."""

from collections.abc import Mapping
from typing import Any, Final

from switchboard.contracts.challenger import ChallengerConfiguration
from switchboard.contracts.configuration import (
    Configuration,
    ConnectorsConfiguration,
    ContactPolicyConfiguration,
    EcsConfiguration,
    read_configuration,
)
from switchboard.contracts.lookup import LookupConfiguration
from switchboard.contracts.posting import PostingConfiguration

MODELS: Final[Mapping[str, type[Configuration]]] = {
    "lookup": LookupConfiguration,
    "posting": PostingConfiguration,
    "contact_policy": ContactPolicyConfiguration,
    "connectors": ConnectorsConfiguration,
    "ecs": EcsConfiguration,
    "routing_challenger": ChallengerConfiguration,
}


def completed(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with every default of this version written into it.

    Raises: Misconfigured that names every wrong key.
    """
    checked = read_configuration(MODELS[kind], document, kind=kind)
    return checked.model_dump(mode="json", by_alias=True)
