"""What a connector would send to write a record, found out without sending anything."""

import json
from dataclasses import dataclass, field
from typing import Final

from switchboard.adapters.connector.engine import Shared
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.settings import complete_settings, token_address
from switchboard.adapters.connector.systems import ConnectedSystem
from switchboard.adapters.connector.transport import HttpAnswer
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.posting import InteractionRecord
from switchboard.errors import SwitchboardError, UpstreamError

_BUDGET_S: Final = 60.0
_TOKEN: Final = "token-of-the-preview"  # noqa: S105  stands in for one


@dataclass(frozen=True)
class Rehearsed:
    """The requests, in order; `stopped` says why there are no more, where that is a finding."""

    requests: tuple[HttpRequest, ...] = field(repr=False)
    stopped: str = ""


def made_up_customer(connector: str) -> Customer:
    """Stands in for whoever the CRM finds."""
    return Customer(connector=connector, id="1", kind="customer", name="Made Up")


def rehearse_log(
    system: ConnectedSystem, record: InteractionRecord, *, default_region: str
) -> Rehearsed:
    """Every question on the way is answered with nothing found, and nothing leaves this machine.

    Secrets have their own names as values.
    """
    definition = system.definition
    try:
        settings = complete_settings(definition, system.settings)
        silent = _Silent(token_address(definition["auth"], settings))
        crm = RestCrm(
            definition,
            system.settings,
            lambda: {name: name for name in definition["secrets"]},
            default_region=default_region,
            transport=silent,
            shared=Shared(signer=_NoSigner()),
        )
        crm.log_interaction(record, deadline=Deadline.after(_BUDGET_S))
    except UpstreamError as error:
        # Nobody answered, so nothing is known of what was written; that is no finding.
        stopped = "" if silent.sent else str(error)
        return Rehearsed(tuple(silent.sent), stopped)
    except SwitchboardError as error:
        return Rehearsed((), str(error))
    return Rehearsed(tuple(silent.sent))


@dataclass(slots=True)
class _Silent:
    """A transport to a CRM that has nothing and takes everything."""

    token_url: str
    sent: list[HttpRequest] = field(default_factory=list)

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        if self.token_url and request.url == self.token_url:
            return _answer({"access_token": _TOKEN, "expires_in": 3600})
        self.sent.append(request)
        return _answer({})

    def close(self) -> None:
        """Nothing was opened."""


class _NoSigner:
    def sign(self, key: str, message: bytes) -> bytes:
        return b"signature-of-the-preview"


def _answer(document: object) -> HttpAnswer:
    return HttpAnswer(200, {}, json.dumps(document).encode())
