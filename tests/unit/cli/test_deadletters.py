"""`switchboard deadletters`: looked at without taking anything out, sent again without risk."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cli.dead_letter_box import DeadLetterBox
from cli.dead_letter_work import call_pointed
from switchboard.adapters.dynamodb_outbound import DynamoDbOutboundStore
from switchboard.domain.identity import PhoneNumber
from switchboard.domain.outbound import OutboundRequest, OutboundState
from switchboard.domain.posting import Posting, PostingState
from switchboard.errors import StateUnavailable
from tests.events import pointer
from tests.unit.cli.posting_stack import Stack, parked_posting, standing

DONE = Posting("sandbox", PostingState.DONE, 1, record_id="A-17")
NOW = datetime.now(UTC)
REQUEST = OutboundRequest(
    "out-1", "app-1", PhoneNumber("+14155550142"), "Care", NOW + timedelta(hours=1),
    customer_name="Maya", remarks="canary",
)  # fmt: skip
HOSTILE = ("{", "[" * 3000, '{"v": 2, "id": "i-1"}', '{"v": 1}', "canary +14155550142", "\x85")


@pytest.fixture(scope="module")
def one_stack() -> Iterator[Stack]:
    with standing() as stack:
        yield stack


@pytest.fixture
def stack(one_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setattr("cli.dead_letter_box._WAIT_S", 0)
    one_stack.clean()
    return one_stack


def test_a_letter_is_told_with_its_state_and_what_sending_it_would_do(stack: Stack) -> None:
    stack.interaction("i-1", DONE)
    stack.dead("i-1")

    said = stack.run("deadletters", "list").output

    assert said.startswith("i-1  (message ")
    assert "request   req-1" in said
    assert "In the CRM sandbox as A-17" in said
    assert "redriving nothing: a worker sees that nothing is left to write" in said


def test_looking_takes_nothing_out(stack: Stack) -> None:
    names = [f"i-{number:02}" for number in range(25)]
    stack.dead(*names)

    first = stack.run("deadletters", "list", "--json").output.splitlines()
    again = stack.run("deadletters", "list", "--json").output.splitlines()

    assert sorted(json.loads(line)["points_at"] for line in first) == names
    assert len(again) == len(first)
    assert stack.bodies("PostingDeadLetters") == [pointer(name) for name in names]


def test_an_empty_queue_is_said(stack: Stack) -> None:
    assert stack.run("deadletters", "list").output == "No dead letters of posting.\n"
    assert "nothing to send" in stack.run("deadletters", "redrive", "--yes").output


@pytest.mark.parametrize(
    ("postings", "sending"),
    [
        ([], "a worker goes on where the ledger says"),
        ([parked_posting("quarantined")], "it waits for a person"),
        ([DONE, parked_posting(connector="other")], "it waits for a person"),
    ],
)
def test_what_sending_it_does_depends_on_the_ledger_alone(
    stack: Stack, postings: list[Posting], sending: str
) -> None:
    stack.interaction("i-1", *postings)
    stack.dead("i-1")

    assert sending in stack.run("deadletters", "show", "i-1").output


def test_a_letter_about_nothing_we_know_is_harmless(stack: Stack) -> None:
    stack.dead("i-9")

    assert "the ledger knows nothing of it" in stack.run("deadletters", "show", "i-9").output


def test_showing_what_is_not_there_fails(stack: Stack) -> None:
    answer = stack.run("deadletters", "show", "i-1")

    assert answer.exit_code == 1
    assert "No dead letter of posting points at it" in answer.output


def test_redriving_sends_the_pointer_and_takes_the_letter_away(stack: Stack) -> None:
    stack.dead("i-1", "i-2")

    answer = stack.run("deadletters", "redrive", "--yes")

    assert answer.exit_code == 0
    assert "2 sent" in answer.output
    assert stack.bodies("PostingQueue") == [pointer("i-1"), pointer("i-2")]
    assert stack.bodies("PostingDeadLetters") == []


def test_only_what_is_named_is_sent(stack: Stack) -> None:
    stack.dead("i-1", "i-2", "i-3")

    stack.run("deadletters", "redrive", "--id", "i-2")

    assert stack.bodies("PostingQueue") == [pointer("i-2")]
    assert stack.bodies("PostingDeadLetters") == [pointer("i-1"), pointer("i-3")]


def test_at_most_so_many_are_sent(stack: Stack) -> None:
    stack.dead("i-1", "i-2", "i-3")

    stack.run("deadletters", "redrive", "--limit", "2", "--yes")

    assert len(stack.bodies("PostingQueue")) == 2
    assert len(stack.bodies("PostingDeadLetters")) == 1


def test_young_letters_can_be_left(stack: Stack) -> None:
    stack.dead("i-1")

    assert (
        "nothing to send"
        in stack.run("deadletters", "redrive", "--older-than", "1h", "--yes").output
    )
    assert "1 sent" in stack.run("deadletters", "redrive", "--older-than", "0s", "--yes").output


def test_a_length_of_time_that_is_none_is_explained(stack: Stack) -> None:
    answer = stack.run("deadletters", "list", "--older-than", "yesterday")

    assert answer.exit_code == 2
    assert "write 30s, 15m, 4h, 14d or 2w" in answer.output


def test_a_dry_run_sends_and_deletes_nothing(stack: Stack) -> None:
    stack.dead("i-1")
    stack.put("{")

    said = stack.run("deadletters", "redrive", "--dry-run", "--drop-unreadable").output

    assert "i-1: would be sent; " in said
    assert "It would be: 1 sent, 1 deleted" in said
    assert stack.bodies("PostingQueue") == []
    assert stack.bodies("PostingDeadLetters") == ["{", pointer("i-1")]


def test_nothing_is_sent_until_somebody_agrees(stack: Stack) -> None:
    stack.dead("i-1")

    assert stack.run("deadletters", "redrive", answer="n\n").exit_code == 1
    assert stack.bodies("PostingQueue") == []
    assert stack.bodies("PostingDeadLetters") == [pointer("i-1")]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_pointer_is_left_until_somebody_says_otherwise(stack: Stack, body: str) -> None:
    stack.put(body)

    listed = stack.run("deadletters", "list").output
    left = stack.run("deadletters", "redrive", "--yes")
    dropped = stack.run("deadletters", "redrive", "--yes", "--drop-unreadable")

    assert listed.startswith("unreadable  (message ")
    assert left.exit_code == 1
    assert "1 left" in left.output
    assert dropped.exit_code == 0
    assert "1 deleted" in dropped.output
    assert stack.bodies("PostingQueue") == stack.bodies("PostingDeadLetters") == []


def test_an_interruption_between_sending_and_deleting_repeats_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.interaction("i-1", DONE)
    stack.dead("i-1")
    with monkeypatch.context() as patched:
        patched.setattr(DeadLetterBox, "discard", _fails)
        interrupted = stack.run("deadletters", "redrive", "--yes")

    again = stack.run("deadletters", "redrive", "--yes")

    assert interrupted.exit_code == 2
    assert "nothing: a worker sees" in again.output
    assert stack.bodies("PostingQueue") == [pointer("i-1")] * 2
    assert stack.bodies("PostingDeadLetters") == []


def _fails(*_: object, **__: object) -> None:
    raise StateUnavailable("deleting a dead letter: it did not answer")


def test_a_queue_that_takes_nothing_leaves_the_letter(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.dead("i-1")
    monkeypatch.setattr("cli.deadletters.SqsWorkQueue.send", _fails)

    answer = stack.run("deadletters", "redrive", "--yes")

    assert answer.exit_code == 2
    assert stack.bodies("PostingDeadLetters") == [pointer("i-1")]


def test_without_the_address_of_the_queue_it_says_what_to_do(stack: Stack) -> None:
    stack.target.queues.clear()

    answer = stack.run("deadletters", "list")

    assert answer.exit_code == 2
    assert "The address of PostingDeadLetters is not known here" in answer.output


def test_letters_of_the_dialling_queue_go_back_to_it(stack: Stack) -> None:
    store = DynamoDbOutboundStore(stack.table("Outbound"))
    store.add(REQUEST, due_at=None)
    stack.dead("out-1", of="DialingDeadLetters")

    listed = stack.run("deadletters", "list", "--queue", "dialing").output
    stack.run("deadletters", "redrive", "--queue", "dialing", "--yes")

    assert "now       queued" in listed
    assert "dialled once, if the contact policy still allows it" in listed
    assert stack.bodies("DialingQueue") == [pointer("out-1")]
    assert stack.bodies("PostingQueue") == []


@pytest.mark.parametrize("state", OutboundState)
def test_redriving_never_dials_twice_and_says_so(state: OutboundState) -> None:
    pointed = call_pointed(replace(REQUEST, state=state), now=NOW)

    is_waiting = state is OutboundState.QUEUED
    assert pointed.state == state
    assert ("dialled once, if" in pointed.sending) == is_waiting


def test_a_request_that_expired_or_is_gone_is_not_dialled() -> None:
    assert "not dialled any more" in call_pointed(REQUEST, now=REQUEST.not_after).sending
    assert "nobody is called" in call_pointed(None, now=NOW).sending
