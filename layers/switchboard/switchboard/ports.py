"""The outside world on one page, written as promises.

Every method that leaves the process may raise: a CRM or the contact centre raises UpstreamError,
our own tables and queues raise StateUnavailable. Nobody has to inherit from these.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from switchboard.domain.call_control import CallCommand
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.findings import Finding, KeptFinding
from switchboard.domain.identity import Identity, PhoneNumber
from switchboard.domain.interaction import Interaction, TriggerEvent
from switchboard.domain.outbound import OutboundRequest
from switchboard.domain.posting import Idempotency, InteractionRecord, Logged, Posting
from switchboard.errors import UpstreamError


class Crm(Protocol):
    """One CRM, seen through its connector."""

    @property
    def connector(self) -> str: ...

    @property
    def default_region(self) -> str:
        """Where its numbers without country code are dialled, as ISO 3166."""

    @property
    def finds(self) -> Collection[str]:
        """The kinds of identity that it can be asked about."""

    @property
    def idempotency(self) -> Idempotency: ...

    @property
    def settle_s(self) -> float:
        """After this long, a search finds what an earlier, interrupted write may have made."""

    @property
    def contact_settle_s(self) -> float:
        """After this long, `find` sees a contact that `create_contact` made."""

    @property
    def needs_customer(self) -> bool:
        """Whether an interaction can only be logged on a customer's record."""

    @property
    def batch_most(self) -> int:
        """How many records one `log_interactions` takes; 1 where there is no such call."""

    def find(self, identity: Identity, *, deadline: Deadline) -> tuple[Customer, ...]:
        """Every customer that carries the number or address, each verified against it.

        Empty when nobody does. Ends before the deadline whatever the server does.
        """

    def read_record(
        self, method: str, data: Mapping[str, Any], *, deadline: Deadline
    ) -> Customer | None:
        """The one record that a reading method of the connector finds; None for none or several."""

    def log_interaction(self, record: InteractionRecord, *, deadline: Deadline) -> Logged:
        """Write the interaction's record; safe to repeat as far as `idempotency` says.

        Raises: UpstreamUnknown when it was sent and the answer was lost.
        """

    def log_interactions(
        self, records: Sequence[InteractionRecord], *, deadline: Deadline
    ) -> Sequence[Logged | UpstreamError]:
        """Write several records with one call; what became of each, in their order.

        Safe to repeat, whatever was lost. Raises: UpstreamError when it is the same for all.
        """

    def create_contact(self, identity: Identity, *, reference: str, deadline: Deadline) -> Customer:
        """A new record for somebody whom `find` did not find; `reference` is the interaction's id.

        Raises: UpstreamUnknown when it was sent and the answer was lost.
        """


class ContactCentre(Protocol):
    """ECS's own API, through its profile."""

    def queue_call(self, request: OutboundRequest, *, deadline: Deadline) -> str:
        """Ask for a call to be queued; the contact centre's id for it. Never repeated by us.

        Raises: UpstreamUnknown when it was sent and the answer was lost.
        """

    def control(self, command: CallCommand, *, deadline: Deadline) -> str:
        """Act on a live call; the state it is in afterwards.

        Raises: NotFound, StateConflict, UpstreamUnknown.
        """


@dataclass(frozen=True, slots=True)
class Arrival:
    """What we found and decided when an interaction arrived; kept for the desk and the posting."""

    request_id: str
    at: datetime
    outcome: str
    contact: str = field(default="", repr=False)
    customer: Customer | None = None
    decision: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Everything the ledger holds of one interaction."""

    interaction: Interaction
    arrival: Arrival | None = None
    postings: Mapping[str, Posting] = field(default_factory=dict)
    ended_at: datetime | None = None
    started_at: datetime | None = None


class InteractionLedger(Protocol):
    """Inbox and outbox: what was acknowledged is here, and stays until it is in the CRM."""

    def merge(
        self,
        event: TriggerEvent,
        *,
        now: datetime,
        due_when: Callable[[Interaction], datetime],
    ) -> LedgerRow | None:
        """Add what the event says; None when it said nothing new.

        Durable when it returns. `due_when` tells, for the merged interaction, when the sweeper
        looks at the row if nobody does before; a row that a worker holds keeps its own moment.

        Raises: StateConflict when the event contradicts an immutable field of the same id.
        """

    def note_arrival(self, interaction_id: str, arrival: Arrival) -> None:
        """Keep what was found and decided.

        A later note of the same id replaces it, except that it takes away neither a customer nor
        a decision that was there: ECS may ask twice, and the CRM be down the second time.
        """

    def read(self, interaction_id: str) -> LedgerRow | None: ...

    def lease(
        self, interaction_id: str, *, token: str, now: datetime, lease_s: float
    ) -> LedgerRow | None:
        """The row, for one worker alone; None when another holds it or there is no such row.

        An abandoned lease ends by itself, and the row is due again at that moment.
        """

    def save_posting(self, interaction_id: str, posting: Posting, *, token: str) -> bool:
        """Keep how far a posting has come; False, nothing changed, when the lease was lost."""

    def release(
        self, interaction_id: str, *, token: str, revision: int, due_at: datetime | None
    ) -> bool:
        """Give the row back; False when it grew past `revision` meanwhile and is due at once,
        or when the lease was lost."""

    def due(self, *, now: datetime, limit: int) -> tuple[str, ...]:
        """Ids of rows whose time has come, oldest first."""

    def history(self, customer_key: str, *, limit: int) -> tuple[LedgerRow, ...]:
        """The customer's interactions over all channels, newest first."""


@dataclass(frozen=True, slots=True)
class RememberedCustomers:
    """A CRM's earlier answer, since when we have it, and how long it is believed unasked."""

    customers: tuple[Customer, ...]
    looked_up_at: datetime
    fresh_until: datetime


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is remembered, and who asks the CRM for something newer.

    `is_ours`: we do, and nobody else now. `is_asked`: somebody else does. `has_failed`: somebody
    did a moment ago, in vain, so for a while nobody should.
    """

    remembered: RememberedCustomers | None = None
    is_ours: bool = False
    is_asked: bool = False
    has_failed: bool = False


class LookupMemory(Protocol):
    """CRM answers kept a while. Never one customer's data under another's key."""

    def recall(
        self, connector: str, identity: Identity, *, now: datetime, lease_s: float
    ) -> Recalled:
        """What is remembered; where that is not fresh, one caller at a time is told to ask.

        Nobody else is for `lease_s`, or until the answer or a failure is noted.

        Raises: StateBusy when too many ask for the same at once.
        """

    def look(self, connector: str, identity: Identity, *, now: datetime) -> Recalled:
        """What is remembered, for who waits for another's answer. May be a second old."""

    def remember(
        self,
        connector: str,
        identity: Identity,
        customers: tuple[Customer, ...],
        *,
        asked_at: datetime,
        fresh_s: float,
        keep_s: int,
    ) -> None:
        """Keep an answer. One that was asked for before a newer one, or before `forget`, is not.

        One that is too large to keep ends the asking: somebody else may.
        """

    def note_failure(
        self, connector: str, identity: Identity, *, now: datetime, pause_s: float
    ) -> None:
        """The CRM gave no answer: for `pause_s` it is up to nobody to ask."""

    def forget(self, connector: str, identity: Identity, *, now: datetime) -> None:
        """What is remembered is wrong by now, and so is an answer that is still under way."""

    def outdate(self, connector: str, identity: Identity, *, now: datetime) -> None:
        """What is remembered may be old by now: who asks next is told to renew it."""

    def forget_customer(self, customer_key: str, *, now: datetime) -> None:
        """Forget every answer that is this one customer, merged records of it included.

        May miss one of the last second, and one that is under way.
        """


class OutboundStore(Protocol):
    """Requests to call, each claimed for dialling at most once."""

    def add(self, request: OutboundRequest, *, due_at: datetime | None) -> OutboundRequest | None:
        """Keep a new request. None, or the one already stored under that id, unchanged."""

    def read(self, request_id: str) -> OutboundRequest | None: ...

    def move(self, request: OutboundRequest, *, expected: str, due_at: datetime | None) -> bool:
        """Store the new state if the stored one is still `expected`; whether it was."""

    def due(self, *, now: datetime, limit: int) -> tuple[str, ...]: ...

    def reserve_attempt(self, request: OutboundRequest, *, local_day: str, limit: int) -> bool:
        """Count the request among that day's calls to its number, atomically; False at the limit.

        A request that is tried again counts once.
        """

    def is_do_not_call(self, number: PhoneNumber) -> bool: ...

    def mark_do_not_call(self, number: PhoneNumber, *, source: str, at: datetime) -> None: ...


class OnceStore(Protocol):
    """Things that may happen once, such as a call command."""

    def claim(self, key: str, *, now: datetime, keep_s: int) -> bool:
        """True for the first claim of `key` within `keep_s`, False for every later one."""


class WorkQueue(Protocol):
    """Wakes a worker. Carries ids only; losing a message loses time, nothing else."""

    def send(self, work_id: str, *, request_id: str, delay_s: int = 0) -> None: ...


@dataclass(frozen=True, slots=True)
class HeaderKey:
    """A caller's key as we keep it: a digest, and where it may be used."""

    id: str
    digest: str = field(repr=False)
    routes: tuple[str, ...]
    sources: tuple[str, ...] = ()
    expires_at: datetime | None = None


class KeyStore(Protocol):
    """The header keys that were handed out."""

    def find(self, key_id: str) -> HeaderKey | None: ...


@dataclass(frozen=True, slots=True)
class Published:
    """A published document and the hash of its content."""

    kind: str
    digest: str
    body: Mapping[str, Any] = field(repr=False)


class Publications(Protocol):
    """What an operator published: rulesets, profiles, policies, connectors."""

    def active(self, kind: str) -> Published:
        """The active version.

        Raises: Misconfigured when none was ever published.
        """


class Findings(Protocol):
    """What lookups revealed about a CRM's data, for the people who keep it. Forgotten in 30 days
    unless it is seen again."""

    def keep(self, finding: Finding, *, now: datetime) -> bool:
        """Note that it was seen, at most once a day (in UTC); whether this was that time."""

    def kept(self, *, now: datetime) -> tuple[KeptFinding, ...]:
        """Everything that was seen in the last 30 days, latest first. Not for a caller's path."""
