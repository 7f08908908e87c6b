"""AWS's ways to fail, told in our words. The only place that knows botocore's exceptions."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnection

from switchboard.errors import StateBusy, StateUnavailable

# One key may be written a thousand times a second. Source: DynamoDB, "Service quotas".
_BUSY: Final = frozenset(
    {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}
)


class ConditionFailed(Exception):
    """A conditional write found something else: everyday, and it stays in the adapters.

    `found` is what it found, in DynamoDB's notation, where the write asked to be told.
    """

    def __init__(self, found: Mapping[str, Any] | None = None) -> None:
        super().__init__("a condition failed")
        self.found = found or {}


class NothingThere(Exception):
    """No object has this name."""


@contextmanager
def aws_call(doing: str) -> Iterator[None]:
    """Run one call to AWS. `doing` names it in the error, for example ``"reading Config"``.

    Only AWS's error code goes into the text: its message may quote what was sent.

    Raises: ConditionFailed, NothingThere, StateUnavailable, StateBusy.
    """
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "no error code")
        if code == "ConditionalCheckFailedException":
            found: Any = error.response.get("Item")
            raise ConditionFailed(found) from error
        if code == "NoSuchKey":
            raise NothingThere from error
        kind = StateBusy if code in _BUSY else StateUnavailable
        raise kind(f"{doing} failed ({code}); try again") from error
    except (HTTPClientError, NoConnection, IncompleteReadError) as error:
        reason = type(error).__name__
        raise StateUnavailable(f"{doing} got no answer ({reason}); try again") from error
