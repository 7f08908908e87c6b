"""A dead-letter queue, looked through without taking anything out of it unless told to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from switchboard.adapters.aws_errors import aws_call
from switchboard.edges.work import Pointer, read_pointer

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# While they are looked through, letters are hidden; one that was forgotten shows again after it.
_HIDDEN_S: Final = 120
_AT_ONCE: Final = 10
_WAIT_S: Final = 1
# SQS keeps a queue on many machines, and one answer without messages says little.
_EMPTY_ANSWERS: Final = 3


@dataclass(frozen=True, slots=True)
class Letter:
    """One message that failed too often. Without a `pointer` it is none of ours."""

    id: str
    handle: str
    pointer: Pointer | None
    received: int
    sent_at: datetime


class DeadLetterBox:
    """Looks through one dead-letter queue; what was not discarded is given back by `close`."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url
        self._hidden: dict[str, str] = {}

    def __enter__(self) -> "DeadLetterBox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def letters(self) -> Iterator[Letter]:
        """Every letter once, as far as SQS shows them all. Raises: StateUnavailable."""
        seen: set[str] = set()
        empty = 0
        while empty < _EMPTY_ANSWERS:
            page = self._page()
            new = [letter for letter in page if letter.id not in seen]
            seen.update(letter.id for letter in new)
            self._hidden.update({letter.id: letter.handle for letter in page})
            empty = 0 if new else empty + 1
            yield from new

    def discard(self, letter: Letter) -> None:
        """Raises: StateUnavailable."""
        with aws_call("deleting a dead letter"):
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=letter.handle)
        self._hidden.pop(letter.id, None)

    def close(self) -> None:
        """Have everybody see again what was hidden. What fails shows by itself two minutes later.

        Raises: StateUnavailable.
        """
        handles = list(self._hidden.values())
        self._hidden.clear()
        for start in range(0, len(handles), _AT_ONCE):
            self._show(handles[start : start + _AT_ONCE])

    def _page(self) -> list[Letter]:
        with aws_call("reading the dead letters"):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=_AT_ONCE,
                VisibilityTimeout=_HIDDEN_S,
                WaitTimeSeconds=_WAIT_S,
                MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            )
        return [_letter(message) for message in answer.get("Messages", ())]

    def _show(self, handles: list[str]) -> None:
        with aws_call("giving dead letters back"):
            self._client.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles)
                ],
            )


def _letter(message: Any) -> Letter:
    told = message.get("Attributes", {})
    return Letter(
        id=message["MessageId"],
        handle=message["ReceiptHandle"],
        pointer=_pointer(message.get("Body", "")),
        received=int(told.get("ApproximateReceiveCount", 0)),
        sent_at=datetime.fromtimestamp(int(told.get("SentTimestamp", 0)) / 1000, UTC),
    )


def _pointer(body: str) -> Pointer | None:
    try:
        return read_pointer(body)
    except (ValueError, RecursionError):
        return None
