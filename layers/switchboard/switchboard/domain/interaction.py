"""One interaction as ECS's triggers tell it: many events, any order, one document."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

# What may not differ between two events of one interaction: a difference means two interactions
# share an id, and merging them would write one customer's call into another's record.
IMMUTABLE_FIELDS: Final = ("channel", "direction")
# A call back is voice as well, and may be called either.
_CALLBACK: Final = "callback"


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
class Interaction:
    """Everything known of one interaction; `revision` grows by one with every change."""

    id: str
    versions: Mapping[str, FieldVersion] = field(default_factory=dict, repr=False)
    kinds_seen: frozenset[TriggerKind] = frozenset()
    revision: int = 0

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


def merge(interaction: Interaction, event: TriggerEvent) -> Interaction:
    """The interaction with the event's newer values; the same object when the event adds nothing.

    Commutative, associative and idempotent: any order of arrival and any number of repeats
    give the same document. An absent value never overwrites a known one.
    """
    at = event.occurred_at.astimezone(UTC).isoformat(timespec="microseconds")
    candidates = {name: FieldVersion(event.rank, at, text) for name, text in event.fields.items()}
    newer = {
        name: version
        for name, version in candidates.items()
        if name not in interaction.versions or version > interaction.versions[name]
    }
    kinds = interaction.kinds_seen | {event.kind}
    if not newer and kinds == interaction.kinds_seen:
        return interaction
    return replace(
        interaction,
        versions={**interaction.versions, **newer},
        kinds_seen=kinds,
        revision=interaction.revision + 1,
    )


def contradiction(interaction: Interaction, event: TriggerEvent) -> str | None:
    """The immutable field in which the event differs from what is known, or None."""
    for name in IMMUTABLE_FIELDS:
        known, said = interaction.get(name), event.fields.get(name, "")
        if known and said and known != said and _CALLBACK not in {known, said}:
            return name
    return None
