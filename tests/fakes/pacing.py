"""What workers know together about a CRM, in memory."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from switchboard.adapters.connector.pacing import (
    Bucket,
    BucketLevel,
    GateState,
    HeldSlot,
    Lane,
    LaneState,
    Slots,
)
from tests.fakes.outage import InMemoryStore

_Taken = tuple[datetime, int, Lane]


class InMemoryPacingStore(InMemoryStore):
    """Keeps the promises of `PacingStore`. `asked` lists the calls that reached it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._lanes: defaultdict[tuple[str, Lane], LaneState] = defaultdict(LaneState)
        self._throttled: dict[str, tuple[int, datetime]] = {}
        self._taken: defaultdict[str, list[_Taken]] = defaultdict(list)
        self._held: dict[tuple[str, int], datetime] = {}

    def state(self, key: str) -> GateState:
        with self._reached("state"):
            return {lane: self._lanes[key, lane] for lane in Lane}

    def pause(self, key: str, lane: Lane, *, until: datetime, reason: str, now: datetime) -> None:
        with self._reached("pause"):
            state = self._lanes[key, lane]
            if state.paused_until is None or state.paused_until < until:
                self._lanes[key, lane] = replace(state, paused_until=until, pause_reason=reason)

    def note_throttle(
        self, key: str, *, since: datetime, repeats_from: datetime, now: datetime
    ) -> int:
        with self._reached("note_throttle"):
            times, last_at = self._throttled.get(key, (0, None))
            if last_at and last_at >= since:
                return 0
            paused_until = self._lanes[key, Lane.POSTING].paused_until
            repeats = last_at and paused_until and paused_until >= repeats_from
            self._throttled[key] = (times + 1 if repeats else 1, now)
            return self._throttled[key][0]

    def note_failure(
        self, key: str, lane: Lane, *, now: datetime, counts_from: datetime
    ) -> LaneState:
        with self._reached("note_failure"):
            state = self._lanes[key, lane]
            if state.open_until:
                return state
            goes_on = state.failing_since is not None and state.failing_since >= counts_from
            self._lanes[key, lane] = replace(
                state,
                failures=state.failures + 1 if goes_on else 1,
                failing_since=state.failing_since if goes_on else now,
            )
            return self._lanes[key, lane]

    def note_success(self, key: str, lane: Lane, *, probe: datetime | None) -> LaneState:
        with self._reached("note_success"):
            state = self._lanes[key, lane]
            may = state.probe_until == probe if probe else state.open_until is None
            if may:
                state = LaneState(state.paused_until, state.pause_reason)
                self._lanes[key, lane] = state
            return state

    def open_breaker(
        self, key: str, lane: Lane, *, until: datetime, probe: datetime | None, now: datetime
    ) -> LaneState:
        with self._reached("open_breaker"):
            state = self._lanes[key, lane]
            may = state.probe_until == probe if probe else state.failures and not state.open_until
            if may:
                state = replace(
                    state, open_until=until, openings=state.openings + 1, probe_until=None
                )
                self._lanes[key, lane] = state
            return state

    def claim_probe(
        self, key: str, lane: Lane, *, until: datetime, now: datetime
    ) -> tuple[bool, LaneState]:
        with self._reached("claim_probe"):
            state = self._lanes[key, lane]
            is_due = state.open_until is not None and state.open_until <= now
            is_free = state.probe_until is None or state.probe_until <= now
            if not (is_due and is_free):
                return False, state
            self._lanes[key, lane] = replace(state, probe_until=until)
            return True, self._lanes[key, lane]

    def take(self, bucket: Bucket, units: int, *, lane: Lane, now: datetime) -> float:
        with self._reached("take"):
            moments = [
                now,
                *(at + timedelta(seconds=bucket.per_s) for at, _, _ in self._in(bucket)),
            ]
            free_at = next(
                moment
                for moment in sorted(moments)
                if moment >= now and self._fits(bucket, units, lane, moment)
            )
            if free_at == now:
                self._in(bucket).append((now, units, lane))
            return (free_at - now).total_seconds()

    def level(self, bucket: Bucket, *, now: datetime) -> BucketLevel:
        with self._reached("level"):
            counted = list(self._counted(bucket, now))
            return BucketLevel(
                sum(units for _, units, _ in counted),
                sum(units for _, units, lane in counted if lane is Lane.POSTING),
            )

    def hold(self, slots: Slots, *, lane: Lane, until: datetime, now: datetime) -> HeldSlot | None:
        with self._reached("hold"):
            for number in range(slots.posting_total if lane is Lane.POSTING else slots.total):
                if self._is_free(slots, number, now):
                    self._held[slots.key, number] = until
                    return HeldSlot(slots, number, until)
            return None

    def release(self, held: HeldSlot) -> None:
        with self._reached("release"):
            place = (held.slots.key, held.number)
            if self._held.get(place) == held.until:
                del self._held[place]

    def held(self, slots: Slots, *, now: datetime) -> int:
        with self._reached("held"):
            return sum(not self._is_free(slots, number, now) for number in range(slots.total))

    def resume(self, key: str) -> None:
        with self._reached("resume"):
            self._throttled.pop(key, None)
            for lane in Lane:
                self._lanes.pop((key, lane), None)

    @contextmanager
    def _reached(self, call: str = "") -> Iterator[None]:
        self.asked.append(call)
        with super()._reached():
            yield

    def _in(self, bucket: Bucket) -> list[_Taken]:
        return self._taken[bucket.key]

    def _counted(self, bucket: Bucket, now: datetime) -> Iterator[_Taken]:
        window = timedelta(seconds=bucket.per_s)
        return (taken for taken in self._in(bucket) if taken[0] > now - window)

    def _fits(self, bucket: Bucket, units: int, lane: Lane, now: datetime) -> bool:
        counted = list(self._counted(bucket, now))
        everything = sum(units for _, units, _ in counted)
        posted = sum(units for _, units, whose in counted if whose is Lane.POSTING)
        fits_postings = lane is not Lane.POSTING or posted + units <= bucket.posting_calls
        return everything + units <= bucket.calls and fits_postings

    def _is_free(self, slots: Slots, number: int, now: datetime) -> bool:
        until = self._held.get((slots.key, number))
        return until is None or until <= now
