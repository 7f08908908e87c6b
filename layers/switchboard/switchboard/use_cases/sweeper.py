"""Once a minute: wake the workers for whatever is due, because a message or a worker was lost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from switchboard.ports import InteractionLedger, OutboundStore, WorkQueue

_AT_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """How many of each were woken."""

    postings: int
    calls: int


def sweep(
    *,
    ledger: InteractionLedger,
    outbound: OutboundStore,
    posting_queue: WorkQueue,
    dialing_queue: WorkQueue,
    request_id: str,
    now: datetime,
) -> Swept:
    """Wake the workers for what is due. Waking twice is harmless: leases and claims let one in."""
    postings = ledger.due(now=now, limit=_AT_MOST)
    calls = outbound.due(now=now, limit=_AT_MOST)
    for interaction_id in postings:
        posting_queue.send(interaction_id, request_id=request_id)
    for call_id in calls:
        dialing_queue.send(call_id, request_id=request_id)
    return Swept(len(postings), len(calls))
