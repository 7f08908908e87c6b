"""One interaction as ECS's triggers tell it: many events, any order, one document."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

# What may not differ between two events of one interaction: a difference means two interactions
# share an id, and merging them would write one customer's call into another's record.
IMMUTABLE_FIELDS: Final = ("channel", "direction")
# A contact that is passed on has a handful; a row has room for these, and for their postings.
MOST_SEGMENTS: Final = 100
# A call back is voice as well, and may be called either.
_CALLBACK: Final = "callback"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class TriggerKind(StrEnum):
    """ECS's four "When" events. Source: ECS Setup: Implementation - API Trigger."""

    INTERACTION_STARTS = "interaction-starts"
    INTERACTION_ENDS = "interaction-ends"
    INTERNAL_TRANSFER = "internal-transfer"
    SEGMENT_CHANGE = "segment-change"


_MIDDLE_RANK: Final = 1
_RANKS: Final = {TriggerKind.INTERACTION_STARTS: 0, TriggerKind.INTERACTION_ENDS: 2}


@dataclass(frozen=True, slots=True, order=True)
class FieldVersion:
    """Which of two values is newer; ties are broken by the value, so order never matters.

    `rank` comes first: 1, unless ECS did not say when something happened. Then only the kind of
    the event tells what comes before what.
    """

    rank: int
    occurred_at: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TriggerEvent:
    """What one trigger said. `fields` holds only values that were present, as text."""

    interaction_id: str
    kind: TriggerKind
    occurred_at: datetime
    fields: Mapping[str, str] = field(repr=False)
    is_dated: bool = True

    @property
    def rank(self) -> int:
        """How its values compare with those of other events, before their times are compared."""
        return _MIDDLE_RANK if self.is_dated else _RANKS.get(self.kind, _MIDDLE_RANK)


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of an interaction, told by an Internal Transfer or a Segment Change.

    `key` names it within its interaction: letters, digits and ``-_.`` alone. Both kinds of event
    may tell of one that ECS has named.
    """

    key: str
    kinds: frozenset[TriggerKind]
    versions: Mapping[str, FieldVersion] = field(default_factory=dict, repr=False)

    def get(self, name: str) -> str:
        """The newest value of a field; empty when none came."""
        version = self.versions.get(name)
        return version.text if version else ""

    @property
    def fields(self) -> dict[str, str]:
        return {name: version.text for name, version in sorted(self.versions.items())}


@dataclass(frozen=True, slots=True)
class Interaction:
    """Everything known of one interaction; `revision` grows by one with every change.

    `segments` are those that some profile wants a record of, by their keys.
    """

    id: str
    versions: Mapping[str, FieldVersion] = field(default_factory=dict, repr=False)
    kinds_seen: frozenset[TriggerKind] = frozenset()
    revision: int = 0
    segments: Mapping[str, Segment] = field(default_factory=dict, repr=False)

    def get(self, name: str) -> str:
        """The newest value of a field; empty when none came yet."""
        version = self.versions.get(name)
        return version.text if version else ""

    @property
    def fields(self) -> dict[str, str]:
        return {name: version.text for name, version in sorted(self.versions.items())}

    @property
    def has_ended(self) -> bool:
        return TriggerKind.INTERACTION_ENDS in self.kinds_seen


def merge(
    interaction: Interaction, event: TriggerEvent, *, keeps_segment: bool = False
) -> Interaction:
    """The interaction with the event's newer values; the same object when the event adds nothing.

    Commutative, associative and idempotent: any order of arrival and any number of repeats
    give the same document. An absent value never overwrites a known one. An event that does not
    say when it happened has another moment each time it comes: what it says again is no news.
    With `keeps_segment` the event is also a stretch of its own.
    """
    said = _versions(event)
    versions = _newest(interaction.versions, said, is_dated=event.is_dated)
    segments = _with_segment(interaction.segments, event, said) if keeps_segment else None
    kinds = interaction.kinds_seen | {event.kind}
    if versions is None and segments is None and kinds == interaction.kinds_seen:
        return interaction
    return replace(
        interaction,
        versions=interaction.versions if versions is None else versions,
        kinds_seen=kinds,
        revision=interaction.revision + 1,
        segments=interaction.segments if segments is None else segments,
    )


def news_in(before: Interaction, after: Interaction) -> tuple[str, ...]:
    """The names of the fields whose value is another than before."""
    return tuple(
        sorted(name for name, version in after.versions.items() if before.get(name) != version.text)
    )


def segment_key(event: TriggerEvent) -> str:
    """What tells a stretch from the others of its interaction, whenever and however often told.

    ECS's own id where it sends one in `segment_id`; else when it happened; an event that says
    neither is known by all that it says.
    """
    if own := event.fields.get("segment_id", ""):
        return own if _PLAIN.fullmatch(own) else _digest(own)
    where = [event.fields.get(name, "") for name in ("segment_state", "segment_level")]
    if event.is_dated:
        return _digest(event.kind, _utc(event.occurred_at), *where)
    return _digest(event.kind, *(f"{name}={text}" for name, text in sorted(event.fields.items())))


def _versions(event: TriggerEvent) -> dict[str, FieldVersion]:
    at = _utc(event.occurred_at)
    return {name: FieldVersion(event.rank, at, text) for name, text in event.fields.items()}


def _newest(
    known: Mapping[str, FieldVersion], said: Mapping[str, FieldVersion], *, is_dated: bool
) -> dict[str, FieldVersion] | None:
    """Both together; None when nothing is newer than what was known."""
    newer = {
        name: version
        for name, version in said.items()
        if name not in known
        or (version > known[name] and (is_dated or _adds(version, known[name])))
    }
    return {**known, **newer} if newer else None


def _adds(version: FieldVersion, known: FieldVersion) -> bool:
    return (version.rank, version.text) != (known.rank, known.text)


def _with_segment(
    segments: Mapping[str, Segment], event: TriggerEvent, said: Mapping[str, FieldVersion]
) -> dict[str, Segment] | None:
    key = segment_key(event)
    known = segments.get(key) or Segment(key, frozenset())
    versions = _newest(known.versions, said, is_dated=event.is_dated)
    kinds = known.kinds | {event.kind}
    if versions is None and kinds == known.kinds:
        return None
    if key not in segments and len(segments) >= MOST_SEGMENTS:
        return None
    return {**segments, key: replace(known, kinds=kinds, versions=versions or known.versions)}


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def contradiction(interaction: Interaction, event: TriggerEvent) -> str | None:
    """The immutable field in which the event differs from what is known, or None."""
    for name in IMMUTABLE_FIELDS:
        known, said = interaction.get(name), event.fields.get(name, "")
        if known and said and known != said and _CALLBACK not in {known, said}:
            return name
    return None
