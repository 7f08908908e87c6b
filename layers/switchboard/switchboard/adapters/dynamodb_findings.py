"""Findings, kept in the table of lookups beside the answers that they came from.

finding#<hash>  the finding, when it was first and last seen, and the last day of that
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from switchboard.adapters.documents import read_finding, value_text
from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.items import Item, epoch_s, hidden_key, utc_text
from switchboard.domain.findings import Finding, KeptFinding

_PREFIX: Final = "finding"
_KEPT: Final = timedelta(days=30)
# A worker remembers what it has kept today; past this many it starts anew.
_MOST_REMEMBERED: Final = 1000


class DynamoDbFindings:
    """Keeps the promises of `Findings`. A worker writes each at most once a day."""

    def __init__(self, table: DynamoDbTable) -> None:
        self._table = table
        self._seen_on: dict[str, int] = {}

    def keep(self, finding: Finding, *, now: datetime) -> bool:
        key, today = hidden_key(_PREFIX, *finding.subject), _day(now)
        if self._seen_on.get(key) == today:
            return False
        change = (
            Update()
            .set(
                {
                    "finding": value_text(finding),
                    "last_seen_at": utc_text(now),
                    "seen_on": today,
                    "expires_at": epoch_s(now + _KEPT),
                }
            )
            # DynamoDB deletes expired items late, so this may be from a time before a pause.
            .set_if_absent({"first_seen_at": utc_text(now)})
            .only_if("attribute_not_exists(seen_on) OR seen_on < :today", today=today)
        )
        is_first_today = self._table.update(key, change) is not None
        if len(self._seen_on) >= _MOST_REMEMBERED:
            self._seen_on.clear()
        self._seen_on[key] = today
        return is_first_today

    def kept(self, *, now: datetime) -> tuple[KeptFinding, ...]:
        """Reads the whole table, a page at a time: there are few findings and many answers."""
        items = self._table.scan(f"{_PREFIX}#")
        found = [_finding_of(item) for item in items if int(item["expires_at"]) > epoch_s(now)]
        return tuple(sorted(found, key=lambda kept: kept.last_seen_at, reverse=True))


def _finding_of(item: Item) -> KeptFinding:
    return KeptFinding(
        finding=read_finding(str(item["finding"])),
        first_seen_at=datetime.fromisoformat(str(item["first_seen_at"])),
        last_seen_at=datetime.fromisoformat(str(item["last_seen_at"])),
    )


def _day(at: datetime) -> int:
    return at.astimezone(UTC).date().toordinal()
