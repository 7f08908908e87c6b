"""The interaction ledger in DynamoDB: one item per interaction (see `ledger_items`)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from switchboard.adapters.documents import interaction_text, routing_text, to_text, value_text
from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.items import Item, epoch_ms, epoch_s, utc_text
from switchboard.adapters.ledger_items import (
    DUE_BUCKET,
    POSTING_PREFIX,
    interaction_of,
    row_of,
    told_customer_key,
    told_start,
)
from switchboard.domain.interaction import Interaction, TriggerEvent, contradiction, merge
from switchboard.domain.posting import Posting
from switchboard.errors import StateConflict, StateUnavailable
from switchboard.ports import Arrival, LedgerRow

# Of n writers that meet on one row, one gets through each time: enough for 24 others.
_MOST_ATTEMPTS: Final = 25


class DynamoDbInteractionLedger:
    """Keeps the promises of `InteractionLedger`. Rows are forgotten `keep_days` after a change.

    When AWS's answer to a successful merge is lost, the SDK's repeat finds nothing new and merge
    returns None: the row is due, so the sweeper sends it.
    """

    def __init__(self, table: DynamoDbTable, *, keep_days: int = 400) -> None:
        self._table = table
        self._keep = timedelta(days=keep_days)

    def merge(
        self,
        event: TriggerEvent,
        *,
        now: datetime,
        due_when: Callable[[Interaction], datetime],
    ) -> LedgerRow | None:
        for _ in range(_MOST_ATTEMPTS):
            seen = self._table.get(event.interaction_id)
            known = interaction_of(event.interaction_id, seen)
            _refuse_contradiction(known, event)
            merged = merge(known, event)
            if merged is known:
                return None
            change = self._merge_change(merged, seen or {}, now=now, due_at=due_when(merged))
            stored = self._table.update(event.interaction_id, change)
            if stored is not None:
                return row_of(stored)
        raise StateUnavailable("too many events of one interaction at once; try again")

    def note_arrival(self, interaction_id: str, arrival: Arrival) -> None:
        note = value_text(replace(arrival, routing=None))
        found = self._noted(arrival).set({"arrival": note})
        if arrival.customer:
            found.set({"customer_key": arrival.customer.key, "customer_by": "arrival"})
            self._table.update(interaction_id, found)
        elif self._table.update(interaction_id, found.only_if_absent("customer_by")) is None:
            self._table.update(interaction_id, self._noted(arrival))

    def _noted(self, arrival: Arrival) -> Update:
        """What every arrival note leaves, found somebody or not."""
        change = Update().set({"expires_at": self._expiry(arrival.at)})
        change.set_if_absent({"started_at": utc_text(arrival.at)})
        if arrival.decision:
            change.set({"decision": to_text(dict(arrival.decision))})
        if routing := arrival.routing:
            change.set({"routing": routing_text(routing), "routed_at": utc_text(routing.at)})
        return change

    def read(self, interaction_id: str) -> LedgerRow | None:
        item = self._table.get(interaction_id)
        return row_of(item) if item else None

    def lease(
        self, interaction_id: str, *, token: str, now: datetime, lease_s: float
    ) -> LedgerRow | None:
        until_ms = epoch_ms(now + timedelta(seconds=lease_s))
        change = (
            Update()
            .set({"lease_token": token, "lease_until": until_ms, "leased_at": epoch_ms(now)})
            .set(_due(until_ms))
            .only_if("attribute_exists(id)")
            # The same token again is the SDK's repeat after a lost answer: still one worker.
            .only_if(
                "attribute_not_exists(lease_token) OR lease_until <= :now OR lease_token = :token",
                now=epoch_ms(now),
                token=token,
            )
        )
        item = self._table.update(interaction_id, change)
        return row_of(item) if item else None

    def save_posting(self, interaction_id: str, posting: Posting, *, token: str) -> bool:
        """A lease that ran out and that nobody took since still counts as held."""
        change = (
            Update()
            .set({f"{POSTING_PREFIX}{posting.connector}": value_text(posting)})
            .only_if("lease_token = :token", token=token)
        )
        return self._table.update(interaction_id, change) is not None

    def release(
        self, interaction_id: str, *, token: str, revision: int, due_at: datetime | None
    ) -> bool:
        change = _lease_ends(token).only_if("revision = :revision", revision=revision)
        if due_at:
            change.set(_due(epoch_ms(due_at)))
        else:
            change.remove("due_bucket", "due_at")
        if self._table.update(interaction_id, change) is not None:
            return True
        # It grew, or the lease is lost; in the second case this changes nothing either. The
        # moment of the lease has passed for every clock, so the row is due at once.
        self._table.update(interaction_id, _lease_ends(token).copy("due_at", source="leased_at"))
        return False

    def due(self, *, now: datetime, limit: int) -> tuple[str, ...]:
        items = self._table.query(
            "by_due",
            "due_bucket = :bucket AND due_at <= :now",
            {":bucket": DUE_BUCKET, ":now": epoch_ms(now)},
            limit=limit,
        )
        return tuple(str(item["id"]) for item in items)

    def history(self, customer_key: str, *, limit: int) -> tuple[LedgerRow, ...]:
        items = self._table.query(
            "by_customer",
            "customer_key = :customer",
            {":customer": customer_key},
            limit=limit,
            newest_first=True,
        )
        return tuple(row_of(item, with_routing=False) for item in items)

    def _merge_change(
        self, merged: Interaction, seen: Item, *, now: datetime, due_at: datetime
    ) -> Update:
        """What merging changes, on condition that revision and lease are still those seen."""
        change = Update().set(
            {
                "revision": merged.revision,
                "document": interaction_text(merged),
                "expires_at": self._expiry(now),
            }
        )
        _still(change, "revision", seen)
        # Else a worker could release an unchanged row, due no more, while we leave due_at to it.
        _still(change, "lease_token", seen)
        if int(seen.get("lease_until", 0)) <= epoch_ms(now):
            change.set(_due(epoch_ms(due_at)))
        _set_times(change, merged, now)
        _set_customer(change, merged, seen)
        return change

    def _expiry(self, at: datetime) -> int:
        return epoch_s(at + self._keep)


def _refuse_contradiction(known: Interaction, event: TriggerEvent) -> None:
    name = contradiction(known, event)
    if name:
        raise StateConflict(
            f"an earlier event of this interaction had another {name}; "
            "give each interaction an id of its own"
        )


def _still(change: Update, name: str, seen: Item) -> None:
    if name in seen:
        change.only_if(f"{name} = :seen_{name}", **{f"seen_{name}": seen[name]})
    else:
        change.only_if_absent(name)


def _set_times(change: Update, merged: Interaction, now: datetime) -> None:
    """When it started, as ECS says or else by our clock; when it ended, by our clock alone.

    The wait for a late disposition counts from the end: it must not depend on ECS's clock.
    """
    start = told_start(merged)
    if start:
        change.set({"started_at": utc_text(start)})
    else:
        change.set_if_absent({"started_at": utc_text(now)})
    if merged.has_ended:
        change.set_if_absent({"ended_at": utc_text(now)})


def _set_customer(change: Update, merged: Interaction, seen: Item) -> None:
    key = told_customer_key(merged)
    if key and "customer_by" not in seen:
        change.set({"customer_key": key}).only_if_absent("customer_by")


def _lease_ends(token: str) -> Update:
    return (
        Update()
        .remove("lease_token", "lease_until", "leased_at")
        .only_if("lease_token = :token", token=token)
    )


def _due(at_ms: int) -> Item:
    return {"due_bucket": DUE_BUCKET, "due_at": at_ms}
