"""A gate's world: a clock that moves only when told, a store in memory, and answers to come back
with."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from switchboard.adapters.connector.gate import Admitted, SharedGate
from switchboard.adapters.connector.outcomes import ErrorClass, Outcome
from switchboard.adapters.connector.pacing import Lane
from switchboard.adapters.connector.table_patience import Beside, TablePatience
from switchboard.domain.deadline import Deadline
from tests.fakes.beside import run_at_once
from tests.fakes.pacing import InMemoryPacingStore

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SERVER = "https://crm.example.com/api"
LOOKUP, POSTING = Lane.LOOKUP, Lane.POSTING
OK = Outcome(ErrorClass.OK)
DOWN = Outcome(ErrorClass.TRANSIENT)
NOT_THERE = Outcome(ErrorClass.NOT_FOUND)


def throttled(wait_s: float | None = None) -> Outcome:
    return Outcome(ErrorClass.THROTTLED, wait_s=wait_s)


def quota_exhausted(wait_s: float | None = None) -> Outcome:
    return Outcome(ErrorClass.QUOTA_EXHAUSTED, wait_s=wait_s)


def answer_with(**headers: str) -> Outcome:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Outcome(ErrorClass.OK, scope={"status": 200, "headers": names, "body": {}})


def bucket(name: str = "all", *, calls: int | str, per_s: float = 1, **more: Any) -> dict[str, Any]:
    """An entry as it looks when compiled."""
    said = {"bucket": name, "match": None, "calls": calls, "per_s": per_s, "cost": 1}
    return {**said, "reserve": 0.3, "shared_by": "connector", **more}


def at_once(most: int | str, **more: Any) -> dict[str, Any]:
    said = {"concurrency": most, "match": None, "reserve": 0.3, "shared_by": "connector"}
    return {**said, **more}


def budget(
    remaining: str = 'to_number(headers."x-left")',
    limit: str | None = 'to_number(headers."x-limit")',
    reset_s: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    said = {"remaining": remaining, "limit": limit, "reset_s": reset_s}
    return {"budget": said, "match": None, "reserve": 0.3, "shared_by": "connector", **more}


class World:
    """Gates of one connector or more; each `gate` is another worker."""

    def __init__(self) -> None:
        self.store = InMemoryPacingStore()
        self.slept_s: list[float] = []
        self._now_s = 0.0
        self._lock = Lock()

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self._now_s)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept_s.append(seconds)
            self._now_s += seconds

    def moves_on(self, seconds: float) -> None:
        self._now_s += seconds

    def moves_to(self, moment_s: float) -> None:
        self._now_s = moment_s

    def gate(
        self,
        lane: Lane,
        limits: Sequence[Mapping[str, Any]] = (),
        *,
        system: str = "sandbox",
        settings: Mapping[str, Any] | None = None,
        beside: Beside = run_at_once,
        jitter: float = 0.0,
    ) -> SharedGate:
        return SharedGate(
            system,
            limits,
            settings or {},
            server=SERVER,
            lane=lane,
            store=self.store,
            patience=TablePatience(
                system, lane, wall_clock=self.now, clock=lambda: self._now_s, beside=beside
            ),
            wall_clock=self.now,
            sleep=self.sleep,
            chance=lambda: jitter,
        )

    def enter(self, gate: SharedGate, path: str = "/customers", patience_s: float = 30) -> Admitted:
        return gate.enter(path, Deadline.after(patience_s, lambda: self._now_s))

    def call(
        self, gate: SharedGate, outcome: Outcome | None = OK, path: str = "/customers"
    ) -> None:
        gate.leave(self.enter(gate, path), outcome)
