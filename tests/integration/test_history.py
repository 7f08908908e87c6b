"""What a customer's contacts were: over HTTP, on the agent's page, and in the shell."""

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

import cli.history
from cli.main import app
from switchboard.contracts.customer_history import HistoryAnswer
from tests.integration.answers import is_refused, new_interaction, the_end_of
from tests.integration.canaries import NAME, NUMBER, REMARK
from tests.integration.deployment import Answer, Deployment

ROUTE = "/v1/customers/{key}/interactions"
ADA = "sandbox:C-1001"
ENDS = "/v1/triggers/interaction-ends"


def ends(switchboard: Deployment, interaction: str, *, hour: int, **more: Any) -> None:
    said = the_end_of(interaction, started_at=f"2026-01-05T{hour:02}:00:00Z", **more)
    assert switchboard.http("POST", ENDS, json_body=said).status == 202


def ask(switchboard: Deployment, key: str = ADA, **query: str) -> Answer:
    return switchboard.http("GET", ROUTE.format(key=key), query=query)


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    told = HistoryAnswer.model_validate(answer.json)
    return [each.interaction_id for each in told.interactions]


def test_contacts_of_all_channels_are_told_newest_first_and_part_by_part(
    switchboard: Deployment,
) -> None:
    for hour, channel in enumerate(("voice", "email", "chat", "voice", "sms")):
        ends(switchboard, f"int-{hour}", hour=hour, channel=channel)
    switchboard.deliver("disposition_posting")

    first = ask(switchboard, limit="2")
    second = ask(switchboard, limit="2", after=first.json["next"])
    last = ask(switchboard, limit="2", after=second.json["next"])

    assert [ids(each) for each in (first, second, last)] == [
        ["int-4", "int-3"],
        ["int-2", "int-1"],
        ["int-0"],
    ]
    assert last.json["next"] == ""
    assert first.json["interactions"][0]["channel"] == "sms"
    (record,) = first.json["interactions"][0]["records"]
    assert (record["connector"], record["state"]) == ("sandbox", "done")
    for personal in (NAME, NUMBER[-7:], REMARK, "Maya Lindqvist"):
        assert personal not in first.text


def test_who_is_found_when_the_interaction_is_posted_has_it_from_then_on(
    switchboard: Deployment,
) -> None:
    ends(switchboard, "int-1", hour=10)
    assert ids(ask(switchboard)) == []

    switchboard.deliver("disposition_posting")

    assert ids(ask(switchboard)) == ["int-1"]


def test_nobody_of_that_key_has_an_empty_history(switchboard: Deployment) -> None:
    assert ids(ask(switchboard, "sandbox:C-none")) == []


@pytest.mark.parametrize(
    ("key", "query"),
    [
        ("C-1001", {}),
        ("sandbox:", {}),
        (ADA, {"limit": "0"}),
        (ADA, {"limit": "101"}),
        (ADA, {"limit": "many"}),
        (ADA, {"limit": "-1"}),
        (ADA, {"after": "x"}),
        (ADA, {"after": "." * 5000}),
    ],
)
def test_what_cannot_be_meant_is_refused(
    switchboard: Deployment, key: str, query: dict[str, str]
) -> None:
    assert is_refused(ask(switchboard, key, **query), 422, "invalid_request")


def test_a_place_in_one_history_is_none_in_another(switchboard: Deployment) -> None:
    for hour in range(3):
        ends(switchboard, f"int-{hour}", hour=hour, customer_id=ADA)
    cursor = ask(switchboard, limit="1").json["next"]

    assert ids(ask(switchboard, limit="1", after=cursor)) == ["int-1"]
    assert is_refused(ask(switchboard, "sandbox:C-1002", after=cursor), 422, "invalid_request")


def test_only_a_key_for_customers_may_ask(switchboard: Deployment) -> None:
    key = switchboard.new_key("reports-1", "/v1/interactions/")

    refused = switchboard.http("GET", ROUTE.format(key=ADA), key=key)

    assert is_refused(refused, 403, "forbidden")


def test_a_ledger_that_is_down_is_no_empty_history(switchboard: Deployment) -> None:
    with switchboard.changed("INTERACTIONS_TABLE", "NoSuchTable"):
        assert is_refused(ask(switchboard), 503, "state_unavailable")


def test_the_agent_reads_on_to_the_first_contact_within_the_same_link(
    switchboard: Deployment,
) -> None:
    for number in range(45):
        ends(switchboard, f"int-{number}", hour=number % 24, customer_id=ADA, remarks=f"n{number}")
    asked = {"contact": NUMBER, "interaction_id": new_interaction()}
    answer = switchboard.http("POST", "/v1/arrivals/route", json_body=asked)
    path = urlsplit(str(answer.json["screen_pop_url"])).path

    page, seen, pages = switchboard.http("GET", path, key=""), list[str](), 1
    while True:
        seen += re.findall(r"<td>(n\d+)</td>", page.text)
        older = re.search(r'id="older" href="\?after=([^"]+)"', page.text)
        if older is None:
            break
        page = switchboard.http("GET", path, key="", query={"after": older[1]})
        pages += 1

    assert sorted(seen) == sorted(f"n{number}" for number in range(45))
    assert pages == 3
    assert NAME in page.text
    refused = switchboard.http("GET", path, key="", query={"after": "made up"})
    assert refused.status == 422
    assert NAME not in refused.text


def test_in_the_shell_the_same_is_told_and_nobodys_name(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = replace(switchboard.target, tables={"Interactions": "Interactions"})
    monkeypatch.setattr(cli.history, "target", lambda _stack: target)
    for hour in range(3):
        ends(switchboard, f"int-{hour}", hour=hour)
    switchboard.deliver("disposition_posting")

    said = run("history", ADA, "--limit", "2")
    first, second, more = said.splitlines()
    assert first.startswith("2026-01-05 02:00 UTC  int-2  inbound voice, Customer Care, agent 2001")
    assert "in sandbox as " in first
    assert "int-1" in second
    cursor = more.removeprefix("Older ones: --after ")
    assert "int-0" in run("history", ADA, "--after", cursor)
    as_json = json.loads(run("history", ADA, "--json"))
    assert [each["interaction_id"] for each in as_json["interactions"]] == [
        "int-2",
        "int-1",
        "int-0",
    ]
    for personal in (NAME, NUMBER[-7:], REMARK, "Maya"):
        assert personal not in said
        assert personal not in json.dumps(as_json)
    assert "No contact is known" in run("history", "sandbox:C-none")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output
