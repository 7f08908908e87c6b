"""The outside world on one page, written as promises.

Every method that leaves the process may raise: a CRM or the contact centre raises UpstreamError,
our own tables and queues raise StateUnavailable. Nobody has to inherit from these.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Protocol

from switchboard.domain.call_control import CallCommand
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.findings import Finding, KeptFinding
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.identity import Identity, PhoneNumber
from switchboard.domain.interaction import Interaction, TriggerEvent, TriggerKind
from switchboard.domain.outbound import OutboundRequest
from switchboard.domain.posting import Idempotency, InteractionRecord, Logged, Posting
from switchboard.errors import UpstreamError

if TYPE_CHECKING:  # what only routing needs; every function loads this page
    from switchboard.domain.last_agent import AgentState, Reservation
    from switchboard.domain.reconciliation_progress import Progress
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
    def key_window_s(self) -> float:
        """For so long the CRM knows an idempotency key again."""

    @property
    def contact_settle_s(self) -> float:
        """After this long, `find` sees a contact that `create_contact` made."""

    @property
    def needs_customer(self) -> bool:
        """Whether an interaction can only be logged on a customer's record."""

    @property
    def batch_most(self) -> int:
        """How many records one `log_interactions` takes; 1 where there is no such call."""

    @property
    def ignores_older(self) -> bool:
        """Whether the CRM itself ignores a revision older than the one it has."""

    @property
    def can_find_records(self) -> bool: ...

    @property
    def can_list_records(self) -> bool: ...

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

    def find_record(
        self, interaction_id: str, *, record_id: str, deadline: Deadline
    ) -> FoundRecord | None:
        """The CRM's record under an `InteractionRecord.id`; None when there is none.

        `record_id` is what the CRM called it when it was written, empty when it never said so. A
        record of the last minutes may be missing: after `settle_s` a search finds it, and where it
        has no id, after a quarter of an hour. Raises: UpstreamRejected where the CRM can be asked
        by its own id only and there is none; Misconfigured unless `can_find_records`.
        """

    def list_records(
        self, start: datetime, end: datetime, *, deadline: Deadline
    ) -> Iterator[FoundRecord]:
        """The records with a key of ours of about this period, read page by page, in no order.

        Which moment of a record counts is the CRM's: at the edges `find_record` decides, not a
        record's absence here. Raises, also half-way: UpstreamError; and Misconfigured unless
        `can_list_records`.
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
class TriggerNote:
    """That a trigger came: which revision it made (0: it said nothing new), and of which fields.

    Names alone; what they held is not kept twice. `other_fields` is how many more there was no
    room for. `refused` is the code of the error; then `fields` are those that it contradicts.
    """

    kind: TriggerKind
    received_at: datetime
    revision: int
    fields: tuple[str, ...] = ()
    request_id: str = ""
    other_fields: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Everything the ledger holds of one interaction.

    `postings` by their keys. `first_at` is when its first trigger came, `ended_at` when its end
    did, both by our clock. `held_until` is when a worker's lease ends, whether it lives or not;
    `triggers` are the first hundred that came, and `untold_triggers` how many more there were.
    `turn` grows whenever somebody takes the row or gives it back.
    """

    interaction: Interaction
    arrival: Arrival | None = None
    postings: Mapping[str, Posting] = field(default_factory=dict)
    ended_at: datetime | None = None
    started_at: datetime | None = None
    first_at: datetime | None = None
    due_at: datetime | None = None
    held_until: datetime | None = None
    held_by: str = ""
    customer_key: str = ""
    triggers: tuple[TriggerNote, ...] = ()
    untold_triggers: int = 0
    turn: int = 0


class Settled(Enum):
    """What became of a row that was given back.

    GREW: the outcomes are kept, and it is due at once, because more came to be known meanwhile.
    LOST: nothing is kept, because another worker has it, or had it since.
    """

    KEPT = auto()
    GREW = auto()
    LOST = auto()


@dataclass(frozen=True, slots=True)
class Next:
    """When a row is to be looked at again, or since when it waits for a person; or neither."""

    due_at: datetime | None = None
    parked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HistoryPlace:
    """How far one record's contacts were read: after this item of the index.

    `record` stands for the record's key and does not tell it.
    """

    record: str
    started_at: str
    item_id: str


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some of a customer's interactions, newest first, and where it goes on; nowhere at the end."""

    rows: tuple[LedgerRow, ...]
    after: tuple[HistoryPlace, ...] = ()


class InteractionLedger(Protocol):
    """Inbox and outbox: what was acknowledged is here, and stays until it is in the CRM."""

    def merge(
        self,
        event: TriggerEvent,
        *,
        now: datetime,
        due_when: Callable[[Interaction], datetime],
        request_id: str = "",
        keeps_segment: bool = False,
        ended_at: datetime | None = None,
        received_at: datetime | None = None,
    ) -> LedgerRow | None:
        """Add what the event says, and tell that it came; None when it said nothing new.

        Durable when it returns. `due_when` tells, for the merged interaction, when the sweeper
        looks at the row if nobody does before; a row that a worker holds keeps its own moment.
        `ended_at` is for an end long past, `received_at` for an event that came before now; else
        they are now. That the same event came is told once, however often it is brought.

        Raises: StateConflict when the event contradicts an immutable field of the same id,
            RequestTooLarge when the document would outgrow its row; that is told as well.
            NotNoted when it said nothing new, and only that it came could not be told.
        """

    def note_arrival(self, interaction_id: str, arrival: Arrival) -> None:
        """Keep what was found and decided.

        A later note of the same id replaces it, except that it takes away neither a customer nor
        a decision that was there: ECS may ask twice, and the CRM be down the second time.
        """

    def read(self, interaction_id: str) -> LedgerRow | None: ...

    def read_many(self, interaction_ids: Sequence[str]) -> Mapping[str, LedgerRow]:
        """Those there are, by id; at most a hundred."""

    def claim(
        self,
        row: LedgerRow,
        postings: Sequence[Posting],
        *,
        token: str,
        now: datetime,
        lease_s: float,
    ) -> bool:
        """Hold the row for one worker alone, and keep the postings, all or nothing.

        False, nothing changed, when another holds it or it is not as it was read any more. An
        abandoned lease ends by itself, and the row is due again at that moment.
        """

    def hold(
        self, interaction_id: str, *, token: str, now: datetime, lease_s: float
    ) -> LedgerRow | None:
        """The row for one alone, whatever is in it; None when another has it or there is none."""

    def settle(
        self,
        interaction_id: str,
        postings: Sequence[Posting],
        *,
        token: str,
        revision: int,
        after: Next,
        customer_key: str = "",
    ) -> Settled:
        """Keep how far the postings have come, and give the row back.

        `customer_key` is whose interaction it is, where nobody knew before.
        """

    def settle_unclaimed(
        self,
        row: LedgerRow,
        postings: Sequence[Posting],
        *,
        now: datetime,
        after: Next,
        customer_key: str = "",
    ) -> bool:
        """The same without a claim; False, nothing changed, when somebody holds the row or it is
        not as it was read any more."""

    def write_again(self, interaction_id: str, *, now: datetime) -> None:
        """Make every record of the row due, as if the interaction had changed."""

    def note_crash(self, interaction_id: str, *, now: datetime) -> int:
        """Count a mistake of ours over this row: how many since a claim of it was settled, or
        since nothing was left to do about it."""

    def due(self, *, now: datetime, limit: int) -> tuple[str, ...]:
        """Ids of rows whose time has come, oldest first."""

    def parked(self, *, limit: int) -> tuple[str, ...]:
        """Ids of rows of which nothing is left but what waits for a person, the longest first."""

    def history(self, customer_key: str, *, limit: int) -> tuple[LedgerRow, ...]:
        """The customer's interactions over all channels, newest first, without `routing` and
        `triggers`: somebody may be waiting, and nobody who asks for the history needs them."""

    def history_page(
        self,
        customer_key: str,
        *,
        limit: int,
        now: datetime,
        after: "Sequence[HistoryPlace]" = (),
    ) -> "HistoryPage":
        """A part of the same, without rows that have expired; `after` is the part before.

        Records that were merged into the customer's are the customer's. A page may be shorter
        than `limit` although older ones exist. Places of other customers lead nowhere.
        """

    def also_customer(
        self, interaction_id: str, customer_key: str, *, started_at: datetime, now: datetime
    ) -> None:
        """Have the interaction in another customer's history, too: the same person elsewhere."""

    def note_merged(self, old_key: str, survivor_key: str, *, now: datetime) -> None:
        """Have what happened with a merged record in its survivor's history from now on."""


class DaysOfLedger(Protocol):
    """Which interactions a day had."""

    def ids_of(self, day: date, *, after: str = "", limit: int) -> tuple[str, ...]:
        """Ids of interactions whose first trigger came on that day in UTC, as texts sort, from
        the first behind `after` on. A trigger of the last second may be missing."""


class ReconciliationProgress(Protocol):
    """How far the nightly comparison of ledger and CRMs has come."""

    def read(self) -> "Progress | None": ...

    def keep(self, progress: "Progress", *, now: datetime) -> None: ...


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

    def outdate(self, asked: Collection[tuple[str, Identity]], *, now: datetime) -> None:
        """What is remembered of these may be old by now: who asks next is told to renew it.

        Each is a connector's id and whom it was asked for.
        """

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

    def send_many(self, work_ids: Sequence[str], *, request_id: str) -> tuple[str, ...]:
        """Send each of them now; those that the queue refused, while it took the others."""

    def waiting(self) -> int:
        """About how many messages wait to be taken, without those for later."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Something that was put aside: when, how large, and words of ours about it; none of it.

    `token` is what people call it by.
    """

    id: str
    token: str
    at: datetime
    size: int
    about: tuple[str, ...]


class KeptAside(Protocol):
    """The second durable place: for what the ledger could not take, and what nobody could read.

    `kind` says which of both, and is "spill" or "refused".
    """

    def put(
        self, kind: str, body: bytes, *, token: str, about: Sequence[str], now: datetime
    ) -> str:
        """Keep it; its id, by which it can be found again. Durable when it returns.

        `token` is random letters and digits. `about` are words of ours, never data: they may
        stand in names and lists. One that does not look like a word is kept as "other".
        """

    def waiting(self, kind: str, *, limit: int, after: str = "") -> tuple[Aside, ...]:
        """What is there, oldest first; of that, at most `limit` that come `after` an id."""

    def read(self, kind: str, aside_id: str) -> bytes | None: ...

    def drop(self, kind: str, aside_ids: Collection[str]) -> None:
        """Forget them; what is not there any more is no mistake."""


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
