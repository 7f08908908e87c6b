"""What all workers of a connector know together about how busy and how well its CRM is.

The store promises a few small things, each of them atomic. What follows from them is decided by
`gate`; what a file says is read by `limits`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Lane(StrEnum):
    """Who waits for a call: a person, or nobody."""

    LOOKUP = "lookup"
    POSTING = "posting"


@dataclass(frozen=True, slots=True)
class LaneState:
    """How one lane of a connector stands.

    `failures` are in a row that began at `failing_since`. From `open_until` on, one call may try,
    and while it does the others wait until `probe_until`; `openings` counts how often in a row the
    breaker opened.
    """

    paused_until: datetime | None = None
    pause_reason: str = ""
    failures: int = 0
    failing_since: datetime | None = None
    open_until: datetime | None = None
    openings: int = 0
    probe_until: datetime | None = None


GateState = Mapping[Lane, LaneState]


@dataclass(frozen=True, slots=True)
class Bucket:
    """At most `calls` units in any window of `per_s`, of them `posting_calls` by postings."""

    key: str
    calls: int
    posting_calls: int
    per_s: float

    def open_to(self, lane: Lane) -> int:
        return self.posting_calls if lane is Lane.POSTING else self.calls


@dataclass(frozen=True, slots=True)
class Slots:
    """Places for calls that are under way; postings may only use the first `posting_total`."""

    key: str
    total: int
    posting_total: int


@dataclass(frozen=True, slots=True)
class HeldSlot:
    """A place that is ours until then, whatever becomes of us."""

    slots: Slots
    number: int
    until: datetime


@dataclass(frozen=True, slots=True)
class BucketLevel:
    """What of a bucket counts at the moment."""

    taken: int
    taken_by_postings: int


class PacingStore(Protocol):
    """`key` names whose state it is: a connector's id, or an account.

    Every method raises StateUnavailable when the store does not answer.
    """

    def state(self, key: str) -> GateState:
        """How both lanes stand; may be a second old."""

    def pause(self, key: str, lane: Lane, *, until: datetime, reason: str, now: datetime) -> None:
        """Nobody in this lane calls before then. A pause that ends later stays as it is."""

    def note_throttle(
        self, key: str, *, since: datetime, repeats_from: datetime, now: datetime
    ) -> int:
        """Count a throttling of a call that was let through at `since`: how many in a row.

        It repeats the one before if postings were paused until `repeats_from` or later. 0 when
        another was noted after `since`: a hundred calls that are refused together are one.
        """

    def note_failure(
        self, key: str, lane: Lane, *, now: datetime, counts_from: datetime
    ) -> LaneState:
        """One more in a row, while the breaker is closed.

        The row begins anew when its first failure was before `counts_from`.
        """

    def note_success(self, key: str, lane: Lane, *, probe: datetime | None) -> LaneState:
        """End the row of failures of a closed breaker, or with the `probe` we claimed, close it.

        Nothing changes when it stands otherwise by now.
        """

    def open_breaker(
        self, key: str, lane: Lane, *, until: datetime, probe: datetime | None, now: datetime
    ) -> LaneState:
        """Open a closed breaker, or with the `probe` we claimed, open it again.

        Nothing changes when it stands otherwise by now.
        """

    def claim_probe(
        self, key: str, lane: Lane, *, until: datetime, now: datetime
    ) -> tuple[bool, LaneState]:
        """The right to try an open breaker whose time is over; one has it until `until`."""

    def take(self, bucket: Bucket, units: int, *, lane: Lane, now: datetime) -> float:
        """0 when the units were taken; else, and then nothing was, the seconds to wait for them."""

    def level(self, bucket: Bucket, *, now: datetime) -> BucketLevel: ...

    def hold(self, slots: Slots, *, lane: Lane, until: datetime, now: datetime) -> HeldSlot | None:
        """A free slot, until it is released or its time is over; None when all are taken."""

    def release(self, held: HeldSlot) -> None:
        """Give a slot back. One that is another's by now is left alone."""

    def held(self, slots: Slots, *, now: datetime) -> int:
        """How many slots are taken."""

    def resume(self, key: str) -> None:
        """End pauses and close breakers, as a person decided. What was taken stays counted."""
