"""What the driver saw: each trigger invoked, and how that ended, in Jepsen's words.

`ok`: answered 202, so it must end in the CRM. `info`: nobody knows, it may. Nothing else can be:
these triggers are right, so there is no refusal.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bench.posting_proof.story import CHECKED, Firing

OK: Final = "ok"
INFO: Final = "info"


@dataclass
class Invoked:
    """One trigger on its way, or at its end; `at` and `ended_at` are the run's time."""

    firing: Firing
    at: float
    outcome: str = INFO
    ended_at: float = float("inf")
    detail: str = ""


@dataclass
class History:
    """Every invocation, by interaction. Safe under threads."""

    of: dict[str, list[Invoked]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def invoke(self, firing: Firing, at: float) -> Invoked:
        invoked = Invoked(firing, at)
        with self._lock:
            self.of[firing.interaction_id].append(invoked)
        return invoked

    def is_acknowledged(self, interaction_id: str) -> bool:
        return any(each.outcome == OK for each in self.of[interaction_id])

    def least(self, interaction_id: str, *, before: float = float("inf")) -> dict[str, int]:
        """Of each field, the newest value acknowledged before: its event's number."""
        known: dict[str, int] = {}
        for each in self.of[interaction_id]:
            if each.outcome == OK and each.ended_at < before:
                for name in each.firing.fields:
                    known[name] = max(known.get(name, -1), each.firing.number)
        return known

    def numbers(self, interaction_id: str) -> Mapping[str, Mapping[str, int]]:
        """Every value that was ever sent of each checked field, with its event's number."""
        sent: dict[str, dict[str, int]] = {name: {} for name in CHECKED}
        for each in self.of[interaction_id]:
            for name in CHECKED:
                if name in each.firing.fields:
                    sent[name][each.firing.fields[name]] = each.firing.number
        return sent

    def count(self, outcome: str) -> int:
        return sum(each.outcome == outcome for told in self.of.values() for each in told)
