"""A row of a file about an interaction of long ago, as the event that would have told its end."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from switchboard.domain.interaction import TriggerEvent
from switchboard.errors import InvalidRequest

# Two clocks differ by less; what lies further ahead was read in the wrong time zone.
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PastInteraction:
    """What is merged into the ledger, and when the interaction really ended."""

    event: TriggerEvent
    ended_at: datetime


def past_interaction(event: TriggerEvent, *, now: datetime) -> PastInteraction:
    """The event, dated by what the row says: nothing of it happened when the file was read.

    Where the row tells no start, it is worked out from the end, so that the interaction has its
    place in the customer's history.

    Raises: InvalidRequest when the row does not say when it was, or names a time to come.
    """
    ended_at = _ended_at(event)
    if ended_at is None:
        raise InvalidRequest(
            "It does not say when it ended; name the column of ended_at, occurred_at or started_at."
        )
    if max(ended_at, _moment(event, "started_at") or ended_at) > now + _CLOCKS_DIFFER:
        raise InvalidRequest("It lies in the future; look at the file's dates and its time zone.")
    started_at = _moment(event, "started_at") or ended_at - _lasted(event)
    fields = {**event.fields, "started_at": started_at.isoformat()}
    occurred_at = event.occurred_at if event.is_dated else ended_at
    return PastInteraction(
        replace(event, fields=fields, occurred_at=occurred_at, is_dated=True), ended_at
    )


def _ended_at(event: TriggerEvent) -> datetime | None:
    """The end, or what comes nearest to it."""
    if told := _moment(event, "ended_at"):
        return told
    if event.is_dated:
        return event.occurred_at
    started_at = _moment(event, "started_at")
    return started_at + _lasted(event) if started_at else None


def _moment(event: TriggerEvent, name: str) -> datetime | None:
    """A time that could be read is a moment by now; any other stands there as it was written."""
    try:
        moment = datetime.fromisoformat(event.fields.get(name, ""))
        return moment.astimezone(UTC) if moment.utcoffset() is not None else None
    except (ValueError, OverflowError):
        return None


def _lasted(event: TriggerEvent) -> timedelta:
    text = event.fields.get("duration_s", "")
    return timedelta(seconds=int(text)) if text.isascii() and text.isdecimal() else timedelta()
