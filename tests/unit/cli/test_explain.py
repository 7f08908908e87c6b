"""`switchboard explain`: the first line says where it stands, the rest why."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from switchboard.domain.interaction import TriggerKind
from switchboard.domain.posting import Posting, PostingState, Try
from switchboard.domain.routing_record import RoutingRecord
from switchboard.errors import StateConflict
from switchboard.ports import Arrival
from tests.unit.cli.posting_stack import Stack, parked_posting, standing
from tests.unit.use_cases.people import ADA, NOW, told

DONE = Posting(
    "sandbox",
    PostingState.DONE,
    1,
    record_id="A-17",
    tries=(Try(datetime(2026, 3, 4, 17, 0, tzinfo=UTC), 1, "done", 84),),
)


@pytest.fixture(scope="module")
def one_stack() -> Iterator[Stack]:
    with standing() as stack:
        yield stack


@pytest.fixture
def stack(one_stack: Stack) -> Stack:
    one_stack.clean()
    return one_stack


def test_what_is_in_the_crm_is_said_in_the_first_line(stack: Stack) -> None:
    stack.interaction("i-1", DONE, disposition_code="Resolved")

    told_ = stack.run("explain", "i-1")

    first, *rest = told_.output.splitlines()
    assert told_.exit_code == 0
    assert first == "In the CRM sandbox as A-17 since 2026-03-04 17:00:00 UTC."
    said = "\n".join(rest)
    for fact in (
        "i-1, revision 1, over",
        "interaction-ends     revision 1: channel, contact, disposition_code, remarks",
        "(request req-12345)",
        "disposition_code       revision 1 (interaction-ends)",
        "revision 1: done after 84 ms",
        "nothing, unless it changes",
    ):
        assert fact in said


@pytest.mark.parametrize("routing", [RoutingRecord(NOW, "d" * 16, "vip", "queue"), None])
def test_where_a_decision_is_recorded_the_way_to_it_is_told(
    stack: Stack, routing: RoutingRecord | None
) -> None:
    stack.ledger.note_arrival("i-1", Arrival("req-1", NOW, "known", routing=routing))

    said = stack.run("explain", "i-1").output

    assert ("switchboard rules explain --interaction i-1" in said) == bool(routing)


def test_the_arrival_is_told(stack: Stack) -> None:
    decision = {"business_process": "Care", "row": "high-value", "reason": "tier is high"}
    arrived = Arrival(
        "req-1", datetime.now(UTC), "known", "+14155550142", replace(ADA, name="canary"), decision
    )
    stack.ledger.note_arrival("i-1", arrived)

    said = stack.run("explain", "i-1").output

    assert said.startswith("Not yet: no trigger of it reached us")
    assert "known in sandbox" in said
    assert "Care, by the row high-value" in said
    assert "none yet" in said


def test_what_waits_for_a_person_shows_the_commands(stack: Stack) -> None:
    stack.interaction("i-1", parked_posting("outcome_unknown"))

    said = stack.run("explain", "i-1").output

    assert said.startswith("Waits for a person (the CRM sandbox): an answer was lost")
    assert "switchboard parked retry i-1 --connector sandbox --unknown" in said


def test_what_just_came_is_on_its_way(stack: Stack) -> None:
    stack.interaction("i-1", disposition_code="Resolved")

    said = stack.run("explain", "i-1").output

    assert said.startswith("Not yet in the CRM sandbox: it is written")
    assert "sandbox, by the profile sandbox: waiting" in said


def test_a_repeated_trigger_is_told_as_nothing_new(stack: Stack) -> None:
    stack.interaction("i-1", DONE)
    again = told(TriggerKind.INTERACTION_ENDS, interaction_id="i-1", remarks="canary")
    stack.ledger.merge(again, now=datetime.now(UTC), due_when=lambda _: datetime.now(UTC))

    assert "interaction-ends     nothing new" in stack.run("explain", "i-1").output


def test_a_refused_trigger_is_told_with_what_it_contradicts(stack: Stack) -> None:
    stack.interaction("i-1", DONE)
    other = told(TriggerKind.INTERACTION_ENDS, interaction_id="i-1", channel="email")
    with pytest.raises(StateConflict):
        stack.ledger.merge(other, now=datetime.now(UTC), due_when=lambda _: datetime.now(UTC))

    said = stack.run("explain", "i-1").output

    assert "interaction-ends     refused as conflict: channel" in said


def test_triggers_that_were_only_counted_are_told_as_a_number(stack: Stack) -> None:
    stack.interaction("i-1", DONE)
    for minute in range(102):
        again = told(TriggerKind.INTERACTION_ENDS, interaction_id="i-1", remarks="canary")
        now = NOW + timedelta(minutes=minute)
        stack.ledger.merge(again, now=now, due_when=lambda _: NOW)

    assert "and 3 more, which were only counted" in stack.run("explain", "i-1").output


def test_other_programs_get_what_the_http_route_answers(stack: Stack) -> None:
    stack.interaction("i-1", DONE)

    answer = json.loads(stack.run("explain", "i-1", "--json").output)

    assert answer["records"][0]["standing"] == "in_crm"
    assert answer["records"][0]["record_id"] == "A-17"
    assert "request_id" not in answer


def test_what_nobody_knows_is_explained(stack: Stack) -> None:
    answer = stack.run("explain", "i-9")

    assert answer.exit_code == 1
    assert "switchboard refused list" in answer.output


def test_without_published_configuration_what_happened_is_told_all_the_same(stack: Stack) -> None:
    stack.interaction("i-1", DONE)
    config = stack.target.client("dynamodb")
    for kind in ("posting", "connectors"):
        config.delete_item(TableName="Config", Key={"id": {"S": f"active#{kind}"}})

    answer = stack.run("explain", "i-1")

    assert answer.exit_code == 0
    assert "What is to be written is not known" in answer.output
    assert "In the CRM sandbox as A-17" in answer.output


def test_what_a_crm_called_its_record_cannot_steer_the_terminal(stack: Stack) -> None:
    stack.interaction("i-1", replace(DONE, record_id="\x1b[2JA-17\u202e"))

    said = stack.run("explain", "i-1").output

    assert "\x1b" not in said
    assert "\u202e" not in said


def test_a_table_that_cannot_be_read_is_said(stack: Stack) -> None:
    stack.target.tables["Interactions"] = "gone"

    answer = stack.run("explain", "i-1")

    assert answer.exit_code == 2
    assert "gone" in answer.output


def test_a_worker_that_has_it_is_told(stack: Stack) -> None:
    stack.interaction("i-1")
    until = datetime.now(UTC) + timedelta(seconds=45)
    stack.ledger.hold("i-1", token="worker", now=datetime.now(UTC), lease_s=45)

    said = stack.run("explain", "i-1").output

    assert said.startswith("Being written to the CRM sandbox: a worker has it")
    assert f"{until:%Y-%m-%d %H:%M}" in said
