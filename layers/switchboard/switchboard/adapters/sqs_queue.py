"""A work queue on SQS. Its messages carry ids and nothing else."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from switchboard.adapters.aws_errors import aws_call
from switchboard.errors import StateUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LONGEST_DELAY_S: Final = 900  # SQS takes no more; what is due later is the sweeper's
_MOST_AT_ONCE: Final = 10  # of SQS, too


class SqsWorkQueue:
    """Keeps the promises of `WorkQueue`. Raises: StateUnavailable."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, work_id: str, *, request_id: str, delay_s: int = 0) -> None:
        """A delay beyond 15 minutes is cut to 15 minutes."""
        with aws_call("sending to the queue"):
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=_pointer(work_id, request_id),
                DelaySeconds=min(max(delay_s, 0), _LONGEST_DELAY_S),
            )

    def send_many(self, work_ids: Sequence[str], *, request_id: str) -> tuple[str, ...]:
        """Ten to a call. Raises when a whole call failed; those before it are sent."""
        refused: list[str] = []
        for start in range(0, len(work_ids), _MOST_AT_ONCE):
            ten = work_ids[start : start + _MOST_AT_ONCE]
            bodies = [_pointer(work_id, request_id) for work_id in ten]
            with aws_call("sending to the queue"):
                answer = self._client.send_message_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {"Id": str(place), "MessageBody": body} for place, body in enumerate(bodies)
                    ],
                )
            # Of half an answer the SDK makes one that says nothing: not even that it was taken.
            taken = {int(sent["Id"]) for sent in answer.get("Successful", ())}
            refused.extend(ten[place] for place in range(len(ten)) if place not in taken)
        return tuple(refused)

    def waiting(self) -> int:
        name: Final = "ApproximateNumberOfMessages"
        with aws_call("asking the queue"):
            answer = self._client.get_queue_attributes(
                QueueUrl=self._queue_url, AttributeNames=[name]
            )
        # Of half an answer the SDK makes one that says nothing.
        said = answer.get("Attributes", {}).get(name)
        if said is None:
            raise StateUnavailable("half an answer came from the queue; try again")
        return int(said)


def _pointer(work_id: str, request_id: str) -> str:
    return json.dumps({"v": 1, "id": work_id, "request_id": request_id})
