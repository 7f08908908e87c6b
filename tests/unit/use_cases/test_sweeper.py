"""Whatever was lost on the way is found again."""

from datetime import datetime, timedelta
from functools import partial

import pytest

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

    def sweep(self, *, seconds_later: float = 0) -> Swept:
        return sweep(
            ledger=self.ledger,
            outbound=self.outbound,
            posting_queue=self.posting,
            dialing_queue=self.dialing,
            request_id="sweep-1",
            now=after(seconds_later),
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


def test_the_oldest_are_woken_first_when_there_are_too_many() -> None:
    world = Sweeping()
    for number in range(600):
        event = told(interaction_id=f"i-{number:03}")
        due_at = after(600 - number)
        world.ledger.merge(event, now=NOW, due_when=partial(at, due_at))

    assert world.sweep(seconds_later=1000).postings == 500

    woken = {pointer.work_id for pointer in world.posting.sent}
    assert "i-599" in woken
    assert "i-000" not in woken


def test_an_outage_is_not_hidden() -> None:
    world = Sweeping()
    world.ledger.is_down = True

    with pytest.raises(StateUnavailable):
        world.sweep()
