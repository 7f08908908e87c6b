"""Whatever was lost on the way is found again."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from switchboard.domain.deadline import Deadline
from switchboard.domain.interaction import Interaction
from switchboard.domain.outbound import OutboundRequest
from switchboard.errors import StateUnavailable
from switchboard.use_cases.sweeper import Swept, sweep
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.fakes.outbound import InMemoryOutboundStore
from tests.fakes.queue import InMemoryWorkQueue
from tests.unit.use_cases.people import MOBILE, NOW, after, told


class Sweeping:
    def __init__(self) -> None:
        self.ledger, self.outbound = InMemoryInteractionLedger(), InMemoryOutboundStore()
        self.posting, self.dialing = InMemoryWorkQueue(), InMemoryWorkQueue()

    def is_due(self, count: int, *, first: int = 0) -> None:
        """So many interactions; the one with the highest number is due first."""
        for number in range(first, first + count):
            event = told(interaction_id=f"i-{number:05}")
            due_at = after(100_000 - number)
            self.ledger.merge(event, now=NOW, due_when=partial(at, due_at))

    @property
    def woken(self) -> list[str]:
        return [pointer.work_id for pointer in self.posting.sent]

    def sweep(self, *, seconds_later: float = 0, deadline: Deadline | None = None) -> Swept:
        return sweep(
            ledger=self.ledger,
            outbound=self.outbound,
            posting_queue=self.posting,
            dialing_queue=self.dialing,
            request_id="sweep-1",
            now=after(seconds_later),
            deadline=deadline,
        )


def at(moment: datetime, _: Interaction) -> datetime:
    return moment


def request(request_id: str) -> OutboundRequest:
    return OutboundRequest(request_id, "api:app", MOBILE, "Care", NOW + timedelta(days=1))


def test_what_is_due_is_woken_in_its_own_queue() -> None:
    world = Sweeping()
    world.ledger.merge(told(), now=NOW, due_when=lambda _: after(60))
    world.outbound.add(request("out-1"), due_at=after(60))

    assert world.sweep(seconds_later=60) == Swept(postings=1, calls=1)

    assert [p.work_id for p in world.posting.sent] == ["i-1"]
    assert [p.work_id for p in world.dialing.sent] == ["out-1"]
    assert world.posting.sent[0].request_id == "sweep-1"


def test_what_is_not_due_yet_or_not_any_more_sleeps_on() -> None:
    world = Sweeping()
    world.ledger.merge(told(), now=NOW, due_when=lambda _: after(60))
    world.outbound.add(request("out-1"), due_at=None)

    assert world.sweep(seconds_later=59) == Swept(postings=0, calls=0)


def test_what_an_outage_left_behind_is_woken_in_one_sweep_the_oldest_first() -> None:
    world = Sweeping()
    world.is_due(3000)

    assert world.sweep(seconds_later=100_000) == Swept(postings=3000, calls=0)

    assert world.woken == [f"i-{number:05}" for number in range(2999, -1, -1)]


def test_what_the_queue_still_holds_is_not_sent_again_but_for_the_oldest() -> None:
    """What is due stays due until a worker takes it, so the same would be sent every minute."""
    world = Sweeping()
    world.is_due(3000)
    world.sweep(seconds_later=100_000)
    world.is_due(1, first=50_000)

    assert world.sweep(seconds_later=100_060) == Swept(postings=500, calls=0)

    assert world.woken[3000] == "i-50000"


def test_a_sweep_ends_in_time_and_tells_what_is_left() -> None:
    world, clock_s = Sweeping(), 0.0
    world.is_due(1000)

    def clock() -> float:
        nonlocal clock_s
        clock_s += 1.0
        return clock_s

    swept = world.sweep(seconds_later=100_000, deadline=Deadline.after(4.5, clock))

    assert swept == Swept(postings=400, calls=0, unsent=600)
    assert world.woken[0] == "i-00999"


def test_one_that_the_queue_refuses_keeps_no_other_waiting() -> None:
    world = Sweeping()
    world.is_due(250)
    world.posting.refuses = frozenset({"i-00249", "i-00100"})

    assert world.sweep(seconds_later=100_000) == Swept(postings=248, calls=0, unsent=2)


def test_calls_are_woken_before_postings() -> None:
    world = Sweeping()
    world.is_due(1)
    world.outbound.add(request("out-1"), due_at=NOW)
    world.posting.is_down = True

    with pytest.raises(StateUnavailable):
        world.sweep(seconds_later=100_000)

    assert [pointer.work_id for pointer in world.dialing.sent] == ["out-1"]


def test_an_outage_is_not_hidden() -> None:
    world = Sweeping()
    world.ledger.is_down = True

    with pytest.raises(StateUnavailable):
        world.sweep()


def test_a_queue_that_does_not_say_how_much_waits_is_taken_for_busy() -> None:
    sweeping = Sweeping()
    sweeping.is_due(600)

    def fail() -> int:
        raise StateUnavailable("half an answer")

    sweeping.posting.waiting = fail  # type: ignore[method-assign]

    assert sweeping.sweep(seconds_later=200_000).postings == 500
