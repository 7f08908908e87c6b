"""What is acknowledged is kept, and ends in the CRM."""

from datetime import timedelta

import pytest

from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.errors import StateConflict, StateUnavailable
from switchboard.use_cases.trigger_intake import (
    POST_WITHOUT_END_AFTER,
    SWEEP_AFTER,
    Accepted,
    take_trigger,
)
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.fakes.queue import InMemoryWorkQueue
from tests.unit.use_cases.people import NOW, told


class Intake:
    def __init__(self) -> None:
        self.ledger, self.queue = InMemoryInteractionLedger(), InMemoryWorkQueue()

    def take(self, event: TriggerEvent) -> Accepted:
        return take_trigger(event, ledger=self.ledger, queue=self.queue, request_id="r-1", now=NOW)

    def is_due_after(self, wait: timedelta) -> bool:
        just_before = wait - timedelta(microseconds=1)
        return not self.ledger.due(now=NOW + just_before, limit=1) and bool(
            self.ledger.due(now=NOW + wait, limit=1)
        )


@pytest.mark.parametrize("kind", [k for k in TriggerKind if k is not TriggerKind.INTERACTION_ENDS])
def test_while_it_goes_on_nothing_is_posted_but_it_is_not_forgotten(kind: TriggerKind) -> None:
    intake = Intake()

    assert intake.take(told(kind)) == Accepted(is_new=True)

    assert intake.queue.sent == []
    assert intake.is_due_after(POST_WITHOUT_END_AFTER)


def test_the_end_wakes_the_posting() -> None:
    intake = Intake()

    intake.take(told())

    (pointer,) = intake.queue.sent
    assert (pointer.work_id, pointer.request_id) == ("i-1", "r-1")
    assert timedelta(seconds=pointer.delay_s) < SWEEP_AFTER
    assert intake.is_due_after(SWEEP_AFTER)


def test_a_start_that_comes_after_the_end_wakes_it_too() -> None:
    intake = Intake()
    intake.take(told())

    intake.take(told(TriggerKind.INTERACTION_STARTS, agent_name="Al"))

    assert len(intake.queue.sent) == 2


def test_a_repeat_is_accepted_and_changes_nothing() -> None:
    intake = Intake()
    intake.take(told())

    assert intake.take(told()) == Accepted(is_new=False)

    assert len(intake.queue.sent) == 1


def test_a_lost_wake_up_is_made_up_for_by_the_sweeper() -> None:
    intake = Intake()
    intake.queue.is_down = True

    assert intake.take(told()) == Accepted(is_new=True)

    assert intake.is_due_after(SWEEP_AFTER)


def test_what_could_not_be_kept_is_not_acknowledged() -> None:
    intake = Intake()
    intake.ledger.is_down = True

    with pytest.raises(StateUnavailable):
        intake.take(told())
    assert intake.queue.sent == []


def test_another_interaction_under_the_same_id_is_refused_and_not_mixed_in() -> None:
    intake = Intake()
    intake.take(told(remarks="mine"))

    with pytest.raises(StateConflict, match="another channel"):
        intake.take(told(channel="email", remarks="not mine"))

    row = intake.ledger.read("i-1")
    assert row is not None
    assert row.interaction.get("remarks") == "mine"
