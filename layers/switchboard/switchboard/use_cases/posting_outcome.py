"""How far a posting has come, after what the CRM said, or did not say."""

from dataclasses import replace
from typing import Final

from switchboard.domain.posting import (
    Logged,
    Posting,
    done,
    failed,
    lost_answer,
    maybe_done,
    parked,
    without_customer,
)
from switchboard.errors import (
    LeftAlone,
    MaybeDone,
    SwitchboardError,
    UpstreamThrottled,
    UpstreamUnknown,
)
from switchboard.use_cases.posting_run import PostingRun
from switchboard.use_cases.posting_whose import Nobody
from switchboard.use_cases.posting_work import Task

_ASK_TO_WAIT: Final = (UpstreamThrottled, LeftAlone)


def told_posting(
    task: Task, said: Logged | SwitchboardError, *, run: PostingRun, took_ms: int
) -> Posting:
    """After a call with the task's record."""
    if not isinstance(said, Logged):
        return failed_posting(task, task.posting, said, run=run, took_ms=took_ms)
    written = done(task.posting, said, now=run.clock(), took_ms=took_ms)
    if task.customer is None:
        return looked_in_vain(task, written, run=run)
    return replace(written, customer_key=task.customer.key, looks=0)


def failed_posting(
    task: Task, posting: Posting, error: SwitchboardError, *, run: PostingRun, took_ms: int = 0
) -> Posting:
    """After an error; without a record about to be written, nothing of it was sent."""
    now, jitter, schedule = run.clock(), run.jitter, run.times.retry_after_s
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
    if isinstance(error, MaybeDone) and task.record is not None:
        posting = maybe_done(posting, now=now, habits=task.habits)
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


def looked_in_vain(task: Task, posting: Posting, *, run: PostingRun) -> Posting:
    """Nobody is known whose it is: looked at again where the profile wants that and it may help."""
    attaches = task.wanted.profile.unknown_customer == "attach"
    is_reachable = isinstance(task.whose, Nobody) and task.whose.contact is not None
    if not attaches or not is_reachable or not task.habits.amends:
        return replace(posting, due_at=None)
    return without_customer(posting, now=run.clock(), jitter=run.jitter)
