"""What workers know together about a CRM, in the coordination table.

gate#<key>                    pauses and breakers of both lanes, and how often in a row it throttled
bucket#<key>#<name>#<window>  what was ever taken, and that at the end of each recent slice
slots#<key>                   until when each slot is held

Moments are epoch milliseconds. How a bucket counts is told in `bucket_items`.
"""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from switchboard.adapters.bucket_items import Window
from switchboard.adapters.connector.pacing import (
    Bucket,
    BucketLevel,
    GateState,
    HeldSlot,
    Lane,
    LaneState,
    Slots,
)
from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.items import Item, epoch_ms, epoch_s, moment_in

_TRIES: Final = 3
_STATE_KEPT: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)


class DynamoDbPacingStore:
    """Keeps the promises of `PacingStore`. Safe under threads: a copy may be old, never wrong.

    `choose` picks one of several free slots; at random, so that workers seldom want the same.
    """

    def __init__(
        self, table: DynamoDbTable, *, choose: Callable[[Sequence[int]], int] = random.choice
    ) -> None:
        self._table = table
        self._choose = choose
        self._seen: dict[str, Item] = {}

    def state(self, key: str) -> GateState:
        return _states(self._table.get(_gate(key), consistent=False) or {})

    def pause(self, key: str, lane: Lane, *, until: datetime, reason: str, now: datetime) -> None:
        name = f"{lane}_paused_until"
        change = (
            Update()
            .set({name: epoch_ms(until), f"{lane}_pause_reason": reason, **_kept(now)})
            .only_if(f"attribute_not_exists({name}) OR {name} < :until", until=epoch_ms(until))
        )
        self._table.update(_gate(key), change)

    def note_throttle(
        self, key: str, *, since: datetime, repeats_from: datetime, now: datetime
    ) -> int:
        noted: Item = {"throttled_at": epoch_ms(now), **_kept(now)}
        again = (
            Update()
            .count_one_more("throttles")
            .set(noted)
            .only_if("throttled_at < :since", since=epoch_ms(since))
            .only_if("posting_paused_until >= :repeats", repeats=epoch_ms(repeats_from))
        )
        changed, item = self._table.try_update(_gate(key), again)
        if changed:
            return int(item["throttles"])
        first = (
            Update()
            .set({"throttles": 1, **noted})
            .only_if(
                "attribute_not_exists(throttled_at) OR throttled_at < :since",
                since=epoch_ms(since),
            )
        )
        changed, _ = self._table.try_update(_gate(key), first)
        return 1 if changed else 0

    def note_failure(
        self, key: str, lane: Lane, *, now: datetime, counts_from: datetime
    ) -> LaneState:
        closed = f"attribute_not_exists({lane}_open_until)"
        again = (
            Update()
            .count_one_more(f"{lane}_failures")
            .set(_kept(now))
            .only_if(closed)
            .only_if(f"{lane}_failing_since >= :counts", counts=epoch_ms(counts_from))
        )
        changed, item = self._table.try_update(_gate(key), again)
        if not changed and f"{lane}_open_until" not in item:
            first = (
                Update()
                .set({f"{lane}_failures": 1, f"{lane}_failing_since": epoch_ms(now), **_kept(now)})
                .only_if(closed)
                .only_if(
                    f"attribute_not_exists({lane}_failing_since) OR {lane}_failing_since < :counts",
                    counts=epoch_ms(counts_from),
                )
            )
            changed, item = self._table.try_update(_gate(key), first)
            if not changed:
                # Another began the row meanwhile; ours is one more in it.
                _, item = self._table.try_update(_gate(key), again)
        return _lane_state(item, lane)

    def note_success(self, key: str, lane: Lane, *, probe: datetime | None) -> LaneState:
        names = ("failures", "failing_since", "open_until", "openings", "probe_until")
        change = (
            Update()
            .remove(*(f"{lane}_{name}" for name in names))
            .only_if(f"attribute_exists({lane}_failures)")
        )
        if probe is None:
            change.only_if(f"attribute_not_exists({lane}_open_until)")
        else:
            change.only_if(f"{lane}_probe_until = :probe", probe=epoch_ms(probe))
        _, item = self._table.try_update(_gate(key), change)
        return _lane_state(item, lane)

    def open_breaker(
        self, key: str, lane: Lane, *, until: datetime, probe: datetime | None, now: datetime
    ) -> LaneState:
        change = (
            Update()
            .count_one_more(f"{lane}_openings")
            .set({f"{lane}_open_until": epoch_ms(until), **_kept(now)})
            .remove(f"{lane}_probe_until")
        )
        if probe is None:
            change.only_if(f"attribute_not_exists({lane}_open_until)")
            change.only_if(f"attribute_exists({lane}_failures)")
        else:
            change.only_if(f"{lane}_probe_until = :probe", probe=epoch_ms(probe))
        _, item = self._table.try_update(_gate(key), change)
        return _lane_state(item, lane)

    def claim_probe(
        self, key: str, lane: Lane, *, until: datetime, now: datetime
    ) -> tuple[bool, LaneState]:
        name = f"{lane}_probe_until"
        change = (
            Update()
            .set({name: epoch_ms(until), **_kept(now)})
            .only_if(f"{lane}_open_until <= :now", now=epoch_ms(now))
            .only_if(f"attribute_not_exists({name}) OR {name} <= :now", now=epoch_ms(now))
        )
        changed, item = self._table.try_update(_gate(key), change)
        return changed, _lane_state(item, lane)

    def take(self, bucket: Bucket, units: int, *, lane: Lane, now: datetime) -> float:
        key = _bucket(bucket)
        window = Window(bucket, self._seen.get(key, {}), epoch_ms(now))
        for _ in range(_TRIES):
            # What we saw can only have become more since, so a full bucket needs no asking.
            wait_s = window.wait_s(units, lane)
            if wait_s > 0:
                return wait_s
            taken, item = self._table.try_update(key, window.taking(units, lane, now))
            self._seen[key] = item
            if taken:
                return 0.0
            window = Window(bucket, item, epoch_ms(now))
        return window.wait_s(units, lane) or window.slice_s

    def level(self, bucket: Bucket, *, now: datetime) -> BucketLevel:
        window = Window(bucket, self._table.get(_bucket(bucket)) or {}, epoch_ms(now))
        return BucketLevel(*(meter.in_window for meter in window.meters(Lane.POSTING)))

    def hold(self, slots: Slots, *, lane: Lane, until: datetime, now: datetime) -> HeldSlot | None:
        candidates = _candidates(slots, lane)
        key = _slots(slots)
        seen = self._seen.get(key, {})
        # When all were held, one may have been given back since.
        wanted = _free(seen, candidates, now) or candidates
        for _ in range(_TRIES):
            number = self._choose(wanted)
            name = f"s{number}"
            change = (
                Update()
                .set({name: epoch_ms(until), "expires_at": epoch_s(until + _DAY)})
                .only_if(f"attribute_not_exists({name}) OR {name} <= :now", now=epoch_ms(now))
            )
            changed, item = self._table.try_update(key, change)
            self._seen[key] = item
            if changed:
                return HeldSlot(slots, number, until)
            wanted = _free(item, candidates, now)
            if not wanted:
                return None
        return None

    def release(self, held: HeldSlot) -> None:
        name = f"s{held.number}"
        change = Update().remove(name).only_if(f"{name} = :until", until=epoch_ms(held.until))
        key = _slots(held.slots)
        _, self._seen[key] = self._table.try_update(key, change)

    def held(self, slots: Slots, *, now: datetime) -> int:
        item = self._table.get(_slots(slots)) or {}
        return slots.total - len(_free(item, range(slots.total), now))

    def resume(self, key: str) -> None:
        self._table.delete(_gate(key))


def _candidates(slots: Slots, lane: Lane) -> Sequence[int]:
    return range(slots.posting_total if lane is Lane.POSTING else slots.total)


def _free(item: Item, numbers: Sequence[int], now: datetime) -> list[int]:
    return [number for number in numbers if int(item.get(f"s{number}", 0)) <= epoch_ms(now)]


def _states(item: Item) -> GateState:
    return {lane: _lane_state(item, lane) for lane in Lane}


def _lane_state(item: Item, lane: Lane) -> LaneState:
    return LaneState(
        paused_until=moment_in(item, f"{lane}_paused_until"),
        pause_reason=str(item.get(f"{lane}_pause_reason", "")),
        failures=int(item.get(f"{lane}_failures", 0)),
        failing_since=moment_in(item, f"{lane}_failing_since"),
        open_until=moment_in(item, f"{lane}_open_until"),
        openings=int(item.get(f"{lane}_openings", 0)),
        probe_until=moment_in(item, f"{lane}_probe_until"),
    )


def _kept(now: datetime) -> Item:
    return {"expires_at": epoch_s(now + _STATE_KEPT)}


def _gate(key: str) -> str:
    return f"gate#{key}"


def _bucket(bucket: Bucket) -> str:
    # Slices of another length cannot be compared, so a changed window begins anew.
    return f"bucket#{bucket.key}#{bucket.per_s:g}s"


def _slots(slots: Slots) -> str:
    return f"slots#{slots.key}"
