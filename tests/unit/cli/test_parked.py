"""`switchboard parked`: what waits for a person is listed, written after all, or settled."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cli import parked_choice
from switchboard.domain.posting import Posting, PostingState
from tests.unit.cli.posting_stack import Stack, days_ago, parked_posting, standing


@pytest.fixture(scope="module")
def one_stack() -> Iterator[Stack]:
    with standing() as stack:
        yield stack


@pytest.fixture
def stack(one_stack: Stack) -> Stack:
    one_stack.clean()
    return one_stack


@pytest.fixture
def waiting(stack: Stack) -> Stack:
    """Three that wait, for two reasons and two CRMs, and one that is written."""
    stack.interaction("i-1", parked_posting(), business_process="Care", first_at=days_ago(3))
    stack.interaction("i-2", parked_posting(connector="other"), first_at=days_ago(2))
    stack.interaction("i-3", parked_posting("outcome_unknown"), first_at=days_ago(1))
    stack.interaction("i-4", Posting("sandbox", PostingState.DONE, 1, record_id="A-4"))
    return stack


def listed(stack: Stack, *options: str) -> list[str]:
    answer = stack.run("parked", "list", "--json", *options)
    lines = [line for line in answer.output.splitlines() if line.startswith("{")]
    assert answer.exit_code == (1 if lines else 0), answer.output
    return [json.loads(line)["interaction_id"] for line in lines]


def states(stack: Stack) -> dict[str, str]:
    rows = stack.ledger.read_many(["i-1", "i-2", "i-3", "i-4"])
    return {
        name: posting.state.value for name, row in rows.items() for posting in row.postings.values()
    }


def test_what_waits_is_listed_the_longest_first(waiting: Stack) -> None:
    said = waiting.run("parked", "list").output

    assert listed(waiting) == ["i-1", "i-2", "i-3"]
    assert "i-3  sandbox  outcome_unknown  since " in said
    assert "invalid (2): the CRM refused this record" in said


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--connector", "other"], ["i-2"]),
        (["--reason", "invalid"], ["i-1", "i-2"]),
        (["--reason", "outcome"], ["i-3"]),
        (["--business-process", "Care"], ["i-1"]),
        (["--business-process", " care"], ["i-1"]),
        (["--since", f"{days_ago(2.5):%Y-%m-%dT%H:%M}"], ["i-2", "i-3"]),
        (["--until", f"{days_ago(1.5):%Y-%m-%dT%H:%M}"], ["i-1", "i-2"]),
        (["--connector", "other", "--reason", "outcome"], []),
    ],
)
def test_a_filter_keeps_what_it_says(waiting: Stack, options: list[str], found: list[str]) -> None:
    assert listed(waiting, *options) == found


def test_a_short_list_says_that_there_are_more(waiting: Stack) -> None:
    answer = waiting.run("parked", "list", "--limit", "2")

    assert "There are more than 2" in answer.output
    assert "i-3" not in answer.output


def test_where_nothing_waits_it_says_so(stack: Stack) -> None:
    assert "Nothing waits for a person." in stack.run("parked", "list").output


def test_a_filter_that_means_nothing_does_not_say_that_nothing_waits(waiting: Stack) -> None:
    said = waiting.run("parked", "list", "--connector", "sandbx").output

    assert "Nothing waits" not in said
    assert "without filters" in said


def test_one_interaction_is_taken_up_again_without_a_question(waiting: Stack) -> None:
    answer = waiting.run("parked", "retry", "i-1")

    assert answer.exit_code == 0
    assert "i-1  sandbox: taken up again" in answer.output
    assert states(waiting)["i-1"] == "pending"
    assert waiting.ledger.due(now=datetime.now(UTC), limit=9) == ("i-1",)
    assert listed(waiting) == ["i-2", "i-3"]


def test_what_a_filter_means_is_taken_up_once_somebody_agrees(waiting: Stack) -> None:
    refused = waiting.run("parked", "retry", "--reason", "invalid", answer="n\n")
    assert refused.exit_code == 1
    assert "2 records are to be written. Go on?" in refused.output
    assert set(states(waiting).values()) == {"parked", "done"}

    agreed = waiting.run("parked", "retry", "--reason", "invalid", answer="y\n")

    assert agreed.exit_code == 0
    assert listed(waiting) == ["i-3"]


def test_a_dry_run_changes_nothing(waiting: Stack) -> None:
    before = {name: waiting.row(name) for name in ("i-1", "i-2", "i-3")}

    retried = waiting.run("parked", "retry", "--reason", "i", "--dry-run")
    settled = waiting.run(
        "parked", "resolve", "i-3", "--connector", "sandbox", "--why", "a test", "--dry-run"
    )

    assert "i-2  other: would be taken up again" in retried.output
    assert "i-3  sandbox: would be noted" in settled.output
    assert {name: waiting.row(name) for name in before} == before


def test_what_may_stand_in_the_crm_needs_a_word_more(waiting: Stack) -> None:
    careful = waiting.run("parked", "retry", "i-3")
    assert "1 left as they are: the record may stand in the CRM" in careful.output
    assert states(waiting)["i-3"] == "parked"

    waiting.run("parked", "retry", "i-3", "--unknown")

    assert states(waiting)["i-3"] == "pending"


def test_everything_at_once_needs_to_be_said(waiting: Stack) -> None:
    answer = waiting.run("parked", "retry", "--yes")

    assert answer.exit_code == 2
    assert "with a filter" in answer.output
    assert set(states(waiting).values()) == {"parked", "done"}


def test_at_most_so_many_are_taken_up(waiting: Stack) -> None:
    waiting.run("parked", "retry", "--reason", "invalid", "--limit", "1", "--yes")

    assert listed(waiting) == ["i-2", "i-3"]


def test_what_a_worker_has_is_left_to_it(waiting: Stack) -> None:
    waiting.ledger.hold("i-1", token="worker", now=datetime.now(UTC), lease_s=45)

    answer = waiting.run("parked", "retry", "i-1")

    assert answer.exit_code == 1
    assert "a worker has it just now" in answer.output
    assert states(waiting)["i-1"] == "parked"


@pytest.mark.parametrize("interaction_id", ["i-4", "i-9"])
def test_what_does_not_wait_is_said(waiting: Stack, interaction_id: str) -> None:
    answer = waiting.run("parked", "retry", interaction_id)

    assert answer.exit_code == 1
    assert "switchboard explain" in answer.output


def test_a_record_that_was_found_is_kept_with_who_and_why(waiting: Stack) -> None:
    answer = waiting.run(
        "parked", "resolve", "i-3", "--connector", "sandbox", "--record", "A-17",
        "--why", "found by its subject", "--by", "dana",
    )  # fmt: skip

    assert answer.exit_code == 0
    assert "noted: it stands in the CRM as A-17" in answer.output
    assert listed(waiting) == ["i-1", "i-2"]
    told = waiting.run("explain", "i-3").output
    assert told.startswith("In the CRM sandbox as A-17 since ")
    assert "dana settled it by hand: found by its subject" in told


def test_what_is_not_to_be_written_is_not_listed_any_more(waiting: Stack) -> None:
    waiting.run(
        "parked", "resolve", "i-1", "--connector", "sandbox", "--why", "a test call", "--by", "dana"
    )

    assert listed(waiting) == ["i-2", "i-3"]
    assert waiting.run("explain", "i-1").output.startswith(
        "Not in the CRM sandbox: dana settled it by hand: a test call."
    )


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("called +1 415 555 0142 back", "holds a number or an address"),
        ("wrote to ada@example.com", "holds a number or an address"),
        ("  ", "Say why"),
        ("x" * 201, "at most 200"),
    ],
)
def test_a_reason_must_be_short_and_about_nobody(waiting: Stack, why: str, said: str) -> None:
    answer = waiting.run("parked", "resolve", "i-1", "--connector", "sandbox", "--why", why)

    assert answer.exit_code == 2
    assert said in answer.output
    assert states(waiting)["i-1"] == "parked"


def test_one_record_of_the_crm_is_not_taken_for_two_of_ours(stack: Stack) -> None:
    first, second = parked_posting(part="seg-1"), parked_posting(part="seg-2")
    stack.interaction("i-1", first, second)
    found = ["parked", "resolve", "i-1", "--connector", "sandbox", "--record", "A-1", "--why", "x"]

    unclear = stack.run(*found)
    clear = stack.run(*found, "--part", "seg-2")

    assert unclear.exit_code == 2
    assert "say which with --part" in unclear.output
    assert clear.exit_code == 0
    postings = stack.row("i-1").postings
    assert postings["sandbox#seg-1"] == first
    assert postings["sandbox#seg-2"].record_id == "A-1"


def test_more_interactions_than_one_read_takes_are_all_taken_up(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parked_choice, "_AT_ONCE", 2)
    for number in range(5):
        stack.interaction(f"i-{number}", parked_posting())

    answer = stack.run("parked", "retry", "--connector", "sandbox", "--yes")

    assert answer.output.count("taken up again") == 5
    assert len(stack.ledger.due(now=datetime.now(UTC), limit=9)) == 5


def test_one_that_still_tries_elsewhere_is_found_by_its_id(stack: Stack) -> None:
    trying = Posting("other", attempts=1, reason="upstream_unavailable", due_at=days_ago(-1))
    stack.interaction("i-1", parked_posting(), replace(trying, revision=1))

    answer = stack.run("parked", "retry", "i-1")

    assert "i-1  sandbox: taken up again" in answer.output
    assert stack.row("i-1").postings["other"].attempts == 1
