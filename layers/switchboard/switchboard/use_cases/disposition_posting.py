"""Interactions are over: write them into the CRMs that want them. Nothing lost, nothing doubled."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import Reachable
from switchboard.domain.posting import (
    NO_CUSTOMER,
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
    death_noted,
    next_of,
    next_step,
    parked,
    without_customer,
)
from switchboard.domain.posting_profile import PostingProfile, wanted_records
from switchboard.errors import (
    Misconfigured,
    StateUnavailable,
    SwitchboardError,
    UpstreamError,
    UpstreamUnknown,
)
from switchboard.ports import (
    Crm,
    InteractionLedger,
    LookupMemory,
    Next,
    OnceStore,
    Settled,
    WorkQueue,
)
from switchboard.use_cases.memory_upkeep import outdate_contacts
from switchboard.use_cases.posting_outcome import failed_posting, looked_in_vain, told_posting
from switchboard.use_cases.posting_run import PostingRun
from switchboard.use_cases.posting_whose import (
    contact_of,
    customer_keys,
    make_contact,
    whose_record,
)
from switchboard.use_cases.posting_work import (
    Posted,
    Task,
    Work,
    calls_of,
    is_held,
    waits_for_a_person,
)

_log = logging.getLogger(__name__)

_LONGEST_QUEUE_DELAY_S: Final = 900
# The CRM said no, or was never reached; what may have been written is `UpstreamUnknown`.
_NOTHING_WRITTEN: Final = (UpstreamError, Misconfigured, StateUnavailable)
# Kept, until somebody has mended the configuration.
_LOOK_AGAIN_AFTER: Final = timedelta(minutes=5)
# Records of one row that are written in one run. Each is a call, and DynamoDB takes no expression
# of more than 4 KB; what is left is due at once.
_MOST_AT_ONCE: Final = 50
# When the first trigger came of a row that does not say so.
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


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
    # Of a row without a revision only the arrival is known; nothing is to be told of it.
    told_of = [row for row in rows.values() if row.interaction.revision]
    works = [Work(row) for row in told_of if not is_held(row, run)]
    run.together([partial(worker.bring, work) for work in works])
    waiting = [work for work in works if work.is_begun and not work.is_ended]
    run.together([partial(worker.write, crm, tasks) for crm, tasks in calls_of(waiting)])
    run.together([partial(worker.end, work) for work in waiting])
    worker.outdate(works)
    told = {work.id: work.come_to() for work in works}
    return {each: told.get(each, ()) for each in interaction_ids}


@dataclass(frozen=True, slots=True)
class _Worker:
    ledger: InteractionLedger
    crms: Mapping[str, Crm]
    profiles: Sequence[PostingProfile]
    queue: WorkQueue
    once: OnceStore
    memory: LookupMemory
    run: PostingRun

    def bring(self, work: Work) -> None:
        """As far as it goes alone: what is written together with others waits for them."""
        with self.run.telling_mistakes(work.id):
            self.begin(work)
            if not work.is_begun or any(task.crm.batch_most > 1 for task in work.due_tasks):
                return
            calls = calls_of([work])
            self.run.together([partial(self.write, crm, tasks) for crm, tasks in calls])
            self.end(work)

    def begin(self, work: Work) -> None:
        """Find out what is to be written and whose it is, and hold the row for that."""
        with work.losing_only_this():
            self._plan(work)
            self._leave_for_later(work)
            # A CRM that hangs must not take the others' time.
            self.run.together([partial(self._find, work, task) for task in work.due_tasks])
            work.is_begun = self._claim(work)
            if work.is_begun:
                self.run.together([partial(self._prepare, work, task) for task in work.due_tasks])

    def write(self, crm: Crm, tasks: Sequence[tuple[Work, Task]]) -> None:
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
            task.posting = told_posting(task, said, run=self.run, took_ms=took_ms)

    def end(self, work: Work) -> None:
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

    def outdate(self, works: Sequence[Work]) -> None:
        """What lookups remember of the customers may not know of their records yet.

        Last, because no lease should have to outlast a table that hangs.
        """
        written = {
            (task.crm.connector, contact)
            for work in works
            if (contact := contact_of(work.row.interaction, self.run))
            for task in work.tasks
            if task.record
        }
        outdate_contacts(written, memory=self.memory, now=self.run.clock())

    def _plan(self, work: Work) -> None:
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
            before = death_noted(replace(before, profile=one.profile.name), habits)
            task = Task(one, crm, habits, before, before)
            work.tasks.append(task)
            self._decide(task, interaction.revision, now)

    def _leave_for_later(self, work: Work) -> None:
        for task in work.due_tasks[_MOST_AT_ONCE:]:
            task.is_due, work.is_unfinished = False, True

    def _decide(self, task: Task, revision: int, now: datetime) -> None:
        not_before = task.wanted.not_before
        if not_before and not_before > now and task.before.attempted_at is None:
            task.wakes_at = not_before
            return
        match next_step(task.before, revision=revision, habits=task.habits, now=now):
            case Write() | Look():
                task.is_due = self._may_call(task, now)
            case WaitUntil(at):
                task.posting = replace(task.before, due_at=at)
            case Park(reason):
                task.posting = parked(task.before, reason, revision=revision)
            case Nothing():
                pass

    def _may_call(self, task: Task, now: datetime) -> bool:
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
        task.posting = replace(task.before, due_at=now + timedelta(seconds=wait_s))
        return False

    def _find(self, work: Work, task: Task) -> None:
        """Whose it is; a task whose turn it is not is not due any more."""
        crm, row = task.crm, work.row
        try:
            deadline = Deadline.after(self.run.times.crm_budget_s)
            task.whose = whose_record(row, crm, self.run, deadline)
        except _NOTHING_WRITTEN as error:
            if error.retryable or crm.needs_customer:
                task.is_due = False
                task.posting = self._not_found(task, row.interaction.revision, error)
                return
            _log.warning("posted without a customer, the lookup was refused: %s", error.code)
        if task.customer is None and not task.contact_to_make:
            self._do_without(work, task)

    def _not_found(self, task: Task, revision: int, error: SwitchboardError) -> Posting:
        if task.is_looking(revision):
            # The record stands there, whoever can be asked now.
            return without_customer(task.before, now=self.run.clock(), jitter=self.run.jitter)
        posting = failed_posting(task, task.before, error, run=self.run)
        is_parked = posting.state is PostingState.PARKED
        return replace(posting, revision=revision) if is_parked else posting

    def _do_without(self, work: Work, task: Task) -> None:
        """Nobody is known: some CRMs take no such record, and one that has it needs no other."""
        revision = work.row.interaction.revision
        if task.crm.needs_customer:
            task.is_due = False
            waiting = replace(task.before, state=PostingState.PENDING)
            waiting = looked_in_vain(task, waiting, run=self.run)
            task.posting = (
                waiting if waiting.due_at else parked(waiting, NO_CUSTOMER, revision=revision)
            )
        elif task.is_looking(revision):
            task.is_due = False
            task.posting = looked_in_vain(task, task.before, run=self.run)

    def _claim(self, work: Work) -> bool:
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

    def _needs_no_claim(self, task: Task) -> bool:
        """The CRM sees to it itself that repeats and late arrivals change nothing."""
        upserts = task.habits.idempotency is Idempotency.UPSERT
        return upserts and task.habits.ignores_older and not task.contact_to_make

    def _prepare(self, work: Work, task: Task) -> None:
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

    def _has_made(self, contact: Reachable, work: Work, task: Task) -> bool:
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
            task.posting = failed_posting(task, task.posting, error, run=self.run)
            return False
        return True

    def _has_time(self, work: Work, task: Task) -> bool:
        """Whether a call that begins now ends inside the lease; else it was never attempted."""
        if work.is_lost or task.record is None:
            return False
        last_s = self.run.times.last_call_after_s
        if work.claimed_at and (self.run.clock() - work.claimed_at).total_seconds() > last_s:
            task.posting, task.record, work.is_unfinished = task.before, None, True
            return False
        return True

    def _told(
        self, tasks: Sequence[Task], crm: Crm, deadline: Deadline
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

    def _settle(self, work: Work) -> Settled:
        changed = [task.posting for task in work.tasks if self._is_to_keep(work, task)]
        after = self._next(work)
        found = {task.crm.connector: task.customer.key for task in work.tasks if task.customer}
        customer_key, others = customer_keys(work.row, found)
        settled = self._kept(work, changed, after, customer_key)
        if settled is not Settled.LOST:
            self._note_others(work, others)
            if settled is Settled.KEPT and after.due_at:
                self._wake(work, after.due_at)
        return settled

    def _is_to_keep(self, work: Work, task: Task) -> bool:
        """A claim has said that it is attempted, which must not stay so if it was not."""
        was_claimed = work.claimed_at is not None and task.is_due
        return was_claimed or task.posting != task.before

    def _kept(
        self, work: Work, changed: Sequence[Posting], after: Next, customer_key: str
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

    def _next(self, work: Work) -> Next:
        now = self.run.clock()
        postings = [task.posting for task in work.tasks]
        due_at = next_of(postings, *(task.wakes_at for task in work.tasks))
        if work.lacks_connector:
            _log.error("a posting profile names a connector that is not published, or cannot write")
            due_at = due_at or now + _LOOK_AGAIN_AFTER
        if work.is_unfinished:
            due_at = now
        waits = any(waits_for_a_person(posting) for posting in postings)
        return Next(due_at=due_at, parked_at=now if waits and due_at is None else None)

    def _leave_to_others(self, work: Work) -> None:
        """Somebody else went on with the row; what we sent may have come after what they sent."""
        work.is_lost = True
        _log.warning("not kept, %s went on without us; whoever took it goes on", work.id)
        if any(task.was_sent and _may_undo_another(task) for task in work.tasks):
            self.ledger.write_again(work.id, now=self.run.clock())
        self._wake(work, self.run.clock() + timedelta(seconds=1))

    def _note_others(self, work: Work, keys: Sequence[str]) -> None:
        row = work.row
        for key in keys:
            try:
                now = self.run.clock()
                at = row.started_at or row.first_at or now
                self.ledger.also_customer(work.id, key, started_at=at, now=now)
            except StateUnavailable as error:
                _log.warning("not in the history of the other connector: %s", error.code)

    def _wake(self, work: Work, at: datetime) -> None:
        delay_s = max(0.0, (at - self.run.clock()).total_seconds())
        if delay_s > _LONGEST_QUEUE_DELAY_S:
            return
        try:
            request_id = self.run.request_ids.get(work.id, "")
            self.queue.send(work.id, request_id=request_id, delay_s=int(delay_s) + 1)
        except StateUnavailable as error:
            _log.warning("retry not queued, the sweeper will: %s", error.code)


def _may_undo_another(task: Task) -> bool:
    """Whether what was sent, should it come last, puts something worse in its place."""
    # Two may write the same revision, and only the other found out whose it is.
    takes_it = not task.habits.ignores_older or task.customer is None
    return task.habits.amends and takes_it


def _comes_in_time(due_at: datetime | None, wanted: datetime | None, now: datetime) -> bool:
    """Whether the row is looked at when it is wanted, or before that and not at once."""
    if due_at is None or wanted is None:
        return due_at is wanted
    return now < due_at <= wanted
