"""What kept a CRM's records is mended: which of them need not wait out their time any more."""

from dataclasses import replace
from datetime import datetime

from switchboard.domain.posting import Posting, PostingState
from switchboard.domain.posting_reasons import is_asked_to_wait


def tried_sooner(posting: Posting, *, at: datetime) -> Posting | None:
    """Due at `at`, or once an answer that was lost is settled; None for what is not to be moved.

    Only what waits by our own schedule is: after a failure that wrote nothing, or after a lost
    answer. A CRM that asked for time gets it, and nothing is put off. After the mend it is a first
    try, also what is due by now: the budget for repeats would let a backlog through by drops.
    """
    if posting.due_at is None or not _waits_by_schedule(posting):
        return None
    soonest = max(at, posting.unsettled_until) if posting.unsettled_until else at
    sooner = replace(posting, due_at=min(soonest, posting.due_at), attempts=0)
    return sooner if sooner != posting else None


def _waits_by_schedule(posting: Posting) -> bool:
    if posting.lacks_customer or is_asked_to_wait(posting.reason):
        return False
    # Without it nobody knows when what was sent is settled.
    is_lost_answer = posting.state is PostingState.ATTEMPTING and bool(posting.unsettled_until)
    return posting.state is PostingState.PENDING or is_lost_answer
