"""An interaction is over: write it into the CRMs that want it. Nothing lost, nothing doubled."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from switchboard.domain.customer import Customer, Known, match_customers
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import EmailAddress, PhoneNumber, read_contact
from switchboard.domain.posting import (
    InteractionRecord,
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
from switchboard.ports import Crm, InteractionLedger, LedgerRow, WorkQueue

_log = logging.getLogger(__name__)

# For all CRMs of one interaction together; the lease must outlast it by far.
CRM_BUDGET_S: Final = 15.0
LEASE_S: Final = 45.0
_LONGEST_QUEUE_DELAY_S: Final = 900
# The CRM said no, or was never reached; what may have been written is `UpstreamUnknown`.
_NOTHING_WRITTEN: Final = (UpstreamError, Misconfigured, StateUnavailable)
# Kept, until somebody has mended the configuration.
_LOOK_AGAIN_AFTER: Final = timedelta(minutes=5)


class LeaseLost(Exception):
    """Another worker holds the row now; whatever we still wanted to write is theirs to write."""


@dataclass(frozen=True, slots=True)
class PostingRun:
    """What one run brings with it: who it is, how it tells the time, what is drawn by chance.

    A moment is taken when something happens, not when the run began: a CRM may keep us waiting.
    """

    token: str
    clock: Callable[[], datetime]
    jitter: float
    default_region: str
    request_id: str


def post_interaction(
    interaction_id: str,
    *,
    ledger: InteractionLedger,
    crms: Mapping[str, Crm],
    profiles: Sequence[PostingProfile],
    queue: WorkQueue,
    run: PostingRun,
) -> tuple[Posting, ...]:
    """Bring every posting of the interaction as far as it goes now; how far each has come.

    Safe to call at any time and as often as one likes: the lease lets one worker in, the ledger
    says what is left to do. Empty when another worker holds the row or nothing is due.
    """
    now = run.clock()
    row = ledger.lease(interaction_id, token=run.token, now=now, lease_s=LEASE_S)
    if row is None:
        return ()
    not_before = _settled_at(row, profiles)
    if not_before and not_before > now:
        _give_back(row, ledger, queue, run, due_at=not_before)
        return ()
    deadline = Deadline.after(CRM_BUDGET_S)
    # Two profiles may want the same interaction for one connector; it is still one record.
    wanted = dict.fromkeys(p.connector for p in profiles if p.wants(row.interaction))
    connected = [crms[name] for name in wanted if name in crms]
    try:
        postings = tuple(_bring_on(row, crm, ledger, run, deadline) for crm in connected)
    except LeaseLost:
        _log.warning("lease lost; the worker that took it goes on")
        return ()
    due_at = earliest_due(postings)
    if len(connected) < len(wanted):
        _log.error("a posting profile names a connector that is not published")
        due_at = due_at or run.clock() + _LOOK_AGAIN_AFTER
    _give_back(row, ledger, queue, run, due_at=due_at)
    return postings


def _settled_at(row: LedgerRow, profiles: Sequence[PostingProfile]) -> datetime | None:
    """When to stop waiting for a disposition code; None when there is nothing to wait for."""
    if row.interaction.get("disposition_code") or row.ended_at is None or row.postings:
        return None
    wanting = (p.wait_for_disposition_s for p in profiles if p.wants(row.interaction))
    patience_s = max(wanting, default=0)
    return row.ended_at + timedelta(seconds=patience_s)


def _bring_on(
    row: LedgerRow, crm: Crm, ledger: InteractionLedger, run: PostingRun, deadline: Deadline
) -> Posting:
    posting = row.postings.get(crm.connector) or Posting(crm.connector)
    step = next_step(
        posting,
        revision=row.interaction.revision,
        idempotency=crm.idempotency,
        settle_s=crm.settle_s,
        now=run.clock(),
    )
    match step:
        case Nothing():
            return posting
        case WaitUntil(at):
            return replace(posting, due_at=at)
        case Park(reason):
            return _save(
                row, parked(posting, reason, revision=row.interaction.revision), ledger, run
            )
        case Write():
            return _write(row, posting, crm, ledger, run, deadline)


def _write(
    row: LedgerRow,
    posting: Posting,
    crm: Crm,
    ledger: InteractionLedger,
    run: PostingRun,
    deadline: Deadline,
) -> Posting:
    revision = row.interaction.revision
    try:
        customer = _customer(row, crm, run, deadline)
    except _NOTHING_WRITTEN as error:
        return _save(
            row, _after_failure(replace(posting, revision=revision), error, run), ledger, run
        )
    if customer is None and crm.needs_customer:
        return _save(row, parked(posting, "no_customer", revision=revision), ledger, run)
    trying = _save(row, attempting(posting, revision=revision, at=run.clock()), ledger, run)
    record = InteractionRecord(row.interaction.id, revision, row.interaction.fields, customer)
    try:
        after = done(trying, crm.log_interaction(record, deadline=deadline))
    except UpstreamUnknown as error:
        after = lost_answer(
            trying, error.reason, now=run.clock(), settle_s=crm.settle_s, jitter=run.jitter
        )
    except _NOTHING_WRITTEN as error:
        after = _after_failure(trying, error, run)
    return _save(row, after, ledger, run)


def _after_failure(posting: Posting, error: SwitchboardError, run: PostingRun) -> Posting:
    if not error.retryable:
        return parked(posting, error.reason, revision=posting.revision)
    wait_s = error.retry_after_s if isinstance(error, UpstreamThrottled) else None
    return failed(posting, error.reason, now=run.clock(), jitter=run.jitter, retry_after_s=wait_s)


def _customer(row: LedgerRow, crm: Crm, run: PostingRun, deadline: Deadline) -> Customer | None:
    """Whose record it is in this CRM: as found on arrival, or looked up now. Never a guess."""
    known = row.arrival.customer if row.arrival else None
    if known and known.connector == crm.connector:
        return known
    contact = read_contact(row.interaction.get("contact"), default_region=run.default_region)
    if not isinstance(contact, PhoneNumber | EmailAddress):
        return None
    rows = crm.find(contact, deadline=deadline)
    match = match_customers(rows, contact, default_region=run.default_region)
    return match.customer if isinstance(match, Known) else None


def _save(row: LedgerRow, posting: Posting, ledger: InteractionLedger, run: PostingRun) -> Posting:
    if not ledger.save_posting(row.interaction.id, posting, token=run.token):
        raise LeaseLost
    return posting


def _give_back(
    row: LedgerRow,
    ledger: InteractionLedger,
    queue: WorkQueue,
    run: PostingRun,
    *,
    due_at: datetime | None,
) -> None:
    interaction = row.interaction
    unchanged = ledger.release(
        interaction.id, token=run.token, revision=interaction.revision, due_at=due_at
    )
    now = run.clock()
    wake_at = due_at if unchanged else now
    if wake_at is None:
        return
    delay_s = max(0.0, (wake_at - now).total_seconds())
    if delay_s <= _LONGEST_QUEUE_DELAY_S:
        try:
            queue.send(interaction.id, request_id=run.request_id, delay_s=int(delay_s) + 1)
        except StateUnavailable as error:
            _log.warning("retry not queued, the sweeper will: %s", error.code)
