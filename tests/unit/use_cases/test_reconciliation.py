"""Every night, in runs: nothing is skipped, whatever ends a run, and no day is done twice."""

from datetime import timedelta

import pytest

from switchboard.domain.compared_record import Compared
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.reconciliation_progress import Progress
from switchboard.errors import UpstreamUnavailable
from switchboard.use_cases.reconciliation import Night, reconcile
from tests.unit.use_cases.reconciliation_world import (
    DAY,
    NEXT_NIGHT,
    World,
    after_questions,
    every,
)


class Nights:
    """Runs one after the other over the same ledger."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.told: list[Compared] = []

    def run(self, *, questions: int = 10**6) -> Night:
        asked_before = len(self.world.crm.asked)
        return reconcile(
            self.world.comparison(asks_per_s=1e6),
            kept=self.world.kept,
            tell=self.told.append,
            clock=lambda: self.world.now,
            is_time_up=after_questions(self.world, asked_before + questions),
        )

    @property
    def differences(self) -> list[str]:
        return every([one for one in self.told if one.is_difference])


def test_yesterday_is_compared_and_then_there_is_nothing_to_do() -> None:
    world = World()
    world.written("int-1", "int-2")
    del world.crm.records["int-2"]
    nights = Nights(world)

    night = nights.run()

    assert night.progress == Progress(
        DAY.date(), "int-2", {"agrees": 1, "missing": 1}, is_listed=True, is_done=True
    )
    assert nights.differences == ["int-2 missing"]
    assert nights.run() == Night(None)
    assert nights.differences == ["int-2 missing"]


def test_a_run_whose_time_is_up_goes_on_where_it_was_until_the_day_is_done() -> None:
    world = World()
    ids = [f"int-{n:03}" for n in range(120)]
    world.written(*ids)
    nights = Nights(world)

    runs = 0
    while (progress := nights.run(questions=25).progress) and not progress.is_done:
        runs += 1
        assert runs < 10

    assert runs == 4
    assert world.crm.asked == ids, "each is asked about once, over all runs"
    assert progress
    assert progress.counts == {"agrees": 120}


def test_a_crm_that_is_down_stops_the_run_and_the_cursor_stays() -> None:
    world = World()
    world.written(*(f"int-{n:03}" for n in range(10)))
    nights = Nights(world)
    nights.run(questions=4)
    world.crm.failing_with = UpstreamUnavailable("sandbox", "down")

    stopped = nights.run()

    assert stopped.stopped.startswith("sandbox: it gives no usable answer")
    assert stopped.progress
    assert stopped.progress.after == "int-003"
    world.crm.failing_with = None
    done = nights.run().progress
    assert done
    assert done.is_done
    assert done.counts == {"agrees": 10}


def test_a_worker_that_was_killed_between_two_keepings_repeats_little_and_skips_nothing() -> None:
    world = World()
    ids = [f"int-{n:03}" for n in range(120)]
    world.written(*ids)

    class Killed(BaseException):
        pass

    def dies(one: Compared) -> None:
        if one.interaction_id == "int-110":
            raise Killed

    with pytest.raises(Killed):
        reconcile(
            world.comparison(asks_per_s=1e6),
            kept=world.kept,
            tell=dies,
            clock=lambda: world.now,
            is_time_up=lambda: False,
        )
    before = len(world.crm.asked)
    night = Nights(world).run()

    assert night.progress
    assert night.progress.counts == {"agrees": 120}
    assert set(world.crm.asked) == set(ids)
    assert world.crm.asked[before] == "int-100"


def test_what_a_crm_lists_is_told_once_although_the_day_took_two_runs() -> None:
    world = World(can_list=True)
    world.written("int-1", "int-2", "int-3")
    world.crm.doubles = [FoundRecord("A-66", "stranger-1")]
    for each in ("int-1", "int-2", "int-3"):
        del world.crm.records[each]
    nights = Nights(world)

    nights.run(questions=1)
    night = nights.run()

    assert nights.differences == [
        "stranger-1 unexpected",
        "int-1 missing",
        "int-2 missing",
        "int-3 missing",
    ]
    assert night.progress
    assert night.progress.is_done


def test_two_nights_without_a_run_are_made_up_for_one_day_after_the_other() -> None:
    world = World()
    world.kept.keep(Progress(DAY.date() - timedelta(days=1), is_done=True), now=NEXT_NIGHT)
    world.written("int-1")
    world.written("int-2", at=DAY + timedelta(days=1, hours=3))
    world.now = NEXT_NIGHT + timedelta(days=1)

    night = Nights(world).run()

    assert world.crm.asked == ["int-1", "int-2"]
    assert night.progress
    assert (night.progress.day, night.progress.is_done) == (
        DAY.date() + timedelta(days=1),
        True,
    )


def test_an_outage_of_our_own_tables_ends_the_run_and_says_so() -> None:
    world = World()
    world.written("int-1")
    world.ledger.is_down = True

    assert Nights(world).run().stopped == "state_unavailable"


def test_a_day_without_interactions_is_done_at_once() -> None:
    night = Nights(World()).run()

    assert night.progress == Progress(DAY.date(), is_listed=True, is_done=True)
