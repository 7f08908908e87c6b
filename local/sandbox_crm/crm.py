"""The parts of the CRM, put together around one database file."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .activities import Activities
from .cases import Cases
from .customers import Customers
from .database import Database
from .faults import FaultPlan
from .moments import Clock
from .oauth import ClientCredentials, Tokens
from .outbox import Outbox

SEED = Path(__file__).with_name("seed.json")


@dataclass(frozen=True)
class Crm:
    """Everything the HTTP side needs."""

    database: Database
    customers: Customers
    activities: Activities
    cases: Cases
    outbox: Outbox
    tokens: Tokens
    credentials: ClientCredentials
    faults: FaultPlan
    clock: Clock


def random_text() -> str:
    """256 bits nobody can guess, in characters safe in a header."""
    return secrets.token_urlsafe(32)


def open_crm(
    path: Path,
    credentials: ClientCredentials,
    *,
    clock: Clock,
    new_text: Callable[[], str] = random_text,
) -> Crm:
    """Open the database, filling it with fictional customers when it is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = Database(path)
    outbox = Outbox(database, clock, new_text)
    customers, cases = Customers(database, outbox, clock), Cases(database, clock)
    seed: dict[str, Any] = json.loads(SEED.read_text("utf-8"))
    if customers.create_all_if_none(seed["customers"], seed["first_number"]):
        for case in seed["cases"]:
            cases.open(case)
    return Crm(
        database=database,
        customers=customers,
        activities=Activities(database, clock),
        cases=cases,
        outbox=outbox,
        tokens=Tokens(database, clock, new_text),
        credentials=credentials,
        faults=FaultPlan(),
        clock=clock,
    )
