"""CRM answers, kept in DynamoDB under a hash of who was asked for."""

import time
from collections.abc import Callable
from datetime import datetime

from switchboard.adapters.documents import customers_text, read_customers
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.items import epoch_s, hidden_key, utc_text
from switchboard.domain.customer import Customer
from switchboard.domain.identity import EmailAddress, Identity, PhoneNumber
from switchboard.ports import RememberedCustomers


class DynamoDbLookupMemory:
    """Keeps the promises of `LookupMemory`. `clock` tells the epoch in seconds."""

    def __init__(self, table: DynamoDbTable, *, clock: Callable[[], float] = time.time) -> None:
        self._table = table
        self._clock = clock

    def recall(self, connector: str, identity: Identity) -> RememberedCustomers | None:
        # A cached answer need not be the newest one: this read costs half.
        item = self._table.get(_key(connector, identity), consistent=False)
        # DynamoDB deletes expired items late, so an expired answer counts as forgotten.
        if item is None or int(item["expires_at"]) <= self._clock():
            return None
        return RememberedCustomers(
            customers=read_customers(str(item["customers"])),
            looked_up_at=datetime.fromisoformat(str(item["looked_up_at"])),
        )

    def remember(
        self,
        connector: str,
        identity: Identity,
        customers: tuple[Customer, ...],
        *,
        now: datetime,
        keep_s: int,
    ) -> None:
        self._table.put(
            {
                "id": _key(connector, identity),
                "customers": customers_text(customers),
                "looked_up_at": utc_text(now),
                "expires_at": epoch_s(now) + keep_s,
            }
        )


def _key(connector: str, identity: Identity) -> str:
    match identity:
        case PhoneNumber(e164):
            return hidden_key("lookup", connector, "phone", e164)
        case EmailAddress(address):
            return hidden_key("lookup", connector, "email", address)
