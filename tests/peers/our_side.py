"""Switchboard's side of a running application: nothing but its connector file."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from local.peers import RunningCrm
from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.engine import Secrets, Shared, utc_now
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpAnswer, HttpTransport, Transport
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import EmailAddress, PhoneNumber, read_contact

REPOSITORY = Path(__file__).resolve().parents[2]
HOME = REPOSITORY / ".local"
_CONNECTORS = REPOSITORY / "layers" / "switchboard" / "switchboard" / "connectors"


@contextmanager
def connected(
    running: RunningCrm,
    transport: Transport | None = None,
    *,
    secrets: Secrets | None = None,
    shared: Shared | None = None,
    wall_clock: Callable[[], datetime] = utc_now,
) -> Iterator[RestCrm]:
    """One worker. Workers that are given the same `shared` know what the others learned."""
    crm = RestCrm(
        definition_of(running.connector_id),
        running.connector_settings(),
        secrets or running.connector_secrets,
        default_region="US",
        transport=transport or HttpTransport(allow_loopback=True),
        wall_clock=wall_clock,
        shared=shared,
    )
    try:
        yield crm
    finally:
        crm.close()


class CountingTransport:
    """The network, and how often it was used."""

    def __init__(self) -> None:
        self.sent = 0
        self._transport = HttpTransport(allow_loopback=True)

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        self.sent += 1
        return self._transport.exchange(request, limits)

    def close(self) -> None:
        self._transport.close()


def definition_of(connector: str) -> dict[str, Any]:
    return compile_connector(yaml.safe_load((_CONNECTORS / f"{connector}.yaml").read_text("utf-8")))


def find(crm: RestCrm, contact: str) -> tuple[Customer, ...]:
    identity = read_contact(contact, default_region="US")
    assert isinstance(identity, PhoneNumber | EmailAddress)
    return crm.find(identity, deadline=Deadline.after(10))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
