"""How soon everything is written again after a CRM was down, played in a time of its own.

The worker, its gate, its breaker and its retry schedule are the deployed ones; the clock, the
table, the queue and the CRM are made here, so that ten minutes take seconds. A worker's run begins
at one moment and is over when its calls are, as several of them at once would be.
"""

import heapq
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Final, TypeVar

import yaml

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.engine import Shared
from switchboard.adapters.connector.pacing import Lane
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpAnswer, NoAnswerError
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.domain.posting_profile import PostingProfile
from switchboard.domain.retry_budget import LEAST_PER_S, SHARE_OF_FIRST, RetryBudget
from switchboard.ports import Arrival
from switchboard.use_cases.disposition_posting import post_interactions
from switchboard.use_cases.posting_run import PostingRun
from switchboard.use_cases.sweeper import sweep
from tests.fakes.beside import run_at_once
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.fakes.lookups import InMemoryLookupMemory
from tests.fakes.once import InMemoryOnceStore
from tests.fakes.outbound import InMemoryOutboundStore
from tests.fakes.pacing import InMemoryPacingStore
from tests.fakes.queue import InMemoryWorkQueue

T = TypeVar("T")

_BEGAN_AT: Final = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
_HEALTHY_FOR_S: Final = 30.0
_WINDOW_S: Final = 5.0
_POLLS_EVERY_S: Final = 0.1
_GIVES_UP_AFTER_S: Final = 600.0
_FULL: Final = 0.9

CONNECTOR: Final = """
connector: 1
id: crm
title: A CRM
docs: https://crm.example.com
checked: {how: documentation, with: nothing}
server: https://crm.example.com
auth: {scheme: none}
methods:
  log_interaction:
    idempotency: upsert
    request: {method: PUT, path: "/records/${input.id}", body: {revision: "${input.revision}"}}
    map: "{id: body.id, created: body.created}"
"""


@dataclass(frozen=True)
class Outage:
    """A CRM that answers nobody for `down_s`. `hangs_s` is how long it keeps each waiting.

    Meanwhile so many interactions end. Two workers with ten calls at once and 0.4 s for each
    write at most fifty a second.
    """

    name: str
    hangs_s: float
    down_s: float = 600.0
    waiting: int = 2000
    workers: int = 2
    takes_s: float = 0.4
    together: int = 10

    @property
    def arrivals_per_s(self) -> float:
        return self.waiting / self.down_s


OUTAGES: Final = (Outage("refuses", hangs_s=0.0), Outage("hangs", hangs_s=15.0))


@dataclass(frozen=True)
class Recovery:
    """What came of it, in seconds after the end; `full_per_s` is the rate with nothing wrong."""

    outage: Outage
    full_per_s: float
    waited: int
    full_rate_after_s: float
    drained_after_s: float
    calls_while_down: int


def recovery(outage: Outage) -> Recovery:
    """Play it. The CRM is back at the worst moment: just after a try has begun that will fail.

    The rate is full at the end of the first five seconds in which nine tenths of what the workers
    can do is written, or nothing is left to write.
    """
    full_per_s = _Play(outage).full_rate()
    play = _Play(outage)
    play.until(_HEALTHY_FOR_S)
    play.is_down = True
    play.until(_HEALTHY_FOR_S + outage.down_s)
    play.until_tried()
    play.is_down = False
    waited, calls, ends_s = play.unwritten, play.calls_while_down, play.now_s
    drained_s = play.until_drained()
    return Recovery(
        outage,
        full_per_s,
        waited,
        _full_again(play.written_at_s, ends_s, drained_s, _FULL * full_per_s) - ends_s,
        drained_s - ends_s,
        calls,
    )


def _full_again(written: Sequence[float], ends_s: float, drained_s: float, rate: float) -> float:
    """The end of the first window at that rate."""
    by_second = Counter(int(at_s - ends_s) for at_s in written if at_s >= ends_s)
    for second in range(int(drained_s - ends_s)):
        window = sum(by_second[second + more] for more in range(int(_WINDOW_S)))
        if window >= rate * _WINDOW_S:
            return min(ends_s + second + _WINDOW_S, drained_s)
    return drained_s


@dataclass
class _Worker:
    """One function's process: what it knows of the CRM, and how far into its run it is."""

    play: "_Play"
    crm: RestCrm = field(init=False)
    budget: RetryBudget = field(init=False)
    into_run_s: float = 0.0

    def __post_init__(self) -> None:
        self.budget = RetryBudget(SHARE_OF_FIRST, LEAST_PER_S, lambda: self.at_s)
        self.crm = RestCrm(
            self.play.definition,
            {},
            dict,
            default_region="US",
            transport=self,
            wall_clock=self.now,
            shared=Shared(lane=Lane.POSTING, pacing=self.play.pacing, beside=run_at_once),
        )

    @property
    def at_s(self) -> float:
        return self.play.now_s + self.into_run_s

    def now(self) -> datetime:
        return _BEGAN_AT + timedelta(seconds=self.at_s)

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        outage = self.play.outage
        if self.play.is_down:
            self.play.calls_while_down += 1
            self.into_run_s += outage.hangs_s
            raise NoAnswerError("nobody answers", sent=outage.hangs_s > 0)
        self.into_run_s += outage.takes_s
        self.play.written_at_s.append(self.at_s)
        return HttpAnswer(200, {}, json.dumps({"id": "R-1", "created": True}).encode())

    def close(self) -> None:
        """Nothing was opened."""

    def together(self, works: Sequence[Callable[[], T]]) -> list[T]:
        """All begin at this moment, and it is over when the last one ends."""
        began_s, ends_s, results = self.into_run_s, self.into_run_s, []
        for work in works:
            self.into_run_s = began_s
            results.append(work())
            ends_s = max(ends_s, self.into_run_s)
        self.into_run_s = ends_s
        return results

    def work(self, ids: Sequence[str]) -> float:
        """Post them; how long it took."""
        self.into_run_s, play = 0.0, self.play
        run = PostingRun(
            token=f"run-{next(play.numbers)}",
            clock=self.now,
            jitter=play.chance.random(),
            default_region="US",
            regions={},
            request_ids={},
            together=self.together,
            retry_budgets=lambda _: self.budget,
        )
        post_interactions(
            ids,
            ledger=play.ledger,
            crms={"crm": self.crm},
            profiles=(PostingProfile("crm"),),
            queue=play,
            once=play.once,
            memory=play.memory,
            run=run,
        )
        took_s, self.into_run_s = self.into_run_s, 0.0
        return max(took_s, 0.01)


class _Play:
    """The world around the workers. It is a queue, too: what is sent is ready when it is due."""

    def __init__(self, outage: Outage) -> None:
        self.outage = outage
        self.now_s = 0.0
        self.is_down = False
        self.chance = random.Random(1)  # noqa: S311 - to be repeated, not to be secret
        self.numbers = count()
        self.ledger = InMemoryInteractionLedger()
        self.pacing = InMemoryPacingStore()
        self.once = InMemoryOnceStore()
        self.memory = InMemoryLookupMemory()
        self.definition: dict[str, Any] = compile_connector(yaml.safe_load(CONNECTOR))
        self.written_at_s: list[float] = []
        self.calls_while_down = 0
        self._made = 0
        self._ready: list[tuple[float, int, str]] = []
        self._free = [(0.0, next(self.numbers), _Worker(self)) for _ in range(outage.workers)]
        self._no_calls = InMemoryOutboundStore()
        self._swept_s = 0.0

    @property
    def unwritten(self) -> int:
        return self._made - len(self.written_at_s)

    def full_rate(self) -> float:
        """Records a second, with everything there at once and nothing wrong."""
        self._end(self.outage.waiting)
        return self.outage.waiting / self.until_drained()

    def until_drained(self) -> float:
        """When nothing is left, while as many as ever go on coming until then."""
        gives_up_s = self.now_s + _GIVES_UP_AFTER_S
        while self._is_behind() and self.now_s < gives_up_s:
            self._goes_on()
        return self.now_s

    def until(self, moment_s: float) -> None:
        while self.now_s < moment_s:
            self._end(int(self.now_s * self.outage.arrivals_per_s) - self._made)
            self._goes_on()

    def until_tried(self) -> None:
        """Until somebody asks again whether the CRM works."""
        calls = self.calls_while_down
        while self.calls_while_down == calls:
            self.until(self.now_s + _POLLS_EVERY_S)

    def _is_behind(self) -> bool:
        return self.unwritten > 0

    def _goes_on(self) -> None:
        """The worker that is free next takes what is ready."""
        if self.now_s >= self._swept_s + 60:
            self._sweep()
        free_s, _, worker = heapq.heappop(self._free)
        self.now_s = max(self.now_s, free_s)
        ids: list[str] = []
        while self._ready and self._ready[0][0] <= self.now_s and len(ids) < self.outage.together:
            ids.append(heapq.heappop(self._ready)[2])
        busy_s = worker.work(ids) if ids else _POLLS_EVERY_S
        heapq.heappush(self._free, (self.now_s + busy_s, next(self.numbers), worker))

    def _end(self, interactions: int) -> None:
        for _ in range(interactions):
            interaction_id, now = f"i-{self._made}", _BEGAN_AT + timedelta(seconds=self.now_s)
            self._made += 1
            found = Customer(id="C-1", connector="crm", kind="customer", name="Ada Byron")
            arrival = Arrival("r-1", now, "known", customer=found)
            self.ledger.note_arrival(interaction_id, arrival)
            end = TriggerEvent(
                interaction_id, TriggerKind.INTERACTION_ENDS, now, {"disposition_code": "Resolved"}
            )
            self.ledger.merge(end, now=now, due_when=partial(_a_minute_after, now))
            self.send(interaction_id, request_id="r-1")

    def _sweep(self) -> None:
        self._swept_s = self.now_s
        sweep(
            ledger=self.ledger,
            outbound=self._no_calls,
            posting_queue=self,
            dialing_queue=InMemoryWorkQueue(),
            request_id="sweep",
            now=_BEGAN_AT + timedelta(seconds=self.now_s),
        )

    def send(self, work_id: str, *, request_id: str, delay_s: int = 0) -> None:
        heapq.heappush(self._ready, (self.now_s + delay_s, next(self.numbers), work_id))

    def send_many(self, work_ids: Sequence[str], *, request_id: str) -> tuple[str, ...]:
        for work_id in work_ids:
            self.send(work_id, request_id=request_id)
        return ()

    def waiting(self) -> int:
        return sum(ready_s <= self.now_s for ready_s, _, _ in self._ready)


def _a_minute_after(now: datetime, _: object) -> datetime:
    return now + timedelta(minutes=1)
