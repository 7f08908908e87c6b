"""What an arrival knows of earlier contacts: who they are decides, and whether it could be read."""

import time

import pytest

from switchboard.contracts.lookup import LookupConfiguration
from switchboard.domain.customer import Ambiguous, CustomerMatch, Degraded, Known, NotAsked, Unknown
from switchboard.domain.deadline import Deadline
from switchboard.edges.arrival_request import read_arrival_request
from switchboard.edges.arrivals import Reception
from switchboard.use_cases.customer_history import history_facts
from tests.unit.use_cases.past import Past
from tests.unit.use_cases.people import ADA, NOW

SETTINGS = LookupConfiguration.model_validate(
    {"format": "lookup/1", "connectors": ["sandbox"], "default_region": "US", "budget_ms": 1000}
).settings


def contacts_7d(match: CustomerMatch, past: Past | None = None) -> object:
    asked, _ = read_arrival_request({})
    started_s = time.monotonic()
    deadline = Deadline(started_s + 1)
    reception = Reception(asked, "", SETTINGS, "r-1", "desk.example", NOW, started_s, deadline)
    read = reception.history(match, ledger=(past or Past()).ledger)
    return history_facts(read, NOW)["contacts_7d"]


def test_who_is_known_has_so_many_contacts_or_none() -> None:
    past = Past()
    past.call("i-1", days_ago=1)

    assert contacts_7d(Known(ADA), past) == 1
    assert contacts_7d(Known(ADA)) == 0


@pytest.mark.parametrize("match", [Unknown(), Ambiguous((ADA, ADA)), NotAsked("withheld")])
def test_somebody_whom_nobody_knows_has_none(match: CustomerMatch) -> None:
    assert contacts_7d(match) == 0


def test_while_the_crm_gives_no_answer_it_is_not_known() -> None:
    assert contacts_7d(Degraded("upstream_unavailable")) is None


def test_while_the_ledger_gives_no_answer_it_is_not_known() -> None:
    past = Past()
    past.ledger.is_down = True

    assert contacts_7d(Known(ADA), past) is None
