"""The fictional customers of the samples, and a CRM that knows them and nobody else.

They are the sandbox CRM's, read by its connector, so that a sample can be tried on one machine.
What a deployment shows of its customers and the sandbox does not know has a made-up value.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from zoneinfo import ZoneInfo

import yaml

from cli.handover.stage import Kind, Stage
from local.sandbox_crm.oauth import ClientCredentials
from switchboard.adapters.connector.expressions import evaluate
from switchboard.adapters.crm_records import customer_of
from switchboard.contracts.lookup import LookupConfiguration
from switchboard.domain.customer import Ambiguous, Customer, Known, Scalar, match_customers
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import Identity
from switchboard.errors import UpstreamUnavailable

# Where the sandbox's customers write their numbers.
REGION: Final = "US"
_OPENED_AT: Final = datetime(2026, 1, 5, 10, tzinfo=UTC)
_EVERYBODY: Final = 100

# Contacts of the seed, and of nobody.
ADA: Final = "+14155550142"
ADAS_ADDRESS: Final = "ada@example.com"
ADAS_ACCOUNT: Final = "C-1001"
LEO: Final = "+12125550134"
SHARED_BY_TWO: Final = "+14155550160"
SECOND_OF_TWO: Final = "C-1007"
STRANGER: Final = "+14155550199"


def people(connector: str, made_up: Mapping[str, Scalar]) -> tuple[Customer, ...]:
    """The sandbox's customers as if this connector had found them."""
    mapping = _connector_file()["methods"]["find_phone"]["map"]
    rows = evaluate(mapping, {"body": {"customers": _records()}})
    found = (customer_of(connector, row, lambda _: "") for row in rows)
    return tuple(
        replace(customer, attributes={**made_up, **_told(customer.attributes)})
        for customer in found
        if customer
    )


@dataclass
class FictionalCrm:
    """As much of a CRM as an arrival asks.

    It can be searched by `finds`, and has something to find by `knows_by`. `is_down`: it gives no
    answer.
    """

    connector: str
    customers: tuple[Customer, ...] = ()
    is_down: bool = False
    default_region: str = REGION
    finds: frozenset[Kind] = frozenset()
    knows_by: frozenset[Kind] = frozenset()

    def find(self, identity: Identity, *, deadline: Deadline) -> tuple[Customer, ...]:
        if self.is_down:
            raise UpstreamUnavailable(self.connector, "no answer")
        if identity.kind not in self.knows_by:
            return ()
        match match_customers(self.customers, identity, default_region=REGION):
            case Known(customer):
                return (customer,)
            case Ambiguous(several):
                return several
        return ()


def crms_of(stage: Stage) -> dict[str, FictionalCrm]:
    """The CRMs that the stage asks, each searched by what its connector can be searched by.

    The first that is asked by a number knows everybody's number; so with addresses and accounts.
    """
    made_up = _made_up(stage.lookup)
    crms = {}
    for name in stage.lookup.connectors:
        finds = stage.finds(name)
        knows_by = frozenset(kind for kind in finds if stage.finder(kind) == name)
        customers = people(name, made_up) if knows_by else ()
        crms[name] = FictionalCrm(name, customers, finds=finds, knows_by=knows_by)
    return crms


def _made_up(lookup: LookupConfiguration) -> dict[str, Scalar]:
    """A value, in the CRM, for everything that the stage shows of a customer."""
    places = {name: spec.place(name) for name, spec in lookup.attributes.items()}
    return {
        field: _example(lookup, name) for name, (origin, field) in places.items() if origin == "crm"
    }


def _example(lookup: LookupConfiguration, name: str) -> Scalar:
    """Something that the attribute's type, table and default accept."""
    spec = lookup.attributes[name]
    table = lookup.tables.get(spec.table)
    if table and table.words:
        return next(iter(table.words))
    if spec.derived or spec.type in {"date", "moment"}:
        day = datetime.now(ZoneInfo(lookup.time_zone)).date() - timedelta(days=3)
        return day.isoformat()
    if spec.type == "flag" or isinstance(spec.default, bool):
        return True
    is_number = spec.type == "number" or isinstance(spec.default, int | float)
    return 3 if is_number or table else "example"


def _records() -> list[dict[str, Any]]:
    """The customers of a new sandbox CRM, as its own API gives them."""
    # Imported here: the CRM is a web application, and only this command needs it.
    from local.sandbox_crm.app import create_app
    from local.sandbox_crm.crm import open_crm

    client = ClientCredentials("handover", "known to this function only")
    with TemporaryDirectory() as home, ExitStack() as everything:
        crm = open_crm(Path(home) / "crm.sqlite", client, clock=lambda: _OPENED_AT)
        everything.callback(crm.database.close)
        http = create_app(crm).test_client()
        asked = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        }
        token = http.post("/oauth/token", data=asked).get_json()["access_token"]
        answer = http.get(
            f"/api/customers?limit={_EVERYBODY}", headers={"Authorization": f"Bearer {token}"}
        )
        records: list[dict[str, Any]] = answer.get_json()["customers"]
        return records


def _connector_file() -> dict[str, Any]:
    text = (resources.files("switchboard") / "connectors" / "sandbox.yaml").read_text("utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def _told(attributes: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {name: value for name, value in attributes.items() if value not in (None, "")}
