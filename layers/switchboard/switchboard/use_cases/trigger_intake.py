"""One trigger of ECS: keep it before saying so. What is acknowledged here ends in the CRM."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from switchboard.domain.interaction import Interaction, TriggerEvent
from switchboard.domain.posting_profile import (
    WITHOUT_END_AFTER_S,
    PostingProfile,
    keeps_segment,
    wakes,
    without_end_after,
)
from switchboard.errors import StateUnavailable
from switchboard.ports import InteractionLedger, WorkQueue

_log = logging.getLogger(__name__)

# Nobody documents that ECS repeats a trigger. An interaction whose end never reached us is posted
# with what is known after this long, unless a posting profile says otherwise.
POST_WITHOUT_END_AFTER: Final = timedelta(seconds=WITHOUT_END_AFTER_S)
# Our own message is normally faster; after this long the sweeper takes it for lost.
SWEEP_AFTER: Final = timedelta(seconds=60)
# ECS fires several triggers when an interaction ends; one record is written for all of them.
GATHER_S: Final = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """What becomes of an event beside being merged; as it is, where nobody could say.

    `keeps_segment`: it is a stretch of its own. `wakes`: there may be something to write although
    the interaction is not over.
    """

    keeps_segment: bool = False
    wakes: bool = False
    without_end_after: timedelta = POST_WITHOUT_END_AFTER


_USUAL_TERMS: Final = Terms()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The event is kept; `is_new` is False when it said nothing that was not known."""

    is_new: bool


def take_trigger(
    event: TriggerEvent,
    *,
    ledger: InteractionLedger,
    queue: WorkQueue,
    request_id: str,
    now: datetime,
    terms: Terms = _USUAL_TERMS,
    ended_at: datetime | None = None,
    received_at: datetime | None = None,
) -> Accepted:
    """Merge the event into its interaction, then wake the posting if there is something to write.

    Safe to repeat and in any order. When the wake-up call is lost, the sweeper makes up for it.
    `ended_at` is for an interaction long past, `received_at` for an event that came before now.

    Raises: StateConflict when the event contradicts what is known of the same id, RequestTooLarge
        when the interaction outgrows its row, NotNoted when it said nothing new and only that it
        came could not be noted, StateUnavailable when nothing could be kept: then ECS must be told.
    """

    def due_at(known: Interaction) -> datetime:
        is_soon = known.has_ended or terms.wakes
        return now + (SWEEP_AFTER if is_soon else terms.without_end_after)

    row = ledger.merge(
        event,
        now=now,
        due_when=due_at,
        request_id=request_id,
        keeps_segment=terms.keeps_segment,
        ended_at=ended_at,
        received_at=received_at,
    )
    if row is None:
        return Accepted(is_new=False)
    if row.interaction.has_ended or terms.wakes:
        _wake(queue, event.interaction_id, request_id)
    return Accepted(is_new=True)


def terms_of(profiles: Sequence[PostingProfile], event: TriggerEvent) -> Terms:
    """What the posting profiles want of this event."""
    return Terms(
        keeps_segment=keeps_segment(profiles, event),
        wakes=wakes(profiles, event),
        without_end_after=without_end_after(profiles),
    )


def _wake(queue: WorkQueue, interaction_id: str, request_id: str) -> None:
    try:
        queue.send(interaction_id, request_id=request_id, delay_s=GATHER_S)
    except StateUnavailable as error:
        _log.warning("posting not woken, the sweeper will: %s", error.code)
