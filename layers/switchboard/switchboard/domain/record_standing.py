"""What there is to say of one record: where it stands, what comes next, what a person can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from switchboard.domain.interaction import Interaction
from switchboard.domain.posting import RESOLVED, Idempotency, Posting, PostingState, Try
from switchboard.domain.posting_profile import WantedRecord
from switchboard.domain.posting_reasons import is_resolved, words_of
from switchboard.domain.posting_report import RecordTold, Standing, TryTold
from switchboard.domain.tried_sooner import tried_sooner

# What is tried sooner than this by itself needs nobody's help.
_WORTH_A_COMMAND: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Seen:
    """What all records of an interaction have in common, as it was read at `now`.

    `connected` says, for each published connector, what makes a repeated write safe; None where
    it cannot write records at all.
    """

    interaction: Interaction
    connected: Mapping[str, Idempotency | None]
    held_until: datetime | None
    due_at: datetime | None
    now: datetime

    @property
    def is_held(self) -> bool:
        return self.held_until is not None and self.held_until > self.now


def record_told(seen: Seen, wanted: WantedRecord | None, posting: Posting | None) -> RecordTold:
    """What there is to say of one record: that is wanted, that was begun, or both."""
    known = posting or _not_begun(wanted)
    standing = _standing(known, seen)
    words = words_of(known.reason) if known.reason else None
    next_step, next_at = _next(known, wanted, standing, seen)
    return RecordTold(
        connector=known.connector,
        part=known.part,
        profile=wanted.profile.name if wanted else known.profile,
        reference=_reference(seen.interaction, known, wanted),
        record_id=known.record_id,
        standing=standing,
        state=known.state.value,
        revision=known.revision,
        failures_in_a_row=known.attempts,
        reason=RESOLVED if is_resolved(known.reason) else known.reason,
        meaning=words.meaning if words else "",
        next=next_step,
        next_at=next_at,
        do=_advice(known, standing, seen.interaction.id) if words else "",
        tries=tuple(_try_told(each) for each in known.tries),
    )


def _not_begun(wanted: WantedRecord | None) -> Posting:
    return Posting(wanted.connector, part=wanted.part) if wanted else Posting("")


def _reference(interaction: Interaction, posting: Posting, wanted: WantedRecord | None) -> str:
    if wanted:
        return wanted.record_id(interaction)
    return f"{interaction.id}:{posting.part}" if posting.part else interaction.id


def _standing(posting: Posting, seen: Seen) -> Standing:
    is_behind = posting.revision < seen.interaction.revision
    match posting.state:
        case PostingState.PARKED if is_resolved(posting.reason):
            return Standing.LEFT_OUT
        case PostingState.PARKED:
            return Standing.PARKED
        case PostingState.DONE if not is_behind:
            return Standing.IN_CRM
        case PostingState.DONE if _cannot_amend(posting, seen):
            return Standing.NOT_AMENDED
    if posting.record_id:
        return Standing.AMENDING
    return Standing.WRITING if seen.is_held else Standing.WAITING


def _cannot_amend(posting: Posting, seen: Seen) -> bool:
    way = seen.connected.get(posting.connector)
    return way in {Idempotency.NONE, Idempotency.HEADER}


def _next(
    posting: Posting, wanted: WantedRecord | None, standing: Standing, seen: Seen
) -> tuple[str, datetime | None]:
    """What happens by itself, and when; both empty when nothing does."""
    if standing is Standing.IN_CRM:
        if posting.due_at and seen.due_at:
            return "whose record it is, is looked up again", posting.due_at
        return "", None
    if standing in {Standing.PARKED, Standing.LEFT_OUT, Standing.NOT_AMENDED}:
        return "", None
    if obstacle := _obstacle(posting, wanted, seen):
        return obstacle, seen.due_at
    if seen.is_held:
        return "a worker has it; should it die, another takes over", seen.held_until
    if wanted and wanted.not_before and wanted.not_before > seen.now:
        return _waiting_for(seen.interaction), wanted.not_before
    if seen.due_at and (due_at := posting.due_at or seen.due_at):
        what = "it is written" if due_at <= seen.now else "it is tried again"
        is_new = not posting.tries and not posting.attempts
        sooner = tried_sooner(posting, at=seen.now + _WORTH_A_COMMAND)
        if sooner and sooner.due_at != posting.due_at:
            return _once_mended(posting), due_at
        return ("it is written" if is_new else what), due_at
    brings = "`switchboard reconcile --repair`"
    return f"it is written with the next change of the interaction, or by {brings}", None


def _once_mended(posting: Posting) -> str:
    command = f"`switchboard connector resume {posting.connector}`"
    return f"once that is mended, {command} has it tried at once; else it is tried again"


def _obstacle(posting: Posting, wanted: WantedRecord | None, seen: Seen) -> str:
    name = posting.connector
    if name not in seen.connected:
        return f"the connector {name} is not published; it is written within minutes once it is"
    if seen.connected[name] is None:
        return f"the connector {name} cannot write records; give it a method log_interaction"
    if wanted is None:
        return "no posting profile wants it any more, so it is left as it is"
    return ""


def _waiting_for(interaction: Interaction) -> str:
    if not interaction.has_ended:
        return "it has not ended, as far as we were told; it is written at its end, or without one"
    if not interaction.get("disposition_code"):
        return "it waits for the disposition; it is written when that comes, or without it"
    return "it waits as its posting profile says"


def _advice(posting: Posting, standing: Standing, interaction_id: str) -> str:
    mend = words_of(posting.reason).mend.replace("{connector}", posting.connector)
    if standing is not Standing.PARKED:
        return mend
    what = f"{interaction_id} --connector {posting.connector}"
    what += f" --part {posting.part}" if posting.part else ""
    unknown = " --unknown" if posting.is_outcome_unknown else ""
    again = f"To have it written: `switchboard parked retry {what}{unknown}`."
    settled = (
        f"If it stands there: `switchboard parked resolve {what} --record RECORD --why …`; "
        f"if it is not to be written, the same without --record."
    )
    return " ".join(filter(None, (mend, again, settled)))


def _try_told(one: Try) -> TryTold:
    return TryTold(one.at, one.revision, one.outcome, one.took_ms, words_of(one.outcome).meaning)
