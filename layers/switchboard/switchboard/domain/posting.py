"""What is written into which CRM, when it is tried again, and when a person must look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from switchboard.domain.customer import Customer

# The longest wait before retry 1, 2, 3 …; each is drawn from all of it, so that what failed
# together does not come again together. Three days on average, six at most: a CRM may be down
# over a long weekend, and nothing may be lost for it.
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
    86400,
    86400,
)
_SHORTEST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 6 * 3600.0
_OUTCOME_UNKNOWN: Final = "outcome_unknown"
NO_CUSTOMER: Final = "no_customer"
QUARANTINED: Final = "quarantined"
# How a person settled it, by hand: ``resolved:…``. Whatever is said later is not written.
RESOLVED: Final = "resolved"
# How long a request whose answer never came may still be carried out by a CRM that says nothing
# of it: the longest that load balancers let one be under way by default.
IN_FLIGHT_S: Final = 60.0
# By so much the clocks of two workers may differ.
CLOCKS_DIFFER_S: Final = 10.0
# For so long a CRM knows an idempotency key again, where its connector does not say.
KEY_WINDOW_S: Final = 2 * 3600.0
# A record without a customer is looked at again: somebody may have entered the person since.
LOOK_AGAIN_AFTER_S: Final = (900, 14_400, 86_400, 259_200, 604_800)
_TRIES_KEPT: Final = 12
# A row has room for a hundred of these.
_TRIES_KEPT_OF_A_PART: Final = 4


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
class Try:
    """One attempt: when it ended, which revision it was to write, and what came of it.

    `outcome` is "done" or an error class.
    """

    at: datetime
    revision: int
    outcome: str
    took_ms: int = 0


@dataclass(frozen=True, slots=True)
class Posting:
    """How far the writing of one record into one CRM has come.

    `revision` is the document's revision that the last attempt wrote. `attempts` counts failures
    in a row. `reason` is an error class, never a CRM's text. `part` is the segment that it is a
    record of; empty for the interaction as a whole. `looks` counts how often somebody was looked
    for again of whom the record says nothing; `customer_key` is whose it is. Until
    `unsettled_until`, a request whose answer was lost may still be carried out; `unknown_since`
    is when the first of those began that are not settled.
    """

    connector: str
    state: PostingState = PostingState.PENDING
    revision: int = 0
    attempts: int = 0
    attempted_at: datetime | None = None
    due_at: datetime | None = None
    record_id: str = ""
    reason: str = ""
    part: str = ""
    tries: tuple[Try, ...] = ()
    looks: int = 0
    customer_key: str = ""
    profile: str = ""
    unsettled_until: datetime | None = None
    unknown_since: datetime | None = None

    @property
    def key(self) -> str:
        """Where the ledger keeps it."""
        return f"{self.connector}#{self.part}" if self.part else self.connector

    @property
    def is_outcome_unknown(self) -> bool:
        """Parked although the record may stand in the CRM."""
        return self.reason == _OUTCOME_UNKNOWN

    @property
    def lacks_customer(self) -> bool:
        return self.reason == NO_CUSTOMER


@dataclass(frozen=True, slots=True)
class InteractionRecord:
    """What a connector's `log_interaction` gets: the merged document and whose it is.

    `record_id` is what the CRM called the record when it was written before; empty at first.
    """

    id: str
    revision: int
    fields: Mapping[str, str | int | float] = field(repr=False)
    customer: Customer | None = field(default=None, repr=False)
    record_id: str = ""


@dataclass(frozen=True, slots=True)
class Logged:
    """The CRM has the record."""

    record_id: str
    created: bool


@dataclass(frozen=True, slots=True)
class Habits:
    """How a CRM takes records, as its connector declares it.

    `settle_s`: after this long a search finds a record that was made.
    `ignores_older`: the CRM itself ignores a revision older than the one it has.
    `key_window_s`: for so long it knows an idempotency key again.
    `call_s` and `in_flight_s` are ours: how long after it began an attempt may still send, and how
    long after that a CRM may still carry out what was sent. `clocks_s` is by how much the clocks of
    two workers may differ.
    """

    idempotency: Idempotency
    settle_s: float = 0.0
    ignores_older: bool = False
    key_window_s: float = KEY_WINDOW_S
    call_s: float = 35.0
    in_flight_s: float = IN_FLIGHT_S
    clocks_s: float = CLOCKS_DIFFER_S

    @property
    def seen_after_s(self) -> float:
        """How long after a record was made a search finds it, whoever looks at which clock."""
        return self.settle_s + self.clocks_s

    @property
    def arrives_within_s(self) -> float:
        """How long after it is decided a call may be carried out, by whichever clock."""
        return self.call_s + self.in_flight_s + self.clocks_s

    @property
    def searches(self) -> bool:
        """Whether only a search tells what stands in the CRM."""
        return self.idempotency in {Idempotency.SEARCH_FIRST, Idempotency.ONCE_TOKEN}

    @property
    def amends(self) -> bool:
        """Whether a second write changes the first one's record."""
        return self.idempotency not in {Idempotency.NONE, Idempotency.HEADER}

    @property
    def unsettled_s(self) -> float:
        """How long after a lost answer a write may still come to be, and then to be seen."""
        return self.in_flight_s + (self.settle_s if self.searches else 0.0)


@dataclass(frozen=True, slots=True)
class Write:
    """Write now."""


@dataclass(frozen=True, slots=True)
class Look:
    """It is written, of nobody: look whether the CRM knows the person by now."""


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


Step = Write | Look | WaitUntil | Park | Nothing


def next_step(posting: Posting, *, revision: int, habits: Habits, now: datetime) -> Step:
    """What to do about one posting of a row that nobody else works on.

    ATTEMPTING then means that the worker before us died or lost its answer: the record may stand
    in the CRM, or be on its way there. Whether repeating is safe is the connector's declared
    idempotency; a search is trusted only after its settling time, for an amendment too: a search
    too early would miss the record and make a second one. And an older write that is still on its
    way would undo a newer one. Where a second write would make a second record, or the first
    one's answer again, there are no amendments.
    """
    posting = death_noted(posting, habits)
    if posting.state is PostingState.PARKED and posting.reason.startswith(RESOLVED):
        return Nothing()
    match posting.state:
        case PostingState.DONE if posting.revision >= revision and posting.lacks_customer:
            return _look(posting, now)
        case PostingState.DONE | PostingState.PARKED if posting.revision >= revision:
            return Nothing()
        case PostingState.PENDING if posting.due_at and posting.due_at > now:
            return WaitUntil(posting.due_at)
    return _settle(posting, revision, habits, now)


def _look(posting: Posting, now: datetime) -> Step:
    if posting.due_at is None:
        return Nothing()
    return WaitUntil(posting.due_at) if posting.due_at > now else Look()


def _settle(posting: Posting, revision: int, habits: Habits, now: datetime) -> Step:
    is_unknown = posting.state is PostingState.ATTEMPTING or posting.is_outcome_unknown
    if is_unknown and posting.due_at and posting.due_at > now:
        return WaitUntil(posting.due_at)
    match habits.idempotency:
        case Idempotency.NONE if is_unknown:
            return Park(_OUTCOME_UNKNOWN)
        case Idempotency.NONE | Idempotency.HEADER if posting.state is PostingState.DONE:
            return Nothing()
        case Idempotency.HEADER if _is_key_forgotten(posting, habits, now):
            return Park(_OUTCOME_UNKNOWN)
    is_same = posting.revision >= revision
    if not habits.searches and (is_same or habits.ignores_older):
        return Write()
    settled_at = _settled_at(posting, habits)
    return WaitUntil(settled_at) if settled_at and settled_at > now else Write()


def _is_key_forgotten(posting: Posting, habits: Habits, now: datetime) -> bool:
    """Whether the CRM may take the key of an attempt of unknown outcome for a new one."""
    since, repeated_by = posting.unknown_since, now + timedelta(seconds=habits.arrives_within_s)
    return since is not None and repeated_by >= since + timedelta(seconds=habits.key_window_s)


def _settled_at(posting: Posting, habits: Habits) -> datetime | None:
    """When what was attempted before is done and seen, or will never be; None: it is by now."""
    moments = [posting.unsettled_until]
    if posting.attempted_at and habits.searches and posting.state is not PostingState.PENDING:
        moments.append(posting.attempted_at + timedelta(seconds=habits.seen_after_s))
    return max((moment for moment in moments if moment), default=None)


def _was_cut_short(posting: Posting) -> bool:
    """Whether a worker died over it: who loses an answer says when to look again."""
    return posting.state is PostingState.ATTEMPTING and posting.due_at is None


def attempting(posting: Posting, *, revision: int, habits: Habits, at: datetime) -> Posting:
    """About to be written; what an attempt before it left unsettled stays so."""
    noted = death_noted(posting, habits)
    left = noted.unsettled_until
    return replace(
        noted,
        state=PostingState.ATTEMPTING,
        revision=revision,
        attempted_at=at,
        due_at=None,
        unsettled_until=left if left and left > at else None,
    )


def death_noted(posting: Posting, habits: Habits) -> Posting:
    """With what somebody who died over it left unsettled, whatever becomes of it next."""
    if posting.attempted_at is None or not _was_cut_short(posting):
        return posting
    by_death = posting.attempted_at + timedelta(seconds=habits.call_s + habits.unsettled_s)
    left = posting.unsettled_until
    return replace(
        posting,
        unsettled_until=max(left, by_death) if left else by_death,
        unknown_since=posting.unknown_since or posting.attempted_at,
    )


def done(posting: Posting, logged: Logged, *, now: datetime, took_ms: int = 0) -> Posting:
    """Written by `now`, and no sooner for who must wait until a search sees it."""
    written = replace(
        posting,
        state=PostingState.DONE,
        attempted_at=now,
        record_id=logged.record_id,
        attempts=0,
        reason="",
        due_at=None,
        unknown_since=None,
    )
    return _tried(written, "done", now, took_ms)


def without_customer(posting: Posting, *, now: datetime, jitter: float) -> Posting:
    """Nobody was found whose it is; looked at again later, until that has no point any more."""
    if posting.looks >= len(LOOK_AGAIN_AFTER_S):
        return replace(posting, reason=NO_CUSTOMER, due_at=None)
    wait_s = LOOK_AGAIN_AFTER_S[posting.looks] * (0.9 + jitter / 5)
    due_at = now + timedelta(seconds=wait_s)
    return replace(posting, reason=NO_CUSTOMER, due_at=due_at, looks=posting.looks + 1)


def quarantined(posting: Posting, *, revision: int, habits: Habits) -> Posting:
    """Left to a person after mistakes of ours; what an attempt left unsettled stays so."""
    noted = death_noted(posting, habits)
    if posting.state is PostingState.DONE:
        noted = replace(noted, unsettled_until=_settled_at(posting, habits))
    is_repeatable = habits.idempotency is not Idempotency.NONE
    is_attempted = posting.state is PostingState.ATTEMPTING
    if posting.is_outcome_unknown or (is_attempted and not is_repeatable):
        return parked(noted, _OUTCOME_UNKNOWN, revision=revision)
    return parked(noted, QUARANTINED, revision=revision)


def parked(posting: Posting, reason: str, *, revision: int) -> Posting:
    return replace(
        posting, state=PostingState.PARKED, reason=reason, revision=revision, due_at=None
    )


def taken_up_again(posting: Posting) -> Posting:
    """A parked posting after a person has decided that it is to be written.

    What may still be on its way is waited for: it may be older than the revision it was parked at.
    """
    return replace(
        posting,
        state=PostingState.PENDING,
        revision=0 if posting.unsettled_until else posting.revision,
        attempts=0,
        looks=0,
        reason="",
        due_at=None,
    )


def failed(
    posting: Posting,
    reason: str,
    *,
    now: datetime,
    jitter: float,
    retry_after_s: float | None = None,
    took_ms: int = 0,
    schedule: Sequence[float] = RETRY_AFTER_S,
) -> Posting:
    """The posting after a failure that certainly wrote nothing: due again later, or parked at last.

    `jitter` is drawn from [0, 1). A CRM's own Retry-After wins over our schedule, clamped to
    between one second and six hours; a wait that it asks for is no step towards giving up.
    """
    posting = _tried(posting, reason, now, took_ms)
    if retry_after_s is not None:
        wait_s = min(max(retry_after_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S) * (1 + jitter / 5)
        return _pending(posting, reason, now + timedelta(seconds=wait_s), posting.attempts)
    if posting.attempts >= len(schedule):
        return parked(posting, f"gave_up:{reason}", revision=posting.revision)
    wait_s = _drawn(schedule[posting.attempts], jitter)
    return _pending(posting, reason, now + timedelta(seconds=wait_s), posting.attempts + 1)


def _pending(posting: Posting, reason: str, due_at: datetime, attempts: int) -> Posting:
    return replace(
        posting, state=PostingState.PENDING, attempts=attempts, reason=reason, due_at=due_at
    )


def lost_answer(
    posting: Posting,
    reason: str,
    *,
    now: datetime,
    habits: Habits,
    jitter: float,
    took_ms: int = 0,
    schedule: Sequence[float] = RETRY_AFTER_S,
) -> Posting:
    """The posting after an attempt that nobody knows the outcome of: due after settling.

    `now` is when we stopped waiting: only from then on can a search be trusted.
    """
    lost = replace(
        _tried(posting, reason, now, took_ms),
        unknown_since=posting.unknown_since or posting.attempted_at or now,
        attempted_at=now,
        reason=reason,
        unsettled_until=now + timedelta(seconds=habits.unsettled_s),
    )
    if lost.attempts >= len(schedule):
        return parked(lost, _OUTCOME_UNKNOWN, revision=lost.revision)
    # A search that is due sooner than it can be trusted would only be put off, for another write.
    settle_s = habits.unsettled_s if habits.searches else habits.settle_s
    wait_s = max(settle_s, _drawn(schedule[lost.attempts], jitter))
    return replace(lost, attempts=lost.attempts + 1, due_at=now + timedelta(seconds=wait_s))


def _drawn(longest_s: float, jitter: float) -> float:
    """Full jitter, but never at once."""
    return max(longest_s * jitter, min(_SHORTEST_WAIT_S, longest_s))


def maybe_done(posting: Posting, *, now: datetime, habits: Habits) -> Posting:
    """After a failure that may come to be all the same: a repeat is safe, a newer write waits."""
    until = now + timedelta(seconds=habits.unsettled_s)
    left = posting.unsettled_until
    return replace(
        posting,
        unsettled_until=max(left, until) if left else until,
        unknown_since=posting.unknown_since or posting.attempted_at or now,
    )


def next_of(postings: Sequence[Posting], *others: datetime | None) -> datetime | None:
    """When the interaction must be looked at again; None when nothing is left to do."""
    moments = [*(posting.due_at for posting in postings), *others]
    return min((moment for moment in moments if moment), default=None)


def _tried(posting: Posting, outcome: str, now: datetime, took_ms: int) -> Posting:
    tried = Try(now, posting.revision, outcome, took_ms)
    kept = _TRIES_KEPT_OF_A_PART if posting.part else _TRIES_KEPT
    return replace(posting, tries=(*posting.tries, tried)[-kept:])
