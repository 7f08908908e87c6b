"""Once a minute: wake the workers for whatever is due, because a message or a worker was lost."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from switchboard.domain.deadline import Deadline
from switchboard.errors import StateUnavailable
from switchboard.ports import InteractionLedger, OutboundStore, WorkQueue

_log = logging.getLogger(__name__)

# After an outage everything is due at once.
_AT_MOST: Final = 20_000
# What is due stays due until a worker takes it. While the queue still holds what was sent before,
# most of what is due is that, and sending it again would only make the queue longer.
_BUSY_FROM: Final = 1_000
_AT_MOST_WHILE_BUSY: Final = 500
_SENT_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Swept:
    """How many of each were woken, and how many are due that were not: no time, or refused."""

    postings: int
    calls: int
    unsent: int = 0


def sweep(
    *,
    ledger: InteractionLedger,
    outbound: OutboundStore,
    posting_queue: WorkQueue,
    dialing_queue: WorkQueue,
    request_id: str,
    now: datetime,
    deadline: Deadline | None = None,
) -> Swept:
    """Wake the workers for what is due, the oldest first, for as long as there is time.

    Waking twice is harmless: leases and claims let one in. What the queue refuses is due again
    the next time, and keeps nothing else waiting.
    """
    # Somebody waits to be called; a record waits more easily.
    due_calls = outbound.due(now=now, limit=_most(dialing_queue))
    calls = _wake(due_calls, dialing_queue, request_id, deadline)
    due_postings = ledger.due(now=now, limit=_most(posting_queue))
    postings = _wake(due_postings, posting_queue, request_id, deadline)
    return Swept(postings, calls, len(due_calls) + len(due_postings) - calls - postings)


def _most(queue: WorkQueue) -> int:
    try:
        is_busy = queue.waiting() >= _BUSY_FROM
    except StateUnavailable as error:
        _log.warning("not known how much waits in the queue: %s", error.code)
        is_busy = True
    return _AT_MOST_WHILE_BUSY if is_busy else _AT_MOST


def _wake(ids: Sequence[str], queue: WorkQueue, request_id: str, deadline: Deadline | None) -> int:
    sent = 0
    for start in range(0, len(ids), _SENT_AT_ONCE):
        if deadline and deadline.has_passed:
            break
        some = ids[start : start + _SENT_AT_ONCE]
        refused = queue.send_many(some, request_id=request_id)
        sent += len(some) - len(refused)
    return sent
