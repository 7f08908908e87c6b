"""What is written into which CRM, when it is tried again, and when a person must look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from switchboard.domain.customer import Customer
from switchboard.domain.interaction import Interaction

# Seconds before retry 1, 2, 3 …; each is drawn with jitter. Two to five days in all: a CRM
# may be down over a long weekend, and nothing may be lost for it.
RETRY_AFTER_S: Final = (
    5,
    30,
    120,
    600,
    1800,
    7200,
    18000,
    36000,
    50400,
    72000,
    86400,
    86400,
    43200,
)
_SHORTEST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 6 * 3600.0
_OUTCOME_UNKNOWN: Final = "outcome_unknown"


class Idempotency(StrEnum):
    """What makes a repeated write safe in a CRM; declared by its connector."""

    UPSERT = "upsert"
    CLIENT_ID = "client_id"
    HEADER = "header"
    ONCE_TOKEN = "once_token"  # noqa: S105  a way of working, no secret
    SEARCH_FIRST = "search_first"
    NONE = "none"


class PostingState(StrEnum):
    """PENDING and ATTEMPTING are ours to finish; PARKED waits for a person."""

    PENDING = "pending"
    ATTEMPTING = "attempting"
    DONE = "done"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Posting:
    """How far the writing of one interaction into one CRM has come.

    `revision` is the document's revision that the last attempt wrote. `attempts` counts failures
    in a row. `reason` is an error class, never a CRM's text.
    """

    connector: str
    state: PostingState = PostingState.PENDING
    revision: int = 0
    attempts: int = 0
    attempted_at: datetime | None = None
    due_at: datetime | None = None
    record_id: str = ""
    reason: str = ""

    @property
    def is_outcome_unknown(self) -> bool:
        """Parked although the record may stand in the CRM."""
        return self.reason == _OUTCOME_UNKNOWN


@dataclass(frozen=True, slots=True)
class InteractionRecord:
    """What a connector's `log_interaction` gets: the merged document and whose it is."""

    id: str
    revision: int
    fields: Mapping[str, str] = field(repr=False)
    customer: Customer | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Logged:
    """The CRM has the record."""

    record_id: str
    created: bool


@dataclass(frozen=True, slots=True)
class PostingProfile:
    """Which interactions go to a connector. An empty filter lets everything through.

    `create_contact`: somebody whom the CRM does not know becomes a contact there.
    """

    connector: str
    business_processes: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    directions: frozenset[str] = frozenset()
    wait_for_disposition_s: int = 0
    create_contact: bool = False

    def wants(self, interaction: Interaction) -> bool:
        filters = (
            (self.business_processes, interaction.get("business_process")),
            (self.channels, interaction.get("channel")),
            (self.directions, interaction.get("direction")),
        )
        return all(not allowed or value in allowed for allowed, value in filters)


@dataclass(frozen=True, slots=True)
class Write:
    """Write now."""


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Not before `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Park:
    """A person must decide; `reason` says why in one word."""

    reason: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """This revision is in the CRM, cannot be added to it, or waits for a person."""


Step = Write | WaitUntil | Park | Nothing


def next_step(
    posting: Posting,
    *,
    revision: int,
    idempotency: Idempotency,
    settle_s: float,
    now: datetime,
) -> Step:
    """What to do about one posting, seen by the worker that holds the lease.

    ATTEMPTING seen under a lease means that the worker before us died or lost its answer: the
    record may stand in the CRM. Whether repeating is safe is the connector's declared
    idempotency; a search is trusted only `settle_s` after the attempt. That holds for a record
    that is amended, too: a search too early would miss it and make a second one. Where a second
    write would make a second record, or the first one's answer again, there are no amendments.
    """
    match posting.state:
        case PostingState.DONE | PostingState.PARKED if posting.revision >= revision:
            return Nothing()
        case PostingState.PENDING if posting.due_at and posting.due_at > now:
            return WaitUntil(posting.due_at)
        case PostingState.PENDING:
            return Write()
    return _settle(posting, idempotency, settle_s, now)


def _settle(posting: Posting, idempotency: Idempotency, settle_s: float, now: datetime) -> Step:
    is_unknown = posting.state is PostingState.ATTEMPTING or posting.is_outcome_unknown
    if is_unknown and posting.due_at and posting.due_at > now:
        return WaitUntil(posting.due_at)
    match idempotency:
        case Idempotency.NONE if is_unknown:
            return Park(_OUTCOME_UNKNOWN)
        case Idempotency.NONE | Idempotency.HEADER if posting.state is PostingState.DONE:
            return Nothing()
        case Idempotency.SEARCH_FIRST | Idempotency.ONCE_TOKEN if posting.attempted_at:
            settled_at = posting.attempted_at + timedelta(seconds=settle_s)
            return WaitUntil(settled_at) if settled_at > now else Write()
    return Write()


def attempting(posting: Posting, *, revision: int, at: datetime) -> Posting:
    return replace(
        posting, state=PostingState.ATTEMPTING, revision=revision, attempted_at=at, due_at=None
    )


def done(posting: Posting, logged: Logged) -> Posting:
    return replace(
        posting, state=PostingState.DONE, record_id=logged.record_id, attempts=0, reason=""
    )


def parked(posting: Posting, reason: str, *, revision: int) -> Posting:
    return replace(
        posting, state=PostingState.PARKED, reason=reason, revision=revision, due_at=None
    )


def taken_up_again(posting: Posting) -> Posting:
    """A parked posting after a person has decided that it is to be written."""
    return replace(posting, state=PostingState.PENDING, attempts=0, reason="", due_at=None)


def failed(
    posting: Posting,
    reason: str,
    *,
    now: datetime,
    jitter: float,
    retry_after_s: float | None = None,
) -> Posting:
    """The posting after a failure that certainly wrote nothing: due again later, or parked at last.

    `jitter` is drawn from [0, 1). A CRM's own Retry-After wins over our schedule, clamped to
    between one second and six hours; a wait that it asks for is no step towards giving up.
    """
    if retry_after_s is not None:
        wait_s = min(max(retry_after_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S)
        return _pending(posting, reason, now + timedelta(seconds=wait_s), posting.attempts)
    if posting.attempts >= len(RETRY_AFTER_S):
        return parked(posting, f"gave_up:{reason}", revision=posting.revision)
    wait_s = RETRY_AFTER_S[posting.attempts] * (0.5 + jitter / 2)
    return _pending(posting, reason, now + timedelta(seconds=wait_s), posting.attempts + 1)


def _pending(posting: Posting, reason: str, due_at: datetime, attempts: int) -> Posting:
    return replace(
        posting, state=PostingState.PENDING, attempts=attempts, reason=reason, due_at=due_at
    )


def lost_answer(
    posting: Posting, reason: str, *, now: datetime, settle_s: float, jitter: float
) -> Posting:
    """The posting after an attempt that nobody knows the outcome of: due after settling.

    `now` is when we stopped waiting: only from then on can a search be trusted.
    """
    if posting.attempts >= len(RETRY_AFTER_S):
        return parked(posting, _OUTCOME_UNKNOWN, revision=posting.revision)
    wait_s = max(settle_s, RETRY_AFTER_S[posting.attempts] * (0.5 + jitter / 2))
    return replace(
        posting,
        attempts=posting.attempts + 1,
        attempted_at=now,
        reason=reason,
        due_at=now + timedelta(seconds=wait_s),
    )


def earliest_due(postings: Sequence[Posting]) -> datetime | None:
    """When the interaction must be looked at again; None when nothing is left to do."""
    return min((p.due_at for p in postings if p.due_at), default=None)
