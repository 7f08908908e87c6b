"""The checker of the posting proof sees every wrong that it has a word for."""

from bench.posting_proof.checker import Verdict, judge
from bench.posting_proof.effects import Effect
from bench.posting_proof.history import INFO, OK, History
from bench.posting_proof.story import Firing

NAME = "int-1-0"


def told(*said: tuple[int, str, str], at: float = 100.0) -> History:
    """Triggers of one interaction: number, remark, outcome."""
    history = History()
    for number, remark, outcome in said:
        firing = Firing(NAME, number, "interaction-ends", at, {"remarks": remark})
        invoked = history.invoke(firing, at)
        if outcome == OK:
            invoked.outcome, invoked.ended_at = OK, at + number
    return history


def done(*written: tuple[str, int, str], reference: str = NAME, at: float = 500.0) -> list[Effect]:
    """Effects in a CRM: record, revision, remark."""
    seen: set[str] = set()
    effects = []
    for number, (record, revision, remark) in enumerate(written):
        body = {"reference": reference, "revision": revision, "remarks": remark}
        made = record not in seen
        seen.add(record)
        effects.append(Effect(number, "crm", record, reference, made, revision, body, at, ""))
    return effects


def verdict(history: History, effects: list[Effect], *, amends: bool = True) -> Verdict:
    (only,) = judge(history, effects, ("crm",), amends={"crm": amends})
    return only


def kinds(history: History, effects: list[Effect], *, amends: bool = True) -> list[str]:
    return [wrong.kind for wrong in verdict(history, effects, amends=amends).wrong]


def test_what_was_acknowledged_and_stands_there_once_is_right() -> None:
    history = told((0, "first", OK), (1, "last", OK))

    assert kinds(history, done(("R-1", 1, "first"), ("R-1", 2, "last"))) == []


def test_what_was_acknowledged_and_is_nowhere_is_lost() -> None:
    assert kinds(told((0, "first", OK)), []) == ["lost"]


def test_what_nobody_acknowledged_may_be_nowhere() -> None:
    assert kinds(told((0, "first", INFO)), []) == []


def test_a_record_without_the_newest_acknowledged_value_is_lost() -> None:
    history = told((0, "first", OK), (1, "last", OK))

    assert kinds(history, done(("R-1", 1, "first"))) == ["lost"]


def test_a_value_of_unknown_outcome_may_stand_there_and_need_not() -> None:
    history = told((0, "first", OK), (1, "last", INFO))

    assert kinds(history, done(("R-1", 1, "first"))) == []
    assert kinds(history, done(("R-1", 2, "last"))) == []


def test_two_records_of_one_interaction_are_duplicated() -> None:
    history = told((0, "first", OK))

    assert kinds(history, done(("R-1", 1, "first"), ("R-2", 1, "first"))) == ["duplicated"]


def test_a_record_of_an_interaction_that_nobody_sent_is_unexpected() -> None:
    history = told((0, "first", OK))
    foreign = done(("R-9", 1, "x"), reference="int-9")

    assert kinds(history, [*done(("R-1", 1, "first")), *foreign]) == ["unexpected"]


def test_a_value_that_nobody_sent_is_unexpected() -> None:
    assert kinds(told((0, "first", OK)), done(("R-1", 1, "other"))) == ["unexpected"]


def test_an_older_revision_over_a_newer_one_is_stale() -> None:
    history = told((0, "first", OK), (1, "last", OK))
    effects = done(("R-1", 2, "last"), ("R-1", 1, "first"))

    assert set(kinds(history, effects)) == {"stale", "lost"}


def test_an_overwrite_that_was_mended_is_right() -> None:
    history = told((0, "first", OK), (1, "last", OK))

    effects = done(("R-1", 2, "last"), ("R-1", 1, "first"), ("R-1", 2, "last"))

    assert kinds(history, effects) == []


def test_a_record_that_cannot_be_amended_holds_what_was_known_when_it_was_made() -> None:
    early, late = told((0, "first", OK), (1, "last", OK)), told((0, "first", OK))
    late.of[NAME] += told((1, "last", OK), at=490.0).of[NAME]
    effects = done(("R-1", 1, "first"))

    assert kinds(early, effects, amends=False) == ["lost"]
    assert kinds(late, effects, amends=False) == []


def test_a_record_brought_to_one_revision_twice_is_one_operation() -> None:
    history = told((0, "first", OK))

    of = verdict(history, done(("R-1", 1, "first"), ("R-1", 1, "first")))

    assert (of.operations, of.repeated) == (1, 1)
