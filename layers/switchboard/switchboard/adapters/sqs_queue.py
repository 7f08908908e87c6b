"""A work queue on SQS. Its messages carry ids and nothing else."""

import json
from typing import TYPE_CHECKING, Final

from switchboard.adapters.aws_errors import aws_call

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LONGEST_DELAY_S: Final = 900  # SQS takes no more; what is due later is the sweeper's


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
                MessageBody=json.dumps({"v": 1, "id": work_id, "request_id": request_id}),
                DelaySeconds=min(max(delay_s, 0), _LONGEST_DELAY_S),
            )
