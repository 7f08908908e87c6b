"""Queued work: partial failures, dead letters, and processes that are killed in the middle."""

import threading
from collections.abc import Callable, Iterator

import pytest

from local.aws.logs import LogReader
from local.aws.workers import kill_workers, workers
from tests.local.aws.conftest import Answer, Queue, Stack

pytestmark = pytest.mark.stack
Eventually = Callable[..., None]


@pytest.fixture
def posting(stack: Stack, eventually: Eventually) -> Iterator[Queue]:
    """The posting queue, empty, its consumer warm, its retries quick."""
    queue = stack.queue("PostingQueue")
    queue.send("warm up")
    eventually(lambda: queue.waiting() == 0)
    yield queue
    queue.purge()
    stack.queue("PostingDeadLetters").purge()


def lines(stack: Stack, **functions: str) -> list[str]:
    """What the functions said, all of them or the ones given by job."""
    reader = LogReader(stack.client("logs"), functions or stack.deployment.functions)
    return [line.text for line in reader.new_lines()]


def test_only_the_failed_records_of_a_batch_stay_until_they_are_dead_letters(
    stack: Stack, posting: Queue, eventually: Eventually
) -> None:
    posting.retry_after(2)
    posting.send("good 1", "good 2", "fail", "good 3")

    eventually(lambda: stack.queue("PostingDeadLetters").waiting() == 1, within_s=60)

    assert posting.waiting() == 0
    said = lines(stack)
    for body in ("good 1", "good 2", "good 3"):
        assert sum("done" in line and f'"{body}"' in line for line in said) == 1
    receives = [line for line in said if '"received"' in line and '"fail"' in line]
    assert len(receives) == 5  # the template's maxReceiveCount


def test_a_message_whose_worker_is_killed_comes_back_and_is_done(
    stack: Stack, posting: Queue, eventually: Eventually
) -> None:
    function = stack.deployment.functions["disposition_posting"]
    posting.retry_after(5)
    posting.send("hang the first time")
    eventually(lambda: posting.waiting() == 1 and bool(workers(stack.aws, function)))
    before = {worker.pid for worker in workers(stack.aws, function)}

    # The poller may take a moment to hand the message over: kill whoever has it by then.
    threading.Event().wait(1)
    killed = kill_workers(stack.aws, function)

    assert set(killed) & before
    eventually(lambda: posting.waiting() == 0, within_s=40)
    assert stack.queue("PostingDeadLetters").waiting() == 0
    done = [li for li in lines(stack) if '"done"' in li and "hang the first time" in li]
    assert len(done) == 1
    assert '"receives": 2' in done[0]


def test_a_call_whose_worker_is_killed_is_an_error_and_the_next_is_served(
    stack: Stack, eventually: Eventually
) -> None:
    function = stack.deployment.functions["call_control"]
    first = stack.call("/v1/calls/1/hold").body["pid"]
    answers: list[Answer] = []
    caller = threading.Thread(
        target=lambda: answers.append(stack.call("/v1/calls/1/hold", do="hang"))
    )
    caller.start()
    threading.Event().wait(1)

    killed = kill_workers(stack.aws, function)
    caller.join(timeout=20)

    assert first in killed
    assert [answer.status for answer in answers] == [502]
    after = stack.call("/v1/calls/1/hold")
    assert after.status == 200
    assert after.body["pid"] not in killed


@pytest.mark.slow
def test_the_sweeper_is_started_every_minute(stack: Stack, eventually: Eventually) -> None:
    sweeper = {"sweeper": stack.deployment.functions["sweeper"]}

    eventually(lambda: any("aws.events" in li for li in lines(stack, **sweeper)), within_s=90)


def test_a_request_can_be_followed_through_the_logs(stack: Stack) -> None:
    answer = stack.call("/v1/arrivals/route")
    request_id = answer.body["event"]["requestContext"]["requestId"]
    reader = LogReader(stack.client("logs"), stack.deployment.functions)

    found = reader.new_lines(request_id)

    assert [line.job for line in found] == ["routing_decision"]
    assert request_id in found[0].text
    assert reader.new_lines(request_id) == []
