"""Reads what a row decides, in the units of the file: points, names of queues, lists of prompts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from switchboard.domain.cells import unknown
from switchboard.domain.reading import Reading
from switchboard.domain.ruleset import ACTIONS, Action, Outcome, Priority, Queue

ROUTE_KEYS: Final = (
    "do", "queue", "priority", "prompts", "last_agent", "not_agent", "flow", "on_fail",
    "views", "flags", "remark",
)  # fmt: skip
ADDING_KEYS: Final = ("prompts", "views", "flags")
_AGING_KEYS: Final = ("start", "gain_per_min", "max")
_POINTS: Final = re.compile(r"\d{1,4}(?:\.\d{1,17})?", re.ASCII)
_MOST_POINTS: Final = 1000
_NEEDS_QUEUE: Final = ("queue", "callback")


@dataclass(frozen=True, slots=True)
class Names:
    """What outcomes may name, and what a point of priority is worth."""

    queues: Mapping[str, Queue]
    prompts: tuple[str, ...]
    views: tuple[str, ...]
    flags: tuple[str, ...]
    priority_classes: Mapping[str, float]
    priority_point_s: float
    last_agents: tuple[str, ...]


def points_of(raw: object) -> float | None:
    """Points of priority, 0 to 1000; None for anything else.

    Python would read 1_0, 1e2 and digits of other scripts, too.
    """
    text = str(raw).strip()
    points = float(text) if _POINTS.fullmatch(text) else _MOST_POINTS + 1
    return points if points <= _MOST_POINTS else None


class OutcomeReader:
    """Reads outcomes that may use these names."""

    def __init__(self, reading: Reading, names: Names) -> None:
        self._reading = reading
        self._names = names

    def adding(self, where: str, then: Mapping[str, Any]) -> Outcome:
        """What a row of a table adds that does not decide."""
        self._reading.known_keys(f"{where}, then", then, ADDING_KEYS)
        return Outcome(
            action="queue",
            prompts=self._prompts(where, then),
            views=self._listed(where, then, "views", self._names.views),
            flags=self._listed(where, then, "flags", self._names.flags),
        )

    def deciding(self, where: str, then: Mapping[str, Any]) -> Outcome:
        """What a row of the route table decides."""
        reading, names = self._reading, self._names
        reading.known_keys(f"{where}, then", then, ROUTE_KEYS)
        action = self._action(where, then)
        queue = self._optional(where, then, "queue", tuple(names.queues))
        if action in _NEEDS_QUEUE and not then.get("queue"):
            reading.problem(f"{where}, queue", f"`do: {action}` needs a queue")
        flow = reading.text(f"{where}, flow", then.get("flow"))
        if action == "self_service" and not flow:
            reading.problem(f"{where}, flow", "`do: self_service` needs the name of a flow")
        return Outcome(
            action=action,
            queue=queue,
            priority=self.priority(f"{where}, priority", then.get("priority")),
            prompts=self._prompts(where, then),
            last_agent=self._optional(where, then, "last_agent", names.last_agents),
            avoids_last_agent=self._avoids(where, then),
            flow=flow,
            on_fail=reading.text(f"{where}, on_fail", then.get("on_fail")),
            views=self._listed(where, then, "views", names.views),
            flags=self._listed(where, then, "flags", names.flags),
            remark=reading.text(f"{where}, remark", then.get("remark")),
        )

    def priority(self, where: str, raw: object) -> Priority:
        """Points, the name of a class, or `{start, gain_per_min, max}` in points."""
        if isinstance(raw, str) and raw in self._names.priority_classes:
            return Priority(self._names.priority_classes[raw], raw)
        if not isinstance(raw, Mapping):
            seconds = self._points(where, raw)
            return Priority(seconds, self._class_for(seconds))
        self._reading.known_keys(where, raw, _AGING_KEYS)
        start = self._points(f"{where}.start", raw.get("start"))
        gain = self._points(f"{where}.gain_per_min", raw.get("gain_per_min"))
        most = self._points(f"{where}.max", raw.get("max"))
        if gain and most < start:
            self._reading.problem(where, "max must be at least start")
        return Priority(start, self._class_for(start), gain, most)

    def _points(self, where: str, raw: object) -> float:
        if raw is None or raw == "":
            return 0
        points = points_of(raw)
        if points is None:
            classes = ", ".join(self._names.priority_classes)
            told = f" or one of: {classes}" if classes else ""
            self._reading.problem(where, f"{raw!r} is not a number from 0 to 1000{told}")
            return 0
        return points * self._names.priority_point_s

    def _class_for(self, seconds: float) -> str:
        """ECS's class that gives as much of it as one can without giving more; empty if all do."""
        classes = self._names.priority_classes
        within = [name for name in classes if classes[name] <= seconds]
        return max(within, key=lambda name: classes[name], default="")

    def _action(self, where: str, then: Mapping[str, Any]) -> Action:
        said = self._reading.one_of(f"{where}, do", then.get("do"), ACTIONS)
        return next((action for action in get_args(Action) if action == said), "queue")

    def _prompts(self, where: str, then: Mapping[str, Any]) -> tuple[str, ...] | None:
        raw = then.get("prompts")
        if raw is None or raw == "":
            return None
        return self._listed(where, then, "prompts", self._names.prompts)

    def _avoids(self, where: str, then: Mapping[str, Any]) -> bool:
        raw = then.get("not_agent")
        if raw is None or raw == "":
            return False
        if raw != "last":
            self._reading.problem(f"{where}, not_agent", f"{unknown(raw, ('last',))}")
        if then.get("last_agent"):
            self._reading.problem(where, "last_agent and not_agent contradict each other; keep one")
        return True

    def _optional(
        self, where: str, then: Mapping[str, Any], key: str, allowed: tuple[str, ...]
    ) -> str:
        raw = then.get(key)
        if raw is None or raw == "":
            return ""
        return self._reading.one_of(f"{where}, {key}", raw, allowed)

    def _listed(
        self, where: str, then: Mapping[str, Any], key: str, allowed: tuple[str, ...]
    ) -> tuple[str, ...]:
        raw = then.get(key)
        words = () if raw == "none" else self._reading.words(f"{where}, {key}", raw)
        for word in words:
            self._reading.one_of(f"{where}, {key}", word, allowed)
        return words
