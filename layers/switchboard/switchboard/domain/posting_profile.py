"""Which interactions are written into which CRM, when, and with which words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from switchboard.domain.interaction import Interaction, Segment, TriggerEvent, TriggerKind
from switchboard.domain.posting_filter import EVERYTHING, NeverRule, PostingFilter, folded

UnknownCustomer = Literal["leave", "create", "attach"]
FieldValue = str | int | float
# What a profile's templates make of a record's fields.
FieldMapping = Callable[[Mapping[str, str]], Mapping[str, FieldValue]]

# ECS never said that the interaction is over; by then it is, or nobody will say so any more.
WITHOUT_END_AFTER_S: Final = 21_600
# What is true of one stretch alone. Another stretch's agent or result must not stand in its record.
OF_ONE_STRETCH: Final = frozenset(
    {
        "agent_name", "agent_extension", "started_at", "ended_at", "duration_s", "queue_s",
        "handle_s", "segment_id", "segment_state", "segment_level", "disposition_set",
        "disposition_category", "disposition_code", "remarks",
    }
)  # fmt: skip


class When(StrEnum):
    """What a record waits for. WRAP_UP is the disposition code, or a time after the end."""

    END = "end"
    WRAP_UP = "wrap_up"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class PostingProfile:
    """Which interactions go to a connector, and how.

    `wrap_up_timeout_s` is how long after the end a disposition code may still come.
    `segment_states` are the Segment Changes that make a record; without any, each Internal
    Transfer does.
    `unknown_customer` says what becomes of somebody whom the CRM does not know: the record is left
    without a customer, a contact is created, or the record is attached once one is known.
    """

    connector: str
    id: str = ""
    only: PostingFilter = EVERYTHING
    never: tuple[NeverRule, ...] = ()
    when: When = When.END
    wrap_up_timeout_s: int = 0
    without_end_after_s: int = WITHOUT_END_AFTER_S
    is_per_segment: bool = False
    segment_states: tuple[str, ...] = ()
    unknown_customer: UnknownCustomer = "leave"
    mapping: FieldMapping | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.id or self.connector

    def why_not(self, fields: Mapping[str, str]) -> str:
        """Why there is no record of these fields, for people; empty when there is one."""
        if mismatch := self.only.mismatch(fields):
            return f"profile {self.name} {mismatch}"
        rule = next((rule for rule in self.never if rule.filter.lets_through(fields)), None)
        return f"do-not-post: {rule.why}" if rule else ""

    def takes(self, segment: Segment) -> bool:
        """Whether a stretch has a record of its own, whoever told of it."""
        state = segment.get("segment_state")
        return any(self.makes_segment(kind, state) for kind in segment.kinds)

    def makes_segment(self, kind: TriggerKind, state: str) -> bool:
        """Whether an event of this kind, in this segment state, has a record of its own."""
        if not self.is_per_segment:
            return False
        if not self.segment_states:
            return kind is TriggerKind.INTERNAL_TRANSFER
        states = {folded(each) for each in self.segment_states}
        return kind is TriggerKind.SEGMENT_CHANGE and folded(state) in states


@dataclass(frozen=True, slots=True)
class WantedRecord:
    """A record that a CRM is to have; `not_before` is when what it waits for is given up.

    None: it waits for nothing any more.
    """

    profile: PostingProfile
    connector: str
    part: str = ""
    not_before: datetime | None = None

    @property
    def key(self) -> str:
        """Where the ledger keeps how far it has come."""
        return f"{self.connector}#{self.part}" if self.part else self.connector

    def record_id(self, interaction: Interaction) -> str:
        """Our key of the record in the CRM."""
        return f"{interaction.id}:{self.part}" if self.part else interaction.id

    def fields(self, interaction: Interaction) -> Mapping[str, FieldValue]:
        """What the connector's method gets."""
        told = record_fields(interaction, self.part)
        return self.profile.mapping(told) if self.profile.mapping else told


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A profile that writes no record of the interaction, or of one part of it, and why."""

    profile: PostingProfile
    connector: str
    why: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written, and what is not."""

    records: tuple[WantedRecord, ...]
    unwanted: tuple[Unwanted, ...] = ()


def wanted_records(
    profiles: Sequence[PostingProfile],
    interaction: Interaction,
    *,
    first_at: datetime,
    ended_at: datetime | None,
    now: datetime,
) -> Wanted:
    """Each record once: of several profiles that want the same, the first decides.

    `first_at` is when the first trigger came, `ended_at` when the end was told, None before it.
    """
    records: dict[str, WantedRecord] = {}
    unwanted = []
    whole = interaction.fields
    for profile in profiles:
        for part, told, why in _judged(profile, interaction, whole):
            at = _not_before(profile, interaction, told, part, first_at, ended_at)
            wanted = WantedRecord(profile, profile.connector, part, at if at and at > now else None)
            if not why and (earlier := records.setdefault(wanted.key, wanted)) is not wanted:
                why = f"profile {earlier.profile.name} writes it"
            if why:
                unwanted.append(Unwanted(profile, profile.connector, why, part))
    return Wanted(tuple(records.values()), tuple(unwanted))


def record_fields(interaction: Interaction, part: str = "") -> Mapping[str, str]:
    """What ECS told, of the interaction as a whole or of one stretch of it."""
    whole = interaction.fields
    return _of_segment(whole, interaction.segments[part]) if part else whole


def keeps_segment(profiles: Sequence[PostingProfile], event: TriggerEvent) -> bool:
    """Whether some profile writes a record of this stretch, so that it must be kept apart."""
    state = event.fields.get("segment_state", "")
    return any(profile.makes_segment(event.kind, state) for profile in profiles)


def wakes(profiles: Sequence[PostingProfile], event: TriggerEvent) -> bool:
    """Whether there may be something to write before the interaction is over."""
    at_once = [profile for profile in profiles if profile.when is When.TRANSFER]
    is_transfer = event.kind is TriggerKind.INTERNAL_TRANSFER
    whole = any(not profile.is_per_segment for profile in at_once)
    return (is_transfer and whole) or keeps_segment(at_once, event)


def without_end_after(profiles: Sequence[PostingProfile]) -> timedelta:
    """How long after the first trigger the first profile stops waiting for an end."""
    patience_s = min((p.without_end_after_s for p in profiles), default=WITHOUT_END_AFTER_S)
    return timedelta(seconds=patience_s)


def _judged(
    profile: PostingProfile, interaction: Interaction, whole: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, str], str]]:
    """Each part that the profile could write, its fields, and why not; empty when it does."""
    if not profile.is_per_segment:
        yield "", whole, profile.why_not(whole)
        return
    segments = (segment for _, segment in sorted(interaction.segments.items()))
    parts = [one for one in segments if profile.takes(one)]
    for segment in parts:
        told = _of_segment(whole, segment)
        yield segment.key, told, profile.why_not(told)
    if not parts:
        said = " or ".join(profile.segment_states) or "an Internal Transfer"
        why = f"profile {profile.name} writes a record of each segment; none told {said} yet"
        yield "", whole, why


def _of_segment(whole: Mapping[str, str], segment: Segment) -> dict[str, str]:
    shared = {name: text for name, text in whole.items() if name not in OF_ONE_STRETCH}
    return {**shared, **segment.fields}


def _not_before(
    profile: PostingProfile,
    interaction: Interaction,
    told: Mapping[str, str],
    part: str,
    first_at: datetime,
    ended_at: datetime | None,
) -> datetime | None:
    was_transferred = TriggerKind.INTERNAL_TRANSFER in interaction.kinds_seen
    is_at_transfer = bool(part) or (ended_at is None and was_transferred)
    if profile.when is When.TRANSFER and is_at_transfer:
        return None
    if ended_at is None:
        return first_at + timedelta(seconds=profile.without_end_after_s)
    is_wrapped_up = bool(told.get("disposition_code"))
    return None if is_wrapped_up else ended_at + timedelta(seconds=profile.wrap_up_timeout_s)
