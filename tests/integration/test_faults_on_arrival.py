"""A caller waits while the CRM fails in every way: the answer is flat, true and in time."""

import socket
from typing import Any, Final

import boto3
import pytest

from switchboard import wiring
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_lookups import DynamoDbLookupMemory
from switchboard.adapters.dynamodb_table import DynamoDbTable
from tests.integration.answers import flat_body, new_interaction
from tests.integration.canaries import NUMBER, STRANGER
from tests.integration.deployment import NOWHERE, Answer, Deployment

PATHS = pytest.mark.parametrize("path", ["/v1/arrivals/lookup", "/v1/arrivals/route"])
IN_TIME_S: Final = 1.2 + 0.3  # the budget in config/lookup.yaml, and 300 ms of our own
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

    with switchboard.later(seconds=61):
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

    first, second = ask(switchboard, path), ask(switchboard, path)

    assert is_degraded(first)
    assert flat_body(second)["outcome"] == "known"


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
    assert answer.took_s < IN_TIME_S + 0.4


def silent_table(port: int, monkeypatch: pytest.MonkeyPatch) -> DynamoDbTable:
    """A table that accepts connections and never answers, reached as patiently as we are."""
    monkeypatch.setenv("SOMEBODY_WAITS", "true")
    client = boto3.client(
        "dynamodb", endpoint_url=f"http://127.0.0.1:{port}", config=wiring._patience()
    )
    return DynamoDbTable(client, "any")
