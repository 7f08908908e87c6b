"""A world in which interactions are posted: a clock, a ledger, a queue, workers that may die.

The CRM is the adversary. It keeps every record that it was made to write, so that a doubled one
shows, and its search does not see a record before `settle_s` have passed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from switchboard.domain.ambiguity import AmbiguityRules
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.identity import Identity
from switchboard.domain.interaction import Interaction, TriggerKind
from switchboard.domain.posting import (
    Idempotency,
    InteractionRecord,
    Logged,
    Posting,
)
from switchboard.domain.posting_profile import PostingProfile
from switchboard.domain.retry_budget import RetryBudget
from switchboard.errors import (
    Misconfigured,
    StateUnavailable,
    SwitchboardError,
    UpstreamError,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
    UpstreamUnknown,
)
from switchboard.ports import Crm, LedgerRow, Next, Settled
from switchboard.use_cases.disposition_posting import post_interactions
from switchboard.use_cases.posting_quarantine import quarantine
from switchboard.use_cases.posting_run import PostingRun
from switchboard.use_cases.posting_work import Posted
from switchboard.use_cases.sweeper import sweep
from switchboard.use_cases.trigger_intake import Terms, take_trigger
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.fakes.lookups import InMemoryLookupMemory
from tests.fakes.once import InMemoryOnceStore
from tests.fakes.outbound import InMemoryOutboundStore
from tests.fakes.queue import InMemoryWorkQueue
from tests.unit.use_cases.people import ADA, NOW, told

_LONGEST_WAIT = timedelta(hours=6)
_GIVE_UP_AFTER = timedelta(days=30)
_REFUSALS = {
    "throttled": UpstreamThrottled("sandbox", "too many requests", retry_after_s=7),
    "unavailable": UpstreamUnavailable("sandbox", "503"),
    "rejected": UpstreamRejected("sandbox", "422"),
    "never arrived": UpstreamUnknown("sandbox", "no answer in time"),
}


class WorkerDied(BaseException):
    """kill -9: nothing catches it, nothing is tidied up."""


@dataclass
class Clock:
    now: datetime = NOW

    def advance(self, wait: timedelta) -> None:
        self.now += wait


@dataclass
class Written:
    """A record in the CRM, and since when its search sees it."""

    record: InteractionRecord
    visible_at: datetime


class FaultyCrm:
    """Does what `script` says, one word for each write; when it is used up, it simply writes.

    written        as asked
    lost           written, and the answer is lost
    never arrived  not written, and nobody can know
    dies before    the worker dies when it is about to call
    dies after     written, and the worker dies before it reads the answer
    throttled, unavailable, rejected   not written, and it says so

    Of several records at once: with "throttled" and "lost" only the first is known to be written,
    with "dies half-way" it is the only one written; "rejected" is said of all of them together.
    """

    default_region = "US"
    finds = frozenset({"phone", "email"})
    can_list_records = False
    key_window_s = 7200.0
    can_find_records = True

    def __init__(
        self, clock: Clock, idempotency: Idempotency, script: Iterable[str], settle_s: float
    ) -> None:
        self.connector = "sandbox"
        self.idempotency = idempotency
        self.settle_s = self.contact_settle_s = settle_s
        self.needs_customer = False
        self.batch_most = 1
        self.records: list[Written] = []
        self.customers: tuple[Customer, ...] = (ADA,)
        self.contacts: list[tuple[Customer, datetime]] = []
        self.asked_to_make: list[Identity] = []
        self.batches = 0
        self.is_down = False
        self.ignores_older = False
        self.takes_older = False
        self.failing_with: UpstreamError | None = None
        self.on_find: Callable[[], object] = lambda: None
        self.meanwhile: Callable[[], object] = lambda: None
        self._clock = clock
        self._script = list(script)

    def next_fate(self, word: str) -> None:
        """Forget the script: this is how the next write goes."""
        self._script = [word]

    def find(self, identity: Identity, *, deadline: Deadline) -> tuple[Customer, ...]:
        self._reach()
        self.on_find()
        seen = [contact for contact, visible_at in self.contacts if visible_at <= self._clock.now]
        return (*self.customers, *seen)

    def log_interaction(self, record: InteractionRecord, *, deadline: Deadline) -> Logged:
        self._reach()
        self.meanwhile()
        word = self._script.pop(0) if self._script else "written"
        if word == "dies before":
            raise WorkerDied
        if word in _REFUSALS:
            raise _REFUSALS[word]
        logged = self._logged(record)
        if word == "dies after":
            raise WorkerDied
        if word == "lost":
            raise UpstreamUnknown("sandbox", "no answer in time")
        return logged

    def log_interactions(
        self, records: Sequence[InteractionRecord], *, deadline: Deadline
    ) -> list[Logged | UpstreamError]:
        self._reach()
        self.meanwhile()
        self.batches += 1
        word = self._script.pop(0) if self._script else "written"
        match word:
            case "dies before":
                raise WorkerDied
            case "rejected" | "unavailable" | "never arrived":
                raise _REFUSALS[word]
        first, *others = records
        told: list[Logged | UpstreamError] = [self._logged(first)]
        if word == "dies half-way":
            raise WorkerDied
        if word == "throttled":
            return told + [_REFUSALS[word]] * len(others)
        told += [self._logged(record) for record in others]
        if word == "dies after":
            raise WorkerDied
        if word == "lost":
            return [told[0], *([UpstreamUnknown("sandbox", "not in the answer")] * len(others))]
        return told

    def create_contact(self, identity: Identity, *, reference: str, deadline: Deadline) -> Customer:
        self._reach()
        self.asked_to_make.append(identity)
        word = self._script.pop(0) if self._script else "written"
        if word == "dies before":
            raise WorkerDied
        if word in _REFUSALS:
            raise _REFUSALS[word]
        contact = replace(ADA, id=f"N-{len(self.contacts) + 1}")
        visible_at = self._clock.now + timedelta(seconds=self.settle_s)
        self.contacts.append((contact, visible_at))
        if word == "dies after":
            raise WorkerDied
        if word == "lost":
            raise UpstreamUnknown("sandbox", "no answer in time")
        return contact

    def read_record(
        self, method: str, data: Mapping[str, Any], *, deadline: Deadline
    ) -> Customer | None:
        return None

    def find_record(
        self, interaction_id: str, *, record_id: str, deadline: Deadline
    ) -> FoundRecord | None:
        self._reach()
        seen = [w.record for w in self.records if w.visible_at <= self._clock.now]
        found = [record for record in seen if record.id == interaction_id]
        if not found:
            return None
        return FoundRecord(f"A-{interaction_id}", interaction_id, found[0].revision, len(found))

    def list_records(
        self, start: datetime, end: datetime, *, deadline: Deadline
    ) -> Iterator[FoundRecord]:
        raise Misconfigured("the CRM of this world lists nothing")

    def _logged(self, record: InteractionRecord) -> Logged:
        return Logged(f"A-{record.id}", created=self._write(record))

    def _write(self, record: InteractionRecord) -> bool:
        earlier = next((w for w in self.records if self._finds(w, record)), None)
        if earlier is None:
            seen_at = self._clock.now + timedelta(seconds=self.settle_s)
            self.records.append(Written(record, seen_at))
        elif self.takes_older or record.revision >= earlier.record.revision:
            earlier.record = record
        return earlier is None

    def _finds(self, written: Written, record: InteractionRecord) -> bool:
        match self.idempotency:
            case Idempotency.NONE:
                return False
            case Idempotency.SEARCH_FIRST if written.visible_at > self._clock.now:
                return False
        return written.record.id == record.id

    def _reach(self) -> None:
        if self.failing_with:
            raise self.failing_with
        if self.is_down:
            raise UpstreamUnavailable("sandbox", "refused the connection")


class MortalLedger(InMemoryInteractionLedger):
    """The worker dies right after the call named in `dies_after`, once."""

    def __init__(self) -> None:
        super().__init__()
        self.dies_after = ""
        self.refuses_to_save = ""

    def claim(
        self,
        row: LedgerRow,
        postings: Sequence[Posting],
        *,
        token: str,
        now: datetime,
        lease_s: float,
    ) -> bool:
        if row.interaction.id == self.refuses_to_save:
            raise StateUnavailable("the table does not answer")
        claimed = super().claim(row, postings, token=token, now=now, lease_s=lease_s)
        self._survive("claim")
        return claimed

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
        if interaction_id == self.refuses_to_save:
            raise StateUnavailable("the table does not answer")
        settled = super().settle(
            interaction_id,
            postings,
            token=token,
            revision=revision,
            after=after,
            customer_key=customer_key,
        )
        self._survive("settle")
        return settled

    def _survive(self, step: str) -> None:
        if self.dies_after == step:
            self.dies_after = ""
            raise WorkerDied


class World:
    """Drive it with `end_call`, `amend`, `work`, `wait`; look at `records` and `posting`."""

    def __init__(
        self,
        *script: str,
        idempotency: Idempotency = Idempotency.UPSERT,
        settle_s: float = 120,
        profiles: tuple[PostingProfile, ...] = (PostingProfile("sandbox"),),
        ignores_no_older: bool = False,
    ) -> None:
        self.clock = Clock()
        self.ledger = MortalLedger()
        self.queue = InMemoryWorkQueue()
        self.once = InMemoryOnceStore()
        self.memory = InMemoryLookupMemory()
        self.crm = FaultyCrm(self.clock, idempotency, script, settle_s)
        self.crm.takes_older = ignores_no_older
        self.crms: dict[str, Crm] = {"sandbox": self.crm}
        self.profiles = profiles
        self.ambiguity = AmbiguityRules()
        self.regions: dict[str, str] = {}
        self.retry_budgets: Callable[[str], RetryBudget] | None = None
        self._no_calls = InMemoryOutboundStore()
        self._sweepers_queue = InMemoryWorkQueue()
        self._workers = 0
        self._amendments = 0

    def end_call(self, **fields: str) -> None:
        said: dict[str, Any] = {"disposition_code": "Resolved", **fields}
        take_trigger(
            told(at=self.clock.now, **said),
            ledger=self.ledger,
            queue=self.queue,
            request_id="r-1",
            now=self.clock.now,
        )

    def amend(self) -> None:
        """Something new is said about the interaction."""
        self._amendments += 1
        self.end_call(remarks=f"amendment {self._amendments}")

    def work(self, *interaction_ids: str) -> tuple[Posting, ...]:
        """A worker takes the pointers; it may die, or find its own tables down."""
        first = self.posted(*(interaction_ids or ("i-1",))).get("i-1", ())
        return () if isinstance(first, SwitchboardError) else first

    def transfer(self, **fields: str) -> None:
        """A stretch of its own, told of and kept."""
        take_trigger(
            told(kind=TriggerKind.INTERNAL_TRANSFER, at=self.clock.now, **fields),
            ledger=self.ledger,
            queue=self.queue,
            request_id="r-1",
            now=self.clock.now,
            terms=Terms(keeps_segment=True),
        )

    def posted(self, *interaction_ids: str, run: PostingRun | None = None) -> dict[str, Posted]:
        """What a worker tells of each; nothing when it died."""
        run = run or self.new_run()
        try:
            return post_interactions(
                interaction_ids,
                ledger=self.ledger,
                crms=self.crms,
                profiles=self.profiles,
                queue=self.queue,
                once=self.once,
                memory=self.memory,
                run=run,
            )
        except WorkerDied:
            return {}

    def crash(self, run: PostingRun | None = None) -> bool:
        """Our own code fails over the row; whether it is left to a person by now."""
        return quarantine(
            "i-1",
            ledger=self.ledger,
            crms=self.crms,
            profiles=self.profiles,
            run=run or self.new_run(),
        )

    def new_run(self) -> PostingRun:
        self._workers += 1
        return PostingRun(
            token=f"worker-{self._workers}",
            clock=lambda: self.clock.now,
            jitter=0.5,
            default_region="US",
            regions=self.regions,
            request_ids={},
            ambiguity=self.ambiguity,
            retry_budgets=self.retry_budgets,
        )

    def wait(self, **duration: float) -> None:
        """Let time pass, in which the sweeper brings what is due. Its queue is the only one."""
        until = self.clock.now + timedelta(**duration)
        while self.clock.now < until:
            self.clock.advance(min(timedelta(minutes=1), until - self.clock.now))
            self._sweep()

    def settle(self) -> None:
        """Wait, with growing patience, until nothing is due any more, now or later."""
        patience = timedelta(minutes=1)
        started_at = self.clock.now
        while self.ledger.due(now=self.clock.now + _GIVE_UP_AFTER, limit=1):
            assert self.clock.now < started_at + _GIVE_UP_AFTER, "it is due for ever"
            self.clock.advance(patience)
            self._sweep()
            patience = min(patience * 2, _LONGEST_WAIT)

    @property
    def records(self) -> list[InteractionRecord]:
        return [written.record for written in self.crm.records]

    @property
    def row(self) -> LedgerRow:
        row = self.ledger.read("i-1")
        assert row is not None
        return row

    @property
    def document(self) -> Interaction:
        return self.row.interaction

    @property
    def posting(self) -> Posting:
        return self.posting_of("i-1")

    def posting_of(self, interaction_id: str) -> Posting:
        row = self.ledger.read(interaction_id)
        return replace(row.postings["sandbox"]) if row else Posting("sandbox")

    def _sweep(self) -> None:
        woken = sweep(
            ledger=self.ledger,
            outbound=self._no_calls,
            posting_queue=self._sweepers_queue,
            dialing_queue=self._sweepers_queue,
            request_id="sweep",
            now=self.clock.now,
        )
        if woken.postings:
            self.work(
                *(pointer.work_id for pointer in self._sweepers_queue.sent[-woken.postings :])
            )
