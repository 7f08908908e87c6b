"""How far the nightly comparison is, as one item of the table Coordination."""

import json
from datetime import date, datetime, timedelta
from typing import Final

from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.items import epoch_s
from switchboard.domain.reconciliation_progress import Progress

_ID: Final = "reconciliation#progress"
_KEPT_FOR: Final = timedelta(days=60)


class DynamoDbReconciliationProgress:
    """Keeps the promises of `ReconciliationProgress`."""

    def __init__(self, table: DynamoDbTable) -> None:
        self._table = table

    def read(self) -> Progress | None:
        item = self._table.get(_ID)
        return _read(str(item["body"])) if item else None

    def keep(self, progress: Progress, *, now: datetime) -> None:
        body = {
            "day": progress.day.isoformat(),
            "after": progress.after,
            "counts": dict(progress.counts),
            "is_listed": progress.is_listed,
            "is_done": progress.is_done,
        }
        self._table.put(
            {"id": _ID, "body": json.dumps(body), "expires_at": epoch_s(now + _KEPT_FOR)}
        )


def _read(text: str) -> Progress | None:
    """None for what this release cannot read: then yesterday is compared from its beginning."""
    try:
        body = json.loads(text)
        return Progress(
            day=date.fromisoformat(body["day"]),
            after=str(body["after"]),
            counts={str(name): int(number) for name, number in body["counts"].items()},
            is_listed=bool(body["is_listed"]),
            is_done=bool(body["is_done"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
