"""A call that a CRM or an application asks for, and whether it may be made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from switchboard.domain.identity import PhoneNumber


class OutboundState(StrEnum):
    """QUEUED may still be cancelled; DIALING is claimed once; UNKNOWN waits for a person."""

    QUEUED = "queued"
    DIALING = "dialing"
    PLACED = "placed"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """One request to call one number. `id` is derived from the asker's own key for it."""

    id: str
    source: str
    number: PhoneNumber
    business_process: str
    not_after: datetime
    not_before: datetime | None = None
    customer_key: str = ""
    customer_name: str = field(default="", repr=False)
    time_zone: str = ""
    preferred_agent: str = ""
    remarks: str = field(default="", repr=False)
    state: OutboundState = OutboundState.QUEUED
    reason: str = ""
    call_id: str = ""
    request_id: str = ""
    created_at: datetime | None = None
    claimed_at: datetime | None = None
    history: tuple[str, ...] = ()

    def moved_to(
        self, state: OutboundState, *, at: datetime, reason: str = "", call_id: str = ""
    ) -> "OutboundRequest":
        """The request in its next state, with a line of audit."""
        entry = f"{at.isoformat(timespec='milliseconds')} {state.value} {reason}".rstrip()
        return replace(
            self,
            state=state,
            reason=reason,
            call_id=call_id or self.call_id,
            claimed_at=at if state is OutboundState.DIALING else self.claimed_at,
            history=(*self.history, entry),
        )


class Refusal(StrEnum):
    """Why a call may not be made. A missing fact refuses."""

    EXPIRED = "expired"
    TOO_EARLY = "too_early"
    DO_NOT_CALL = "do_not_call"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    OUTSIDE_CALLING_HOURS = "outside_calling_hours"
    TOO_MANY_ATTEMPTS = "too_many_attempts"

    @property
    def may_pass(self) -> bool:
        """Whether waiting can help, so that the request stays queued until it expires."""
        return self in {Refusal.TOO_EARLY, Refusal.OUTSIDE_CALLING_HOURS}


@dataclass(frozen=True, slots=True)
class ContactPolicy:
    """When and how often people may be called.

    Calling hours are minutes after midnight where the phone rings, from `opens_minute` up to, not
    including, `closes_minute` (1440 is midnight). `weekdays` count from Monday = 0.

    `zones_by_region` lists every time zone a number of that region may ring in; a region that is
    not listed may not be called at all. What a request leaves open: `default_business_process`
    makes the call, and it expires after `request_valid_s`.
    """

    opens_minute: int
    closes_minute: int
    weekdays: frozenset[int]
    max_attempts_per_day: int
    zones_by_region: Mapping[str, Sequence[str]]
    default_business_process: str = ""
    request_valid_s: int = 4 * 3600

    def refusal(
        self, request: OutboundRequest, *, now: datetime, do_not_call: bool
    ) -> Refusal | None:
        """The first rule that forbids the call, or None when it may go ahead.

        How often the number was called today is counted where it is reserved, atomically.

        The phone may ring in any zone of its region, so all must be open; a zone that the CRM
        names is believed if it is one of them.
        """
        if now > request.not_after:
            return Refusal.EXPIRED
        if do_not_call:
            return Refusal.DO_NOT_CALL
        zones = self._zones(request)
        if not zones:
            return Refusal.COUNTRY_NOT_ALLOWED
        if request.not_before and now < request.not_before:
            return Refusal.TOO_EARLY
        if not all(self._is_open(now.astimezone(ZoneInfo(zone))) for zone in zones):
            return Refusal.OUTSIDE_CALLING_HOURS
        return None

    def local_day(self, request: OutboundRequest, now: datetime) -> str:
        """The calendar day where the phone rings, for counting attempts; UTC when unknown."""
        zones = self._zones(request)
        return now.astimezone(ZoneInfo(zones[0]) if zones else UTC).date().isoformat()

    def _zones(self, request: OutboundRequest) -> Sequence[str]:
        candidates = self.zones_by_region.get(request.number.region or "", ())
        if request.time_zone in candidates:
            return (request.time_zone,)
        return candidates

    def _is_open(self, local_now: datetime) -> bool:
        minute = local_now.hour * 60 + local_now.minute
        is_calling_day = local_now.weekday() in self.weekdays
        return is_calling_day and self.opens_minute <= minute < self.closes_minute
