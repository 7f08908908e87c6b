"""Whoever wants it to go wrong: kills, pauses, errors of our own stores, clocks, new versions."""

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bench.posting_proof.asking import Asking
from bench.posting_proof.control import INTAKE_POINTS, POSTING_POINTS, Order, Point
from bench.posting_proof.crew import Roster
from bench.posting_proof.history import History
from bench.posting_proof.stage import Stage
from bench.posting_proof.workers import QUEUE

_ALWAYS: Final = 0.004
_BURST: Final = 0.5
_BURST_LASTS_S: Final = 0.4
# Longer than a lease and than a CRM's settling, in the run's time.
_PAUSE_S: Final = (50.0, 130.0)
# The lease allows for ten seconds between two clocks.
_SKEW_S: Final = 4.0
_SKEW_OF_OTHERS_S: Final = 60.0
_BY_INTAKE: Final = 0.25
_BY_SWEEPER: Final = 0.05
_AT_RANDOM: Final = 0.2
_PATIENCE_S: Final = 3.0
_LOOKS_EVERY_S: Final = 0.005
_ROLES: Final = ("posting", "intake", "sweeper")


@dataclass(frozen=True)
class Plan:
    """How often of each, spread over the run."""

    kills: int
    pauses: int
    bursts: int
    shifts: int
    pushes: int
    redrives: int

    @classmethod
    def of(cls, kills: int, pauses: int) -> "Plan":
        return cls(kills, pauses, bursts=pauses, shifts=pauses, pushes=4 + kills // 20, redrives=4)


@dataclass
class Struck:
    """What the nemesis did, in its own words."""

    kills: Counter[str] = field(default_factory=Counter)
    pauses: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)


class Nemesis:
    """Works through its plan as the run gets on; `progress` tells how far that is, from 0 to 1."""

    def __init__(
        self,
        stage: Stage,
        roster: Roster,
        history: History,
        plan: Plan,
        *,
        seed: int,
        progress: Callable[[], float],
    ) -> None:
        self.struck = Struck()
        self._stage, self._roster, self._history = stage, roster, history
        self._chance = random.Random(f"nemesis {seed}")  # noqa: S311  to be repeated
        self._progress = progress
        self._turn = 0
        self._ends: list[tuple[float, Callable[[], None]]] = []
        self._over = threading.Event()
        self._aws, self._queue = stage.aws(), Asking(stage.aws_port, "AmazonSQS")
        self._thread = threading.Thread(target=self._work, args=(self._spread(plan),), daemon=True)

    def begin(self) -> None:
        self._shares(_ALWAYS)
        self._thread.start()

    def end(self) -> None:
        """Finish the plan, wake whoever stands still, and let clocks and stores be well again."""
        self._thread.join()
        for _, end in self._ends:
            end()
        for slot in self._stage.slots:
            self._stage.control.disarm(slot)
            self._stage.control.skew(slot, 0.0)
            _signal(self._stage.control.seen(slot).pid, signal.SIGCONT)
        self._shares(0.0)

    def _spread(self, plan: Plan) -> list[tuple[float, Callable[[], None]]]:
        deeds: Sequence[tuple[int, Callable[[], None]]] = (
            (plan.kills, partial(self._strike, Order.KILL)),
            (plan.pauses, partial(self._strike, Order.STOP)),
            (plan.bursts, self._burst),
            (plan.shifts, self._shift),
            (plan.pushes, self._push),
            (plan.redrives, self._redrive),
        )
        spread = [
            (self._chance.uniform(0.03, 0.97), deed) for times, deed in deeds for _ in range(times)
        ]
        return sorted(spread, key=lambda each: each[0])

    def _everybody_is_there(self) -> bool:
        return all(self._stage.control.seen(slot).pid for slot in self._stage.slots)

    def _work(self, deeds: list[tuple[float, Callable[[], None]]]) -> None:
        while not self._everybody_is_there():
            time.sleep(_LOOKS_EVERY_S)
        for when, deed in deeds:
            while self._progress() < when:
                self._look_after()
            deed()
        while self._ends:
            self._look_after()

    def _look_after(self) -> None:
        """End what is to end by now."""
        now = time.monotonic()
        for each in [each for each in self._ends if each[0] <= now]:
            self._ends.remove(each)
            each[1]()
        time.sleep(_LOOKS_EVERY_S)

    def _strike(self, order: Order) -> None:
        """At a named point of the victim's work; now and then wherever it is."""
        if self._chance.random() < _BY_SWEEPER:
            self._strike_anywhere(self._roster.sweeper, order)
            return
        by_intake = self._chance.random() < _BY_INTAKE
        slot = self._chance.choice(self._roster.intakes if by_intake else self._roster.posters)
        if self._chance.random() < _AT_RANDOM or not self._struck_at_point(slot, order, by_intake):
            self._strike_anywhere(slot, order)

    def _struck_at_point(self, slot: int, order: Order, by_intake: bool) -> bool:
        point: Point = self._chance.choice(INTAKE_POINTS if by_intake else POSTING_POINTS)
        control = self._stage.control
        before = control.seen(slot)
        if before.order is not Order.NONE:
            return False
        control.arm(slot, order, point)
        give_up_at = time.monotonic() + _PATIENCE_S
        while control.seen(slot).strikes == before.strikes:
            if time.monotonic() > give_up_at:
                control.disarm(slot)
                return False
            self._look_after()
        self._note(order, point.words, slot)
        return True

    def _strike_anywhere(self, slot: int, order: Order) -> None:
        seen = self._stage.control.seen(slot)
        whom = "the sweeper" if slot == self._roster.sweeper else "anywhere"
        where = f"{whom}, {'at work' if seen.is_at_work else 'idle'}"
        signal_ = signal.SIGKILL if order is Order.KILL else signal.SIGSTOP
        _signal(seen.pid, signal_)
        self._note(order, where, slot)

    def _note(self, order: Order, where: str, slot: int) -> None:
        if order is Order.KILL:
            self.struck.kills[where] += 1
            return
        self.struck.pauses[where] += 1
        pid = self._stage.control.seen(slot).pid
        self._later(self._chance.uniform(*_PAUSE_S) / self._stage.control.factor, slot, pid)

    def _later(self, after_s: float, slot: int, pid: int) -> None:
        def go_on() -> None:
            self._stage.control.disarm(slot)
            _signal(pid, signal.SIGCONT)

        self._ends.append((time.monotonic() + after_s, go_on))

    def _burst(self) -> None:
        self._shares(_BURST)
        ends_at = time.monotonic() + _BURST_LASTS_S
        self._ends.append((ends_at, partial(self._shares, _ALWAYS)))
        self.struck.others["bursts of store and queue errors"] += 1

    def _shares(self, share: float) -> None:
        self._aws.ask("Shares", dict.fromkeys(_ROLES, share))

    def _shift(self) -> None:
        slot = self._chance.choice(self._stage.slots)
        most_s = _SKEW_S if slot in self._roster.posters else _SKEW_OF_OTHERS_S
        self._stage.control.skew(slot, self._chance.uniform(-most_s, most_s))
        self.struck.others["clock shifts"] += 1

    def _push(self) -> None:
        self._turn += 1
        self._stage.publish(turn=self._turn)
        self.struck.others["configuration pushes"] += 1

    def _redrive(self) -> None:
        """The dead letters again, and as if they were some: pointers of long ago."""
        moved = self._aws.ask("Redrive", {"QueueUrl": QUEUE})["moved"]
        known = list(self._history.of)
        old = self._chance.sample(known, min(len(known), 1 + len(known) // 20))
        for interaction_id in old:
            body = json.dumps({"v": 1, "id": interaction_id, "request_id": "redrive"})
            self._queue.ask("SendMessage", {"QueueUrl": QUEUE, "MessageBody": body})
        self.struck.others["redrives"] += 1
        self.struck.others["messages redriven"] += moved + len(old)


def _signal(pid: int, number: signal.Signals) -> None:
    """To this process, which may have ended; a slot that nobody took yet has process 0."""
    if pid > 0:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
