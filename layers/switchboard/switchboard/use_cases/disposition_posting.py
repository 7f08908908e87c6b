"""Interactions are over: write them into the CRMs that want them. Nothing lost, nothing doubled."""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import Reachable
from switchboard.domain.posting import (
    NO_CUSTOMER,
    RESOLVED,
    Habits,
    Idempotency,
    InteractionRecord,
    Logged,
    Look,
    Nothing,
    Park,
    Posting,
    PostingState,
    WaitUntil,
    Write,
    attempting,
    done,
    failed,
    lost_answer,
    next_of,
    next_step,
    parked,
    put_off,
    quarantined,
    without_customer,
)
from switchboard.domain.posting_profile import PostingProfile, WantedRecord, wanted_records
from switchboard.errors import (
    LeftAlone,
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
    Next,
    OnceStore,
    Settled,
    WorkQueue,
)
from switchboard.use_cases.memory_upkeep import outdate_contacts
from switchboard.use_cases.posting_run import PostingRun
from switchboard.use_cases.posting_whose import (
    Nobody,
    Whose,
    contact_of,
    customer_keys,
    make_contact,
    whose_record,
)

_log = logging.getLogger(__name__)

_LONGEST_QUEUE_DELAY_S: Final = 900
# The CRM said no, or was never reached; what may have been written is `UpstreamUnknown`.
_NOTHING_WRITTEN: Final = (UpstreamError, Misconfigured, StateUnavailable)
_ASK_TO_WAIT: Final = (UpstreamThrottled, LeftAlone)
# Kept, until somebody has mended the configuration.
_LOOK_AGAIN_AFTER: Final = timedelta(minutes=5)
# When the first trigger came of a row that does not say so.
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
# So many mistakes of ours over one row, and it waits for a person.
CRASHES_THAT_QUARANTINE: Final = 3

Posted = tuple[Posting, ...] | SwitchboardError


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

    Safe to call at any time and as often as one likes: the claim lets one worker in, the ledger
    says what is left to do. Nothing is told of an interaction that another worker holds, or that
    is not due; StateUnavailable where our own tables failed, and the lease ends by itself.
    What goes to a CRM that takes several records at once goes there in one call.
    """
    worker = _Worker(ledger, crms, profiles, queue, once, memory, run)
    try:
        rows = ledger.read_many(list(dict.fromkeys(interaction_ids)))
    except StateUnavailable as error:
        return dict.fromkeys(interaction_ids, error)
    works = [_Work(row) for row in rows.values() if not _is_held(row, run)]
    run.together([partial(worker.bring, work) for work in works])
    waiting = [work for work in works if work.is_begun and not work.is_ended]
    run.together([partial(worker.write, crm, tasks) for crm, tasks in _calls(waiting)])
    run.together([partial(worker.end, work) for work in waiting])
    told = {work.id: work.come_to() for work in works}
    return {each: told.get(each, ()) for each in interaction_ids}


def quarantine(
    interaction_id: str,
    *,
    ledger: InteractionLedger,
    crms: Mapping[str, Crm],
    profiles: Sequence[PostingProfile],
    run: PostingRun,
) -> bool:
    """Note that our own code failed over the row; whether it is left to a person from now on.

    Who waits in quarantine is written when something new is said of it, or when a person says so.

    Raises: StateUnavailable.
    """
    now = run.clock()
    if ledger.note_crash(interaction_id, now=now) < CRASHES_THAT_QUARANTINE:
        return False
    row = ledger.hold(interaction_id, token=run.token, now=now, lease_s=run.times.lease_s)
    if row is None:
        return False
    revision = row.interaction.revision
    named = {profile.connector: Posting(profile.connector) for profile in profiles}
    waiting = [
        quarantined(posting, revision=revision, habits=_habits(posting, crms, run))
        for posting in {**named, **row.postings}.values()
        if posting.state is not PostingState.DONE and not posting.reason.startswith(RESOLVED)
    ]
    after, token = Next(parked_at=now), run.token
    ledger.settle(interaction_id, waiting, token=token, revision=revision, after=after)
    return True


def _habits(posting: Posting, crms: Mapping[str, Crm], run: PostingRun) -> Habits:
    """Of a CRM that is not there any more nothing is known, so nothing is trusted."""
    crm = crms.get(posting.connector)
    return (run.habits_of(crm) if crm else None) or Habits(Idempotency.NONE)


@dataclass(slots=True)
class _Task:
    """One record of a row, and how far it comes in this run.

    `before` is how the ledger had it, `posting` how it is to be kept. `wakes_at` is when what it
    waits for is given up. `record` is set when it is about to be written; `was_sent` when the CRM
    may have it by now.
    """

    wanted: WantedRecord
    crm: Crm
    habits: Habits
    before: Posting
    posting: Posting
    is_due: bool = False
    wakes_at: datetime | None = None
    whose: Whose = field(default_factory=Nobody)
    record: InteractionRecord | None = None
    was_sent: bool = False

    @property
    def customer(self) -> Customer | None:
        return self.whose if isinstance(self.whose, Customer) else None

    @property
    def contact_to_make(self) -> Reachable | None:
        """Whom to enter first, where the profile wants that of somebody whom nobody has."""
        creates = self.wanted.profile.unknown_customer == "create"
        return self.whose.contact if creates and isinstance(self.whose, Nobody) else None


@dataclass(slots=True)
class _Work:
    """A row, and what this run does about it."""

    row: LedgerRow
    tasks: list[_Task] = field(default_factory=list)
    claimed_at: datetime | None = None
    is_begun: bool = False
    is_ended: bool = False
    lacks_connector: bool = False
    is_unfinished: bool = False
    is_lost: bool = False
    error: StateUnavailable | None = None

    @property
    def id(self) -> str:
        return self.row.interaction.id

    @property
    def due_tasks(self) -> list[_Task]:
        return [task for task in self.tasks if task.is_due]

    def come_to(self) -> Posted:
        told = () if self.is_lost else (task for task in self.tasks if task.wakes_at is None)
        return self.error or tuple(task.posting for task in told)

    @contextmanager
    def losing_only_this(self) -> Iterator[None]:
        """What goes wrong with our own tables costs this row its turn, and no other row."""
        try:
            yield
        except StateUnavailable as error:
            self.is_lost, self.error = True, error


@dataclass(frozen=True, slots=True)
class _Worker:
    ledger: InteractionLedger
    crms: Mapping[str, Crm]
    profiles: Sequence[PostingProfile]
    queue: WorkQueue
    once: OnceStore
    memory: LookupMemory
    run: PostingRun
    outdated: set[tuple[str, Reachable]] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    memory_fails: threading.Event = field(default_factory=threading.Event)

    def bring(self, work: _Work) -> None:
        """As far as it goes alone: what is written together with others waits for them."""
        self.begin(work)
        if not work.is_begun or any(task.crm.batch_most > 1 for task in work.due_tasks):
            return
        calls = _calls([work])
        self.run.together([partial(self.write, crm, tasks) for crm, tasks in calls])
        self.end(work)

    def begin(self, work: _Work) -> None:
        """Find out what is to be written and whose it is, and hold the row for that."""
        with work.losing_only_this():
            self._plan(work)
            # A CRM that hangs must not take the others' time.
            self.run.together([partial(self._find, work, task) for task in work.due_tasks])
            work.is_begun = self._claim(work)
            if work.is_begun:
                self.run.together([partial(self._prepare, work, task) for task in work.due_tasks])

    def write(self, crm: Crm, tasks: Sequence[tuple[_Work, _Task]]) -> None:
        """One call to one CRM."""
        ready = [(work, task) for work, task in tasks if self._has_time(work, task)]
        if not ready:
            return
        began_at = self.run.clock()
        deadline = Deadline.after(self.run.times.crm_budget_s)
        told = self._told([task for _, task in ready], crm, deadline)
        took_ms = int((self.run.clock() - began_at).total_seconds() * 1000)
        for (_, task), said in zip(ready, told, strict=True):
            task.was_sent = isinstance(said, Logged | UpstreamUnknown)
            task.posting = self._after(task, said, took_ms)

    def end(self, work: _Work) -> None:
        """Keep what came of it, give the row back, and see to it that somebody looks again."""
        work.is_ended = True
        if work.is_lost:
            return
        with work.losing_only_this():
            settled = self._settle(work)
            if settled is Settled.LOST:
                self._leave_to_others(work)
            elif settled is Settled.GREW:
                self._wake(work, self.run.clock())
            self._outdate(work)

    def _outdate(self, work: _Work) -> None:
        """What lookups remember of the customer may not know of these records yet.

        Last, because no lease should have to outlast a table that hangs.
        """
        contact = contact_of(work.row.interaction, self.run)
        connectors = [task.crm.connector for task in work.tasks if task.record]
        written = {(connector, contact) for connector in connectors if contact}
        with self.lock:
            new = written - self.outdated
            self.outdated.update(new)
        if self.memory_fails.is_set():
            return
        if not outdate_contacts(new, memory=self.memory, now=self.run.clock()):
            self.memory_fails.set()

    def _plan(self, work: _Work) -> None:
        row, now = work.row, self.run.clock()
        interaction = row.interaction
        wanted = wanted_records(
            self.profiles,
            interaction,
            first_at=row.first_at or row.started_at or _LONG_AGO,
            ended_at=row.ended_at,
            now=now,
        )
        for one in wanted.records:
            crm = self.crms.get(one.connector)
            habits = self.run.habits_of(crm) if crm else None
            if crm is None or habits is None:
                work.lacks_connector = True
                continue
            before = row.postings.get(one.key) or Posting(one.connector, part=one.part)
            before = replace(before, profile=one.profile.name)
            task = _Task(one, crm, habits, before, before)
            work.tasks.append(task)
            self._decide(task, interaction.revision, now)

    def _decide(self, task: _Task, revision: int, now: datetime) -> None:
        not_before = task.wanted.not_before
        if not_before and not_before > now and task.before.attempted_at is None:
            task.wakes_at = not_before
            return
        match next_step(task.before, revision=revision, habits=task.habits, now=now):
            case Write() | Look():
                task.is_due = self._may_call(task, now)
            case WaitUntil(at):
                task.posting = put_off(task.before, at, task.habits)
            case Park(reason):
                task.posting = parked(task.before, reason, revision=revision)
            case Nothing():
                pass

    def _may_call(self, task: _Task, now: datetime) -> bool:
        """Whether the retries of this worker are not most of what it does."""
        if self.run.retry_budgets is None:
            return True
        budget = self.run.retry_budgets(task.crm.connector)
        if not task.before.attempts:
            budget.note_first()
            return True
        if budget.take_retry():
            return True
        shortest, longest = self.run.times.retry_wait_s
        wait_s = shortest + (longest - shortest) * self.run.jitter
        task.posting = put_off(task.before, now + timedelta(seconds=wait_s), task.habits)
        return False

    def _find(self, work: _Work, task: _Task) -> None:
        """Whose it is; a task whose turn it is not is not due any more."""
        crm, row = task.crm, work.row
        try:
            deadline = Deadline.after(self.run.times.crm_budget_s)
            task.whose = whose_record(row, crm, self.run, deadline)
        except _NOTHING_WRITTEN as error:
            if error.retryable or crm.needs_customer:
                task.is_due = False
                began = replace(task.before, revision=row.interaction.revision)
                task.posting = self._failed(task, began, error)
                return
            _log.warning("posted without a customer, the lookup was refused: %s", error.code)
        if task.customer is None and not task.contact_to_make:
            self._do_without(work, task)

    def _do_without(self, work: _Work, task: _Task) -> None:
        """Nobody is known: some CRMs take no such record, and one that has it needs no other."""
        now, revision = self.run.clock(), work.row.interaction.revision
        is_looking = task.before.state is PostingState.DONE and task.before.revision >= revision
        if task.crm.needs_customer:
            task.is_due = False
            waiting = replace(task.before, state=PostingState.PENDING, revision=revision)
            waiting = self._looked_in_vain(task, waiting, now)
            task.posting = (
                waiting if waiting.due_at else parked(waiting, NO_CUSTOMER, revision=revision)
            )
        elif is_looking:
            task.is_due = False
            task.posting = self._looked_in_vain(task, task.before, now)

    def _looked_in_vain(self, task: _Task, posting: Posting, now: datetime) -> Posting:
        attaches = task.wanted.profile.unknown_customer == "attach"
        is_reachable = isinstance(task.whose, Nobody) and task.whose.contact is not None
        if not attaches or not is_reachable or not task.habits.amends:
            return replace(posting, due_at=None)
        return without_customer(posting, now=now, jitter=self.run.jitter)

    def _claim(self, work: _Work) -> bool:
        """Whether the row is ours now, or nothing is to be done that needs that."""
        if all(self._needs_no_claim(task) for task in work.due_tasks):
            return True
        now, revision = self.run.clock(), work.row.interaction.revision
        for task in work.due_tasks:
            task.posting = attempting(
                task.before, revision=revision, habits=task.habits, at=self.run.clock()
            )
        work.claimed_at = now
        postings = [task.posting for task in work.due_tasks]
        token, lease_s = self.run.token, self.run.times.lease_s
        if self.ledger.claim(work.row, postings, token=token, now=now, lease_s=lease_s):
            return True
        # More came to be known, or another worker was quicker.
        work.is_lost = True
        self._wake(work, now + timedelta(seconds=1))
        return False

    def _needs_no_claim(self, task: _Task) -> bool:
        """The CRM sees to it itself that repeats and late arrivals change nothing."""
        upserts = task.habits.idempotency is Idempotency.UPSERT
        return upserts and task.habits.ignores_older and not task.contact_to_make

    def _prepare(self, work: _Work, task: _Task) -> None:
        interaction = work.row.interaction
        if (contact := task.contact_to_make) and not self._has_made(contact, work, task):
            return
        if work.claimed_at is None:
            now = self.run.clock()
            task.posting = attempting(
                task.before, revision=interaction.revision, habits=task.habits, at=now
            )
        task.record = InteractionRecord(
            task.wanted.record_id(interaction),
            interaction.revision,
            task.wanted.fields(interaction),
            task.customer,
            task.before.record_id,
        )

    def _has_made(self, contact: Reachable, work: _Work, task: _Task) -> bool:
        try:
            task.whose = make_contact(
                contact,
                work.row,
                task.crm,
                once=self.once,
                memory=self.memory,
                run=self.run,
                deadline=Deadline.after(self.run.times.crm_budget_s),
            )
        except _NOTHING_WRITTEN as error:
            # A contact may stand there, and its claim keeps us from a second one; the record
            # was not sent.
            task.posting = self._failed(task, task.posting, error)
            return False
        return True

    def _has_time(self, work: _Work, task: _Task) -> bool:
        """Whether a call that begins now ends inside the lease; else it was never attempted."""
        if work.is_lost or task.record is None:
            return False
        last_s = self.run.times.last_call_after_s
        if work.claimed_at and (self.run.clock() - work.claimed_at).total_seconds() > last_s:
            task.posting, task.record, work.is_unfinished = task.before, None, True
            return False
        return True

    def _told(
        self, tasks: Sequence[_Task], crm: Crm, deadline: Deadline
    ) -> Sequence[Logged | SwitchboardError]:
        records = [task.record for task in tasks if task.record]
        try:
            if len(records) == 1:
                return [crm.log_interaction(records[0], deadline=deadline)]
            return crm.log_interactions(records, deadline=deadline)
        except _NOTHING_WRITTEN as error:
            is_hopeless = not error.retryable and not isinstance(error, UpstreamUnknown)
            if is_hopeless and len(tasks) > 1:
                # One bad record can have the whole batch refused: each is asked about alone.
                return [told for task in tasks for told in self._told([task], crm, deadline)]
            return [error] * len(tasks)

    def _after(self, task: _Task, said: Logged | SwitchboardError, took_ms: int) -> Posting:
        if not isinstance(said, Logged):
            return self._failed(task, task.posting, said, took_ms)
        now = self.run.clock()
        written = done(task.posting, said, now=now, took_ms=took_ms)
        if task.customer is None:
            return self._looked_in_vain(task, written, now)
        return replace(written, customer_key=task.customer.key, looks=0)

    def _failed(
        self, task: _Task, posting: Posting, error: SwitchboardError, took_ms: int = 0
    ) -> Posting:
        now, jitter, schedule = self.run.clock(), self.run.jitter, self.run.times.retry_after_s
        if isinstance(error, UpstreamUnknown) and task.record is not None:
            return lost_answer(
                posting,
                error.reason,
                now=now,
                habits=task.habits,
                jitter=jitter,
                took_ms=took_ms,
                schedule=schedule,
            )
        if not error.retryable and not isinstance(error, UpstreamUnknown):
            return parked(posting, error.reason, revision=posting.revision)
        after = failed(
            posting,
            error.reason,
            now=now,
            jitter=jitter,
            retry_after_s=error.retry_after_s if isinstance(error, _ASK_TO_WAIT) else None,
            took_ms=took_ms,
            schedule=schedule,
        )
        # Nothing was sent; a day of that would leave no room to tell of what was.
        return replace(after, tries=posting.tries) if isinstance(error, LeftAlone) else after

    def _settle(self, work: _Work) -> Settled:
        changed = [task.posting for task in work.tasks if task.posting != task.before]
        after = self._next(work)
        found = {task.crm.connector: task.customer.key for task in work.tasks if task.customer}
        customer_key, others = customer_keys(work.row, found)
        settled = self._kept(work, changed, after, customer_key)
        if settled is not Settled.LOST:
            self._note_others(work, others)
            if settled is Settled.KEPT and after.due_at:
                self._wake(work, after.due_at)
        return settled

    def _kept(
        self, work: _Work, changed: Sequence[Posting], after: Next, customer_key: str
    ) -> Settled:
        row, now = work.row, self.run.clock()
        if work.claimed_at:
            return self.ledger.settle(
                work.id,
                changed,
                token=self.run.token,
                revision=row.interaction.revision,
                after=after,
                customer_key=customer_key,
            )
        if not changed and _comes_in_time(row.due_at, after.due_at, now):
            return Settled.KEPT
        kept = self.ledger.settle_unclaimed(
            row, changed, now=now, after=after, customer_key=customer_key
        )
        return Settled.KEPT if kept else Settled.LOST

    def _next(self, work: _Work) -> Next:
        now = self.run.clock()
        postings = [task.posting for task in work.tasks]
        due_at = next_of(postings, *(task.wakes_at for task in work.tasks))
        if work.lacks_connector:
            _log.error("a posting profile names a connector that is not published, or cannot write")
            due_at = due_at or now + _LOOK_AGAIN_AFTER
        if work.is_unfinished:
            due_at = now
        waits = any(_waits_for_a_person(posting) for posting in postings)
        return Next(due_at=due_at, parked_at=now if waits and due_at is None else None)

    def _leave_to_others(self, work: _Work) -> None:
        """Somebody else went on with the row; what we sent may have come after what they sent."""
        work.is_lost = True
        _log.warning("lease of %s lost; the worker that took it goes on", work.id)
        may_be_older = [
            task
            for task in work.tasks
            if task.was_sent and task.habits.amends and not task.habits.ignores_older
        ]
        if may_be_older:
            self.ledger.write_again(work.id, now=self.run.clock())
        self._wake(work, self.run.clock() + timedelta(seconds=1))

    def _note_others(self, work: _Work, keys: Sequence[str]) -> None:
        row = work.row
        for key in keys:
            try:
                now = self.run.clock()
                at = row.started_at or row.first_at or now
                self.ledger.also_customer(work.id, key, started_at=at, now=now)
            except StateUnavailable as error:
                _log.warning("not in the history of the other connector: %s", error.code)

    def _wake(self, work: _Work, at: datetime) -> None:
        delay_s = max(0.0, (at - self.run.clock()).total_seconds())
        if delay_s > _LONGEST_QUEUE_DELAY_S:
            return
        try:
            request_id = self.run.request_ids.get(work.id, "")
            self.queue.send(work.id, request_id=request_id, delay_s=int(delay_s) + 1)
        except StateUnavailable as error:
            _log.warning("retry not queued, the sweeper will: %s", error.code)


def _is_held(row: LedgerRow, run: PostingRun) -> bool:
    """Whether another worker has it."""
    is_over = row.held_until is None or row.held_until <= run.clock()
    return not is_over and row.held_by != run.token


def _comes_in_time(due_at: datetime | None, wanted: datetime | None, now: datetime) -> bool:
    """Whether the row is looked at when it is wanted, or before that and not at once."""
    if due_at is None or wanted is None:
        return due_at is wanted
    return now < due_at <= wanted


def _waits_for_a_person(posting: Posting) -> bool:
    return posting.state is PostingState.PARKED and not posting.reason.startswith(RESOLVED)


def _calls(works: Sequence[_Work]) -> list[tuple[Crm, list[tuple[_Work, _Task]]]]:
    """The calls to make: each to one CRM, with as many records as it takes at once."""
    by_crm: dict[str, list[tuple[_Work, _Task]]] = {}
    for work in works:
        for task in work.tasks:
            if task.record and not work.is_lost:
                by_crm.setdefault(task.crm.connector, []).append((work, task))
    return [
        (tasks[0][1].crm, tasks[start : start + tasks[0][1].crm.batch_most])
        for tasks in by_crm.values()
        for start in range(0, len(tasks), tasks[0][1].crm.batch_most)
    ]
