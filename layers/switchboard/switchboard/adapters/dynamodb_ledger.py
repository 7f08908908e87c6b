"""The interaction ledger in DynamoDB: one item per interaction (see `ledger_items`)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from switchboard.adapters.documents import (
    interaction_text,
    posting_text,
    routing_text,
    to_text,
    value_text,
)
from switchboard.adapters.dynamodb_history import DynamoDbHistory
from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.items import Item, epoch_ms, epoch_s, utc_text
from switchboard.adapters.ledger_items import (
    DUE_BUCKET,
    PARKED_BUCKET,
    POSTING_PREFIX,
    interaction_of,
    row_of,
    told_customer_key,
    told_start,
)
from switchboard.adapters.trigger_notes import is_told, tell_merged, tell_unmerged
from switchboard.domain.interaction import (
    Interaction,
    TriggerEvent,
    contradiction,
    merge,
    news_in,
)
from switchboard.domain.posting import Posting
from switchboard.errors import (
    InvalidRequest,
    NotNoted,
    RequestTooLarge,
    StateConflict,
    StateUnavailable,
)
from switchboard.ports import (
    Arrival,
    HistoryPage,
    HistoryPlace,
    LedgerRow,
    Next,
    Settled,
    TriggerNote,
)

# Of n writers that meet on one row, one gets through each time: enough for 24 others.
_MOST_ATTEMPTS: Final = 25
# Of the 400 KB of a row; the rest is for the arrival, the decision and the postings.
LARGEST_DOCUMENT: Final = 250_000


class DynamoDbInteractionLedger:
    """Keeps the promises of `InteractionLedger`. Rows are forgotten `keep_days` after a change.

    When AWS's answer to a successful merge is lost, the SDK's repeat finds nothing new and merge
    returns None: the row is due, so the sweeper sends it.
    """

    def __init__(self, table: DynamoDbTable, *, keep_days: int = 400) -> None:
        self._table = table
        self._keep = timedelta(days=keep_days)
        self._history = DynamoDbHistory(table, keep=self._keep)

    def merge(
        self,
        event: TriggerEvent,
        *,
        now: datetime,
        due_when: Callable[[Interaction], datetime],
        request_id: str = "",
        keeps_segment: bool = False,
        ended_at: datetime | None = None,
        received_at: datetime | None = None,
    ) -> LedgerRow | None:
        came = TriggerNote(event.kind, received_at or now, 0, request_id=request_id)
        for _ in range(_MOST_ATTEMPTS):
            seen = self._table.get(event.interaction_id) or {}
            known = interaction_of(event.interaction_id, seen)
            merged = merge(known, event, keeps_segment=keeps_segment)
            document = interaction_text(merged)
            is_new = merged is not known
            if refused := _refused(known, event, document if is_new else ""):
                error, names = refused
                note = replace(came, fields=names, refused=error.code)
                if self._is_noted(known, note, seen):
                    raise error
                continue
            if not is_new:
                if self._is_repeat_noted(known, came, seen):
                    return None
                continue
            change = self._merge_change(merged, document, seen, now=now, due_at=due_when(merged))
            _set_times(change, merged, now, ended_at or now)
            news = news_in(known, merged)
            tell_merged(change, replace(came, revision=merged.revision, fields=news), seen)
            stored = self._table.update(event.interaction_id, change)
            if stored is not None:
                return row_of(stored)
        raise StateUnavailable("too many events of one interaction at once; try again")

    def note_arrival(self, interaction_id: str, arrival: Arrival) -> None:
        # What is kept beside it is not kept in it, too.
        note = value_text(replace(arrival, decision={}, routing=None))
        found = self._noted(arrival).set({"arrival": note})
        if arrival.customer:
            found.set({"customer_key": arrival.customer.key, "customer_by": "arrival"})
            self._table.change(interaction_id, found)
        elif not self._table.change(interaction_id, found.only_if_absent("customer_by")):
            self._table.change(interaction_id, self._noted(arrival))

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

    def read_many(self, interaction_ids: Sequence[str]) -> dict[str, LedgerRow]:
        return {str(item["id"]): row_of(item) for item in self._table.get_many(interaction_ids)}

    def claim(
        self,
        row: LedgerRow,
        postings: Sequence[Posting],
        *,
        token: str,
        now: datetime,
        lease_s: float,
    ) -> bool:
        change = _lease_begins(token, now, lease_s).set(_as_items(postings))
        change.only_if("revision = :revision", revision=row.interaction.revision)
        # Somebody may have taken it and given it back since it was read.
        change.only_if(f"{_as_read(row)} OR lease_token = :token", **_turn(row), token=token)
        return self._table.change(row.interaction.id, change)

    def hold(
        self, interaction_id: str, *, token: str, now: datetime, lease_s: float
    ) -> LedgerRow | None:
        change = _lease_begins(token, now, lease_s).only_if("attribute_exists(id)")
        item = self._table.update(interaction_id, change)
        return row_of(item) if item else None

    def settle(
        self,
        interaction_id: str,
        postings: Sequence[Posting],
        *,
        token: str,
        revision: int,
        after: Next,
        customer_key: str = "",
    ) -> Settled:
        """A lease that ran out and that nobody took since still counts as held."""
        change = _lease_ends(token).only_if("revision = :revision", revision=revision)
        _set_outcome(change, postings, after, customer_key)
        if self._table.change(interaction_id, change):
            return Settled.KEPT
        # It grew, or the lease is lost. The moment of the lease has passed for every clock, so
        # the row is due at once.
        grown = _lease_ends(token).set(_as_items(postings)).copy("due_at", source="leased_at")
        if customer_key:
            grown.set_if_absent({"customer_key": customer_key})
        return Settled.GREW if self._table.change(interaction_id, grown) else Settled.LOST

    def settle_unclaimed(
        self,
        row: LedgerRow,
        postings: Sequence[Posting],
        *,
        now: datetime,
        after: Next,
        customer_key: str = "",
    ) -> bool:
        change = Update().count_one_more("turn")
        if after.due_at is None:
            # Who only waits has not got past the mistake.
            change.remove("crashes")
        change.only_if(_as_read(row), **_turn(row))
        change.only_if("revision = :revision", revision=row.interaction.revision)
        change.only_if(
            "attribute_not_exists(lease_token) OR lease_until <= :now", now=epoch_ms(now)
        )
        _set_outcome(change, postings, after, customer_key)
        return self._table.change(row.interaction.id, change)

    def write_again(self, interaction_id: str, *, now: datetime) -> None:
        # In one write: who comes between two would take it as it is, and leave it due no more.
        free = _grown().set(_due(epoch_ms(now))).only_if_absent("lease_token")
        # A worker that holds it finds it grown when it gives it back, and makes it due itself.
        held = _grown().only_if("attribute_exists(lease_token)")
        for change in (free, held, free):
            if self._table.change(interaction_id, change):
                return

    def note_crash(self, interaction_id: str, *, now: datetime) -> int:
        change = Update().count_one_more("crashes").only_if("attribute_exists(id)")
        item = self._table.update(interaction_id, change)
        return int(item["crashes"]) if item else 0

    def due(self, *, now: datetime, limit: int) -> tuple[str, ...]:
        condition = "due_bucket = :bucket AND due_at <= :now"
        values: Item = {":bucket": DUE_BUCKET, ":now": epoch_ms(now)}
        items = self._table.query("by_due", condition, values, limit=limit)
        return tuple(str(item["id"]) for item in items)

    def parked(self, *, limit: int) -> tuple[str, ...]:
        values: Item = {":bucket": PARKED_BUCKET}
        items = self._table.query("by_due", "due_bucket = :bucket", values, limit=limit)
        return tuple(str(item["id"]) for item in items)

    def history(self, customer_key: str, *, limit: int) -> tuple[LedgerRow, ...]:
        return self._history.latest(customer_key, limit=limit)

    def history_page(
        self,
        customer_key: str,
        *,
        limit: int,
        now: datetime,
        after: Sequence[HistoryPlace] = (),
    ) -> HistoryPage:
        return self._history.page(customer_key, limit=limit, now=now, after=after)

    def also_customer(
        self, interaction_id: str, customer_key: str, *, started_at: datetime, now: datetime
    ) -> None:
        self._history.also_customer(interaction_id, customer_key, started_at=started_at, now=now)

    def note_merged(self, old_key: str, survivor_key: str, *, now: datetime) -> None:
        self._history.note_merged(old_key, survivor_key, now=now)

    def _merge_change(
        self, merged: Interaction, document: str, seen: Item, *, now: datetime, due_at: datetime
    ) -> Update:
        """What merging changes, on condition that nobody merged, took it or gave it back since."""
        change = Update().set(
            {
                "revision": merged.revision,
                "document": document,
                "expires_at": self._expiry(now),
            }
        )
        _still(change, "revision", seen)
        # Else a worker could release an unchanged row, due no more, while we leave due_at to it.
        _still(change, "lease_token", seen)
        # Nor put off what somebody who took no lease just made due.
        _still(change, "turn", seen)
        if int(seen.get("lease_until", 0)) <= epoch_ms(now):
            change.set(_due(_earlier(epoch_ms(due_at), seen)))
        change.set_if_absent({"first_at": utc_text(now), "day": utc_text(now)[:10]})
        _set_customer(change, merged, seen)
        return change

    def _is_repeat_noted(self, known: Interaction, note: TriggerNote, seen: Item) -> bool:
        """Raises: NotNoted, because what it said is kept all the same."""
        try:
            return self._is_noted(known, note, seen)
        except StateUnavailable as error:
            raise NotNoted("what came is known; that it came again could not be noted") from error

    def _is_noted(self, known: Interaction, note: TriggerNote, seen: Item) -> bool:
        """Whether there is nothing left to note; False when the row must be read again."""
        if not known.revision or is_told(note, seen):
            return True
        return self._table.change(known.id, tell_unmerged(note, seen))

    def _expiry(self, at: datetime) -> int:
        return epoch_s(at + self._keep)


def _refused(
    known: Interaction, event: TriggerEvent, document: str
) -> tuple[InvalidRequest, tuple[str, ...]] | None:
    """Why the event may not become a part of this document, and over which fields."""
    if name := contradiction(known, event):
        said = (
            f"an earlier event of this interaction had another {name}; "
            "give each interaction an id of its own"
        )
        return StateConflict(said), (name,)
    if len(document.encode()) > LARGEST_DOCUMENT:
        said = "too much was said of this interaction; send fewer fields"
        return RequestTooLarge(said), ()
    return None


def _still(change: Update, name: str, seen: Item) -> None:
    if name in seen:
        change.only_if(f"{name} = :seen_{name}", **{f"seen_{name}": seen[name]})
    else:
        change.only_if_absent(name)


def _set_times(change: Update, merged: Interaction, now: datetime, ended_at: datetime) -> None:
    """When it started, as ECS says or else by our clock; when it ended, by our clock alone.

    The wait for a late disposition counts from the end: it must not depend on ECS's clock.
    """
    start = told_start(merged)
    if start:
        change.set({"started_at": utc_text(start)})
    else:
        change.set_if_absent({"started_at": utc_text(now)})
    if merged.has_ended:
        change.set_if_absent({"ended_at": utc_text(ended_at)})


def _set_customer(change: Update, merged: Interaction, seen: Item) -> None:
    key = told_customer_key(merged)
    if key and "customer_by" not in seen:
        change.set({"customer_key": key}).only_if_absent("customer_by")


def _set_outcome(
    change: Update, postings: Sequence[Posting], after: Next, customer_key: str
) -> None:
    change.set(_as_items(postings))
    if customer_key:
        change.set_if_absent({"customer_key": customer_key})
    if after.due_at:
        change.set(_due(epoch_ms(after.due_at)))
    elif after.parked_at:
        change.set({"due_bucket": PARKED_BUCKET, "due_at": epoch_ms(after.parked_at)})
    else:
        change.remove("due_bucket", "due_at")


def _as_read(row: LedgerRow) -> str:
    return "turn = :turn" if row.turn else "attribute_not_exists(turn)"


def _turn(row: LedgerRow) -> dict[str, int]:
    return {"turn": row.turn} if row.turn else {}


def _as_items(postings: Sequence[Posting]) -> Item:
    return {f"{POSTING_PREFIX}{posting.key}": posting_text(posting) for posting in postings}


def _lease_begins(token: str, now: datetime, lease_s: float) -> Update:
    until_ms = epoch_ms(now + timedelta(seconds=lease_s))
    return (
        Update()
        .set({"lease_token": token, "lease_until": until_ms, "leased_at": epoch_ms(now)})
        .set(_due(until_ms))
        .count_one_more("turn")
        # The same token again is the SDK's repeat after a lost answer: still one worker.
        .only_if(
            "attribute_not_exists(lease_token) OR lease_until <= :now OR lease_token = :token",
            now=epoch_ms(now),
            token=token,
        )
    )


def _lease_ends(token: str) -> Update:
    return (
        Update()
        .remove("lease_token", "lease_until", "leased_at", "crashes")
        .count_one_more("turn")
        .only_if("lease_token = :token", token=token)
    )


def _grown() -> Update:
    return Update().count_one_more("revision").only_if("attribute_exists(revision)")


def _earlier(at_ms: int, seen: Item) -> int:
    """Something of the row may be due before that already."""
    is_due = seen.get("due_bucket") == DUE_BUCKET
    return min(at_ms, int(seen["due_at"])) if is_due else at_ms


def _due(at_ms: int) -> Item:
    return {"due_bucket": DUE_BUCKET, "due_at": at_ms}
