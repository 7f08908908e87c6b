"""CRM answers, kept in DynamoDB under a hash of who was asked for.

customers, looked_up_at, fresh_until   the answer; absent while there is none
customer_key                           the one customer in it, for the index `by_customer`
lease_until                            somebody is asking the CRM
failed_until                           somebody asked in vain
forgotten_at                           answers that were asked for before this are wrong

`looked_up_at` is text (see `items`), the other moments are epoch milliseconds.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from switchboard.adapters.documents import customers_text, read_customers
from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.items import Item, epoch_ms, epoch_s, from_epoch_ms, hidden_key, utc_text
from switchboard.domain.customer import Customer
from switchboard.domain.identity import Identity
from switchboard.domain.merged_records import survivors
from switchboard.ports import Recalled, RememberedCustomers

# Longer than any call to a CRM: until then an answer from before the forgetting may arrive.
_NOTES_KEPT: Final = timedelta(minutes=10)
_MOST_OF_ONE_CUSTOMER: Final = 100
# Every recall of an item pays for its size, and a number on hundreds of records is nobody's.
_LARGEST: Final = 60_000
_LONGEST_KEY: Final = 1024  # an index takes 2,048 bytes


class DynamoDbLookupMemory:
    """Keeps the promises of `LookupMemory`."""

    def __init__(self, table: DynamoDbTable) -> None:
        self._table = table

    def recall(
        self, connector: str, identity: Identity, *, now: datetime, lease_s: float
    ) -> Recalled:
        # Reading and taking the lease are one conditional write: a condition that fails tells
        # what stands there, and of a thousand callers one gets through.
        lease_until = now + timedelta(seconds=lease_s)
        lease = (
            Update()
            .set({"lease_until": epoch_ms(lease_until)})
            .set_if_absent({"expires_at": epoch_s(now + _NOTES_KEPT)})
            .only_if("attribute_not_exists(fresh_until) OR fresh_until <= :now", now=epoch_ms(now))
            .only_if("attribute_not_exists(lease_until) OR lease_until <= :now")
            .only_if("attribute_not_exists(failed_until) OR failed_until <= :now")
        )
        is_ours, item = self._table.try_update(_key(connector, identity), lease)
        return _recalled(item, now, is_ours=is_ours)

    def look(self, connector: str, identity: Identity, *, now: datetime) -> Recalled:
        item = self._table.get(_key(connector, identity), consistent=False)
        return _recalled(item or {}, now)

    def remember(
        self,
        connector: str,
        identity: Identity,
        customers: tuple[Customer, ...],
        *,
        asked_at: datetime,
        fresh_s: float,
        keep_s: int,
    ) -> None:
        text = customers_text(customers)
        if len(text.encode()) > _LARGEST:
            self.note_failure(connector, identity, now=asked_at, pause_s=0)
            return
        fresh_until = asked_at + timedelta(seconds=fresh_s)
        expires_at = max(asked_at + timedelta(seconds=keep_s), fresh_until)
        answer = (
            Update()
            .set(
                {
                    "customers": text,
                    "looked_up_at": utc_text(asked_at),
                    "fresh_until": epoch_ms(fresh_until),
                    "expires_at": epoch_s(expires_at),
                }
            )
            .remove("lease_until", "failed_until")
            .only_if(
                "attribute_not_exists(looked_up_at) OR looked_up_at <= :at", at=utc_text(asked_at)
            )
            .only_if(
                "attribute_not_exists(forgotten_at) OR forgotten_at < :asked",
                asked=epoch_ms(asked_at),
            )
        )
        if key := _only_key(customers):
            answer.set({"customer_key": key})
        else:
            answer.remove("customer_key")
        self._table.change(_key(connector, identity), answer)

    def note_failure(
        self, connector: str, identity: Identity, *, now: datetime, pause_s: float
    ) -> None:
        failed_until = now + timedelta(seconds=pause_s)
        change = (
            Update()
            .set({"failed_until": epoch_ms(failed_until)})
            .set_if_absent({"expires_at": epoch_s(now + _NOTES_KEPT)})
            .remove("lease_until")
        )
        self._table.change(_key(connector, identity), change)

    def forget(self, connector: str, identity: Identity, *, now: datetime) -> None:
        self._forget(_key(connector, identity), now)

    def outdate(self, asked: Collection[tuple[str, Identity]], *, now: datetime) -> None:
        keys = [_key(connector, identity) for connector, identity in asked]
        # One read for all of them, because most are not fresh any more: a conversation takes
        # longer than an answer is, and a condition that fails costs as much as a write.
        for item in self._table.get_many(keys, only=("fresh_until",)):
            if int(item.get("fresh_until", 0)) > epoch_ms(now):
                self._end_freshness(str(item["id"]), now)

    def _end_freshness(self, key: str, now: datetime) -> None:
        change = (
            Update()
            .set({"fresh_until": epoch_ms(now)})
            .only_if("fresh_until > :now", now=epoch_ms(now))
        )
        self._table.change(key, change)

    def forget_customer(self, customer_key: str, *, now: datetime) -> None:
        found = self._table.query(
            "by_customer",
            "customer_key = :customer",
            {":customer": customer_key},
            limit=_MOST_OF_ONE_CUSTOMER,
        )
        for item in found:
            self._forget(str(item["id"]), now)

    def _forget(self, key: str, now: datetime) -> None:
        change = (
            Update()
            .set({"forgotten_at": epoch_ms(now), "expires_at": epoch_s(now + _NOTES_KEPT)})
            .remove(
                "customers",
                "looked_up_at",
                "fresh_until",
                "customer_key",
                "lease_until",
                "failed_until",
            )
        )
        self._table.update(key, change)


def _only_key(customers: tuple[Customer, ...]) -> str:
    """Whom the answer means, for the index; empty when it means nobody or several."""
    left = survivors(customers)
    key = left[0].key if len(left) == 1 else ""
    return key if len(key.encode()) <= _LONGEST_KEY else ""


def _recalled(item: Item, now: datetime, *, is_ours: bool = False) -> Recalled:
    now_ms = epoch_ms(now)
    return Recalled(
        remembered=_remembered(item, now),
        is_ours=is_ours,
        is_asked=not is_ours and int(item.get("lease_until", 0)) > now_ms,
        has_failed=int(item.get("failed_until", 0)) > now_ms,
    )


def _remembered(item: Item, now: datetime) -> RememberedCustomers | None:
    # DynamoDB deletes expired items late, so an expired answer counts as forgotten.
    if "customers" not in item or int(item["expires_at"]) <= epoch_s(now):
        return None
    return RememberedCustomers(
        customers=read_customers(str(item["customers"])),
        looked_up_at=datetime.fromisoformat(str(item["looked_up_at"])),
        fresh_until=from_epoch_ms(int(item["fresh_until"])),
    )


def _key(connector: str, identity: Identity) -> str:
    return hidden_key("lookup", connector, identity.kind, identity.canonical)
