"""Interactions are over: write them into the CRMs that want them. Nothing lost, nothing doubled."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from switchboard.domain.ambiguity import AmbiguityRules, resolve
from switchboard.domain.customer import Customer, Known, Unknown, match_customers
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import (
    EmailAddress,
    PhoneNumber,
    Reachable,
    dialled_region,
    read_contact,
)
from switchboard.domain.interaction import Interaction
from switchboard.domain.posting import (
    InteractionRecord,
    Logged,
    Nothing,
    Park,
    Posting,
    PostingProfile,
    WaitUntil,
    Write,
    attempting,
    done,
    earliest_due,
    failed,
    lost_answer,
    next_step,
    parked,
)
from switchboard.errors import (
    Misconfigured,
    StateUnavailable,
    SwitchboardError,
    UpstreamError,
    UpstreamThrottled,
    UpstreamUnknown,
)
from switchboard.ports import (
    Crm,
    InteractionLedger,
    LedgerRow,
    LookupMemory,
    OnceStore,
    WorkQueue,
)
from switchboard.use_cases.memory_upkeep import forget_contact, outdate_contacts

_log = logging.getLogger(__name__)

# For one call to a CRM and the lookups before it; the lease must outlast it by far.
CRM_BUDGET_S: Final = 15.0
LEASE_S: Final = 45.0
# Later than this into a lease no further call is begun.
_LAST_CALL_AFTER: Final = timedelta(seconds=LEASE_S - CRM_BUDGET_S - 5)
_LONGEST_QUEUE_DELAY_S: Final = 900
# The CRM said no, or was never reached; what may have been written is `UpstreamUnknown`.
_NOTHING_WRITTEN: Final = (UpstreamError, Misconfigured, StateUnavailable)
# Kept, until somebody has mended the configuration.
_LOOK_AGAIN_AFTER: Final = timedelta(minutes=5)

Posted = tuple[Posting, ...] | StateUnavailable


class LeaseLost(Exception):
    """Another worker holds the row now; whatever we still wanted to write is theirs to write."""


@dataclass(frozen=True, slots=True)
class PostingRun:
    """What one run brings with it: who it is, how it tells the time, what is drawn by chance.

    A moment is taken when something happens, not when the run began: a CRM may keep us waiting.
    `regions` are those of the numbers that are dialled, as on arrival. `request_ids` names, by
    interaction id, the request that each goes back to; `ambiguity` says by which numbers nobody
    is known.
    """

    token: str
    clock: Callable[[], datetime]
    jitter: float
    default_region: str
    regions: Mapping[str, str]
    request_ids: Mapping[str, str]
    ambiguity: AmbiguityRules = field(default_factory=AmbiguityRules)


def post_interactions(
    interaction_ids: Sequence[str],
    *,
    ledger: InteractionLedger,
    crms: Mapping[str, Crm],
    profiles: Sequence[PostingProfile],
    queue: WorkQueue,
    once: OnceStore,
    memory: LookupMemory,
    run: PostingRun,
) -> dict[str, Posted]:
    """Bring every posting of the interactions as far as it goes now; how far each has come.

    Safe to call at any time and as often as one likes: the lease lets one worker in, the ledger
    says what is left to do. Nothing is told of an interaction that another worker holds, or that
    is not due; StateUnavailable where our own tables failed, and the lease ends by itself.
    What goes to a CRM that takes several records at once goes there in one call.
    """
    writable = {name: crm for name, crm in crms.items() if _takes_records(crm)}
    worker = _Worker(ledger, writable, profiles, queue, once, memory, run)
    held = [one for each in dict.fromkeys(interaction_ids) if (one := worker.hold(each))]
    for connector in dict.fromkeys(name for one in held for name in one.wanted):
        if connector in writable:
            worker.bring_on(held, writable[connector])
    for one in held:
        worker.give_back(one)
    # Last, because no lease should have to outlast a table that hangs.
    worker.outdate(held)
    told = {one.id: one.come_to() for one in held}
    return {each: told.get(each, ()) for each in interaction_ids} | worker.not_held


@dataclass(slots=True)
class _Held:
    """A row under our lease, and how far its postings have come in this run.

    `told` are the connectors that were to write it; what came of it is in `postings`.
    """

    row: LedgerRow
    leased_at: datetime
    wanted: tuple[str, ...]
    postings: dict[str, Posting] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    is_lost: bool = False
    is_unfinished: bool = False
    error: StateUnavailable | None = None

    @property
    def id(self) -> str:
        return self.row.interaction.id

    def come_to(self) -> Posted:
        return self.error or (() if self.is_lost else tuple(self.postings.values()))

    @contextmanager
    def losing_only_this(self) -> Iterator[None]:
        """What goes wrong with our own tables costs this row its turn, and no other row."""
        try:
            yield
        except LeaseLost:
            _log.warning("lease of %s lost; the worker that took it goes on", self.id)
            self.is_lost = True
        except StateUnavailable as error:
            self.is_lost, self.error = True, error


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A record about to be written. The ledger says so already."""

    held: _Held
    trying: Posting
    record: InteractionRecord


@dataclass(frozen=True, slots=True)
class _Worker:
    ledger: InteractionLedger
    crms: Mapping[str, Crm]
    profiles: Sequence[PostingProfile]
    queue: WorkQueue
    once: OnceStore
    memory: LookupMemory
    run: PostingRun
    not_held: dict[str, Posted] = field(default_factory=dict)

    def hold(self, interaction_id: str) -> _Held | None:
        """The row under our lease; None when another holds it or its time has not come."""
        now = self.run.clock()
        try:
            row = self.ledger.lease(interaction_id, token=self.run.token, now=now, lease_s=LEASE_S)
        except StateUnavailable as error:
            self.not_held[interaction_id] = error
            return None
        if row is None:
            return None
        wanting = [profile for profile in self.profiles if profile.wants(row.interaction)]
        # Two profiles may want the same interaction for one connector; it is still one record.
        held = _Held(row, now, tuple(dict.fromkeys(profile.connector for profile in wanting)))
        not_before = _settled_at(row, wanting)
        if not_before is None or not_before <= now:
            return held
        with held.losing_only_this():
            self._release(held, due_at=not_before)
        if held.error:
            self.not_held[interaction_id] = held.error
        return None

    def bring_on(self, held: Sequence[_Held], crm: Crm) -> None:
        """Write what this CRM is to get, as many records at once as it takes."""
        wanting = [one for one in held if crm.connector in one.wanted]
        for start in range(0, len(wanting), crm.batch_most):
            self._write(wanting[start : start + crm.batch_most], crm)

    def give_back(self, held: _Held) -> None:
        if held.is_lost:
            return
        due_at = earliest_due(tuple(held.postings.values()))
        if any(name not in self.crms for name in held.wanted):
            _log.error("a posting profile names a connector that is not published, or cannot write")
            due_at = due_at or self.run.clock() + _LOOK_AGAIN_AFTER
        if held.is_unfinished:
            due_at = self.run.clock()
        with held.losing_only_this():
            self._release(held, due_at=due_at)

    def outdate(self, held: Sequence[_Held]) -> None:
        """What lookups remember of the customers may not know of these records yet."""
        written = [
            (connector, contact)
            for one in held
            if one.told and (contact := self._contact(one.row.interaction))
            for connector in one.told
        ]
        outdate_contacts(written, memory=self.memory, now=self.run.clock())

    def _write(self, held: Sequence[_Held], crm: Crm) -> None:
        deadline = Deadline.after(CRM_BUDGET_S)
        prepared = [ready for one in held if (ready := self._prepared(one, crm, deadline))]
        if not prepared:
            return
        told = self._told(prepared, crm, deadline)
        for ready, said in zip(prepared, told, strict=True):
            with ready.held.losing_only_this():
                self._save(ready.held, self._after(ready.trying, said, crm))
                ready.held.told.append(crm.connector)

    def _prepared(self, held: _Held, crm: Crm, deadline: Deadline) -> _Prepared | None:
        """The row's record, if it is to be written now; else its posting says what is to come."""
        if held.is_lost:
            return None
        if self.run.clock() - held.leased_at > _LAST_CALL_AFTER:
            held.is_unfinished = True
            return None
        posting = held.row.postings.get(crm.connector) or Posting(crm.connector)
        revision = held.row.interaction.revision
        step = next_step(
            posting,
            revision=revision,
            idempotency=crm.idempotency,
            settle_s=crm.settle_s,
            now=self.run.clock(),
        )
        with held.losing_only_this():
            match step:
                case Nothing():
                    held.postings[crm.connector] = posting
                case WaitUntil(at):
                    held.postings[crm.connector] = replace(posting, due_at=at)
                case Park(reason):
                    self._save(held, parked(posting, reason, revision=revision))
                case Write():
                    return self._attempt(held, posting, crm, deadline)
        return None

    def _attempt(
        self, held: _Held, posting: Posting, crm: Crm, deadline: Deadline
    ) -> _Prepared | None:
        interaction = held.row.interaction
        revision = interaction.revision
        try:
            whose = self._whose(held, crm, deadline)
        except _NOTHING_WRITTEN as error:
            if error.retryable or crm.needs_customer:
                self._save(held, self._after(replace(posting, revision=revision), error, crm))
                return None
            _log.warning("posted without a customer, the lookup was refused: %s", error.code)
            whose = None
        if whose is None and crm.needs_customer:
            self._save(held, parked(posting, "no_customer", revision=revision))
            return None
        trying = attempting(posting, revision=revision, at=self.run.clock())
        self._save(held, trying)
        if isinstance(whose, PhoneNumber | EmailAddress):
            try:
                whose = self._create(whose, held, crm, deadline)
            except UpstreamUnknown as error:
                # A contact may stand there, and its claim keeps us from a second one; the record
                # was not sent.
                now, jitter = self.run.clock(), self.run.jitter
                self._save(held, failed(trying, error.reason, now=now, jitter=jitter))
                return None
            except _NOTHING_WRITTEN as error:
                self._save(held, self._after(trying, error, crm))
                return None
        record = InteractionRecord(interaction.id, revision, interaction.fields, whose)
        return _Prepared(held, trying, record)

    def _told(
        self, prepared: Sequence[_Prepared], crm: Crm, deadline: Deadline
    ) -> Sequence[Logged | SwitchboardError]:
        try:
            if len(prepared) == 1:
                return [crm.log_interaction(prepared[0].record, deadline=deadline)]
            records = [ready.record for ready in prepared]
            return crm.log_interactions(records, deadline=deadline)
        except _NOTHING_WRITTEN as error:
            is_hopeless = not error.retryable and not isinstance(error, UpstreamUnknown)
            if is_hopeless and len(prepared) > 1:
                # One bad record can have the whole batch refused: each is asked about alone.
                return [told for one in prepared for told in self._told([one], crm, deadline)]
            return [error] * len(prepared)

    def _after(self, posting: Posting, said: Logged | SwitchboardError, crm: Crm) -> Posting:
        now, jitter = self.run.clock(), self.run.jitter
        match said:
            case Logged():
                return done(posting, said)
            case UpstreamUnknown():
                return lost_answer(
                    posting, said.reason, now=now, settle_s=crm.settle_s, jitter=jitter
                )
            case SwitchboardError(retryable=False):
                return parked(posting, said.reason, revision=posting.revision)
        wait_s = said.retry_after_s if isinstance(said, UpstreamThrottled) else None
        return failed(posting, said.reason, now=now, jitter=jitter, retry_after_s=wait_s)

    def _whose(self, held: _Held, crm: Crm, deadline: Deadline) -> Customer | Reachable | None:
        """Whose record it is in this CRM: as found on arrival, or looked up now. Never a guess.

        The number or address itself, when nobody has it and a contact is to be made of it.
        """
        if known := _known(held.row, crm):
            return known
        contact = self._contact(held.row.interaction)
        if contact is None:
            return None
        rows = crm.find(contact, deadline=deadline)
        found = match_customers(rows, contact, default_region=crm.default_region)
        if isinstance(found, Unknown):
            return contact if self._makes_contacts(held, crm) else None
        whose = resolve(
            found,
            contact,
            rules=self.run.ambiguity,
            business_process=held.row.interaction.get("business_process"),
            chosen=held.row.interaction.get("customer_id"),
            last_contacts={},
        )
        return whose.customer if isinstance(whose, Known) else None

    def _contact(self, interaction: Interaction) -> Reachable | None:
        """Who it was with, read as on arrival: a number is dialled where its caller lives."""
        region = dialled_region(
            interaction.get("dialed_number"),
            self.run.regions,
            default_region=self.run.default_region,
        )
        contact = read_contact(
            interaction.get("contact"), default_region=region, channel=interaction.get("channel")
        )
        return contact if isinstance(contact, PhoneNumber | EmailAddress) else None

    def _makes_contacts(self, held: _Held, crm: Crm) -> bool:
        wants = (p for p in self.profiles if p.connector == crm.connector and p.create_contact)
        return any(profile.wants(held.row.interaction) for profile in wants)

    def _create(self, contact: Reachable, held: _Held, crm: Crm, deadline: Deadline) -> Customer:
        """A contact for somebody whom nobody had; only one worker makes it.

        Nobody makes another until the CRM's search must have seen it, whatever became of us.
        """
        keep_s = int(crm.contact_settle_s + LEASE_S)
        claim = f"contact#{crm.connector}#{contact.canonical}"
        if not self.once.claim(claim, now=self.run.clock(), keep_s=keep_s):
            raise UpstreamThrottled(crm.connector, "the contact is being made", keep_s)
        try:
            return crm.create_contact(contact, reference=held.id, deadline=deadline)
        finally:
            # Also when the answer was lost: lookups must not go on saying that nobody has it.
            forget_contact(contact, crm=crm, memory=self.memory, now=self.run.clock())

    def _save(self, held: _Held, posting: Posting) -> None:
        if not self.ledger.save_posting(held.id, posting, token=self.run.token):
            raise LeaseLost
        held.postings[posting.connector] = posting

    def _release(self, held: _Held, *, due_at: datetime | None) -> None:
        revision = held.row.interaction.revision
        unchanged = self.ledger.release(
            held.id, token=self.run.token, revision=revision, due_at=due_at
        )
        now = self.run.clock()
        wake_at = due_at if unchanged else now
        if wake_at is None:
            return
        delay_s = max(0.0, (wake_at - now).total_seconds())
        if delay_s <= _LONGEST_QUEUE_DELAY_S:
            self._wake_later(held.id, int(delay_s) + 1)

    def _wake_later(self, interaction_id: str, delay_s: int) -> None:
        try:
            request_id = self.run.request_ids.get(interaction_id, "")
            self.queue.send(interaction_id, request_id=request_id, delay_s=delay_s)
        except StateUnavailable as error:
            _log.warning("retry not queued, the sweeper will: %s", error.code)


def _settled_at(row: LedgerRow, wanting: Sequence[PostingProfile]) -> datetime | None:
    """When to stop waiting for a disposition code; None when there is nothing to wait for."""
    if row.interaction.get("disposition_code") or row.ended_at is None or row.postings:
        return None
    patience_s = max((profile.wait_for_disposition_s for profile in wanting), default=0)
    return row.ended_at + timedelta(seconds=patience_s)


def _takes_records(crm: Crm) -> bool:
    """Whether its connector can write at all; one that cannot must not stop the others."""
    try:
        return bool(crm.idempotency)
    except Misconfigured:
        return False


def _known(row: LedgerRow, crm: Crm) -> Customer | None:
    """The customer as found on arrival, if it was found in this CRM."""
    known = row.arrival.customer if row.arrival else None
    return known if known and known.connector == crm.connector else None
