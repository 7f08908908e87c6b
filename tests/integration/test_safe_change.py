"""Rules that change, go wrong and are tried, seen by callers through the real handlers."""

import copy
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.configuration import Document, complete
from cli.publishing import publications_of
from switchboard import wiring
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from tests.integration.answers import flat_body
from tests.integration.canaries import NUMBER, STRANGER
from tests.integration.deployment import Deployment

ROUTE = "/v1/arrivals/route"
OTHER_QUEUE = "sales"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def operator(switchboard: Deployment) -> Iterator[DynamoDbPublications]:
    """Publishes from elsewhere; the functions notice when their copies are due."""
    publications = publications_of(switchboard.target)
    yield publications
    publications.withdraw("routing_challenger", now=now())
    switchboard.publish(**switchboard.documents)


def other_rules(switchboard: Deployment) -> Document:
    """The rules of the start, except that everybody goes to one queue and hears nothing."""
    rules = copy.deepcopy(switchboard.documents["routing"])
    for row in rules["tables"][0]["rows"]:
        row["id"] = f"new-{row['id']}"
        row["then"] = {"do": "queue", "queue": OTHER_QUEUE, "priority": "Normal", "prompts": "none"}
    rules["tests"] = []
    return dict(rules)


def ask(switchboard: Deployment, contact: str = NUMBER) -> dict[str, str]:
    """What was decided, and by which rules."""
    body = flat_body(switchboard.http("POST", ROUTE, json_body={"contact": contact}))
    return {name: body[name] for name in ("row", "queue", "ruleset", "arm")}


def cold(switchboard: Deployment, contact: str = NUMBER) -> dict[str, str]:
    wiring.forget()
    return ask(switchboard, contact)


def lines(switchboard: Deployment, message: str) -> list[dict[str, Any]]:
    said = [json.loads(line) for line in switchboard.output.getvalue().splitlines()]
    return [line for line in said if line.get("message") == message]


def let_pass(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """For the copies that the warm function has of what is published."""
    publications: Any = wiring.publications()
    monkeypatch.setattr(publications._copies, "_clock", lambda: time.time() + seconds)


def challenge(operator: DynamoDbPublications, rules: Document, **terms: Any) -> None:
    document = {"format": "challenger/1", "mode": "shadow", "name": "x", **terms, "ruleset": rules}
    operator.publish("routing_challenger", complete("routing_challenger", document), now=now())


def test_a_warm_function_uses_new_rules_within_ten_seconds(
    switchboard: Deployment, operator: DynamoDbPublications, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ask(switchboard)
    digest = operator.publish("routing", other_rules(switchboard), now=now())
    let_pass(monkeypatch, 9)
    assert ask(switchboard)["ruleset"] == before["ruleset"]

    let_pass(monkeypatch, 10.5)
    after = ask(switchboard)
    assert (after["ruleset"], after["queue"]) == (digest, OTHER_QUEUE)

    operator.activate("routing", before["ruleset"], now=now())
    let_pass(monkeypatch, 21.5)
    assert ask(switchboard) == before


@pytest.mark.parametrize(
    "rules", [{"format": "routing/0"}, {"format": "routing/1", "tables": "none"}, {}], ids=str
)
def test_rules_that_cannot_be_used_cost_nobody_an_answer(
    switchboard: Deployment,
    operator: DynamoDbPublications,
    monkeypatch: pytest.MonkeyPatch,
    rules: Document,
) -> None:
    before = ask(switchboard)
    bad = operator.publish("routing", rules, now=now())
    let_pass(monkeypatch, 11)

    assert ask(switchboard) == before, "a warm function"
    assert cold(switchboard) == before, "a cold function"
    (warm_line, cold_line) = lines(switchboard, "published document cannot be used")
    for line in (warm_line, cold_line):
        assert (line["digest"], line["serving"]) == (bad, before["ruleset"])
    assert "PublishedDocumentUnusable" in switchboard.output.getvalue()


def test_whatever_somebody_writes_into_the_table_callers_are_answered(
    switchboard: Deployment, operator: DynamoDbPublications, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ask(switchboard)
    switchboard.dynamodb.update_item(
        TableName="Config",
        Key={"id": {"S": "active#routing"}},
        UpdateExpression="SET body = :nonsense",
        ExpressionAttributeValues={":nonsense": {"S": "no rules at all"}},
    )
    let_pass(monkeypatch, 11)

    assert ask(switchboard) == before, "a warm function"
    assert cold(switchboard) == before, "a cold function"


def test_a_shadow_decides_for_nobody_and_what_it_would_do_is_logged(
    switchboard: Deployment, operator: DynamoDbPublications
) -> None:
    before = ask(switchboard)
    challenge(operator, other_rules(switchboard))

    assert cold(switchboard) == before
    (line,) = lines(switchboard, "challenger differs")
    assert line["rows"] == [before["row"], f"new-{before['row']}"]
    assert line["queues"] == [before["queue"], OTHER_QUEUE]


def test_a_shadow_that_decides_the_same_is_silent(
    switchboard: Deployment, operator: DynamoDbPublications
) -> None:
    challenge(operator, switchboard.documents["routing"])

    cold(switchboard)

    assert lines(switchboard, "challenger differs") == []


@pytest.mark.parametrize(
    "terms", [{}, {"mode": "split", "share": 99}, {"mode": "split", "share": 1}]
)
def test_ecs_finds_the_flags_of_both_rulesets_whoever_decides(
    switchboard: Deployment, operator: DynamoDbPublications, terms: dict[str, Any]
) -> None:
    before = switchboard.http("POST", ROUTE, json_body={"contact": NUMBER}).json
    rules = other_rules(switchboard)
    rules["names"]["flags"] = ["tried"]
    rules["tables"][1:] = []
    for row in rules["tables"][0]["rows"]:
        row["then"]["flags"] = ["tried"]
    challenge(operator, rules, **terms)
    wiring.forget()

    said = switchboard.http("POST", ROUTE, json_body={"contact": NUMBER}).json

    assert said.keys() == before.keys() | {"flag_tried"}
    assert said["flag_tried"] == ("true" if said["arm"] == "challenger" else "false")


def test_a_split_keeps_a_customer_in_one_arm_however_the_number_is_written(
    switchboard: Deployment, operator: DynamoDbPublications
) -> None:
    challenge(operator, other_rules(switchboard), mode="split", share=50, name="half")

    for written in (("+14155550142", "(415) 555-0142"), (STRANGER, f"tel:{STRANGER}")):
        answers = [cold(switchboard, contact) for contact in (*written, written[0])]
        assert len({answer["arm"] for answer in answers}) == 1
        for answer in answers:
            assert (answer["queue"] == OTHER_QUEUE) == (answer["arm"] == "challenger")


def test_a_split_gives_the_challenger_some_and_never_who_withholds_the_number(
    switchboard: Deployment, operator: DynamoDbPublications
) -> None:
    challenge(operator, other_rules(switchboard), mode="split", share=99, name="most")

    strangers = [f"+1415555019{digit}" for digit in range(5)]
    arms = [ask(switchboard, contact)["arm"] for contact in strangers]
    assert "challenger" in arms
    for withheld in ("anonymous", "", "Restricted"):
        assert ask(switchboard, withheld)["arm"] == "champion"


@pytest.mark.parametrize("spoilt", ["rules", "terms", "table"])
def test_a_challenger_that_cannot_be_used_costs_nobody_anything(
    switchboard: Deployment, operator: DynamoDbPublications, spoilt: str
) -> None:
    before = ask(switchboard)
    challenge(operator, other_rules(switchboard), mode="split", share=99, name="most")
    if spoilt == "rules":
        challenge(operator, {"format": "routing/0"}, mode="split", share=99, name="most")
    elif spoilt == "terms":
        operator.publish("routing_challenger", {"format": "challenger/9"}, now=now())
    else:
        switchboard.dynamodb.put_item(
            TableName="Config", Item={"id": {"S": "active#routing_challenger"}}
        )

    assert cold(switchboard) == before
    assert ask(switchboard) == before
    assert len(lines(switchboard, "published document cannot be used")) == 1


def test_a_trial_that_is_stopped_ends_within_ten_seconds(
    switchboard: Deployment, operator: DynamoDbPublications, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge(operator, other_rules(switchboard))
    cold(switchboard)
    operator.withdraw("routing_challenger", now=now())
    let_pass(monkeypatch, 11)

    ask(switchboard)

    assert len(lines(switchboard, "challenger differs")) == 1


def test_a_value_that_nobody_listed_is_told_by_its_attribute_alone(
    switchboard: Deployment, operator: DynamoDbPublications
) -> None:
    rules = copy.deepcopy(switchboard.documents["routing"])
    rules["attributes"]["language"]["values"] = ["de", "es"]
    rules["tests"] = []
    operator.publish("routing", rules, now=now())

    cold(switchboard)

    (line,) = lines(switchboard, "values that the ruleset does not list")
    assert line["attributes"] == ["language"]
    assert "en-US" not in json.dumps(line)
