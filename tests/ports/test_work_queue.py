"""What every work queue promises."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from switchboard.adapters.sqs_queue import SqsWorkQueue
from switchboard.errors import StateUnavailable
from switchboard.ports import WorkQueue
from tests.fakes.queue import InMemoryWorkQueue, Pointer
from tests.ports.conftest import BOTH_SIDES

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class Line:
    """A queue, and what a worker gets from it now."""

    queue: WorkQueue
    received: Callable[[], list[Pointer]]


@pytest.fixture
def queue_url(sqs: "SQSClient") -> Iterator[str]:
    url = sqs.create_queue(QueueName="posting")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture(params=BOTH_SIDES)
def line(request: pytest.FixtureRequest) -> Line:
    if request.param == "in_memory":
        queue = InMemoryWorkQueue()
        return Line(queue, lambda: [sent for sent in queue.sent if not sent.delay_s])
    sqs, url = request.getfixturevalue("sqs"), request.getfixturevalue("queue_url")
    return Line(SqsWorkQueue(sqs, url), lambda: [pointer_in(body) for body in bodies(sqs, url)])


def bodies(sqs: "SQSClient", url: str) -> list[str]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


def pointer_in(body: str) -> Pointer:
    message = json.loads(body)
    return Pointer(message["id"], message["request_id"])


def test_a_worker_gets_the_ids_that_were_sent(line: Line) -> None:
    line.queue.send("int-1", request_id="apigw-1")
    line.queue.send("int-2", request_id="apigw-2")

    assert sorted(line.received(), key=lambda pointer: pointer.work_id) == [
        Pointer("int-1", "apigw-1"),
        Pointer("int-2", "apigw-2"),
    ]


@pytest.mark.parametrize("delay_s", [60, 900, 901, 86_400])
def test_what_is_sent_for_later_does_not_come_now(line: Line, delay_s: int) -> None:
    line.queue.send("int-1", request_id="apigw-1", delay_s=delay_s)

    assert line.received() == []


def test_a_moment_already_gone_is_now(line: Line) -> None:
    line.queue.send("int-1", request_id="apigw-1", delay_s=-5)

    assert line.received() == [Pointer("int-1", "apigw-1")]


def test_many_are_sent_each_of_them_once(line: Line) -> None:
    ids = [f"int-{number:02}" for number in range(23)]

    assert line.queue.send_many(ids, request_id="sweep-1") == ()

    received: list[Pointer] = []
    while len(received) < 23 and (some := line.received()):
        received += some
    assert sorted(pointer.work_id for pointer in received) == ids
    assert {pointer.request_id for pointer in received} == {"sweep-1"}


def test_to_send_none_is_nothing(line: Line) -> None:
    assert line.queue.send_many([], request_id="sweep-1") == ()
    assert line.queue.waiting() == 0


def test_it_tells_how_many_wait_without_those_for_later(line: Line) -> None:
    line.queue.send_many(["int-1", "int-2", "int-3"], request_id="sweep-1")
    line.queue.send("int-4", request_id="apigw-1")
    line.queue.send("int-5", request_id="apigw-1", delay_s=60)

    assert line.queue.waiting() == 4


def test_what_sqs_refuses_is_told_and_the_others_are_sent(sqs: "SQSClient", queue_url: str) -> None:
    """SQS may take some of a batch; moto never refuses one, so its answer is changed here."""

    def refuse_the_third(parsed: dict[str, Any], **_: Any) -> None:
        refused = parsed["Successful"].pop(2)
        code = {"Code": "InternalError", "SenderFault": False}
        parsed["Failed"] = [{"Id": refused["Id"], **code}]

    sqs.meta.events.register("after-call.sqs.SendMessageBatch", refuse_the_third)
    ids = [f"int-{number:02}" for number in range(15)]

    assert SqsWorkQueue(sqs, queue_url).send_many(ids, request_id="sweep-1") == (
        "int-02",
        "int-12",
    )


def test_ten_go_in_one_call(sqs: "SQSClient", queue_url: str) -> None:
    calls: list[int] = []
    sqs.meta.events.register(
        "provide-client-params.sqs.SendMessageBatch",
        lambda params, **_: calls.append(len(params["Entries"])),
    )
    SqsWorkQueue(sqs, queue_url).send_many([f"int-{n}" for n in range(25)], request_id="sweep-1")

    assert calls == [10, 10, 5]


def test_a_message_carries_ids_and_nothing_else(sqs: "SQSClient", queue_url: str) -> None:
    SqsWorkQueue(sqs, queue_url).send("int-1", request_id="apigw-1")

    (body,) = bodies(sqs, queue_url)
    assert json.loads(body) == {"v": 1, "id": "int-1", "request_id": "apigw-1"}
    SqsWorkQueue(sqs, queue_url).send_many(["int-2"], request_id="sweep-1")
    (body,) = bodies(sqs, queue_url)
    assert json.loads(body) == {"v": 1, "id": "int-2", "request_id": "sweep-1"}


@pytest.mark.parametrize(("asked_s", "sent_s"), [(-5, 0), (0, 0), (900, 900), (901, 900)])
def test_sqs_is_asked_for_no_delay_it_would_refuse(
    sqs: "SQSClient", queue_url: str, asked_s: int, sent_s: int
) -> None:
    sent: list[dict[str, object]] = []
    sqs.meta.events.register(
        "provide-client-params.sqs.SendMessage", lambda params, **_: sent.append(params)
    )
    SqsWorkQueue(sqs, queue_url).send("int-1", request_id="apigw-1", delay_s=asked_s)

    assert [params["DelaySeconds"] for params in sent] == [sent_s]


def test_a_queue_that_does_not_answer_is_state_unavailable(
    sqs: "SQSClient", queue_url: str
) -> None:
    gone = SqsWorkQueue(sqs, f"{queue_url}-that-is-not-there")

    with pytest.raises(StateUnavailable, match="queue"):
        gone.send("int-1", request_id="apigw-1")
    with pytest.raises(StateUnavailable, match="queue"):
        gone.send_many(["int-1"], request_id="apigw-1")
    with pytest.raises(StateUnavailable, match="queue"):
        gone.waiting()
