"""A thousand callers at one moment, each with the code of a lookup from the request to the answer.

Threads in place of functions, because a thousand processes do not fit here. The resolver is left
out: it serves one request at a time.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, Final

import pytest
import yaml
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from botocore.exceptions import ClientError

from bench.hostile_crm import HostileCrm, known_numbers
from bench.hostile_lookups import configuration
from bench.small_dynamodb import RefusedError, SmallDynamoDb
from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.transport import HttpTransport
from switchboard.adapters.dynamodb_findings import DynamoDbFindings
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_lookups import DynamoDbLookupMemory
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.rest_crm import RestCrm
from switchboard.edges.arrivals import receive
from switchboard.edges.flat import flat
from switchboard.use_cases.arrival_lookup import Stores
from tests.events import http_event
from tests.integration.other_crms import SANDBOX
from tests.unit.connector.hostile_server import LAST, Behaviour, Visit, hostile_server, http

CALLERS: Final = 1_000
ADA: Final = "4155550142"
BUDGET_MS: Final = 8_000


class SmallClient:
    """The SDK's face of the small DynamoDB, without the SDK's cost."""

    def __init__(self) -> None:
        self._small = SmallDynamoDb()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        name = "".join(word.title() for word in operation.split("_"))

        def call(**sent: Any) -> Any:
            try:
                return {**self._small.call(name, sent), "ResponseMetadata": {}}
            except RefusedError as error:
                refusal: Any = {"Error": {"Code": error.kind}, "Item": error.item or {}}
                raise ClientError(refusal, name) from error

        return call


class Centre:
    """One CRM and one set of tables; everybody's lookups go through them."""

    def __init__(self, base: str) -> None:
        client: Any = SmallClient()
        self._settings = configuration().settings
        file = yaml.safe_load(SANDBOX.read_text(encoding="utf-8"))
        self.crm = RestCrm(
            compile_connector({**file, "id": "crm", "samples": []}),
            {"base": f"{base}/crm"},
            lambda: dict.fromkeys(("client_id", "client_secret", "hook_secret"), "x"),
            default_region="US",
            transport=HttpTransport(allow_loopback=True),
        )
        self.stores = Stores(
            memory=DynamoDbLookupMemory(DynamoDbTable(client, "Lookups")),
            ledger=DynamoDbInteractionLedger(DynamoDbTable(client, "Interactions")),
            findings=DynamoDbFindings(DynamoDbTable(client, "Lookups")),
        )

    def asked_about(self, nsn: str, *, budget_ms: int = BUDGET_MS) -> Mapping[str, str]:
        body = json.dumps({"contact": f"+1{nsn}", "budget_ms": str(budget_ms)})
        event = APIGatewayProxyEventV2(http_event("POST", "/v1/arrivals/lookup", body=body))
        api: Any = SimpleNamespace(current_event=event)
        reception = receive(api, lambda: self._settings)
        lookup = reception.begin_lookup(crms=lambda: (self.crm,), stores=self.stores)
        return flat(reception.lookup_values(lookup.result(), {}, desk_url=""))


def at_once(centre: Centre, numbers: Sequence[str]) -> list[Mapping[str, str]]:
    """Everybody waits until everybody is there."""
    together = threading.Barrier(len(numbers))

    def call(nsn: str) -> Mapping[str, str]:
        together.wait(30)
        return centre.asked_about(nsn)

    with ThreadPoolExecutor(len(numbers)) as threads:
        return list(threads.map(call, numbers))


def searches(visits: Sequence[bytes]) -> int:
    return sum(1 for request in visits if request.startswith(b"GET "))


def answering_after(wait_s: float, answer: bytes | None) -> Behaviour:
    """Tokens at once, the search later, from whoever has the number that is asked for."""
    honest = HostileCrm(0)

    def behave(visit: Visit) -> None:
        if b"/oauth/token" in visit.request:
            honest.answer(visit)
            return
        visit.closing.wait(wait_s)
        if answer:
            visit.send(answer)
        else:
            honest.answer(visit)

    return behave


def test_a_thousand_cold_lookups_of_one_caller_are_one_question_to_the_crm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bench.hostile_crm._chosen", lambda *_: "answers")
    with hostile_server(answering_after(0.5, None)) as server:
        answers = at_once(Centre(server.base), [ADA] * CALLERS)

    assert searches(server.visits) == 1
    assert {answer["customer_id"] for answer in answers} == {f"crm:C-{ADA}"}
    assert {answer["source"] for answer in answers} == {"live", "cache"}


def test_a_thousand_lookups_of_a_crm_that_fails_are_one_question_and_no_long_wait() -> None:
    failing = http(b"{}", status="500 Internal Server Error", headers=LAST)
    with hostile_server(answering_after(0.5, failing)) as server:
        answers = at_once(Centre(server.base), [ADA] * CALLERS)

    assert searches(server.visits) <= 2, "one, and perhaps one more after the pause"
    assert {answer["outcome"] for answer in answers} == {"degraded"}


def test_a_thousand_customers_of_a_lying_crm_get_nobody_elses_data() -> None:
    numbers = known_numbers()
    with hostile_server(HostileCrm(11).answer) as server:
        centre = Centre(server.base)
        with ThreadPoolExecutor(32) as threads:
            answers = list(
                threads.map(lambda nsn: centre.asked_about(nsn, budget_ms=300), numbers * 2)
            )

    assert len(numbers) == CALLERS
    for nsn, answer in zip(numbers * 2, answers, strict=True):
        others = "".join(
            answer[name] for name in answer if name not in {"request_id", "elapsed_ms"}
        )
        assert all(other in nsn for other in _numbers_in(others)), answer["outcome"]
    known = sum(1 for answer in answers if answer["outcome"] == "known")
    assert known > CALLERS / 4, "otherwise nothing was shown"


def _numbers_in(text: str) -> list[str]:
    return [number for number in known_numbers() if number in text]
