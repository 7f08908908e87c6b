"""`switchboard connector resume`: what waited for a mended CRM is due, and what is not is told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from cli import connector_resume
from switchboard.adapters.connector.pacing import Lane
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_pacing import DynamoDbPacingStore
from switchboard.domain.posting import Posting
from switchboard.errors import StateUnavailable
from switchboard.ports import Next
from tests.unit.cli.posting_stack import Stack, parked_posting, standing


@pytest.fixture(scope="module")
def one_stack() -> Iterator[Stack]:
    with (
        standing() as stack,
        patch.object(connector_resume, "target", lambda _: stack.target),
    ):
        yield stack


@pytest.fixture
def stack(one_stack: Stack) -> Stack:
    one_stack.clean()
    one_stack.target.tables["Coordination"] = "Coordination"
    return one_stack


def waits(stack: Stack, name: str, reason: str, connector: str = "sandbox") -> None:
    """An interaction that is tried again in ten hours."""
    now = datetime.now(UTC)
    posting = Posting(
        connector, attempts=6, due_at=now + timedelta(hours=10), attempted_at=now, reason=reason
    )
    stack.interaction(name)
    stack.ledger.hold(name, token="worker", now=now, lease_s=45)
    after = Next(due_at=posting.due_at)
    stack.ledger.settle(name, [posting], token="worker", revision=1, after=after)


def due_soon(stack: Stack) -> set[str]:
    return set(stack.ledger.due(now=datetime.now(UTC) + timedelta(minutes=1), limit=99))


def pause(stack: Stack) -> None:
    now = datetime.now(UTC)
    DynamoDbPacingStore(stack.table("Coordination")).pause(
        "sandbox", Lane.POSTING, until=now + timedelta(hours=6), reason="throttled", now=now
    )


def test_what_waited_for_the_connector_is_due_within_a_minute(stack: Stack) -> None:
    waits(stack, "i-1", "credential_refused")
    waits(stack, "i-2", "upstream_unavailable")
    waits(stack, "i-3", "upstream_unavailable", connector="other")

    answer = stack.run("connector", "resume", "sandbox")

    assert answer.exit_code == 0, answer.output
    assert "Records that waited: 2, due by " in answer.output
    assert due_soon(stack) == {"i-1", "i-2"}


def test_a_dry_run_tells_and_ends_nothing(stack: Stack) -> None:
    waits(stack, "i-1", "credential_refused")
    pause(stack)

    answer = stack.run("connector", "resume", "sandbox", "--dry-run")

    assert "held back sandbox" in answer.output
    assert "It would go on." in answer.output
    assert "Records that waited: 1, would be due by " in answer.output
    assert due_soon(stack) == set()
    assert "It goes on within 30 seconds." in stack.run("connector", "resume", "sandbox").output


def test_what_the_crm_asked_to_wait_for_and_what_a_worker_has_are_told_apart(stack: Stack) -> None:
    waits(stack, "i-1", "upstream_throttled")
    waits(stack, "i-2", "auth")
    stack.ledger.hold("i-2", token="another", now=datetime.now(UTC), lease_s=45)

    answer = stack.run("connector", "resume", "sandbox")
    said = answer.output

    assert answer.exit_code == 1, "some of it is still to do"
    assert "because the CRM asked to wait: 1." in said
    assert "In the hands of a worker: 1. `switchboard connector resume sandbox` again" in said
    assert due_soon(stack) == {"i-2"}, "when its lease ends"


def test_what_was_given_up_is_named_with_the_command_and_not_retried(stack: Stack) -> None:
    stack.interaction("i-1", parked_posting("gave_up:auth"))
    stack.interaction("i-2", parked_posting("gave_up:forbidden"))
    stack.interaction("i-3", parked_posting("invalid"))
    stack.interaction("i-4", parked_posting("gave_up:auth", connector="other"))

    said = stack.run("connector", "resume", "sandbox").output

    assert "No record waits for its next try." in said
    assert "left to a person: 2 (gave_up:" in said
    assert "`switchboard parked retry --connector sandbox --reason gave_up`" in said
    assert due_soon(stack) == set()


def test_what_was_done_is_told_also_when_an_outage_comes_after_it(stack: Stack) -> None:
    waits(stack, "i-1", "auth")

    with patch.object(DynamoDbInteractionLedger, "parked", side_effect=StateUnavailable("down")):
        answer = stack.run("connector", "resume", "sandbox")

    assert answer.exit_code == 2
    assert "Records that waited: 1, due by " in answer.output


def test_resuming_twice_finds_nothing_left_to_do(stack: Stack) -> None:
    waits(stack, "i-1", "credential_refused")
    stack.run("connector", "resume", "sandbox")

    again = stack.run("connector", "resume", "sandbox").output

    assert "No record waits for its next try." in again
    assert due_soon(stack) == {"i-1"}
