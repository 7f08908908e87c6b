"""What ECS tells of an interaction stands in the CRM: once, whole, whatever fails on the way."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from switchboard.adapters.crm_records import as_input
from switchboard.contracts.answers import TriggerAnswer
from switchboard.domain.posting import InteractionRecord
from switchboard.observability import Mistake
from tests.events import pointer, sqs_event
from tests.integration.answers import flat_body, is_refused, new_interaction, the_end_of
from tests.integration.canaries import NUMBER, REMARK
from tests.integration.deployment import Answer, Deployment

STARTS, ENDS = "/v1/triggers/interaction-starts", "/v1/triggers/interaction-ends"
BEFORE_THE_END = (
    "agent_name",
    "agent_extension",
    "ended_at",
    "duration_s",
    "disposition_code",
    "remarks",
)


def tell(switchboard: Deployment, path: str, said: dict[str, Any]) -> Answer:
    return switchboard.http("POST", path, json_body=said)


def the_start_of(interaction_id: str) -> dict[str, Any]:
    ends = the_end_of(interaction_id, occurred_at="2026-01-05T10:00:00-05:00")
    return {name: value for name, value in ends.items() if name not in BEFORE_THE_END}


def post_again(switchboard: Deployment, interaction_id: str, **later: float) -> None:
    with switchboard.later(**later):
        answer = switchboard.invoke("disposition_posting", sqs_event([pointer(interaction_id)]))
    assert answer == {"batchItemFailures": []}


def records_of(switchboard: Deployment, interaction_id: str) -> list[dict[str, Any]]:
    found = switchboard.crm.get("/api/activities", params={"external_id": interaction_id}).json()
    records: list[dict[str, Any]] = found["activities"]
    return records


def is_whole(record: dict[str, Any]) -> bool:
    expected = {
        "customer_id": "C-1001",
        "type": "call",
        "direction": "inbound",
        "subject": "Customer Care: Resolved",
        "agent": "Maya Lindqvist",
        "started_at": "2026-01-05T15:00:00.000Z",
        "duration_s": 180,
        "disposition": "Resolved",
        "remarks": REMARK,
        "contact": NUMBER,
    }
    assert {name: record[name] for name in expected} == expected
    return True


def one_whole_record(switchboard: Deployment, interaction_id: str) -> bool:
    (record,) = records_of(switchboard, interaction_id)
    return is_whole(record)


def test_a_result_is_acknowledged_and_written(switchboard: Deployment) -> None:
    interaction = new_interaction()

    answers = [
        tell(switchboard, STARTS, the_start_of(interaction)),
        tell(switchboard, ENDS, the_end_of(interaction)),
    ]
    delivered = switchboard.deliver("disposition_posting")

    assert [answer.status for answer in answers] == [202, 202]
    told = TriggerAnswer.model_validate(flat_body(answers[1]))
    assert (told.accepted, told.duplicate, told.interaction_id) == ("true", "false", interaction)
    assert len(delivered) == 1
    assert one_whole_record(switchboard, interaction)


def test_a_result_by_form_is_the_same(switchboard: Deployment) -> None:
    interaction = new_interaction()
    body = urlencode(the_end_of(interaction))

    answer = switchboard.http("POST", ENDS, body=body, in_base64=True)
    switchboard.deliver("disposition_posting")

    assert flat_body(answer)["interaction_id"] == interaction
    assert one_whole_record(switchboard, interaction)


def test_triggers_twice_and_in_the_wrong_order_are_one_record(switchboard: Deployment) -> None:
    interaction = new_interaction()

    answers = [
        tell(switchboard, ENDS, the_end_of(interaction)),
        tell(switchboard, ENDS, the_end_of(interaction)),
        tell(switchboard, STARTS, the_start_of(interaction)),
    ]
    switchboard.deliver("disposition_posting")

    assert [answer.json["duplicate"] for answer in answers] == ["false", "true", "false"]
    assert one_whole_record(switchboard, interaction)


def test_a_result_without_an_interaction_id_is_joined_by_what_was_sent(
    switchboard: Deployment,
) -> None:
    first = tell(switchboard, STARTS, the_start_of(""))
    second = tell(switchboard, ENDS, the_end_of(""))
    switchboard.deliver("disposition_posting")

    interaction = first.json["interaction_id"]
    assert second.json["interaction_id"] == interaction
    assert interaction.startswith("composite-")
    assert one_whole_record(switchboard, interaction)


def test_a_disposition_that_comes_late_is_waited_for(switchboard: Deployment) -> None:
    interaction = new_interaction()
    ended = datetime.now(UTC).isoformat()
    tell(switchboard, ENDS, the_end_of(interaction, disposition_code="", ended_at=ended))
    switchboard.deliver("disposition_posting")
    assert records_of(switchboard, interaction) == []

    post_again(switchboard, interaction, seconds=6)

    (record,) = records_of(switchboard, interaction)
    assert record["subject"] == "Customer Care: no result yet"


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("lost_answer", {"path": "/api/activities"}),
        ("truncated", {"path": "/api/activities"}),
        ("reset", {"path": "/api/activities"}),
        ("error_503", {"path": "/api/activities"}),
        ("error_500", {"path": "/api/customers"}),
        ("throttle", {}),
        ("garbage", {"path": "/api/activities"}),
        ("error_503", {"path": "/oauth/"}),
    ],
    ids=str,
)
def test_a_result_outlives_a_fault_of_the_crm(
    switchboard: Deployment, kind: str, more: dict[str, Any]
) -> None:
    interaction = new_interaction()
    switchboard.fault(kind, times=1, **more)
    tell(switchboard, ENDS, the_end_of(interaction))
    switchboard.deliver("disposition_posting")

    post_again(switchboard, interaction, minutes=1)

    assert one_whole_record(switchboard, interaction)


def test_a_crm_that_is_down_for_hours_gets_the_result_afterwards(switchboard: Deployment) -> None:
    interaction = new_interaction()
    switchboard.fault("error_503")
    tell(switchboard, ENDS, the_end_of(interaction))
    switchboard.deliver("disposition_posting")
    for minutes in (1, 5, 30):
        post_again(switchboard, interaction, minutes=minutes)
    switchboard.crm.call("DELETE", "/faults")
    assert records_of(switchboard, interaction) == []

    post_again(switchboard, interaction, hours=3)

    assert one_whole_record(switchboard, interaction)


def test_posting_again_what_is_posted_changes_nothing(switchboard: Deployment) -> None:
    interaction = new_interaction()
    tell(switchboard, ENDS, the_end_of(interaction))
    switchboard.deliver("disposition_posting")
    before = records_of(switchboard, interaction)

    post_again(switchboard, interaction, hours=1)

    assert records_of(switchboard, interaction) == before


def test_what_is_told_after_the_posting_is_posted_as_well(switchboard: Deployment) -> None:
    interaction = new_interaction()
    tell(switchboard, ENDS, the_end_of(interaction, remarks=""))
    switchboard.deliver("disposition_posting")
    later = {"occurred_at": "2026-01-05T10:05:00-05:00"}
    tell(switchboard, "/v1/triggers/segment-change", the_end_of(interaction, **later))

    switchboard.deliver("disposition_posting")

    assert one_whole_record(switchboard, interaction)


def test_the_trigger_is_refused_when_it_cannot_be_kept(switchboard: Deployment) -> None:
    with switchboard.changed("INTERACTIONS_TABLE", "NoSuchTable"), switchboard.without_aws("s3"):
        answer = tell(switchboard, ENDS, the_end_of(new_interaction()))

    assert is_refused(answer, 503, "state_unavailable")


def test_the_sweeper_finds_what_a_lost_message_left(switchboard: Deployment) -> None:
    interaction = new_interaction()
    with switchboard.without_aws("sqs"):
        assert tell(switchboard, ENDS, the_end_of(interaction)).status == 202
    assert switchboard.deliver("disposition_posting") == []

    switchboard.invoke("sweeper", {})
    assert switchboard.deliver("disposition_posting") == []
    with switchboard.later(seconds=61):
        switchboard.invoke("sweeper", {})
    switchboard.deliver("disposition_posting")

    assert one_whole_record(switchboard, interaction)


@pytest.mark.parametrize(
    "bad",
    ["", "no json", "[]", '{"v": 1}', '{"v": 2, "id": "int-1"}', '{"v": 1, "id": ""}'],
)
@pytest.mark.parametrize("job", ["disposition_posting", "outbound_dialing"])
def test_a_message_that_is_no_pointer_fails_alone(
    switchboard: Deployment, job: str, bad: str
) -> None:
    interaction = new_interaction()
    tell(switchboard, ENDS, the_end_of(interaction))

    answer = switchboard.invoke(job, sqs_event([pointer("unknown"), bad, pointer(interaction)]))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    if job == "disposition_posting":
        assert one_whole_record(switchboard, interaction)


@pytest.mark.parametrize("job", ["disposition_posting", "outbound_dialing"])
def test_a_batch_of_which_nothing_can_be_read_fails_as_a_whole(
    switchboard: Deployment, job: str
) -> None:
    with pytest.raises(Mistake, match="BatchProcessingError"):
        switchboard.invoke(job, sqs_event(["no pointer"]))


def test_a_mistake_of_ours_over_one_result_costs_no_other_and_ends_with_a_person(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = new_interaction(), new_interaction()

    def broken_input(record: InteractionRecord) -> dict[str, Any]:
        if record.id == bad:
            raise KeyError(REMARK)
        return as_input(record)

    monkeypatch.setattr("switchboard.adapters.rest_crm.as_input", broken_input)
    for interaction in (bad, good):
        tell(switchboard, ENDS, the_end_of(interaction))

    for minutes in range(3):
        with switchboard.later(seconds=60 * minutes):
            both = sqs_event([pointer(bad), pointer(good)])
            assert switchboard.invoke("disposition_posting", both) == {"batchItemFailures": []}

    assert one_whole_record(switchboard, good)
    assert records_of(switchboard, bad) == []
    answer = switchboard.http("GET", f"/v1/interactions/{bad}")
    assert "quarantined" in answer.text
