"""A refused trigger goes the way of every trigger once more, from the terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cli.deployment import Target
from cli.publishing import publications_of
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.published_profiles import read_posting_profiles
from switchboard.adapters.sqs_queue import SqsWorkQueue
from switchboard.contracts.kept_trigger import KeptTrigger
from switchboard.contracts.published import completed
from switchboard.domain.interaction import Interaction, TriggerEvent, contradiction, merge
from switchboard.domain.posting_profile import PostingProfile
from switchboard.edges.trigger_request import take_told, told_by, trigger_in
from switchboard.errors import MalformedRequest, Misconfigured, StateConflict
from switchboard.ports import InteractionLedger, Publications, WorkQueue
from switchboard.use_cases.lookup_settings import read_lookup_settings


@dataclass(frozen=True, slots=True)
class Again:
    """What it takes to read and keep an event; `is_dry` says what would become of it."""

    zone: ZoneInfo
    profiles: Sequence[PostingProfile] | None
    ledger: InteractionLedger
    queue: WorkQueue
    is_dry: bool

    @classmethod
    def at(cls, where: Target, *, is_dry: bool) -> "Again":
        """Raises: Misconfigured, StateUnavailable."""
        publications = publications_of(where)
        lookup = completed("lookup", publications.active("lookup").body)
        return cls(
            zone=ZoneInfo(read_lookup_settings(lookup).time_zone),
            profiles=_profiles(publications),
            ledger=DynamoDbInteractionLedger(
                DynamoDbTable(where.client("dynamodb"), where.tables["Interactions"])
            ),
            queue=SqsWorkQueue(where.client("sqs"), where.queues["PostingQueue"]),
            is_dry=is_dry,
        )

    def take(self, sent: KeptTrigger, changes: Mapping[str, str]) -> str:
        """What became of it, in words. Raises: InvalidRequest, StateUnavailable."""
        if sent.is_cut:
            raise MalformedRequest("it was too large to be kept whole; give it a --body")
        told = told_by(sent, trigger_in(sent, changes), zone=self.zone)
        interaction_id = told.event.interaction_id
        if self.is_dry:
            return f"would {self._would(told.event)}, interaction {interaction_id}"
        accepted = take_told(
            told,
            profiles=self.profiles,
            ledger=self.ledger,
            queue=self.queue,
            now=datetime.now(UTC),
        )
        what = "kept" if accepted.is_new else "known already"
        return f"{what}, interaction {interaction_id}"

    def _would(self, event: TriggerEvent) -> str:
        row = self.ledger.read(event.interaction_id)
        known = row.interaction if row else Interaction(event.interaction_id)
        if name := contradiction(known, event):
            raise StateConflict(f"an earlier event of this interaction had another {name}")
        return "say nothing new" if merge(known, event) is known else "be kept"


def _profiles(publications: Publications) -> tuple[PostingProfile, ...] | None:
    try:
        return read_posting_profiles(completed("posting", publications.active("posting").body))
    except Misconfigured:
        return None
