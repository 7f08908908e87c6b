"""What a person decides about records that wait for one holds, whatever workers do meanwhile."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from switchboard.domain.interaction import Interaction
from switchboard.domain.posting import (
    Habits,
    Idempotency,
    Posting,
    PostingState,
    Write,
    next_step,
)
from switchboard.domain.posting_reasons import words_of
from switchboard.errors import StateUnavailable
from switchboard.ports import LedgerRow, Next, Settled
from switchboard.use_cases.parked_postings import (
    Decided,
    Resolution,
    parked_of,
    resolve,
    take_up_again,
)
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.unit.use_cases.people import NOW, after, told

STUCK = Posting("sandbox", PostingState.PARKED, 1, attempts=4, reason="invalid")
LOST = Posting("other", PostingState.PARKED, 1, reason="outcome_unknown")
THERE = Resolution("A-17", "maya", "found it by hand", after(60))
NEVER = Resolution("", "maya", "a test call", after(60))


def anything(_: Posting) -> bool:
    return True


def ledger_with(
    *postings: Posting, due_at_s: float | None = None, cls: type = InMemoryInteractionLedger
) -> InMemoryInteractionLedger:
    """One ended interaction; what waits for a person does so alone, unless something is due."""
    ledger: InMemoryInteractionLedger = cls()
    ledger.merge(told(), now=NOW, due_when=lambda _: NOW)
    ledger.hold("i-1", token="worker", now=NOW, lease_s=45)
    next_ = Next(parked_at=NOW) if due_at_s is None else Next(due_at=after(due_at_s))
    ledger.settle("i-1", postings, token="worker", revision=1, after=next_)
    return ledger


def row_of(ledger: InMemoryInteractionLedger) -> LedgerRow:
    row = ledger.read("i-1")
    assert row
    return row


def test_what_is_taken_up_again_is_due_at_once() -> None:
    ledger = ledger_with(STUCK)

    decided = take_up_again("i-1", anything, ledger=ledger, token="me", now=after(60))

    posting = row_of(ledger).postings["sandbox"]
    assert decided is Decided.DONE
    assert (posting.state, posting.reason, posting.attempts) == (PostingState.PENDING, "", 0)
    assert ledger.due(now=after(60), limit=9) == ("i-1",)
    assert ledger.parked(limit=9) == ()


def test_only_what_was_chosen_is_taken_up_again() -> None:
    ledger = ledger_with(STUCK, LOST)

    take_up_again("i-1", lambda p: p == STUCK, ledger=ledger, token="me", now=after(60))

    assert row_of(ledger).postings["other"] == LOST


@pytest.mark.parametrize("way", Idempotency)
def test_what_a_person_did_not_find_is_written_whatever_was_unknown(way: Idempotency) -> None:
    lost = replace(
        LOST, attempted_at=NOW, unknown_since=NOW, unsettled_until=after(10**6), attempts=13
    )
    ledger = ledger_with(lost)

    take_up_again("i-1", anything, ledger=ledger, token="me", now=after(10**5))

    posting = row_of(ledger).postings["other"]
    habits = Habits(way, settle_s=60, ignores_older=False)
    assert next_step(posting, revision=1, habits=habits, now=after(10**5)) == Write()


def test_what_was_refused_keeps_what_is_unknown_of_an_earlier_attempt() -> None:
    refused = replace(STUCK, attempted_at=NOW, unknown_since=NOW, unsettled_until=after(90))
    ledger = ledger_with(refused)

    take_up_again("i-1", anything, ledger=ledger, token="me", now=after(60))

    posting = row_of(ledger).postings["sandbox"]
    assert (posting.unknown_since, posting.unsettled_until) == (NOW, after(90))


def test_a_record_that_was_found_counts_as_written_and_up_to_date() -> None:
    ledger = ledger_with(LOST)

    assert resolve("i-1", anything, THERE, ledger=ledger, token="me") is Decided.DONE

    posting = row_of(ledger).postings["other"]
    assert (posting.state, posting.record_id, posting.revision) == (PostingState.DONE, "A-17", 1)
    assert words_of(posting.reason).meaning == "maya settled it by hand: found it by hand"
    assert posting.tries[-1].at == after(60)
    assert ledger.due(now=after(10**6), limit=9) == ledger.parked(limit=9) == ()


def test_what_is_not_to_be_written_waits_for_nobody_any_more() -> None:
    ledger = ledger_with(STUCK)

    resolve("i-1", anything, NEVER, ledger=ledger, token="me")

    row = row_of(ledger)
    assert row.postings["sandbox"].state is PostingState.PARKED
    assert list(parked_of(row)) == []
    assert ledger.parked(limit=9) == ()


def test_what_still_waits_goes_on_waiting() -> None:
    ledger = ledger_with(STUCK, LOST)

    resolve("i-1", lambda p: p == LOST, THERE, ledger=ledger, token="me")

    assert ledger.parked(limit=9) == ("i-1",)


def test_what_was_due_stays_due() -> None:
    later = replace(STUCK, state=PostingState.PENDING, due_at=after(600))
    ledger = ledger_with(later, LOST, due_at_s=600)

    resolve("i-1", anything, NEVER, ledger=ledger, token="me")

    assert ledger.due(now=after(599), limit=9) == ()
    assert ledger.due(now=after(600), limit=9) == ("i-1",)


def test_a_row_that_a_worker_holds_is_left_alone() -> None:
    ledger = ledger_with(STUCK)
    ledger.hold("i-1", token="worker", now=after(50), lease_s=45)

    decided = take_up_again("i-1", anything, ledger=ledger, token="me", now=after(60))

    assert decided is Decided.BUSY
    assert row_of(ledger).postings["sandbox"] == STUCK


@pytest.mark.parametrize("ids", ["i-1", "i-9"])
def test_where_nothing_waits_nothing_is_done(ids: str) -> None:
    ledger = ledger_with(replace(STUCK, state=PostingState.DONE))

    assert resolve(ids, anything, THERE, ledger=ledger, token="me") is Decided.NOTHING
    assert row_of(ledger).held_until is None


class Meanwhile(InMemoryInteractionLedger):
    """Something else happens between reading the row and holding it."""

    happens: Callable[["Meanwhile"], object] = staticmethod(lambda _: None)

    def hold(self, interaction_id: str, **how: object) -> LedgerRow | None:
        self.happens(self)
        self.happens = lambda _: None
        return super().hold(interaction_id, **how)  # type: ignore[arg-type]


def meanwhile(happens: Callable[[InMemoryInteractionLedger], object]) -> Meanwhile:
    ledger = ledger_with(STUCK, cls=Meanwhile)
    assert isinstance(ledger, Meanwhile)
    ledger.happens = happens
    return ledger


def test_what_a_worker_wrote_meanwhile_is_not_undone() -> None:
    done = replace(STUCK, state=PostingState.DONE, record_id="A-1", reason="")

    def worker(ledger: InMemoryInteractionLedger) -> None:
        row = ledger.read("i-1")
        assert row
        assert ledger.settle_unclaimed(row, [done], now=NOW, after=Next())

    ledger = meanwhile(worker)

    assert resolve("i-1", anything, NEVER, ledger=ledger, token="me") is Decided.NOTHING
    assert row_of(ledger).postings["sandbox"] == done
    assert row_of(ledger).held_until is None


def test_an_amendment_that_comes_meanwhile_makes_the_row_due() -> None:
    ledger = meanwhile(
        lambda it: it.merge(told(remarks="more"), now=after(59), due_when=lambda _: after(90))
    )

    assert resolve("i-1", anything, NEVER, ledger=ledger, token="me") is Decided.DONE
    assert ledger.due(now=after(100), limit=9) == ("i-1",)


def test_a_command_that_was_stopped_half_way_leaves_the_row_to_the_sweeper() -> None:
    ledger = ledger_with(STUCK)

    ledger.hold("i-1", token="me", now=after(60), lease_s=20)

    assert ledger.due(now=after(80), limit=9) == ("i-1",)
    assert row_of(ledger).postings["sandbox"] == STUCK


def test_a_row_that_somebody_else_took_is_not_written() -> None:
    class Slow(InMemoryInteractionLedger):
        def settle(self, interaction_id: str, postings: object, **how: object) -> Settled:
            if how["token"] == "me":
                self.hold("i-1", token="worker", now=after(600), lease_s=45)
            return super().settle(interaction_id, postings, **how)  # type: ignore[arg-type]

    ledger = ledger_with(STUCK, cls=Slow)

    decided = take_up_again("i-1", anything, ledger=ledger, token="me", now=after(60))

    assert decided is Decided.BUSY
    assert row_of(ledger).postings["sandbox"] == STUCK


def test_a_table_that_is_down_is_said() -> None:
    ledger = ledger_with(STUCK)
    ledger.is_down = True

    with pytest.raises(StateUnavailable):
        take_up_again("i-1", anything, ledger=ledger, token="me", now=after(60))


def test_an_arrival_alone_has_nothing_that_waits() -> None:
    assert list(parked_of(LedgerRow(Interaction("i-1")))) == []
