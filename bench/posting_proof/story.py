"""The interactions of a run: what ECS says of each, in which order, how often and how late."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

# What every CRM of the proof keeps of an interaction, and what the checker looks at.
CHECKED: Final = ("agent_name", "disposition_code", "remarks", "segment_state")
_TALK_S: Final = 40.0
_LATE_S: Final = (30.0, 400.0)
_DUPLICATED: Final = 0.06
_WITHOUT_SEGMENT: Final = 0.4


@dataclass(frozen=True)
class Firing:
    """One trigger as ECS sends it: `number` orders those of an interaction by when they happened.

    `after_s` is when it reaches us, counted from the beginning of the interaction.
    """

    interaction_id: str
    number: int
    kind: str
    occurred_at: float
    fields: dict[str, str] = field(repr=False)
    after_s: float = 0.0

    @property
    def body(self) -> dict[str, str]:
        at = datetime.fromtimestamp(self.occurred_at, UTC).isoformat()
        return {"interaction_id": self.interaction_id, "occurred_at": at, **self.fields}


def firings(number: int, *, seed: int, began_at: float) -> list[Firing]:
    """Three to five triggers, shuffled; some twice, some long after the end."""
    chance = random.Random(f"story {seed} {number}")  # noqa: S311  to be repeated
    told = list(_told(f"int-{seed}-{number}", chance, began_at))
    shuffled = chance.sample(told[:-1], len(told) - 1)
    sent = _sent([*shuffled, told[-1]], chance)
    doubled = [each for each in sent if chance.random() < _DUPLICATED]
    return [*sent, *_sent(doubled, chance)]


def _told(name: str, chance: random.Random, began_at: float) -> Iterator[Firing]:
    """What is said, in the order in which it happened. The last comes after the end."""
    kinds = ["interaction-starts"]
    if chance.random() >= _WITHOUT_SEGMENT:
        kinds.append(chance.choice(("segment-change", "internal-transfer")))
    kinds += ["interaction-ends", chance.choice(("segment-change", "interaction-ends"))]
    for number, kind in enumerate(kinds):
        fields = {
            "channel": "voice",
            "direction": "inbound",
            "business_process": "Care",
            "remarks": f"{name} remark {number}",
        }
        if chance.random() < 0.7:
            fields["agent_name"] = f"{name} agent {number}"
        if kind == "segment-change":
            fields["segment_state"] = f"{name} state {number}"
        if number >= len(kinds) - 2 and chance.random() < 0.6:
            fields["disposition_code"] = f"{name} code {number}"
        yield Firing(name, number, kind, began_at + 10 * number, fields)


def _sent(told: Sequence[Firing], chance: random.Random) -> list[Firing]:
    """When each gets to us. Half of what comes last is an amendment, long after all was posted."""
    sent = []
    for place, each in enumerate(told):
        is_late = place == len(told) - 1 and chance.random() < 0.5
        after_s = chance.uniform(*_LATE_S) if is_late else chance.uniform(0, _TALK_S)
        sent.append(
            Firing(
                each.interaction_id, each.number, each.kind, each.occurred_at, each.fields, after_s
            )
        )
    return sent
