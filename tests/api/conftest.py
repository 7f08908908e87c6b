"""A deployment behind an address, what exists in it, and the tester beside it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.venvs import environment_python
from tests.api.gateway import Gateway, serving
from tests.api.tester import ApiTester, Known, examples, seed
from tests.integration import other_crms, template
from tests.integration.answers import new_interaction, the_end_of
from tests.integration.canaries import NUMBER, STRANGER
from tests.integration.deployment import Deployment, deployed
from tests.local.sandbox_crm.harness import WEBHOOK_SECRET
from tests.unit.webhook_cases import notification, outbound_message

CALLS = 2


def pytest_report_header() -> str:
    return f"API tester: seed {seed()}, {examples()} examples for each operation"


@pytest.fixture(scope="session")
def tester_python() -> Path:
    """The tester's interpreter; whoever tries another version of it may name one."""
    given = os.environ.get("SWITCHBOARD_API_TESTER_PYTHON")
    return Path(given) if given else environment_python(template.ROOT / ".local", "api", print)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with deployed(tmp_path_factory.mktemp("switchboard")) as deployment:
        deployment.clean()
        other_crms.keep_secrets()
        other_crms.connect(deployment)
        with serving(deployment) as gateway:
            yield gateway


@pytest.fixture(scope="module")
def tester(
    gateway: Gateway, tester_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> ApiTester:
    home = tmp_path_factory.mktemp("tester")
    return ApiTester(tester_python, home, gateway.url, what_exists(gateway.deployment))


def what_exists(deployment: Deployment) -> Known:
    """Live calls, requests for calls, an agent's page, and CRMs that want somebody called."""
    calls = [deployment.ecs.calls(NUMBER, manual=True) for _ in range(CALLS)]
    for call in calls:
        deployment.ecs.waits(call, "Handling")
    return Known(
        key=deployment.key,
        keys_elsewhere={
            route: deployment.new_key(f"elsewhere-{number}", route)
            for number, route in enumerate(("/v1/calls/", "/v1/triggers/"))
        },
        numbers=[NUMBER, NUMBER.removeprefix("+1"), STRANGER],
        hook_secret=WEBHOOK_SECRET,
        deliveries=[*DELIVERIES],
        message=outbound_message(notification()).decode(),
        identifiers={
            "call_id": calls,
            "connector": ["sandbox", "zoho", "salesforce"],
            "interaction_id": [ended_interaction(deployment)],
            "key": ["sandbox:C-1001"],
            "outbound_id": [outbound_id(deployment, f"asked-{number}") for number in range(3)],
            "token": [desk_token(deployment)],
        },
    )


DELIVERIES = (
    {
        "type": "customer.status_changed",
        "data": {"status": "call_me_back", "customer_id": "C-1001", "phone": NUMBER},
    },
    {
        "token": WEBHOOK_SECRET,
        "module": "Contacts",
        "operation": "update",
        "server_time": 1767614400000,
        "ids": ["C-1001", "C-1002"],
    },
)


def ended_interaction(deployment: Deployment) -> str:
    one = new_interaction()
    arrived = {"contact": NUMBER, "interaction_id": one}
    deployment.http("POST", "/v1/arrivals/route", json_body=arrived)
    deployment.http("POST", "/v1/triggers/interaction-ends", json_body=the_end_of(one))
    deployment.deliver("disposition_posting")
    return one


def outbound_id(deployment: Deployment, idempotency_key: str) -> str:
    asked = deployment.http(
        "POST",
        "/v1/outbound-requests",
        json_body={"contact": STRANGER},
        headers={"idempotency-key": idempotency_key},
    )
    return str(asked.json["id"])


def desk_token(deployment: Deployment) -> str:
    arrived = deployment.http(
        "POST",
        "/v1/arrivals/lookup",
        json_body={"contact": NUMBER, "interaction_id": new_interaction()},
    )
    return str(arrived.json["screen_pop_url"]).rpartition("/")[2]
