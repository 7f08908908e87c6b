"""Which interactions a day had, from a sparse index of the ledger: `by_day`, of keys alone.

A row is in it from its first trigger on, under the day of that trigger in UTC, and never moves.
"""

from datetime import date

from switchboard.adapters.dynamodb_table import DynamoDbTable

INDEX = "by_day"


class DynamoDbDaysOfLedger:
    """Keeps the promises of `DaysOfLedger`."""

    def __init__(self, table: DynamoDbTable) -> None:
        self._table = table

    def ids_of(self, day: date, *, after: str = "", limit: int) -> tuple[str, ...]:
        going_on = " AND id > :after" if after else ""
        items = self._table.query(
            INDEX,
            f"#day = :day{going_on}",
            {":day": day.isoformat(), **({":after": after} if after else {})},
            limit=limit,
            names={"#day": "day"},
        )
        return tuple(str(item["id"]) for item in items)
