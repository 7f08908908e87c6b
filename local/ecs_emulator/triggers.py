"""API Triggers: what is sent to Switchboard when something happens.

Nothing is known of ECS's delivery, so it is the worst the knobs allow: several at once, in any
order, some twice, some never. What a trigger says is fixed when it fires, not when it is sent.
"""

import heapq
import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from local.ecs_emulator import http_call, rest_data
from local.ecs_emulator.catalogue import Catalogue
from local.ecs_emulator.centre import Centre, Container, Event, Stack
from local.ecs_emulator.http_call import NoReply, Request
from local.ecs_emulator.interaction import Interaction
from local.ecs_emulator.knobs import Knobs

logger = logging.getLogger(__name__)
_KEPT = 2000
_SENDERS = 4


@dataclass(frozen=True)
class Attempt:
    """One try; `status` is None when no answer came."""

    at: datetime
    status: int | None
    reason: str
    elapsed_ms: int


@dataclass(repr=False)
class Delivery:
    """One trigger on its way."""

    number: int
    event: Event
    interaction_id: str
    fired_at: datetime
    copy: int
    timeout_s: float
    request: Request | None
    attempts: list[Attempt] = field(default_factory=list)
    outcome: str = "waiting"


def planned_delays(knobs: Knobs, random: Random) -> list[float]:
    """How many seconds from firing each copy leaves: none when lost, two when duplicated."""
    lost = random.random() < knobs.loss_probability
    copies = 2 if random.random() < knobs.duplicate_probability else 1
    delays = [random.uniform(0, knobs.delay_max_s) for _ in range(copies)]
    return [] if lost else delays


class Triggers:
    """Fires, delays, sends and remembers."""

    def __init__(
        self,
        centre: Centre,
        catalogue: Catalogue,
        *,
        now: Callable[[], datetime],
        stack: Callable[[], Stack | None],
        random: Random,
    ) -> None:
        self._centre = centre
        self._knobs = centre.knobs
        self._catalogue = catalogue
        self._now = now
        self._stack = stack
        self._random = random
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._due: list[tuple[datetime, int, Delivery]] = []
        self._latest_due_at: datetime | None = None
        self._log: deque[Delivery] = deque(maxlen=_KEPT)
        self._stopping = False

    def start(self) -> None:
        """Begin sending; one at a time where order is to be kept."""
        for _ in range(_SENDERS if self._knobs.shuffle else 1):
            threading.Thread(target=self._send_due, name="triggers", daemon=True).start()

    def stop(self) -> None:
        """Send nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def fire(self, event: Event, interaction: Interaction) -> None:
        """Send what the event's containers say; the caller holds the interaction's guard."""
        for name in self._centre.triggers.get(event, ()):
            self._fire(event, self._centre.containers[name], interaction)

    def forget_waiting(self) -> None:
        """Lose whatever has not been sent, as a restart does."""
        with self._changed:
            for _, _, delivery in self._due:
                delivery.outcome = "lost in restart"
            self._due.clear()

    def sent(self, interaction_id: str | None = None) -> list[Delivery]:
        """The newest deliveries, oldest first."""
        with self._changed:
            return [d for d in self._log if interaction_id in (None, d.interaction_id)]

    def _fire(self, event: Event, container: Container, interaction: Interaction) -> None:
        fired_at = self._now()
        request = self._request(container, interaction, fired_at)
        with self._changed:
            delays = planned_delays(self._knobs, self._random)
            for copy, delay_s in enumerate(delays or [0.0], start=1):
                delivery = Delivery(
                    number=next(self._numbers),
                    event=event,
                    interaction_id=interaction.id,
                    fired_at=fired_at,
                    copy=copy,
                    timeout_s=container.request_timeout_s,
                    request=request,
                )
                self._log.append(delivery)
                if request is None or not delays:
                    delivery.outcome = "no stack" if request is None else "lost"
                else:
                    self._schedule(delivery, fired_at + timedelta(seconds=delay_s))

    def _request(
        self, container: Container, interaction: Interaction, fired_at: datetime
    ) -> Request | None:
        try:
            return rest_data.request_for(
                container,
                interaction,
                occurred_at=fired_at,
                stack=self._stack(),
                catalogue=self._catalogue,
            )
        except rest_data.StackUnknownError:
            return None

    def _schedule(self, delivery: Delivery, due_at: datetime) -> None:
        if not self._knobs.shuffle and not delivery.attempts:
            due_at = max(due_at, self._latest_due_at or due_at)
            self._latest_due_at = due_at
        heapq.heappush(self._due, (due_at, delivery.number, delivery))
        self._changed.notify_all()

    def _send_due(self) -> None:
        while (delivery := self._next()) is not None:
            self._send(delivery)

    def _next(self) -> Delivery | None:
        with self._changed:
            while not self._stopping:
                wait_s = None
                if self._due:
                    wait_s = (self._due[0][0] - self._now()).total_seconds()
                    if wait_s <= 0:
                        return heapq.heappop(self._due)[2]
                self._changed.wait(wait_s)
            return None

    def _send(self, delivery: Delivery) -> None:
        assert delivery.request is not None  # noqa: S101  # only these are scheduled
        at = self._now()
        answer = http_call.send(
            delivery.request,
            timeout_s=delivery.timeout_s,
            max_bytes=self._knobs.answer_max_bytes,
        )
        if isinstance(answer, NoReply):
            attempt = Attempt(at, None, answer.reason, answer.elapsed_ms)
        else:
            attempt = Attempt(at, answer.status, "", answer.elapsed_ms)
        logger.info(
            "interaction=%s trigger=%s copy=%d status=%s elapsed_ms=%d",
            delivery.interaction_id,
            delivery.event,
            delivery.copy,
            attempt.status or attempt.reason,
            attempt.elapsed_ms,
        )
        self._settle(delivery, attempt)

    def _settle(self, delivery: Delivery, attempt: Attempt) -> None:
        with self._changed:
            delivery.attempts.append(attempt)
            delivered = attempt.status is not None and 200 <= attempt.status < 300
            delivery.outcome = "delivered" if delivered else "failed"
            if not delivered and len(delivery.attempts) <= self._knobs.retries:
                delivery.outcome = "waiting"
                again_at = self._now() + timedelta(seconds=self._knobs.retry_delay_s)
                self._schedule(delivery, again_at)
