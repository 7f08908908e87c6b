"""A lookup and a write against a server that misbehaves, and what they end in."""

from typing import Any

import pytest

from switchboard.adapters.connector.transport import HttpTransport
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import PhoneNumber
from switchboard.domain.posting import InteractionRecord
from switchboard.errors import UpstreamError, UpstreamUnknown
from tests.unit.connector.examples import compiled
from tests.unit.connector.hostile_server import Behaviour, hostile_server, http

ADA = PhoneNumber("+14155550142")
BUDGET_S = 0.5
RECORD = InteractionRecord("i-1", 1, {"remarks": "called"})
NOBODY = http(b'{"customers": []}')


def crm(base: str, **overrides: Any) -> RestCrm:
    definition = compiled(settings={"base": {}}, **overrides)
    return RestCrm(
        definition,
        {"base": base},
        dict,
        default_region="US",
        transport=HttpTransport(allow_loopback=True),
    )


def find_error(behaviour: Behaviour, *, budget_s: float = BUDGET_S) -> UpstreamError:
    with hostile_server(behaviour) as server, pytest.raises(UpstreamError) as caught:
        crm(server.base).find(ADA, deadline=Deadline.after(budget_s))
    assert not isinstance(caught.value, UpstreamUnknown)
    return caught.value


def log_error(
    behaviour: Behaviour, *, budget_s: float = BUDGET_S, **overrides: Any
) -> UpstreamError:
    with hostile_server(behaviour) as server, pytest.raises(UpstreamError) as caught:
        crm(server.base, **overrides).log_interaction(RECORD, deadline=Deadline.after(budget_s))
    return caught.value
