"""The outside world on one page, written as promises.

Every method that leaves the process may raise: a CRM or the contact centre raises UpstreamError,
our own tables and queues raise StateUnavailable. Nobody has to inherit from these.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from switchboard.domain.call_control import CallCommand
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.findings import Finding, KeptFinding
from switchboard.domain.identity import Identity, PhoneNumber
from switchboard.domain.interaction import Interaction, TriggerEvent
from switchboard.domain.outbound import OutboundRequest
from switchboard.domain.posting import Idempotency, InteractionRecord, Logged, Posting
from switchboard.errors import UpstreamError

if TYPE_CHECKING:  # what only routing needs; every function loads this page
    from switchboard.domain.last_agent import AgentState, Reservation
    from switchboard.domain.recorded_contact import RecordedContact
    from switchboard.domain.routing_controls import RoutingControls
    from switchboard.domain.routing_record import RoutingRecord


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


class AgentStates(Protocol):
    """How the contact centre's agents are, as far as it tells that."""

    def agent_state(self, *, extension: str, name: str, deadline: Deadline) -> "AgentState | None":
        """The agent of that extension, or of that name where no extension is given.

        None where the contact centre, or its profile, answers no such question. Raises also
        Misconfigured; who asks does without the answer.
        """


class AgentLoad(Protocol):
    """How many contacts wait for one agent, and had them today."""

    def reserve(
        self,
        agent: str,
        *,
        holder: str,
        until: datetime,
        most_waiting: int,
        most_per_day: int,
        local_day: str,
        now: datetime,
    ) -> "Reservation":
        """Have the contact `holder` wait for the agent until then, and count it for the day.

        Atomic: of many at once no more than `most_waiting` get a place, and in one day no more
        than `most_per_day`, where 0 is no limit. Who holds a place keeps it and counts once.
        """


@dataclass(frozen=True, slots=True)
class Arrival:
    """What we found and decided when an interaction arrived; kept for the desk and the posting.

    `decision` is what ECS was answered, `routing` what explains it and decides it again.
    """

    request_id: str
    at: datetime
    outcome: str
    contact: str = field(default="", repr=False)
    customer: Customer | None = None
    decision: Mapping[str, str] = field(default_factory=dict)
    routing: "RoutingRecord | None" = None


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
        """The customer's interactions over all channels, newest first, without `routing`:
        somebody may be waiting, and nobody who asks for the history needs it."""


@dataclass(frozen=True, slots=True)
class RecordedPage:
    """Some decided interactions, and how many rows of the ledger were looked at for them."""

    contacts: "tuple[RecordedContact, ...]"
    looked_at: int


class RecordedContacts(Protocol):
    """What was decided and what came of it, to decide again with other rules."""

    def pages(self, start: datetime, end: datetime, *, now: datetime) -> Iterator[RecordedPage]:
        """Interactions decided from `start` until before `end`, in no order; some pages are empty.

        Looks at every row there is, at a pace that leaves callers their share. Expired rows are
        gone. Whoever has enough closes the iterator.
        """


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
    """A published document and the hash of its content.

    `previous` are the digests to go back to, the nearest first. `mistake` tells why what stands
    there cannot be read; the body is empty then.
    """

    kind: str
    digest: str
    body: Mapping[str, Any] = field(repr=False)
    previous: tuple[str, ...] = ()
    mistake: str = ""


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """When a version became the active one, by whom and why. No digest: it was withdrawn.

    `by` is a line of at most 100 characters, `note` one of 300; what is longer is cut.
    """

    digest: str
    published_at: datetime
    by: str = ""
    note: str = ""


class Publications(Protocol):
    """What an operator published: rulesets, profiles, policies, connectors.

    A version never changes. Which one is active is one write, so whoever reads gets the one
    before or the one after, and of two who publish at once one comes after the other.
    """

    def find(self, kind: str) -> Published | None:
        """The active version; None when there is none. May be some seconds old."""

    def active(self, kind: str) -> Published:
        """The active version, to be read by who cannot do without.

        Raises: Misconfigured when there is none, or nobody can read it.
        """

    def version(self, kind: str, digest: str) -> Published:
        """A version, active or not.

        Raises: NotFound when none has this digest, Misconfigured when nobody can read it.
        """

    def versions(self, kind: str) -> tuple[PublishedVersion, ...]:
        """What was active and since when, newest first: at most the last 200. Never a copy."""

    def keep(self, kind: str, body: Mapping[str, Any], *, now: datetime) -> str:
        """Store a version without making it the active one; its digest."""

    def publish(
        self,
        kind: str,
        body: Mapping[str, Any],
        *,
        now: datetime,
        by: str = "",
        note: str = "",
        expected: str | None = None,
    ) -> str:
        """Make the body the active version; its digest. The same again changes nothing.

        `expected` is the digest that the change was made from, empty where there was none.

        Raises: StateConflict, and nothing is changed, when another is active by now.
        Misconfigured when it is too large to store.
        """

    def activate(
        self,
        kind: str,
        digest: str,
        *,
        now: datetime,
        by: str = "",
        note: str = "",
        expected: str | None = None,
    ) -> None:
        """Make an earlier version the active one again.

        One that can be gone back to is no longer among `previous` then, and neither is what came
        after it. Raises: NotFound, Misconfigured as `version` does, StateConflict as `publish`.
        """

    def withdraw(
        self,
        kind: str,
        *,
        now: datetime,
        by: str = "",
        note: str = "",
        expected: str | None = None,
    ) -> None:
        """Have no active version from now on. Raises: StateConflict as `publish`."""


class RoutingControlsStore(Protocol):
    """What operators change without publishing: switches, and who is kept apart."""

    def current(self) -> "RoutingControls":
        """As it was within the last ten seconds, or when it could last be read. Empty before
        anybody changed anything."""

    def change(self, change: "Callable[[RoutingControls], RoutingControls]") -> "RoutingControls":
        """Apply a change to what stands now; what stands then. Nobody else's change is lost.

        `change` is asked again when somebody else was faster; what it raises, nothing is changed.
        """


class Findings(Protocol):
    """What lookups revealed about a CRM's data, for the people who keep it. Forgotten in 30 days
    unless it is seen again."""

    def keep(self, finding: Finding, *, now: datetime) -> bool:
        """Note that it was seen, at most once a day (in UTC); whether this was that time."""

    def kept(self, *, now: datetime) -> tuple[KeptFinding, ...]:
        """Everything that was seen in the last 30 days, latest first. Not for a caller's path."""
