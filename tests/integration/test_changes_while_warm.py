"""What is published or goes wrong while functions are warm, seen by callers in between."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import boto3
import pytest

from cli.configuration import Document
from cli.publishing import publish
from switchboard import wiring
from tests.integration import other_crms, template
from tests.integration.answers import flat_body, is_refused, new_interaction
from tests.integration.canaries import DESK_KEY, NUMBER, STRANGER
from tests.integration.deployment import REGION, Answer, Deployment

PATHS = pytest.mark.parametrize("path", ["/v1/arrivals/lookup", "/v1/arrivals/route"])
MARGIN_S: Final = 0.2
A_WHILE_S: Final = 15  # longer than "nobody" is believed
NATIONAL, WHOLE = "01632 960987", "+441632960987"


@pytest.fixture(scope="module", autouse=True)
def other_secrets(standing: Deployment) -> None:
    other_crms.keep_secrets()


@pytest.fixture(scope="module", autouse=True)
def a_british_customer(standing: Deployment) -> None:
    made = standing.crm.post("/api/customers", {"name": "Edith Clarke", "phone": NATIONAL})
    assert made.status_code == 201, made.text


def ask(switchboard: Deployment, path: str, contact: str = NUMBER) -> Answer:
    return switchboard.http("POST", path, json_body={"contact": contact})


def outcome(switchboard: Deployment, path: str, contact: str = NUMBER) -> str:
    return str(flat_body(ask(switchboard, path, contact))["outcome"])


@contextmanager
def published_while_warm(switchboard: Deployment, **documents: Document) -> Iterator[None]:
    """Published, and no function has noticed yet. `notice` makes the warm one look."""
    publish(switchboard.target, documents, now=datetime.now(UTC))
    try:
        yield
    finally:
        switchboard.publish(**switchboard.documents)


def notice(*kinds: str) -> None:
    """The warm function's copies are due."""
    publications: Any = wiring.publications()
    for kind in kinds:
        publications._copies.forget(kind)


@PATHS
@pytest.mark.parametrize("how", ["in_order", "together"])
@pytest.mark.parametrize("order", [["hubspot", "sandbox"], ["sandbox", "hubspot"]], ids=str)
def test_a_crm_that_was_just_published_costs_nobody_their_name(
    switchboard: Deployment, path: str, how: str, order: list[str]
) -> None:
    ask(switchboard, path, "anonymous")
    assert outcome(switchboard, path) == "known"
    lookup = {**switchboard.documents["lookup"], "connectors": order, "ask": how}
    connectors = other_crms.all_connected(switchboard)

    with published_while_warm(switchboard, lookup=lookup, connectors=connectors):
        notice("lookup")
        known, stranger = outcome(switchboard, path), outcome(switchboard, path, STRANGER)
        notice("connectors")
        with switchboard.later(seconds=A_WHILE_S):
            noticed = outcome(switchboard, path, STRANGER)

    assert known == "known"
    assert stranger == "degraded", "one of the CRMs was not asked"
    assert noticed == "unknown"


@PATHS
def test_with_none_of_its_crms_connected_a_lookup_says_that_it_cannot_tell(
    switchboard: Deployment, path: str
) -> None:
    lookup = {**switchboard.documents["lookup"], "connectors": ["hubspot", "zendesk"]}
    switchboard.publish(lookup=lookup)

    assert outcome(switchboard, path) == "degraded"


def test_which_crms_are_missing_stands_in_the_log(switchboard: Deployment) -> None:
    lookup = {**switchboard.documents["lookup"], "connectors": ["sandbox", "hubspot"]}
    switchboard.publish(lookup=lookup)

    ask(switchboard, "/v1/arrivals/lookup")

    lines = [json.loads(line) for line in switchboard.output.getvalue().splitlines()]
    (told,) = [line["connectors"] for line in lines if "connectors" in line]
    assert told == ["hubspot"]


@PATHS
def test_a_changed_default_region_is_every_crm_s_at_once(
    switchboard: Deployment, path: str
) -> None:
    before = outcome(switchboard, path, WHOLE)
    lookup = {**switchboard.documents["lookup"], "default_region": "GB"}

    with published_while_warm(switchboard, lookup=lookup):
        notice("lookup")
        with switchboard.later(seconds=A_WHILE_S):
            after = outcome(switchboard, path, WHOLE)

    assert (before, after) == ("unknown", "known")


@pytest.fixture
def desk_secret_without_key() -> Iterator[None]:
    client = boto3.client("secretsmanager", region_name=REGION)
    name = f"{template.STACK_NAME}/desk-link"
    client.put_secret_value(SecretId=name, SecretString=json.dumps({"secret": "abc"}))
    yield
    client.put_secret_value(SecretId=name, SecretString=json.dumps({"key": DESK_KEY}))


@PATHS
@pytest.mark.usefixtures("desk_secret_without_key")
def test_without_a_key_for_desk_links_a_caller_is_answered_all_the_same(
    switchboard: Deployment, path: str
) -> None:
    asked = {"contact": NUMBER, "interaction_id": new_interaction()}

    body = flat_body(switchboard.http("POST", path, json_body=asked))

    assert (body["outcome"], body["screen_pop_url"]) == ("known", "")


@pytest.mark.usefixtures("desk_secret_without_key")
def test_a_desk_link_that_cannot_be_checked_is_refused_and_tried_again_later(
    switchboard: Deployment,
) -> None:
    assert switchboard.http("GET", "/desk/any.thing").status == 503


def test_rules_that_hang_end_in_a_refusal_in_time(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(switchboard, "/v1/arrivals/route", "anonymous")
    goes_on = threading.Event()

    def hang() -> Any:
        goes_on.wait(3)
        raise AssertionError("nobody waits for this any more")

    monkeypatch.setattr(wiring, "ruleset", hang)
    asked = {"contact": NUMBER, "budget_ms": "300"}
    answer = switchboard.http("POST", "/v1/arrivals/route", json_body=asked)
    goes_on.set()

    assert is_refused(answer, 503, "state_unavailable")
    assert answer.took_s < 0.3 + MARGIN_S


def test_rules_are_read_beside_the_crm(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(switchboard, "/v1/arrivals/route", "anonymous")
    read = wiring.ruleset

    def slow() -> Any:
        time.sleep(0.4)
        return read()

    monkeypatch.setattr(wiring, "ruleset", slow)
    switchboard.fault("hang", delay_s=0.4)
    answer = ask(switchboard, "/v1/arrivals/route")

    assert answer.json["row"]
    assert answer.took_s < 0.8
