"""A new version goes on with what an earlier one published and wrote, and the earlier one with what
a new one wrote: while a deployment goes on, both work."""

import json
from datetime import datetime
from typing import Any

import pytest

from tests.events import pointer, sqs_event
from tests.integration.answers import flat_body, new_interaction, the_end_of
from tests.integration.canaries import NUMBER, REMARK
from tests.integration.deployment import Deployment

# As issue 2's version published it: what was written, and nothing filled in.
LOOKUP = {
    "format": "lookup/1",
    "connectors": ["sandbox"],
    "default_region": "US",
    "budget_ms": 1200,
    "attributes": {"tier": {"default": "standard"}},
}


def test_documents_of_an_earlier_version_are_used(switchboard: Deployment) -> None:
    sandbox = dict(switchboard.documents["connectors"]["connectors"]["sandbox"])
    del sandbox["region"]
    switchboard.publish(
        lookup=LOOKUP, connectors={"format": "connectors/1", "connectors": {"sandbox": sandbox}}
    )

    for path in ("/v1/arrivals/lookup", "/v1/arrivals/route"):
        body = flat_body(switchboard.http("POST", path, json_body={"contact": NUMBER}))
        assert (body["outcome"], body["tier"]) == ("known", "high")


# Rows as the version before posting profiles wrote them, of one trigger and its posting.
SAID = {
    "agent_name": "Maya Lindqvist",
    "business_process": "Customer Care",
    "channel": "voice",
    "contact": NUMBER,
    "direction": "inbound",
    "disposition_code": "Resolved",
    "duration_s": "180",
    "ended_at": "2026-01-05T15:03:00+00:00",
    "remarks": REMARK,
    "started_at": "2026-01-05T15:00:00+00:00",
}
AT = "2026-01-05T15:03:05.000000+00:00"
DUE = {"due_bucket": {"S": "due"}, "due_at": {"N": "1767625385000"}}
LEASE_OF_THE_DEAD = {
    "lease_token": {"S": "c0ffee"},
    "lease_until": {"N": "1767625385000"},
    "leased_at": {"N": "1767625340000"},
}
POSTING = {
    "attempted_at": None,
    "attempts": 0,
    "connector": "sandbox",
    "due_at": None,
    "reason": "",
    "record_id": "",
    "revision": 1,
    "state": "pending",
}
ATTEMPTING = {**POSTING, "attempted_at": AT, "state": "attempting"}
THROTTLED = {**POSTING, "attempts": 2, "due_at": AT, "reason": "upstream_throttled"}


def row(interaction_id: str, posting: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    versions = {name: [1, AT, text] for name, text in SAID.items()}
    document = {"kinds": ["interaction-ends"], "versions": versions}
    postings = {"posting#sandbox": {"S": json.dumps(posting)}} if posting else {}
    return {
        "id": {"S": interaction_id},
        "revision": {"N": "1"},
        "document": {"S": json.dumps(document)},
        "started_at": {"S": "2026-01-05T15:00:00.000000+00:00"},
        "ended_at": {"S": AT},
        "expires_at": {"N": "4102444800"},
        **postings,
        **more,
    }


def stored(switchboard: Deployment, interaction_id: str) -> dict[str, Any]:
    key = {"id": {"S": interaction_id}}
    item: dict[str, Any] = switchboard.dynamodb.get_item(TableName="Interactions", Key=key)["Item"]
    return item


def post(switchboard: Deployment, interaction_id: str) -> None:
    answer = switchboard.invoke("disposition_posting", sqs_event([pointer(interaction_id)]))
    assert answer == {"batchItemFailures": []}


def records_of(switchboard: Deployment, interaction_id: str) -> list[dict[str, Any]]:
    found = switchboard.crm.get("/api/activities", params={"external_id": interaction_id}).json()
    records: list[dict[str, Any]] = found["activities"]
    return records


@pytest.mark.parametrize(
    ("posting", "more"),
    [(None, DUE), (THROTTLED, DUE), (ATTEMPTING, {**DUE, **LEASE_OF_THE_DEAD})],
    ids=["not begun", "to be tried again", "its worker died"],
)
def test_a_row_of_the_version_before_becomes_one_record(
    switchboard: Deployment, posting: dict[str, Any] | None, more: dict[str, Any]
) -> None:
    interaction = new_interaction()
    item = row(interaction, posting, **more)
    switchboard.dynamodb.put_item(TableName="Interactions", Item=item)

    with switchboard.later(minutes=5):
        post(switchboard, interaction)
        post(switchboard, interaction)

    (record,) = records_of(switchboard, interaction)
    assert (record["remarks"], record["customer_id"]) == (REMARK, "C-1001")
    assert "due_at" not in stored(switchboard, interaction)


def test_a_record_of_the_version_before_is_amended_and_not_made_again(
    switchboard: Deployment,
) -> None:
    interaction = new_interaction()
    item = row(interaction, None, **DUE)
    switchboard.dynamodb.put_item(TableName="Interactions", Item=item)
    post(switchboard, interaction)
    (made,) = records_of(switchboard, interaction)
    done = {**POSTING, "attempted_at": AT, "record_id": made["id"], "state": "done"}
    switchboard.dynamodb.put_item(TableName="Interactions", Item=row(interaction, done))

    said = the_end_of(interaction, occurred_at="2026-01-05T10:04:00-05:00", disposition_code="PTP")
    switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=said)
    switchboard.deliver("disposition_posting")

    (record,) = records_of(switchboard, interaction)
    assert (record["id"], record["disposition"]) == (made["id"], "Promise to pay")


def test_what_is_parked_since_the_version_before_stays_so(switchboard: Deployment) -> None:
    interaction = new_interaction()
    waits = {**POSTING, "state": "parked", "reason": "outcome_unknown"}
    switchboard.dynamodb.put_item(TableName="Interactions", Item=row(interaction, waits))

    post(switchboard, interaction)

    assert records_of(switchboard, interaction) == []


def test_the_version_before_can_read_what_is_written_now(switchboard: Deployment) -> None:
    """It takes what it knows by name, fills in what is absent, and leaves out what it does not
    know; so what it knows must be called so, and be of this kind, for as long as it may run."""
    interaction = new_interaction()
    arrived = {"contact": NUMBER, "interaction_id": interaction}
    switchboard.http("POST", "/v1/arrivals/route", json_body=arrived)
    for event in ("segment-change", "interaction-ends"):
        switchboard.http("POST", f"/v1/triggers/{event}", json_body=the_end_of(interaction))
    (body,) = switchboard.deliver("disposition_posting")

    item = stored(switchboard, interaction)
    document, arrival = json.loads(item["document"]["S"]), json.loads(item["arrival"]["S"])
    posting = json.loads(item["posting#sandbox"]["S"])
    pointing = json.loads(body)
    assert (pointing["v"], pointing["id"], type(pointing["request_id"])) == (1, interaction, str)
    assert int(item["revision"]["N"]) == posting["revision"]
    assert set(document["kinds"]) == {"segment-change", "interaction-ends"}
    for version in document["versions"].values():
        rank, at, text = version
        assert (type(rank), type(text), len(at)) == (int, str, len(AT))
        assert datetime.fromisoformat(at)
    assert (posting["connector"], posting["state"]) == ("sandbox", "done")
    assert isinstance(posting["record_id"], str)
    assert datetime.fromisoformat(posting["attempted_at"])
    assert {"at", "contact", "customer", "outcome", "request_id"} <= arrival.keys()
    assert json.loads(item["decision"]["S"])["row"]
