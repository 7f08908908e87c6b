"""A caller waits while the CRM fails in every way: the answer is flat, true and in time."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import boto3
import pytest

from switchboard import wiring
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_lookups import DynamoDbLookupMemory
from switchboard.adapters.dynamodb_table import DynamoDbTable
from tests.integration import other_crms
from tests.integration.answers import flat_body, new_interaction
from tests.integration.canaries import NUMBER, STRANGER
from tests.integration.deployment import NOWHERE, Answer, Deployment
from tests.unit.connector.hostile_server import hostile_server

PATHS = pytest.mark.parametrize("path", ["/v1/arrivals/lookup", "/v1/arrivals/route"])
BUDGET_S: Final = 1.2  # in config/lookup.yaml
# Not ours: the CRM and AWS run in this process, too, and share its processor and its lock.
MARGIN_S: Final = 0.2
IN_TIME_S: Final = BUDGET_S + MARGIN_S
FAULTS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("hang", {"delay_s": 4}),
    ("hang", {"delay_s": 4, "path": "/oauth/"}),
    ("drip", {"delay_s": 0.2}),
    ("drip", {"delay_s": 0.2, "part": "body"}),
    ("error_500", {}),
    ("error_503", {}),
    ("error_503", {"path": "/oauth/"}),
    ("throttle", {}),
    ("garbage", {}),
    ("truncated", {}),
    ("reset", {}),
    ("lost_answer", {}),
    ("unauthorized", {}),
    ("redirect", {}),
)


@pytest.fixture(scope="module", autouse=True)
def other_secrets(standing: Deployment) -> None:
    other_crms.keep_secrets()


def ask(switchboard: Deployment, path: str, contact: str = NUMBER) -> Answer:
    return switchboard.http("POST", path, json_body={"contact": contact})


def warmed_up(switchboard: Deployment, path: str) -> None:
    """The first call of a function also builds it; Lambda does that outside the call."""
    ask(switchboard, path, "anonymous")


def is_degraded(answer: Answer) -> bool:
    body = flat_body(answer)
    return (body["outcome"], body["source"], body["customer_id"]) == ("degraded", "default", "")


@PATHS
@pytest.mark.parametrize(("kind", "more"), FAULTS, ids=str)
def test_a_crm_that_fails_costs_the_name_and_never_the_call(
    switchboard: Deployment, path: str, kind: str, more: dict[str, Any]
) -> None:
    warmed_up(switchboard, path)
    switchboard.fault(kind, **more)

    answer = ask(switchboard, path)

    assert is_degraded(answer)
    assert answer.took_s < IN_TIME_S
    if path.endswith("route"):
        assert (answer.json["row"], answer.json["prompt_1"]) == ("crm-down", "menu_full")


@PATHS
def test_a_crm_that_is_not_there_costs_the_name_only(switchboard: Deployment, path: str) -> None:
    connectors = dict(switchboard.documents["connectors"]["connectors"])
    connectors["sandbox"] = {**connectors["sandbox"], "settings": {"base": NOWHERE}}
    switchboard.publish(connectors={"format": "connectors/1", "connectors": connectors})
    warmed_up(switchboard, path)

    answer = ask(switchboard, path)

    assert is_degraded(answer)
    assert answer.took_s < IN_TIME_S


@PATHS
@pytest.mark.parametrize("kind", ["hang", "error_500", "garbage", "everyone"])
def test_an_older_answer_stands_in_for_a_failing_crm(
    switchboard: Deployment, path: str, kind: str
) -> None:
    ask(switchboard, path)
    switchboard.fault(kind, **({"delay_s": 4} if kind == "hang" else {}))

    with switchboard.later(seconds=301):
        answer = ask(switchboard, path)

    body = flat_body(answer)
    source = "live" if kind == "everyone" else "stale"
    assert (body["outcome"], body["source"], body["customer_id"]) == (
        "known", source, "sandbox:C-1001",
    )  # fmt: skip
    assert answer.took_s < IN_TIME_S


@PATHS
def test_a_day_later_an_older_answer_is_too_old(switchboard: Deployment, path: str) -> None:
    ask(switchboard, path)
    switchboard.fault("error_500")

    with switchboard.later(days=1, seconds=1):
        assert is_degraded(ask(switchboard, path))


@PATHS
def test_everyone_is_nobody_when_none_of_them_has_the_number(
    switchboard: Deployment, path: str
) -> None:
    switchboard.fault("everyone")

    assert flat_body(ask(switchboard, path, STRANGER))["outcome"] == "unknown"


@PATHS
def test_the_next_caller_is_recognised_when_the_crm_is_back(
    switchboard: Deployment, path: str
) -> None:
    switchboard.fault("error_503", times=1)

    first = ask(switchboard, path)
    right_after = ask(switchboard, path)
    with switchboard.later(seconds=2.1):
        later = ask(switchboard, path)

    assert is_degraded(first)
    assert is_degraded(right_after), "nobody waits for what just failed"
    assert right_after.took_s < MARGIN_S
    assert flat_body(later)["outcome"] == "known"


@PATHS
@pytest.mark.parametrize(
    ("said", "budget_s"),
    [("150", 0.15), ("500", 0.5), ("1700", 1.7), ("1", 0.1), ("soon", 1.2), ("-5", 1.2), ("", 1.2)],
)
def test_a_request_says_how_long_its_answer_may_take(
    switchboard: Deployment, path: str, said: str, budget_s: float
) -> None:
    warmed_up(switchboard, path)
    switchboard.fault("drip", delay_s=0.2)

    answer = switchboard.http("POST", path, json_body={"contact": NUMBER, "budget_ms": said})

    assert is_degraded(answer)
    assert budget_s / 4 < answer.took_s < budget_s + MARGIN_S
    assert int(answer.json["elapsed_ms"]) <= answer.took_s * 1000


@PATHS
def test_an_answer_that_is_not_fresh_is_given_at_once_and_renewed(
    switchboard: Deployment, path: str
) -> None:
    ask(switchboard, path)
    switchboard.fault("hang", delay_s=0.8, times=1)

    with switchboard.later(seconds=61):
        at_once = ask(switchboard, path)
    time.sleep(1)
    switchboard.fault("error_500")
    with switchboard.later(seconds=301):
        renewed = ask(switchboard, path)

    assert (flat_body(at_once)["outcome"], at_once.json["source"]) == ("known", "cache")
    assert at_once.took_s < 0.3 + MARGIN_S, "renew_wait_ms and what an answer costs"
    # By itself the first answer would be too old by now, and the CRM is down.
    assert (flat_body(renewed)["outcome"], renewed.json["source"]) == ("known", "cache")


@PATHS
@pytest.mark.parametrize("how", ["together", "in_order"])
@pytest.mark.parametrize("order", [["hubspot", "sandbox"], ["sandbox", "hubspot"]], ids=str)
def test_of_two_crms_one_hangs_and_the_other_answers_in_time(
    switchboard: Deployment, path: str, how: str, order: list[str]
) -> None:
    with hostile_server(lambda visit: visit.hang()) as hanging:
        other_crms.connect(switchboard, at=hanging.base)
        lookup = {**switchboard.documents["lookup"], "connectors": order, "ask": how}
        switchboard.publish(lookup=lookup)
        warmed_up(switchboard, path)
        answer = ask(switchboard, path)

    body = flat_body(answer)
    assert (body["outcome"], body["customer_id"]) == ("known", "sandbox:C-1001")
    assert answer.took_s < IN_TIME_S


@PATHS
@pytest.mark.parametrize("how", ["together", "in_order"])
def test_nobody_is_not_said_while_one_of_two_crms_hangs(
    switchboard: Deployment, path: str, how: str
) -> None:
    with hostile_server(lambda visit: visit.hang()) as hanging:
        other_crms.connect(switchboard, at=hanging.base)
        lookup = {**switchboard.documents["lookup"], "connectors": ["sandbox", "hubspot"]}
        switchboard.publish(lookup={**lookup, "ask": how})
        warmed_up(switchboard, path)
        answer = ask(switchboard, path, STRANGER)

    assert is_degraded(answer)
    assert answer.took_s < IN_TIME_S


@PATHS
@pytest.mark.parametrize("table", ["LOOKUPS_TABLE", "INTERACTIONS_TABLE"])
def test_a_table_of_ours_that_is_gone_costs_no_answer(
    switchboard: Deployment, path: str, table: str
) -> None:
    asked = {"contact": NUMBER, "interaction_id": new_interaction()}
    with switchboard.changed(table, "NoSuchTable"):
        answer = switchboard.http("POST", path, json_body=asked)

    assert flat_body(answer)["outcome"] == "known"


@PATHS
def test_a_fresh_function_without_any_secret_answers_that_it_does_not_know(
    switchboard: Deployment, path: str
) -> None:
    with switchboard.without_aws("secrets_manager"):
        answer = ask(switchboard, path)

    assert flat_body(answer)["outcome"] == "degraded"
    assert flat_body(answer)["screen_pop_url"] == ""


@PATHS
def test_tables_that_hang_cost_memory_and_history_and_hardly_any_time(
    switchboard: Deployment, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"contact": NUMBER, "interaction_id": new_interaction()}
    warmed_up(switchboard, path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        table = silent_table(silent.getsockname()[1], monkeypatch)
        monkeypatch.setattr(wiring, "lookup_memory", lambda: DynamoDbLookupMemory(table))
        monkeypatch.setattr(wiring, "ledger", lambda: DynamoDbInteractionLedger(table))
        answer = switchboard.http("POST", path, json_body=asked)

    assert flat_body(answer)["outcome"] == "known"
    assert answer.took_s < IN_TIME_S


@PATHS
def test_tables_that_hang_leave_a_small_budget_whole(
    switchboard: Deployment, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"contact": NUMBER, "interaction_id": new_interaction(), "budget_ms": "400"}
    warmed_up(switchboard, path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        table = silent_table(silent.getsockname()[1], monkeypatch)
        monkeypatch.setattr(wiring, "lookup_memory", lambda: DynamoDbLookupMemory(table))
        monkeypatch.setattr(wiring, "ledger", lambda: DynamoDbInteractionLedger(table))
        answer = switchboard.http("POST", path, json_body=asked)

    assert flat_body(answer)["outcome"] in {"known", "degraded"}
    assert answer.took_s < 0.4 + MARGIN_S


@PATHS
@pytest.mark.parametrize("budget_ms", ["400", "1200"])
def test_configuration_and_secrets_that_hang_go_on_as_they_were(
    switchboard: Deployment, path: str, budget_ms: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"contact": NUMBER, "interaction_id": new_interaction(), "budget_ms": budget_ms}
    for _ in range(2):  # the first call of a new process may leave before it has the desk key
        switchboard.http("POST", path, json_body=asked)
    with silent_configuration(monkeypatch):
        answer = switchboard.http("POST", path, json_body=asked)

    body = flat_body(answer)
    assert (body["outcome"], bool(body["screen_pop_url"])) == ("known", True)
    assert answer.took_s < int(budget_ms) / 1000 + MARGIN_S


@PATHS
def test_when_everything_hangs_a_tiny_budget_is_kept(
    switchboard: Deployment, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"contact": NUMBER, "interaction_id": new_interaction(), "budget_ms": "100"}
    switchboard.http("POST", path, json_body=asked)
    switchboard.fault("hang", delay_s=4)
    with silent_configuration(monkeypatch), socket.create_server(("127.0.0.1", 0)) as silent:
        table = silent_table(silent.getsockname()[1], monkeypatch)
        monkeypatch.setattr(wiring, "lookup_memory", lambda: DynamoDbLookupMemory(table))
        monkeypatch.setattr(wiring, "ledger", lambda: DynamoDbInteractionLedger(table))
        answer = switchboard.http("POST", path, json_body=asked)

    assert is_degraded(answer)
    assert answer.took_s < 0.1 + MARGIN_S


@contextmanager
def silent_configuration(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What this process has read is no longer fresh, and what it would read it from hangs."""
    an_hour_later = time.time() + 3600
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        publications: Any = wiring.publications()
        secrets: Any = wiring._secrets()
        monkeypatch.setattr(publications, "_table", silent_table(port, monkeypatch))
        monkeypatch.setattr(secrets, "_client", silent_client("secretsmanager", port, monkeypatch))
        for copies in (publications._copies, secrets._copies):
            monkeypatch.setattr(copies, "_clock", lambda: an_hour_later)
        yield


def silent_table(port: int, monkeypatch: pytest.MonkeyPatch) -> DynamoDbTable:
    """A table that accepts connections and never answers, reached as patiently as we are."""
    return DynamoDbTable(silent_client("dynamodb", port, monkeypatch), "any")


def silent_client(service: Any, port: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SOMEBODY_WAITS", "true")
    endpoint = f"http://127.0.0.1:{port}"
    return boto3.client(service, endpoint_url=endpoint, config=wiring._patience())
