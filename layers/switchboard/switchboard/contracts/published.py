"""Documents that an earlier version published, with the defaults of this one filled in."""

from collections.abc import Mapping
from typing import Any, Final

from switchboard.contracts.configuration import (
    Configuration,
    ConnectorsConfiguration,
    read_configuration,
)
from switchboard.contracts.lookup import LookupConfiguration

_MODELS: Final[Mapping[str, type[Configuration]]] = {
    "lookup": LookupConfiguration,
    "connectors": ConnectorsConfiguration,
}


def completed(kind: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises: Misconfigured when this version cannot use it at all."""
    read = read_configuration(_MODELS[kind], body, kind=kind)
    return read.model_dump(mode="json", by_alias=True)
