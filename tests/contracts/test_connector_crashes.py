"""Whatever goes wrong around any one request, every CRM ends up with one record, and the newest.

The real posting drives the real connector files against stand-ins of the CRMs. At each request in
turn the worker dies, the answer is lost or the CRM is broken; meanwhile more becomes known. Time
is the world's own, so a search trails for as long as the file says it may (`settle_s`).
"""

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpAnswer, NoAnswerError
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import Identity
from switchboard.domain.posting import PostingState
from tests.contracts.crm_stand_ins import DIALECTS, StandIn, answer
from tests.unit.use_cases.posting_world import WorkerDied, World

CONNECTORS = Path(__file__).parents[2] / "layers/switchboard/switchboard/connectors"
# What each needs to be asked at all, and as whom it knows the customer.
SETTINGS: dict[str, dict[str, Any]] = {
    "dynamics365": {"org": "https://crm.example.com", "tenant": "t", "app_id": "a"},
    "espocrm": {"base": "https://crm.example.com", "default_user": "u-1"},
    "freshdesk": {"base": "https://crm.example.com"},
    "freshsales": {"base": "https://crm.example.com", "owner_id": 7, "activity_type_id": 8},
    "hubspot": {"portal_id": "7"},
    "inhouse": {"base": "https://crm.example.com"},
    "odoo": {"base": "https://crm.example.com"},
    "odoo_rpc": {"base": "https://crm.example.com", "database": "d", "user_id": 2},
    "pipedrive": {"company": "acme"},
    "salesforce": {"instance_url": "https://acme.my.salesforce.com"},
    "salesforce-upsert": {"instance_url": "https://acme.my.salesforce.com"},
    "sandbox": {},
    "servicenow": {"instance": "https://crm.example.com"},
    "suitecrm": {"base": "https://crm.example.com"},
    "tryton": {"base": "https://crm.example.com", "db": "books"},
    "zendesk": {"subdomain": "acme"},
    "zoho": {"org": "7001"},
}
KINDS = {
    "dynamics365": "contact",
    "espocrm": "Contact",
    "salesforce": "contact",
    "salesforce-upsert": "contact",
    "suitecrm": "Contacts",
    "zoho": "Contacts",
}
CUSTOMER_ID = "70010"
# Each revision adds to what was said: work notes at ServiceNow, comments at Zendesk.
KEEPS_EARLIER = {"servicenow": "work_notes", "zendesk": "comments"}
# Not a promise of Zendesk's: its list may trail, and then its key has to hold a second one off.
TRAILS_S = {"zendesk": 60.0}
TOKEN = (
    b'{"access_token": "t", "expires_in": 99999999, "api_domain": "https://www.zohoapis.com",'
    b' "instance_url": "https://acme.my.salesforce.com"}'
)
MISHAPS = ("dies before", "dies after", "never arrives", "lost", "busy", "broken")
MOST_REQUESTS = 6


@dataclass
class Network:
    """Between our engine and a stand-in; the request numbered `place` meets with `mishap`.

    dies before, dies after       the worker, before it asks or after the CRM did it
    never arrives, lost           no answer: nothing was done, or it was
    busy, broken                  a 503 and nothing was done, a 502 and it was
    """

    connector: str
    crm: StandIn
    place: int
    mishap: str
    count: int = 0
    has_struck: bool = False

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        if "token" in request.url:
            return HttpAnswer(200, {}, TOKEN)
        self.count += 1
        if self.count - 1 != self.place:
            return answer(self.crm, DIALECTS[self.connector], request)
        self.has_struck = True
        return self._struck(request)

    def _struck(self, request: HttpRequest) -> HttpAnswer:
        if self.mishap == "dies before":
            raise WorkerDied
        if self.mishap == "never arrives":
            raise NoAnswerError("no answer in time", sent=True)
        if self.mishap == "busy":
            return HttpAnswer(503, {}, b"try later")
        answer(self.crm, DIALECTS[self.connector], request)
        if self.mishap == "dies after":
            raise WorkerDied
        if self.mishap == "lost":
            raise NoAnswerError("no answer in time", sent=True)
        return HttpAnswer(502, {}, b"bad gateway")

    def close(self) -> None:
        """Nothing was opened."""


class CrmWithCustomer(RestCrm):
    """Only its writing is tried here: whose number it is, it knows by heart."""

    customer: Customer

    def find(self, identity: Identity, *, deadline: Deadline) -> tuple[Customer, ...]:
        return (self.customer,)


@cache
def definition_of(connector: str) -> dict[str, Any]:
    text = (CONNECTORS / f"{connector}.yaml").read_text(encoding="utf-8")
    return compile_connector({**yaml.safe_load(text), "id": "sandbox"})


@dataclass
class Story:
    """Calls are over; one request of their posting goes wrong; then everything is well again."""

    connector: str
    place: int = -1
    mishap: str = ""
    calls: tuple[str, ...] = ("i-1",)
    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        definition = definition_of(self.connector)
        settle_s = definition["methods"]["log_interaction"]["settle_s"]
        lag_s = max(settle_s, TRAILS_S.get(self.connector, 0))
        self.stand_in = StandIn(lambda: self.world.clock.now, lag_s)
        self.network = Network(self.connector, self.stand_in, self.place, self.mishap)
        crm = CrmWithCustomer(
            definition,
            SETTINGS[self.connector],
            lambda: {name: name for name in definition["secrets"]},
            default_region="US",
            transport=self.network,
            wall_clock=lambda: self.world.clock.now,
        )
        crm.customer = Customer(
            "sandbox",
            CUSTOMER_ID,
            KINDS.get(self.connector, "customer"),
            name="Ada",
            phones=("(415) 555-0142",),
        )
        world: Any = self.world
        world.crm = crm

    def end(self, **said: str) -> None:
        """ECS tells of the calls; the first time, that they are over."""
        began = {"direction": "inbound", "agent_name": "Bob", "started_at": "2026-03-04T16:58:00Z"}
        for call in self.calls:
            self.world.end_call(interaction_id=call, **began, **said)

    def work(self) -> None:
        self.world.work(*self.calls)

    def settle(self) -> None:
        self.world.settle()

    def wrong_with(self, remarks: str) -> list[str]:
        """What a person would complain of; `remarks` is what was said last."""
        records = list(self.stand_in.records.values())
        if len(records) != len(self.calls):
            return [f"{len(records)} records of {len(self.calls)} calls"]
        return [
            *(f"not done: {p}" for c in self.calls if not (p := self._done(c))),
            *("stale" for record in records if remarks not in self._newest(record.kept)),
            *("no customer" for record in records if CUSTOMER_ID not in record.text),
        ]

    def _done(self, call: str) -> bool:
        posting = self.world.posting_of(call)
        return posting.state is PostingState.DONE

    def _newest(self, kept: dict[str, Any]) -> str:
        said = kept[KEEPS_EARLIER[self.connector]] if self.connector in KEEPS_EARLIER else kept
        return json.dumps(said[-1] if isinstance(said, list) else said)


def stories(*, together: bool = False) -> list[Any]:
    return [
        pytest.param(connector, mishap, id=f"{connector}: {mishap}")
        for connector in DIALECTS
        for mishap in MISHAPS
        if not together or "log_interactions" in definition_of(connector)["methods"]
    ]


def test_every_connector_but_those_that_run_live_has_a_stand_in() -> None:
    assert {file.stem for file in CONNECTORS.glob("*.yaml")} - {"roundup"} == set(DIALECTS)


@pytest.mark.parametrize("connector", DIALECTS)
def test_what_becomes_known_later_is_added_to_the_same_record(connector: str) -> None:
    story = Story(connector)

    for remarks in ("at first", "a correction", "the last word"):
        story.end(remarks=remarks, disposition_code="SALE")
        story.work()
        story.settle()

        assert story.wrong_with(remarks) == []


@pytest.mark.parametrize("more_is_said", ["never", "at once", "when it is settled"])
@pytest.mark.parametrize(("connector", "mishap"), stories())
def test_one_mishap_at_any_request_leaves_one_record_and_the_newest(
    connector: str, mishap: str, more_is_said: str
) -> None:
    for place in range(MOST_REQUESTS):
        story = Story(connector, place, mishap)
        remarks = "at first"
        story.end(remarks=remarks, disposition_code="SALE")
        story.work()
        if more_is_said != "never":
            if more_is_said == "when it is settled":
                story.settle()
            remarks = "the last word"
            story.end(remarks=remarks)
            story.work()
        story.settle()

        assert story.wrong_with(remarks) == [], f"request {place + 1}"
        if not story.network.has_struck:
            return
    pytest.fail("it asks more than the test expects")


@pytest.mark.parametrize(("connector", "mishap"), stories(together=True))
def test_one_mishap_to_a_batch_leaves_one_record_for_each(connector: str, mishap: str) -> None:
    for place in range(MOST_REQUESTS):
        story = Story(connector, place, mishap, calls=("i-1", "i-2", "i-3"))
        story.end(remarks="at first", disposition_code="SALE")
        story.work()
        story.end(remarks="the last word")
        story.work()
        story.settle()

        assert story.wrong_with("the last word") == [], f"request {place + 1}"
        if not story.network.has_struck:
            return
    pytest.fail("it asks more than the test expects")
