"""Things that may happen once, as conditional writes to DynamoDB."""

from datetime import datetime

from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.items import epoch_s, hidden_key


class DynamoDbOnceStore:
    """Keeps the promises of `OnceStore`. Keys are stored hashed: they may come from a vendor.

    When AWS's answer is lost, the SDK's repeat finds the claim taken: False, though we took it.
    What is claimed happens at most once.
    """

    def __init__(self, table: DynamoDbTable) -> None:
        self._table = table

    def claim(self, key: str, *, now: datetime, keep_s: int) -> bool:
        return self._table.put_new(
            {"id": hidden_key("once", key), "expires_at": epoch_s(now) + keep_s},
            free_at=epoch_s(now),
        )
