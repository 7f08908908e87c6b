"""Rows over which our own code failed several times are left to a person."""

from collections.abc import Mapping, Sequence
from typing import Final

from switchboard.domain.interaction import Interaction
from switchboard.domain.posting import (
    RESOLVED,
    Habits,
    Idempotency,
    Posting,
    PostingState,
    quarantined,
)
from switchboard.domain.posting_profile import PostingProfile
from switchboard.ports import Crm, InteractionLedger, Next
from switchboard.use_cases.posting_run import PostingRun

# So many mistakes of ours over one row, and it waits for a person.
CRASHES_THAT_QUARANTINE: Final = 3


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
    every = {**_never_tried(profiles, row.interaction), **row.postings}
    habits = {key: _habits(posting, crms, run) for key, posting in every.items()}
    waiting = [
        quarantined(posting, revision=revision, habits=habits[key])
        for key, posting in every.items()
        if not _is_settled(posting, revision, habits[key])
    ]
    after, token = Next(parked_at=now), run.token
    ledger.settle(interaction_id, waiting, token=token, revision=revision, after=after)
    return True


def _never_tried(profiles: Sequence[PostingProfile], told: Interaction) -> dict[str, Posting]:
    """What the profiles may want. Whether they do is not asked: that may be what we fail over."""
    named = [
        Posting(profile.connector, part=part)
        for profile in profiles
        for part in (told.segments if profile.is_per_segment else ("",))
    ]
    return {posting.key: posting for posting in named}


def _is_settled(posting: Posting, revision: int, habits: Habits) -> bool:
    """Whether nothing of it is left to write. An amendment that is not written yet is."""
    if posting.state is PostingState.DONE:
        return posting.revision >= revision or not habits.amends
    return posting.state is PostingState.PARKED and posting.reason.startswith(RESOLVED)


def _habits(posting: Posting, crms: Mapping[str, Crm], run: PostingRun) -> Habits:
    """Of a CRM that is not there any more nothing is known, so nothing is trusted."""
    crm = crms.get(posting.connector)
    return (run.habits_of(crm) if crm else None) or Habits(Idempotency.NONE)
