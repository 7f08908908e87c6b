"""One trigger of ECS: keep it before saying so. What is acknowledged here ends in the CRM."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from switchboard.domain.interaction import Interaction, TriggerEvent
from switchboard.errors import StateUnavailable
from switchboard.ports import InteractionLedger, WorkQueue

_log = logging.getLogger(__name__)

# Nobody documents that ECS repeats a trigger. An interaction whose end never reached us is posted
# with what is known after this long.
POST_WITHOUT_END_AFTER: Final = timedelta(hours=6)
# Our own message is normally faster; after this long the sweeper takes it for lost.
SWEEP_AFTER: Final = timedelta(seconds=60)
# ECS fires several triggers when an interaction ends; one record is written for all of them.
GATHER_S: Final = 2


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
) -> Accepted:
    """Merge the event into its interaction, then wake the posting if the interaction is over.

    Safe to repeat and in any order. When the wake-up call is lost, the sweeper makes up for it.

    Raises: StateConflict when the event contradicts what is known of the same id,
        StateUnavailable when nothing could be kept: then ECS must be told.
    """
    row = ledger.merge(event, now=now, due_when=lambda known: now + _patience(known))
    if row is None:
        return Accepted(is_new=False)
    if row.interaction.has_ended:
        _wake(queue, event.interaction_id, request_id)
    return Accepted(is_new=True)


def _patience(interaction: Interaction) -> timedelta:
    return SWEEP_AFTER if interaction.has_ended else POST_WITHOUT_END_AFTER


def _wake(queue: WorkQueue, interaction_id: str, request_id: str) -> None:
    try:
        queue.send(interaction_id, request_id=request_id, delay_s=GATHER_S)
    except StateUnavailable as error:
        _log.warning("posting not woken, the sweeper will: %s", error.code)
