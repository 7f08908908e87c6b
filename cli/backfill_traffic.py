"""What else goes on in a Switchboard while a backfill runs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cli.connector_state import states_of
from cli.deployment import Target
from cli.publishing import publications_of
from switchboard.adapters.published_profiles import read_posting_profiles
from switchboard.adapters.sqs_queue import SqsWorkQueue
from switchboard.domain.backfill_pace import Traffic
from switchboard.ports import InteractionLedger, WorkQueue

# The sweeper comes every minute; what waits longer is left lying.
_LEFT_LYING_AFTER: Final = timedelta(minutes=2)
_MOST_COUNTED: Final = 100


@dataclass(frozen=True)
class LiveTraffic:
    """Asks the queue, the ledger, and what workers share about the connectors that are written."""

    where: Target
    queue: WorkQueue
    ledger: InteractionLedger
    connectors: tuple[str, ...]

    def __call__(self) -> Traffic:
        """Raises: StateUnavailable, Misconfigured."""
        now = datetime.now(UTC)
        return Traffic(
            waiting=self.queue.waiting(),
            overdue=len(self.ledger.due(now=now - _LEFT_LYING_AFTER, limit=_MOST_COUNTED)),
            held_back=self._held_back(now),
        )

    def _held_back(self, now: datetime) -> tuple[str, ...]:
        states = states_of(self.where, now=now)
        return tuple(s.id for s in states if s.id in self.connectors and s.is_held_back(now))


def written_connectors(where: Target) -> tuple[str, ...]:
    """The connectors that the published posting profiles write to. Raises: Misconfigured."""
    profiles = read_posting_profiles(publications_of(where).active("posting").body)
    return tuple(dict.fromkeys(profile.connector for profile in profiles))


def posting_queue_of(where: Target) -> WorkQueue:
    """The queue that wakes the posting worker."""
    return SqsWorkQueue(where.client("sqs"), where.queues["PostingQueue"])
