"""The past goes the way of today's interactions, behind them, and each is written once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from switchboard.domain.backfill_pace import Share, Traffic
from switchboard.domain.interaction import TriggerKind
from switchboard.domain.past_interaction import past_interaction
from switchboard.domain.posting import Posting, PostingState
from switchboard.domain.posting_reasons import is_resolved
from switchboard.errors import StateUnavailable
from switchboard.ports import Next
from switchboard.use_cases.backfill import Backfill, Came, Line, Pace
from switchboard.use_cases.customer_history import history_facts
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.fakes.queue import InMemoryWorkQueue
from tests.unit.use_cases.people import ADA, NOW, after, told


@dataclass
class World:
    """A backfill with its own clock: sleeping is what makes time pass."""

    per_s: float = 2.0
    now_s: float = 0.0
    traffic: Traffic = field(default_factory=Traffic)
    on_sleep: Callable[[], None] = lambda: None
    only: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    ledger: InMemoryInteractionLedger = field(default_factory=InMemoryInteractionLedger)
    queue: InMemoryWorkQueue = field(default_factory=InMemoryWorkQueue)
    shares: list[Share] = field(default_factory=list)
    looks: int = 0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self.on_sleep()

    def look(self) -> Traffic:
        self.looks += 1
        return self.traffic

    def backfill(self) -> Backfill:
        pace = Pace(self.per_s, self.look, lambda: self.now_s, self.sleep, self.shares.append)
        return Backfill(
            self.ledger,
            self.queue,
            pace,
            clock=lambda: after(self.now_s),
            request_id="backfill-1",
            only=self.only,
            others=self.others,
        )

    def run(self, lines: list[Line]) -> list[Came]:
        return [step.came for step in self.backfill().run(lines)]


def line(number: int, *, days_ago: float = 30, **said: str) -> Line:
    at = NOW - timedelta(days=days_ago)
    fields = {"ended_at": at.isoformat(), "customer_id": ADA.key, **said}
    event = told(TriggerKind.INTERACTION_ENDS, interaction_id=f"i-{number}", at=at, **fields)
    return Line(number, past_interaction(event, now=NOW))


def lines(count: int) -> list[Line]:
    return [line(number) for number in range(count)]


def test_each_is_merged_and_the_worker_is_woken_for_it() -> None:
    world = World()

    assert world.run(lines(3)) == [Came.TAKEN] * 3
    assert [pointer.work_id for pointer in world.queue.sent] == ["i-0", "i-1", "i-2"]
    assert {pointer.request_id for pointer in world.queue.sent} == {"backfill-1"}


def test_the_same_file_again_changes_nothing() -> None:
    world = World()
    world.run(lines(3))
    rows = [row.interaction for row, _ in world.ledger.every_row()]

    assert world.run(lines(3)) == [Came.REPEATED] * 3
    assert [row.interaction for row, _ in world.ledger.every_row()] == rows
    assert len(world.queue.sent) == 3


def test_a_contact_of_long_ago_is_no_contact_of_this_week() -> None:
    world = World()
    world.run([line(1, days_ago=400, agent_extension="2001"), line(2, days_ago=3)])

    rows = world.ledger.history(ADA.key, limit=5)

    assert [row.interaction.id for row in rows] == ["i-2", "i-1"]
    assert [row.ended_at for row in rows] == [NOW - timedelta(days=3), NOW - timedelta(days=400)]
    facts = history_facts(rows, NOW)
    assert (facts["contacts_7d"], facts["last_agent"]) == (1, None)


def test_no_more_go_than_the_rate_says() -> None:
    world = World(per_s=2)
    world.run(lines(21))

    assert world.now_s == pytest.approx(10, abs=0.1)


def test_what_is_known_already_goes_by_quickly() -> None:
    world = World(per_s=2)
    world.run(lines(100))
    began_s = world.now_s
    world.run(lines(100))

    assert world.now_s - began_s < 3


def test_while_some_wait_it_goes_at_half_the_rate() -> None:
    world = World(per_s=2, traffic=Traffic(waiting=20))
    world.run(lines(11))

    assert world.now_s == pytest.approx(10, abs=0.1)
    assert [share.of_rate for share in world.shares] == [0.5]


@pytest.mark.parametrize("busy", [Traffic(waiting=500), Traffic(held_back=("sandbox",))])
def test_while_many_wait_or_a_crm_is_left_alone_nothing_goes(busy: Traffic) -> None:
    world = World(traffic=busy)

    def calms_down() -> None:
        if world.now_s > 100:
            world.traffic = Traffic()

    world.on_sleep = calms_down
    assert world.run(lines(2)) == [Came.TAKEN] * 2
    assert world.now_s > 100
    assert world.looks < 60, "it looks around every two seconds and not all the time"


def test_what_else_waits_is_looked_at_while_it_goes_on() -> None:
    world = World(per_s=10)
    seen: list[int] = []

    def gathers() -> None:
        if len(world.queue.sent) == 50:
            world.traffic = Traffic(waiting=1000)
        if world.now_s > 30:
            world.traffic = Traffic()
        if world.traffic.waiting:
            seen.append(len(world.queue.sent))

    world.on_sleep = gathers
    world.run(lines(100))

    assert max(seen) - 50 <= 2 * 10 + 1, "two seconds' worth, until it looks again"
    assert len(world.queue.sent) == 100


def test_a_queue_that_cannot_be_asked_stops_it_until_it_can() -> None:
    world = World()

    def look() -> Traffic:
        if world.now_s < 4:
            raise StateUnavailable("down")
        return Traffic()

    world.look = look  # type: ignore[method-assign]
    assert world.run(lines(1)) == [Came.TAKEN]
    assert world.now_s >= 4


def test_refused_lines_stop_nothing() -> None:
    world = World()
    other_channel = line(1, channel="email")

    came = world.run([Line(1, None, "no JSON"), line(1), other_channel, line(2)])

    assert came == [Came.REFUSED, Came.TAKEN, Came.REFUSED, Came.TAKEN]


def test_tables_that_fail_for_a_moment_cost_time_alone() -> None:
    world = World()
    world.ledger.is_down = True

    def comes_back() -> None:
        world.ledger.is_down = world.now_s < 10

    world.on_sleep = comes_back
    assert world.run(lines(2)) == [Came.TAKEN] * 2


def test_tables_that_stay_down_end_it_before_the_line_counts_as_done() -> None:
    world = World()
    steps = world.backfill().run(lines(3))
    assert next(steps).came is Came.TAKEN

    world.ledger.is_down = True

    with pytest.raises(StateUnavailable):
        next(steps)


def test_a_lost_wake_up_leaves_a_row_that_the_sweeper_finds() -> None:
    world = World()
    world.queue.is_down = True

    assert world.run(lines(1)) == [Came.TAKEN]
    assert world.ledger.due(now=NOW + timedelta(minutes=2), limit=5) == ("i-0",)


def test_into_one_crm_alone_the_others_are_crossed_out_before_anybody_can_write_them() -> None:
    world = World(only=("new",), others=("sandbox",))

    assert world.run(lines(1)) == [Came.TAKEN]

    row = world.ledger.read("i-0")
    assert row is not None
    assert row.postings.keys() == {"sandbox"}
    assert row.postings["sandbox"].state is PostingState.PARKED
    assert is_resolved(row.postings["sandbox"].reason)
    assert [pointer.work_id for pointer in world.queue.sent] == ["i-0"]
    assert world.ledger.due(now=after(world.now_s + 1), limit=5) == ("i-0",)


def settled(world: World, *postings: Posting) -> None:
    row = world.ledger.read("i-0")
    assert row is not None
    assert world.ledger.settle_unclaimed(row, postings, now=NOW, after=Next())


def test_what_one_crm_has_already_is_left_there_and_goes_into_the_new_one() -> None:
    world = World()
    world.run(lines(1))
    settled(world, Posting("sandbox", PostingState.DONE, 1, record_id="A-1"))
    world.only, world.others = ("new",), ("sandbox",)

    assert world.run(lines(1)) == [Came.TAKEN]

    row = world.ledger.read("i-0")
    assert row is not None
    assert row.postings["sandbox"].record_id == "A-1"
    assert len(world.queue.sent) == 2
    settled(world, Posting("new", PostingState.DONE, 1, record_id="B-1"))
    assert world.run(lines(1)) == [Came.REPEATED]


def test_interrupted_before_the_others_were_crossed_out_a_second_run_makes_up_for_it() -> None:
    world = World(only=("new",), others=("sandbox",))
    row = line(0)
    assert row.past is not None
    hidden = NOW + timedelta(minutes=30)
    world.ledger.merge(row.past.event, now=NOW, due_when=lambda _: hidden)

    assert world.run([row]) == [Came.TAKEN]
    kept = world.ledger.read("i-0")
    assert kept is not None
    assert kept.postings["sandbox"].state is PostingState.PARKED


def test_it_ends_wherever_its_reader_stops() -> None:
    world = World()

    def endless() -> Iterator[Line]:
        number = 0
        while True:
            yield line(number := number + 1)

    steps = world.backfill().run(endless())
    assert [next(steps).came for _ in range(5)] == [Came.TAKEN] * 5
