"""Workers that are replaced when they die, and the intake through which triggers reach them."""

import heapq
import itertools
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Final

from bench.posting_proof.control import Control
from bench.posting_proof.history import OK, History
from bench.posting_proof.stage import PROCESSES, Stage
from bench.posting_proof.story import Firing
from bench.posting_proof.workers import Post, post_results, sweep, take_triggers
from tests.events import http_event

_IDLE_S: Final = 0.01
_KEY: Final = {"lambda": {"key_id": "ecs-1"}}


class Crew:
    """Processes of one kind, each in a slot of its own; a dead one is followed by another."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._processes: dict[int, Any] = {}
        self.deaths = 0
        self._lock = threading.Lock()

    def hire(self, slot: int, target: Callable[..., None], *arguments: Any) -> None:
        self._run(lambda: self._follow_each_other(slot, target, *arguments))

    def hire_intake(self, slot: int, post: Post, schedule: "Schedule") -> None:
        self._run(lambda: self._take_triggers(slot, post, schedule))

    def dismiss(self) -> None:
        self._over.set()
        for process in tuple(self._processes.values()):
            process.kill()
        for thread in self._threads:
            thread.join(10)

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _follow_each_other(self, slot: int, target: Callable[..., None], *arguments: Any) -> None:
        while not self._over.is_set():
            self._begun(slot, target, *arguments).join()
            self._count_death()

    def _begun(self, slot: int, target: Callable[..., None], *arguments: Any) -> Any:
        process = PROCESSES.Process(target=target, args=arguments, daemon=True)
        process.start()
        self._processes[slot] = process
        if self._over.is_set():
            process.kill()
        return process

    def _count_death(self) -> None:
        if not self._over.is_set():
            with self._lock:
                self.deaths += 1

    def _take_triggers(self, slot: int, post: Post, schedule: "Schedule") -> None:
        while not self._over.is_set():
            ours, theirs = PROCESSES.Pipe()
            process = self._begun(slot, take_triggers, theirs, post)
            theirs.close()
            with suppress(EOFError, ConnectionError):
                ours.recv()
                schedule.feed(ours, self._over)
            ours.close()
            process.join()
            self._count_death()


@dataclass(order=True)
class _Due:
    at: float
    number: int
    firing: Firing = field(compare=False)


class Schedule:
    """Triggers that wait for their moment; `history` gets to know what became of each."""

    def __init__(self, control: Control, history: History) -> None:
        self._control, self._history = control, history
        self._due: list[_Due] = []
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self.under_way = 0

    def add(self, firing: Firing, at: float) -> None:
        with self._lock:
            heapq.heappush(self._due, _Due(at, next(self._numbers), firing))

    @property
    def next_at(self) -> float | None:
        with self._lock:
            return self._due[0].at if self._due else None

    def backlog(self) -> int:
        """How many are due and still wait."""
        now = self._control.now()
        with self._lock:
            return sum(due.at <= now for due in self._due)

    def feed(self, line: Connection, over: threading.Event) -> None:
        """Hand one after the other to the function behind the line. Raises: EOFError."""
        while not over.is_set():
            firing = self._taken()
            if firing is None:
                time.sleep(_IDLE_S)
                continue
            try:
                self._fire(firing, line)
            finally:
                with self._lock:
                    self.under_way -= 1

    def _taken(self) -> Firing | None:
        with self._lock:
            if not self._due or self._due[0].at > self._control.now():
                return None
            self.under_way += 1
            return heapq.heappop(self._due).firing

    def _fire(self, firing: Firing, line: Connection) -> None:
        invoked = self._history.invoke(firing, self._control.now())
        line.send(event_of(firing))
        status, body = line.recv()
        invoked.ended_at = self._control.now()
        invoked.detail = f"{status}"
        if status == 202:
            invoked.outcome = OK
        elif status < 500:
            raise AssertionError(f"a right trigger was refused: {status} {body}")


def event_of(firing: Firing) -> dict[str, Any]:
    event = http_event(
        "POST",
        f"/v1/triggers/{firing.kind}",
        body=json.dumps(firing.body),
        headers={"content-type": "application/json"},
    )
    event["requestContext"]["authorizer"] = _KEY
    event["pathParameters"] = {"event": firing.kind}
    return event


def hire_everybody(stage: Stage, crew: Crew, schedule: Schedule, *, posting: int) -> "Roster":
    posters = [stage.new_slot() for _ in range(posting)]
    intakes = [stage.new_slot() for _ in range(2)]
    sweeper = stage.new_slot()
    for slot in posters:
        crew.hire(slot, post_results, stage.post("posting", slot, "disposition_posting"))
    for slot in intakes:
        crew.hire_intake(slot, stage.post("intake", slot, "trigger_intake"), schedule)
    crew.hire(sweeper, sweep, stage.post("sweeper", sweeper, "sweeper"))
    return Roster(tuple(posters), tuple(intakes), sweeper)


@dataclass(frozen=True)
class Roster:
    """Who works in which slot."""

    posters: tuple[int, ...]
    intakes: tuple[int, ...]
    sweeper: int
