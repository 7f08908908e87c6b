"""What a posting profile says is what stands in the CRM: mapped, at its time, or not at all."""

import copy
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.posting import preview
from tests.events import pointer, sqs_event
from tests.integration import template
from tests.integration.answers import new_interaction, the_end_of
from tests.integration.canaries import NUMBER, REMARK, STRANGER
from tests.integration.deployment import REGION, Answer, Deployment
from tests.local.sandbox_crm.harness import CREDENTIALS

STARTS, ENDS = "/v1/triggers/interaction-starts", "/v1/triggers/interaction-ends"
TRANSFER, SEGMENT = "/v1/triggers/internal-transfer", "/v1/triggers/segment-change"
SANDBOX = {"connector": "sandbox"}


@pytest.fixture
def archive_secret(switchboard: Deployment) -> Iterator[None]:
    client = boto3.client("secretsmanager", region_name=REGION)
    values = {"client_id": CREDENTIALS.client_id, "client_secret": CREDENTIALS.client_secret}
    name = f"{template.STACK_NAME}/connectors/archive"
    client.create_secret(Name=name, SecretString=json.dumps(values))
    yield
    client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def publish(switchboard: Deployment, *profiles: dict[str, Any], **more: Any) -> None:
    document = {"format": "posting/1", "profiles": list(profiles), **more}
    switchboard.publish(posting=document)


def tell(switchboard: Deployment, path: str, interaction: str, **said: Any) -> Answer:
    answer = switchboard.http("POST", path, json_body=the_end_of(interaction, **said))
    assert answer.status == 202, answer.text
    return answer


def ends(switchboard: Deployment, interaction: str, **said: Any) -> None:
    tell(switchboard, ENDS, interaction, **said)
    switchboard.deliver("disposition_posting")


def transferred(
    switchboard: Deployment, interaction: str, *, minute: int = 1, **said: Any
) -> list[str]:
    at = f"2026-01-05T10:{minute:02}:00-05:00"
    before_the_end = {"disposition_code": "", "remarks": "", "ended_at": "", "duration_s": ""}
    tell(switchboard, TRANSFER, interaction, occurred_at=at, **{**before_the_end, **said})
    return switchboard.deliver("disposition_posting")


def records(switchboard: Deployment) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = switchboard.crm.get("/api/activities").json()["activities"]
    return found


def records_of(switchboard: Deployment, interaction: str) -> dict[str, dict[str, Any]]:
    """By their key in the CRM; segments are beside the whole."""
    return {
        record["external_id"]: record
        for record in records(switchboard)
        if record["external_id"].partition(":")[0] == interaction
    }


def test_fields_and_code_tables_reach_the_crm(switchboard: Deployment) -> None:
    publish(
        switchboard,
        {
            **SANDBOX,
            "fields": {
                "disposition_code": "${pick(tables.outcome, disposition_code, 'other')}",
                "remarks": "${agent_name}, ${clock(duration_s, 'mm:ss')}",
                "business_process": "${upper(business_process)}",
                "agent_name": None,
            },
        },
        tables={"outcome": {"Resolved": "done"}},
    )
    interaction = new_interaction()

    ends(switchboard, interaction)

    (record,) = records_of(switchboard, interaction).values()
    assert (record["disposition"], record["subject"]) == ("done", "CUSTOMER CARE: done")
    assert record["remarks"] == "Maya Lindqvist, 03:00"
    assert record["agent"] is None
    assert record["customer_id"] == "C-1001"


def test_several_at_once_are_mapped_as_one_is(switchboard: Deployment) -> None:
    publish(switchboard, {**SANDBOX, "fields": {"remarks": "by ${agent_name}"}})
    several = [new_interaction() for _ in range(3)]

    for interaction in several:
        tell(switchboard, ENDS, interaction)
    switchboard.deliver("disposition_posting")

    told = [records_of(switchboard, each)[each]["remarks"] for each in several]
    assert told == ["by Maya Lindqvist"] * 3


def test_a_rule_against_posting_keeps_it_out_of_every_crm(switchboard: Deployment) -> None:
    publish(
        switchboard,
        SANDBOX,
        never=[{"business_processes": ["customer care"], "why": "kept by Care itself"}],
    )
    kept, posted = new_interaction(), new_interaction()

    ends(switchboard, kept)
    ends(switchboard, posted, business_process="Sales")

    assert records_of(switchboard, kept) == {}
    assert list(records_of(switchboard, posted)) == [posted]


def test_a_record_waits_for_the_disposition_and_no_longer_than_it_may(
    switchboard: Deployment,
) -> None:
    publish(switchboard, {**SANDBOX, "when": "wrap_up", "wrap_up_timeout_s": 300})
    coded, uncoded = new_interaction(), new_interaction()

    ends(switchboard, coded, disposition_code="")
    ends(switchboard, uncoded, disposition_code="")
    assert records_of(switchboard, coded) == records_of(switchboard, uncoded) == {}

    ends(switchboard, coded, disposition_code="Resolved", occurred_at="2026-01-05T10:04:00-05:00")
    assert records_of(switchboard, coded)[coded]["disposition"] == "Resolved"
    assert records_of(switchboard, uncoded) == {}

    with switchboard.later(seconds=301):
        switchboard.invoke("disposition_posting", sqs_event([pointer(uncoded)]))
    assert records_of(switchboard, uncoded)[uncoded]["disposition"] is None


def test_a_record_may_be_there_at_each_transfer_and_is_whole_at_the_end(
    switchboard: Deployment,
) -> None:
    publish(switchboard, {**SANDBOX, "when": "transfer"})
    interaction = new_interaction()

    assert transferred(switchboard, interaction, agent_name="Ada Example")
    half = records_of(switchboard, interaction)
    ends(switchboard, interaction)

    assert half[interaction]["agent"] == "Ada Example"
    assert half[interaction]["disposition"] is None
    (whole,) = records_of(switchboard, interaction).values()
    assert (whole["agent"], whole["disposition"]) == ("Maya Lindqvist", "Resolved")


def test_a_profile_for_the_end_sleeps_through_transfers(switchboard: Deployment) -> None:
    publish(switchboard, SANDBOX)

    assert transferred(switchboard, new_interaction()) == []


def test_each_transfer_can_be_a_record_beside_that_of_the_whole(switchboard: Deployment) -> None:
    publish(
        switchboard,
        {**SANDBOX, "id": "parts", "record": "segment", "when": "transfer"},
        {**SANDBOX, "id": "whole"},
    )
    interaction = new_interaction()

    transferred(switchboard, interaction, minute=1, agent_name="Ada Example")
    transferred(switchboard, interaction, minute=2, agent_name="Bob Example")
    transferred(switchboard, interaction, minute=2, agent_name="Bob Example")  # ECS repeats it
    early = records_of(switchboard, interaction)
    ends(switchboard, interaction)

    found = records_of(switchboard, interaction)
    assert sorted(record["agent"] for record in early.values()) == ["Ada Example", "Bob Example"]
    assert sorted(record["agent"] for record in found.values()) == [
        "Ada Example", "Bob Example", "Maya Lindqvist",
    ]  # fmt: skip
    assert all(key.startswith(f"{interaction}:") for key in early)
    assert found[interaction]["disposition"] == "Resolved"
    assert {found[key]["disposition"] for key in early} == {None}


def test_segments_in_the_chosen_states_are_records_and_others_are_not(
    switchboard: Deployment,
) -> None:
    publish(switchboard, {**SANDBOX, "record": "segment", "segment_states": ["Handling"]})
    interaction = new_interaction()

    for second, state in enumerate(["Offered", "Handling", "Wrap Up", "Handling"]):
        at = f"2026-01-05T10:01:{second:02}-05:00"
        tell(switchboard, SEGMENT, interaction, occurred_at=at, segment_state=state)
    ends(switchboard, interaction)

    assert len(records_of(switchboard, interaction)) == 2
    assert interaction not in records_of(switchboard, interaction)


def with_archive(switchboard: Deployment) -> None:
    """The sandbox CRM under a second name, whose records have keys of their own."""
    document = switchboard.documents["connectors"]
    sandbox = document["connectors"]["sandbox"]
    archive = copy.deepcopy(sandbox)
    archive["definition"]["id"] = "archive"
    methods = archive["definition"]["methods"]
    del methods["log_interactions"]
    methods["log_interaction"]["steps"][0]["request"]["path"] = (
        "/api/activities/archive-${input.id}"
    )
    switchboard.publish(
        connectors={**document, "connectors": {"sandbox": sandbox, "archive": archive}}
    )


def test_each_connector_gets_what_its_own_profile_wants(
    switchboard: Deployment, archive_secret: None
) -> None:
    with_archive(switchboard)
    publish(
        switchboard,
        {**SANDBOX, "only": {"channels": ["voice"]}},
        {"connector": "archive", "fields": {"remarks": None}},
    )
    call, mail = new_interaction(), new_interaction()

    ends(switchboard, call)
    ends(switchboard, mail, channel="email", contact="ada@example.com")

    assert records_of(switchboard, call)[call]["remarks"] == REMARK
    assert records_of(switchboard, f"archive-{call}")[f"archive-{call}"]["remarks"] is None
    assert records_of(switchboard, mail) == {}
    assert list(records_of(switchboard, f"archive-{mail}")) == [f"archive-{mail}"]


def test_a_document_of_the_version_before_means_the_same(switchboard: Deployment) -> None:
    old = {
        "connector": "sandbox",
        "business_processes": [],
        "channels": ["voice"],
        "directions": [],
        "wait_for_disposition_s": 5,
        "create_contact": False,
    }
    publish(switchboard, old)
    call, mail = new_interaction(), new_interaction()

    ends(switchboard, call)
    ends(switchboard, mail, channel="email", contact="ada@example.com")

    assert list(records_of(switchboard, call)) == [call]
    assert records_of(switchboard, mail) == {}


@pytest.mark.parametrize("is_posted", [False, True])
def test_a_preview_shows_the_very_request_that_is_sent(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch, is_posted: bool
) -> None:
    tables = {**switchboard.target.tables, "Interactions": "Interactions"}
    where = replace(switchboard.target, tables=tables)
    monkeypatch.setattr(preview, "target", lambda _stack: where)
    publish(switchboard, {**SANDBOX, "fields": {"business_process": "Care / ${channel}"}})
    interaction = new_interaction()
    tell(switchboard, ENDS, interaction)
    if is_posted:
        switchboard.deliver("disposition_posting")
    before = len(records(switchboard))

    run = CliRunner().invoke(app, ["posting", "preview", "--interaction", interaction])

    assert run.exit_code == 0, run.output
    crm_url = switchboard.documents["connectors"]["connectors"]["sandbox"]["settings"]["base"]
    assert f"→ PUT {crm_url}/api/activities/{interaction}" in run.output
    assert "by profile sandbox, at once" in run.output
    assert len(records(switchboard)) == before
    unknown = CliRunner().invoke(app, ["posting", "preview", "--interaction", "nobody-knows"])
    assert unknown.exit_code == 1
    assert "No trigger with this id" in unknown.output


@pytest.mark.parametrize(
    ("contact", "told"),
    [(NUMBER, "customer_id: C-1001"), (STRANGER, "nobody is found: it is written without")],
)
def test_a_preview_can_ask_the_crm_whose_record_it_is(
    switchboard: Deployment, tmp_path: Path, contact: str, told: str
) -> None:
    secrets, event = tmp_path / "secrets.json", tmp_path / "event.json"
    values = {"client_id": CREDENTIALS.client_id, "client_secret": CREDENTIALS.client_secret}
    secrets.write_text(json.dumps({**values, "hook_secret": "none"}), encoding="utf-8")
    event.write_text(json.dumps(the_end_of("int-ask", contact=contact)), encoding="utf-8")
    folder = tmp_path / "config"
    shutil.copytree(template.ROOT / "config", folder)
    base = switchboard.documents["connectors"]["connectors"]["sandbox"]["settings"]["base"]
    use = {"use": "sandbox", "settings": {"base": base}}
    connectors = {"format": "connectors/1", "connectors": [use]}
    (folder / "connectors.yaml").write_text(json.dumps(connectors), encoding="utf-8")
    before = len(records(switchboard))

    run = CliRunner().invoke(
        app,
        ["posting", "preview", "--config", str(folder), "--event", str(event), "--ask",
         "--secrets-from", str(secrets)],
    )  # fmt: skip

    assert run.exit_code == 0, run.output
    assert told in run.output
    assert "→ PUT" in run.output
    assert len(records(switchboard)) == before
