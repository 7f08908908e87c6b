"""Calls through the real handlers are recorded, explained, and replayed with other rules."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cli.main import app
from cli.rules import explain_interaction, recorded, replay
from tests.integration.answers import flat_body, new_interaction, the_end_of
from tests.integration.canaries import NUMBER, STRANGER
from tests.integration.deployment import Deployment

ROUTE = "/v1/arrivals/route"


@pytest.fixture(autouse=True)
def _commands_speak_with_it(switchboard: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {name: name for name in ("Config", "Interactions")}
    target = replace(switchboard.target, tables=tables)
    for module in (recorded, replay, explain_interaction):
        monkeypatch.setattr(module, "target", lambda _stack: target)


def call(switchboard: Deployment, contact: str) -> dict[str, str]:
    """A call that is routed and ends; the answer, and its id."""
    interaction_id = new_interaction()
    asked = {"contact": contact, "interaction_id": interaction_id}
    answer = flat_body(switchboard.http("POST", ROUTE, json_body=asked))
    ended = the_end_of(interaction_id, channel="voice", queue_s="7", handle_s="180")
    assert switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=ended).status == 202
    return {**answer, "interaction_id": interaction_id}


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["rules", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def lines_of(file: Path) -> dict[str, dict[str, Any]]:
    run("recorded", "--out", str(file), "--with-ids")
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return {line["id"]: line for line in lines}


def test_a_call_is_recorded_as_it_was_answered(switchboard: Deployment, tmp_path: Path) -> None:
    answer = call(switchboard, NUMBER)

    file = tmp_path / "recorded.jsonl"
    line = lines_of(file)[answer["interaction_id"]]

    assert (line["row"], line["ruleset"]) == (answer["row"], answer["ruleset"])
    assert (line["queue"], line["preferred_agent"]) == (answer["queue"], answer["preferred_agent"])
    assert str(int(line["priority_seconds"])) == answer["priority_seconds"]
    assert (line["waited_s"], line["handled_s"], line["abandoned"]) == (7, 180, False)
    assert NUMBER[-7:] not in file.read_text("utf-8")
    assert switchboard.documents["routing"]["attributes"].keys() >= {"tier", "channel"}
    assert line["facts"].keys() == {
        attribute["from"] for attribute in switchboard.documents["routing"]["attributes"].values()
    }


def test_a_call_is_explained_with_the_words_of_its_answer(switchboard: Deployment) -> None:
    answer = call(switchboard, NUMBER)

    said = run("explain", "--interaction", answer["interaction_id"])

    assert f"decided by {answer['reason']}" in said
    assert f"last agent: {answer['agent_reason']}" in said
    assert "but then" not in said


def test_the_rules_that_decided_replay_the_same_and_others_do_not(
    switchboard: Deployment, tmp_path: Path
) -> None:
    known, stranger = call(switchboard, NUMBER), call(switchboard, STRANGER)
    file = tmp_path / "recorded.jsonl"
    every = lines_of(file).values()
    ours = {known["interaction_id"], stranger["interaction_id"]}
    file.write_text(
        "\n".join(json.dumps(line) for line in every if line["id"] in ours), encoding="utf-8"
    )
    other = copy.deepcopy(switchboard.documents["routing"])
    row = next(row for row in other["tables"][0]["rows"] if row["id"] == known["row"])
    row["then"]["queue"] = "sales" if row["then"].get("queue") != "sales" else "support"
    other["tests"] = []
    rules = tmp_path / "other.yaml"
    rules.write_text(yaml.safe_dump(other, sort_keys=False), encoding="utf-8")

    same = json.loads(run("replay", "active", "--recorded", str(file), "--json"))
    changed = json.loads(run("replay", str(rules), "--recorded", str(file), "--json"))

    assert (same["contacts"], same["differently"], same["drifted"]) == (2, 0, [])
    assert same["other_rulesets"] == {}
    assert changed["differently"] == 1
    assert changed["examples"][0]["id"] == known["interaction_id"]
