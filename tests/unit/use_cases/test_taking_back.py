"""What was spilled goes into the ledger once the ledger takes it, whatever else lies there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from switchboard.domain.deadline import Deadline
from switchboard.errors import (
    MalformedRequest,
    Misconfigured,
    NotNoted,
    StateBusy,
    StateConflict,
    StateUnavailable,
    StateUnreadable,
    SwitchboardError,
)
from switchboard.use_cases.taking_back import TakenBack, take_back
from tests.fakes.aside import InMemoryKeptAside

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Ledger:
    """Takes what it is given, but for what it was told to fail at."""

    failures: dict[bytes, SwitchboardError] = field(default_factory=dict)
    taken: list[bytes] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        if error := self.failures.get(body):
            raise error
        self.taken.append(body)


@dataclass
class World:
    aside: InMemoryKeptAside = field(default_factory=InMemoryKeptAside)
    ledger: Ledger = field(default_factory=Ledger)
    tokens: Iterator[int] = field(default_factory=count)

    def spill(self, *bodies: bytes) -> None:
        for body in bodies:
            number = next(self.tokens)
            self.aside.put(
                "spill",
                body,
                token=f"t{number}",
                about=("interaction-ends", "state_busy", "req-1"),
                now=NOON + timedelta(seconds=number),
            )

    def take_back(
        self, take: Callable[[bytes], object] | None = None, deadline: Deadline | None = None
    ) -> TakenBack:
        return take_back(
            aside=self.aside,
            take=take or self.ledger.take,
            deadline=deadline or Deadline.after(60),
            token=lambda: f"r{next(self.tokens)}",
        )

    def left(self, kind: str = "spill") -> list[bytes | None]:
        return [self.aside.read(kind, one.id) for one in self.aside.waiting(kind, limit=1000)]


@pytest.fixture
def world() -> World:
    return World()


def test_nothing_spilled_is_nothing_done(world: World) -> None:
    assert world.take_back() == TakenBack()


def test_the_oldest_is_taken_back_first_and_each_is_gone_then(world: World) -> None:
    world.spill(b"1", b"2", b"3")

    assert world.take_back() == TakenBack(kept=3)
    assert world.ledger.taken == [b"1", b"2", b"3"]
    assert world.left() == []


def test_more_than_a_page_is_taken_back(world: World) -> None:
    world.spill(*(str(number).encode() for number in range(250)))

    assert world.take_back() == TakenBack(kept=250)
    assert world.left() == []


@pytest.mark.parametrize(
    ("error", "tried"),
    [(StateUnavailable("down"), 3), (StateBusy("throttled"), 3), (Misconfigured("none"), 1)],
)
def test_a_ledger_that_takes_nothing_is_soon_left_alone(
    world: World, error: SwitchboardError, tried: int
) -> None:
    bodies = [str(number).encode() for number in range(9)]
    world.spill(*bodies)
    world.ledger.failures = dict.fromkeys(bodies[1:], error)
    asked: list[bytes] = []

    def take(body: bytes) -> None:
        asked.append(body)
        world.ledger.take(body)

    assert world.take_back(take) == TakenBack(kept=1, waiting_since=NOON + timedelta(seconds=1))
    assert asked == bodies[: 1 + tried]
    assert world.left() == bodies[1:]

    world.ledger.failures.clear()
    assert world.take_back() == TakenBack(kept=8)
    assert world.ledger.taken == bodies


@pytest.mark.parametrize("error", [StateUnreadable("nothing of ours"), StateUnavailable("odd")])
def test_one_whose_row_is_broken_keeps_no_other_waiting(
    world: World, error: SwitchboardError
) -> None:
    world.spill(b"1", b"2", b"3")
    world.ledger.failures[b"1"] = error

    assert world.take_back() == TakenBack(kept=2, waiting_since=NOON)
    assert world.left() == [b"1"]


@pytest.mark.parametrize("error", [StateUnreadable("nothing of ours"), NotNoted("a busy row")])
def test_any_number_of_broken_or_busy_rows_keeps_no_other_waiting(
    world: World, error: SwitchboardError
) -> None:
    bodies = [str(number).encode() for number in range(9)]
    world.spill(*bodies)
    world.ledger.failures = dict.fromkeys(bodies[:-1], error)

    assert world.take_back() == TakenBack(kept=1, waiting_since=NOON)


@pytest.mark.parametrize("error", [StateConflict("another channel"), MalformedRequest("no JSON")])
def test_one_that_can_never_be_kept_is_moved_to_the_refused(
    world: World, error: SwitchboardError
) -> None:
    world.spill(b"1", b"2")
    world.ledger.failures[b"1"] = error

    assert world.take_back() == TakenBack(kept=1, refused=1)
    assert world.left() == []
    assert world.left("refused") == [b"1"]
    (moved,) = world.aside.waiting("refused", limit=10)
    assert moved.about == ("interaction-ends", error.code, "req-1")
    assert moved.at == NOON


def test_when_time_is_up_the_rest_waits(world: World) -> None:
    world.spill(b"1", b"2", b"3")
    now_s = [0.0]

    def take(body: bytes) -> None:
        now_s[0] += 1
        world.ledger.take(body)

    back = world.take_back(take, Deadline.after(1.5, lambda: now_s[0]))

    assert back == TakenBack(kept=2, waiting_since=NOON + timedelta(seconds=2))
    assert world.left() == [b"3"]


def test_a_crash_before_one_is_dropped_has_it_taken_once_more(world: World) -> None:
    world.spill(b"1")

    def die_afterwards(body: bytes) -> None:
        world.ledger.take(body)
        world.aside.is_down = True

    with pytest.raises(StateUnavailable):
        world.take_back(die_afterwards)

    world.aside.is_down = False
    assert world.take_back() == TakenBack(kept=1)
    assert world.ledger.taken == [b"1", b"1"]


def test_a_crash_while_one_is_moved_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.spill(b"1")
    world.ledger.failures[b"1"] = StateConflict("another channel")

    def die(kind: str, aside_ids: object) -> None:
        raise StateUnavailable("gone")

    with monkeypatch.context() as dying:
        dying.setattr(world.aside, "drop", die)
        assert world.take_back().waiting_since == NOON
    assert (world.left(), world.left("refused")) == ([b"1"], [b"1"])

    assert world.take_back() == TakenBack(refused=1)
    assert world.left() == []


def test_one_that_another_sweep_took_meanwhile_is_passed_over(world: World) -> None:
    world.spill(b"1", b"2")

    def take(body: bytes) -> None:
        world.ledger.take(body)
        world.aside.drop("spill", [one.id for one in world.aside.waiting("spill", limit=10)])

    assert world.take_back(take) == TakenBack(kept=1)
    assert world.ledger.taken == [b"1"]


def test_a_place_that_cannot_be_listed_is_an_outage(world: World) -> None:
    world.aside.is_down = True

    with pytest.raises(StateUnavailable):
        world.take_back()
