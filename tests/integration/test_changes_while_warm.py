"""What is published or goes wrong while functions are warm, seen by callers in between."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
import pytest

from cli.configuration import Document
from cli.controls import controls_of
from cli.publishing import publish
from switchboard import wiring
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.items import Item
from switchboard.domain.routing_controls import switched_on
from switchboard.errors import StateUnavailable
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


@contextmanager
def hanging(monkeypatch: pytest.MonkeyPatch, *read: str) -> Iterator[None]:
    """What wiring reads so does not come."""
    goes_on = threading.Event()

    def hang() -> Any:
        goes_on.wait(3)
        raise StateUnavailable("nobody waits for this any more")

    for name in read:
        monkeypatch.setattr(wiring, name, hang)
    yield
    goes_on.set()


def asked_in(switchboard: Deployment, budget_s: float) -> Answer:
    asked = {"contact": NUMBER, "budget_ms": str(round(budget_s * 1000))}
    return switchboard.http("POST", "/v1/arrivals/route", json_body=asked)


def test_rules_that_hang_end_in_a_refusal_in_time_where_there_were_none_before(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(switchboard, "/v1/arrivals/route", "anonymous")
    monkeypatch.setattr(wiring, "ruleset_at_hand", lambda: None)
    with hanging(monkeypatch, "ruleset"):
        answer = asked_in(switchboard, 0.3)

    assert is_refused(answer, 503, "state_unavailable")
    assert answer.took_s < 0.3 + MARGIN_S


@pytest.mark.parametrize("budget_s", [0.15, 0.3])
def test_rules_that_hang_decide_as_they_last_were(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch, budget_s: float
) -> None:
    before = ask(switchboard, "/v1/arrivals/route")
    with hanging(monkeypatch, "ruleset", "challenger", "controls_in_force"):
        answer = asked_in(switchboard, budget_s)

    assert [answer.json[name] for name in ("row", "ruleset")] == [
        before.json[name] for name in ("row", "ruleset")
    ]
    assert answer.took_s < budget_s + MARGIN_S


class HangingTable(DynamoDbTable):
    """Config, where one item does not come for as long as the SDK waits."""

    def __init__(self, hangs: str) -> None:
        super().__init__(wiring._dynamodb(), "Config")
        self.hangs = hangs
        self.asked = 0

    def get(self, item_id: str, *, consistent: bool = True) -> Item | None:
        if item_id == self.hangs:
            self.asked += 1
            time.sleep(0.4)
            raise StateUnavailable("hung")
        return super().get(item_id, consistent=consistent)


@pytest.mark.parametrize("good_to_have", ["routing-controls", "active#routing_challenger"])
def test_what_is_good_to_have_and_hangs_costs_a_new_worker_one_wait_and_no_answer(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch, good_to_have: str
) -> None:
    ask(switchboard, "/v1/arrivals/route", "anonymous")
    wiring.forget()
    table, real = HangingTable(good_to_have), wiring._table
    monkeypatch.setattr(
        wiring, "_table", lambda name: table if name == "CONFIG_TABLE" else real(name)
    )

    first, second, third = (asked_in(switchboard, budget_s) for budget_s in (1.2, 1.2, 0.3))
    wiring.forget()

    assert [answer.status for answer in (first, second, third)] == [200] * 3
    assert table.asked == 1
    assert second.took_s < first.took_s


def test_a_new_worker_with_little_time_does_without_what_is_good_to_have(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(switchboard, "/v1/arrivals/route")
    with hanging(monkeypatch, "challenger", "controls_in_force"):
        answer = asked_in(switchboard, 0.3)

    assert answer.json["row"]
    assert answer.took_s < 0.3 + MARGIN_S


@pytest.fixture
def spoil_switches(switchboard: Deployment) -> Iterator[Callable[[], object]]:
    """Somebody writes into the item by hand; afterwards it is as if nobody ever had."""
    key = {"id": {"S": "routing-controls"}}
    yield lambda: switchboard.dynamodb.put_item(
        TableName="Config", Item={**key, "controls": {"S": "by hand"}}
    )
    switchboard.dynamodb.delete_item(TableName="Config", Key={"id": {"S": "routing-controls"}})
    wiring.forget()


def times_reported(switchboard: Deployment) -> int:
    lines = [json.loads(line) for line in switchboard.output.getvalue().splitlines()]
    assert any("RoutingControlsUnusable" in line for line in lines)
    return [line.get("message") for line in lines].count("switches cannot be read")


def test_switches_that_cannot_be_read_cost_nobody_an_answer(
    switchboard: Deployment, spoil_switches: Callable[[], object]
) -> None:
    before = ask(switchboard, "/v1/arrivals/route").json["row"]
    spoil_switches()
    wiring.forget()

    rows = [ask(switchboard, "/v1/arrivals/route").json["row"] for _ in range(3)]

    assert rows == [before] * 3
    assert times_reported(switchboard) == 1


def test_a_switch_that_is_on_stays_on_where_it_cannot_be_read_any_more(
    switchboard: Deployment,
    spoil_switches: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, lasts = datetime.now(UTC), timedelta(hours=1)
    controls_of(switchboard.target).change(
        lambda it: switched_on(it, "emergency_closed", lasts=lasts, why="x", by="x", now=now)
    )
    wiring.forget()
    closed = ask(switchboard, "/v1/arrivals/route").json["row"]
    spoil_switches()
    seen: Any = wiring.routing_controls()
    monkeypatch.setattr(seen._copies, "_clock", lambda: time.time() + 3600)

    assert [ask(switchboard, "/v1/arrivals/route").json["row"] for _ in range(3)] == [closed] * 3
    assert closed == "closed-by-switch"
    assert times_reported(switchboard) == 1


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
