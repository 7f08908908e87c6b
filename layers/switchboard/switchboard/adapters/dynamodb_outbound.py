"""Requests to call, attempt counters and the do-not-call list, in one DynamoDB table.

request#<id>                     the request (JSON), its request_state, due_bucket, due_at
attempts#<hash of number>#<day>  how many requests to it were counted that day, and which
dnc#<hash of number>             it must not be called; since when, and who said so
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from switchboard.adapters.documents import read_request, value_text
from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.items import Item, epoch_ms, epoch_s, hidden_key, utc_text
from switchboard.domain.identity import PhoneNumber
from switchboard.domain.outbound import OutboundRequest

_REQUEST_PREFIX: Final = "request#"
_DUE_BUCKET: Final = "due"
# A day lasts up to 50 hours over all time zones of the earth.
_COUNTER_KEPT: Final = timedelta(days=4)


class DynamoDbOutboundStore:
    """Keeps the promises of `OutboundStore`. Requests are kept `keep_days` past `not_after`."""

    def __init__(self, table: DynamoDbTable, *, keep_days: int = 400) -> None:
        self._table = table
        self._keep = timedelta(days=keep_days)

    def add(self, request: OutboundRequest, *, due_at: datetime | None) -> OutboundRequest | None:
        item: Item = {
            "id": _request_key(request.id),
            "request": value_text(request),
            "request_state": request.state.value,
            "expires_at": epoch_s(request.not_after + self._keep),
            **(_due(due_at) if due_at else {}),
        }
        return None if self._table.put_new(item) else self.read(request.id)

    def read(self, request_id: str) -> OutboundRequest | None:
        item = self._table.get(_request_key(request_id))
        return read_request(str(item["request"])) if item else None

    def move(self, request: OutboundRequest, *, expected: str, due_at: datetime | None) -> bool:
        """False, though it moved, when AWS's answer was lost and the SDK's repeat met our write.

        For dialling that errs on the safe side: nobody is rung twice.
        """
        change = (
            Update()
            .set({"request": value_text(request), "request_state": request.state.value})
            .only_if("request_state = :expected", expected=expected)
        )
        if due_at:
            change.set(_due(due_at))
        else:
            change.remove("due_bucket", "due_at")
        return self._table.update(_request_key(request.id), change) is not None

    def due(self, *, now: datetime, limit: int) -> tuple[str, ...]:
        items = self._table.query(
            "by_due",
            "due_bucket = :bucket AND due_at <= :now",
            {":bucket": _DUE_BUCKET, ":now": epoch_ms(now)},
            limit=limit,
        )
        return tuple(str(item["id"]).removeprefix(_REQUEST_PREFIX) for item in items)

    def reserve_attempt(self, request: OutboundRequest, *, local_day: str, limit: int) -> bool:
        """`local_day` is an ISO date."""
        key = f"{hidden_key('attempts', request.number.e164)}#{local_day}"
        counted_request = _request_key(request.id)
        change = (
            Update()
            .count_one_more("counted")
            .set({counted_request: 1, "expires_at": _counter_expiry(local_day)})
            .only_if_absent(counted_request)
            .only_if("attribute_not_exists(counted) OR counted < :limit", limit=limit)
        )
        if limit > 0 and self._table.update(key, change) is not None:
            return True
        counter = self._table.get(key)
        return counter is not None and counted_request in counter

    def is_do_not_call(self, number: PhoneNumber) -> bool:
        return self._table.get(_do_not_call_key(number)) is not None

    def mark_do_not_call(self, number: PhoneNumber, *, source: str, at: datetime) -> None:
        """The first mark stays: it says since when the number must not be called."""
        self._table.put_new(
            {"id": _do_not_call_key(number), "marked_by": source, "marked_at": utc_text(at)}
        )


def _request_key(request_id: str) -> str:
    # The prefix keeps an asker's own id apart from counters and the do-not-call list.
    return f"{_REQUEST_PREFIX}{request_id}"


def _due(at: datetime) -> Item:
    return {"due_bucket": _DUE_BUCKET, "due_at": epoch_ms(at)}


def _do_not_call_key(number: PhoneNumber) -> str:
    return hidden_key("dnc", number.e164)


def _counter_expiry(local_day: str) -> int:
    return epoch_s(datetime.fromisoformat(local_day).replace(tzinfo=UTC) + _COUNTER_KEPT)
